//! One decision from top to bottom: is it ours, what does it want, what could serve it, which is best, write it.

use std::borrow::Cow;

use super::ask::{self, Asked, Form};
use super::choose::{self, Case, Choice};
use super::considered::{self, Considered};
use super::decision::{Decision, Outcome, Reason, StampReason};
use super::findings::Findings;
use super::foreign;
use super::keep;
use super::namespaces::Namespaces;
use super::plan::{self, Edit, Limits};
use super::policy::{Mode, Outsiders, Policy, Tier};
use super::receipt::{self, Change, Contents};
use super::rules;
use super::rules::limit_env::Trust;
use super::rules::{Holds, Standing};
use super::strategy::Strategy;
use super::supply::{Knowledge, NodeFilter, Supply};
use super::tenancy;
use super::want::{Named, Strategies, Want};
use super::words;
use crate::facts::Pod;
use crate::facts::pod::Place;

/// Everything a decision looks at.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The policy in force.
    pub policy: &'a Policy,
    /// The fleet.
    pub supply: &'a Supply,
    /// What namespaces' administrators said.
    pub namespaces: &'a Namespaces,
    /// The pod's namespace, from the request.
    pub namespace: &'a str,
    /// The pod or template.
    pub pod: &'a Pod<'a>,
    /// What makes the pod.
    pub workload: Workload,
    /// Who creates it, where that is known.
    pub user: Option<&'a str>,
}

/// What makes a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// It is a Pod.
    Pod,
    /// It is the template of a DaemonSet.
    DaemonSet,
    /// It is the template of another workload.
    Template,
}

/// Decides about one pod.
pub fn decide<'a>(question: &Question<'a>) -> Decision<'a> {
    answer(question, &mut |_, _| {})
}

/// Decides about one pod and lists what was considered.
pub fn explain<'a>(question: &Question<'a>) -> (Decision<'a>, Vec<Considered>) {
    let mut list = Vec::new();
    let decision = answer(question, &mut |case, choice| {
        list = considered::list(case, choice);
    });
    (decision, list)
}

/// Sees the case once it is complete, with what was chosen.
type Witness<'w> = &'w mut dyn FnMut(&Case<'_, '_>, Option<&Choice<'_>>);

fn answer<'a>(question: &Question<'a>, witness: Witness<'_>) -> Decision<'a> {
    let Question {
        policy,
        namespaces,
        namespace,
        pod,
        ..
    } = *question;
    let (mode, misspelt) = namespaces.mode(namespace, policy);
    if is_mirror(question) {
        return untouched(mode, Reason::NotOurs);
    }
    if mode == Mode::Off {
        return outsider(question, Mode::Off);
    }
    let mut findings = Findings::new(policy);
    let form = match question.workload {
        Workload::Pod => Form::Pod,
        Workload::DaemonSet | Workload::Template => Form::Template,
    };
    let stamped = keep::is_stamped(pod);
    let asked = ask::read(pod, form, stamped, &mut findings);
    let mut draft = Draft {
        question,
        mode,
        findings,
        tier: None,
        boundary: None,
        limited: false,
    };
    if misspelt && !asked.wants.is_empty() {
        let written = namespaces.view(namespace).and_then(|v| v.mode.as_deref());
        rules::mode_unknown::check(namespace, written.unwrap_or_default(), &mut draft.findings);
    }
    if form == Form::Template {
        rules::template_refused::check(pod, &mut draft.findings);
    }
    draft.judge(asked, witness)
}

/// Mirror pods are made by kubelets; the annotation alone is anybody's to write.
fn is_mirror(question: &Question<'_>) -> bool {
    let by_node = question.user.is_some_and(|u| u.starts_with("system:node:"));
    by_node
        && question
            .pod
            .annotation("kubernetes.io/config.mirror")
            .is_some()
}

/// A pod of a namespace that is off, or in dry-run as far as it is really changed.
pub fn outsider<'a>(question: &Question<'a>, mode: Mode) -> Decision<'a> {
    let Question {
        policy,
        namespaces,
        namespace,
        pod,
        ..
    } = *question;
    if policy.outsiders == Outsiders::None || words::NEVER_MATCHED.contains(&namespace) {
        return untouched(mode, Reason::NamespaceOff);
    }
    let takes_gpu = pod.containers().any(|(_, container)| {
        let resources = container.resources.as_ref();
        let lists = resources.map(|r| [r.limits.as_ref(), r.requests.as_ref()]);
        let mut pairs = lists.into_iter().flatten().flatten().flat_map(|p| p.iter());
        pairs.any(|(name, quantity)| {
            let zero = super::quantity::Quantity::parse(quantity).is_ok_and(|q| q.is_zero());
            words::is_gpu_resource(name) && !zero
        })
    });
    if !takes_gpu {
        return untouched(mode, Reason::NamespaceOff);
    }
    // Findings about somebody else's pod are not this policy's business; only the label is.
    let mut unsaid = Findings::new(policy);
    let view = namespaces.view(namespace);
    let tier = tenancy::tier(pod, view, policy, &mut unsaid);
    let boundary = match namespaces.claim_problem(namespace, policy) {
        None => tenancy::boundary(pod, namespace, namespaces, policy, tier, &mut unsaid),
        // It may not have the boundary it claims, so it stays within its own name, if that is free.
        Some(_) => (!policy.boundaries.iter().any(|b| b.name == namespace))
            .then_some(Cow::Borrowed(namespace)),
    };
    let mut decision = untouched(mode, Reason::NamespaceOff);
    if let Some(boundary) = boundary {
        decision.edits = plan::label_only(pod, boundary.clone());
        decision.boundary = Some(boundary);
    }
    if !decision.edits.is_empty() {
        decision.outcome = Outcome::Rewritten;
        decision.reason = Reason::StampOnly(StampReason::Outsider);
    }
    decision
}

fn untouched<'a>(mode: Mode, reason: Reason) -> Decision<'a> {
    Decision {
        outcome: Outcome::Untouched,
        mode,
        tier: None,
        boundary: None,
        strategy: None,
        findings: Vec::new(),
        edits: Vec::new(),
        reason,
    }
}

/// A decision in the making.
struct Draft<'q, 'a> {
    question: &'q Question<'a>,
    mode: Mode,
    findings: Findings<'a>,
    tier: Option<&'a Tier>,
    boundary: Option<Cow<'a, str>>,
    /// The rule on limits was already applied.
    limited: bool,
}

impl<'a> Draft<'_, 'a> {
    fn judge(mut self, mut asked: Asked<'a>, witness: Witness<'_>) -> Decision<'a> {
        let Question {
            policy,
            supply,
            namespaces,
            namespace,
            pod,
            workload,
            ..
        } = *self.question;
        let takes_stock = asked.wants.iter().any(|w| w.named != Named::Nothing);
        let spoken = foreign::spoken(pod, takes_stock);
        // An ask that cannot be read is no want, and its tier and boundary are judged all the same.
        let unreadable = asked.wants.is_empty() && self.findings.deny();
        if asked.wants.is_empty() && spoken.is_none() && !unreadable {
            return self.without_gpu();
        }
        let view = namespaces.view(namespace);
        self.tier = tenancy::tier(pod, view, policy, &mut self.findings);
        self.boundary = tenancy::boundary(
            pod,
            namespace,
            namespaces,
            policy,
            self.tier,
            &mut self.findings,
        );
        if let Some(spoken) = spoken {
            if rules::foreign_sharing::is_left_alone(&spoken, policy) {
                return self.foreign();
            }
            rules::foreign_sharing::found(&spoken, &mut self.findings);
        }
        if unreadable {
            return self.deny();
        }
        if asked.wants.is_empty() {
            return self.without_gpu();
        }
        if says_off(pod) {
            if policy.pod_opt_out && takes_stock {
                return self.stamp(&asked.wants, true, StampReason::OptOut);
            }
            rules::opt_out_ignored::check(&mut self.findings);
        }
        self.missing_tier(&asked);
        rules::mig_profile_unknown::check(&asked.wants, supply, &mut self.findings);
        let mixed = rules::mixed_devices::check(pod, &asked.wants, self.tier, &mut self.findings);
        if let Some(tier) = self.tier {
            asked.wants.iter_mut().for_each(|want| want.fill(tier));
        }
        let filter = pod.spec.as_ref().map(NodeFilter::of).unwrap_or_default();
        let pinned = rules::daemonset_share::pinned(pod, &filter);
        if pinned.is_some() || workload == Workload::DaemonSet {
            return self.daemon_set(&asked.wants, pinned);
        }
        let strategies = self.strategies(&asked, mixed);
        if self.findings.deny() || strategies.is_empty() {
            return self.deny();
        }
        let case = Case {
            pod,
            policy,
            supply,
            tier: self.tier,
            wants: &asked.wants,
            products: &asked.products,
            filter: &filter,
            strategies,
            is_explicit: asked.strategy.is_some(),
        };
        let kept = if keep::is_stamped(pod) {
            keep::keep(&case)
        } else {
            None
        };
        let is_kept = kept.is_some();
        let choice = kept.or_else(|| choose::choose(&case));
        witness(&case, choice.as_ref());
        match choice {
            Some(choice) => self.chosen(&case, &choice, &asked.echoes, is_kept),
            None => self.nothing_fits(&case),
        }
    }

    /// A pod that takes no GPU: only what it must not do is looked at.
    fn without_gpu(mut self) -> Decision<'a> {
        self.limits(&[], Trust::None);
        rules::bypasses(self.question.pod, Standing::default(), &mut self.findings);
        rules::protected_metadata::check(self.question.pod, &[], &mut self.findings);
        let deny = self.findings.deny();
        self.finish(
            Vec::new(),
            None,
            if deny {
                Reason::Findings
            } else {
                Reason::TakesNoGpu
            },
        )
    }

    fn missing_tier(&mut self, asked: &Asked<'_>) {
        let policy = self.question.policy;
        let refused = self.findings.has(&rules::tier_unknown::RULE)
            || self.findings.has(&rules::tier_not_allowed::RULE);
        if self.tier.is_some() || refused {
            return;
        }
        let what = match (asked.has_share_ask, asked.strategy) {
            (true, _) => "an ask for memory, a fraction or compute",
            (false, Some(_)) => "a strategy",
            (false, None) => return,
        };
        let view = self.question.namespaces.view(self.question.namespace);
        let allowed = tenancy::allowed_tiers(view, policy);
        let names: Vec<&str> = allowed.iter().map(|t| t.name.as_str()).collect();
        let text = rules::tier_missing::text(what, &names);
        self.findings.add(&rules::tier_missing::RULE, "", text);
    }

    /// The strategies that every want allows; findings where there is none.
    fn strategies(&mut self, asked: &Asked<'_>, mixed: bool) -> Strategies {
        let mut common: Option<Strategies> = None;
        for want in &asked.wants {
            let own = want.strategies(self.tier);
            if own.is_empty() {
                self.no_strategy(want, asked.strategy);
                return own;
            }
            common = Some(common.map_or(own, |c| c.and(own)));
        }
        let common = common.unwrap_or_default();
        if common.is_empty() && !mixed {
            // Every want alone could be served, only not by one mechanism.
            let text = (
                "the containers' asks need different mechanisms".to_owned(),
                "split the pod, or ask for the same kind of device in every container".to_owned(),
            );
            self.findings
                .add(&rules::mixed_devices::RULE, "/spec/containers", text);
        }
        match asked.strategy {
            Some(strategy) if !self.findings.deny() => self.explicit(common, strategy),
            _ => common,
        }
    }

    /// A want that no strategy of its tier may serve.
    fn no_strategy(&mut self, want: &Want<'_>, explicit: Option<Strategy>) {
        let Some(tier) = self.tier else { return };
        let path = format!("{}/resources", want.place);
        match want.fixed_resource() {
            Some(resource) => {
                let text = rules::isolation_below_tier::resource(resource, tier);
                self.findings
                    .add(&rules::isolation_below_tier::RULE, path, text);
            }
            None => {
                let text = rules::whole_gpu_needed::text(want, Some(tier), explicit);
                self.findings
                    .add(&rules::whole_gpu_needed::RULE, path, text);
            }
        }
    }

    fn explicit(&mut self, common: Strategies, strategy: Strategy) -> Strategies {
        let only = common.only(strategy);
        if !only.is_empty() {
            return only;
        }
        let path = format!("/metadata/annotations/{}", ask::pointer(words::STRATEGY));
        match self.tier {
            Some(tier) if strategy.isolation() < tier.isolation => {
                let text = rules::isolation_below_tier::strategy(strategy, tier);
                self.findings
                    .add(&rules::isolation_below_tier::RULE, path, text);
            }
            tier => {
                let text = rules::ask_invalid::strategy_not_listed(strategy, tier);
                self.findings.add(&rules::ask_invalid::RULE, path, text);
            }
        }
        only
    }

    fn chosen(
        mut self,
        case: &Case<'_, 'a>,
        choice: &Choice<'a>,
        echoes: &[Place],
        is_kept: bool,
    ) -> Decision<'a> {
        let Some(boundary) = self.boundary.clone() else {
            return self.deny();
        };
        let unknown = match is_kept {
            true => Vec::new(),
            false => case.filter.unknown_keys(case.supply),
        };
        if !unknown.is_empty() {
            rules::supply_unknown::keys(&unknown, &mut self.findings);
        }
        let strategy = choice.strategy;
        let mut granted: Vec<(Place, Limits)> = Vec::new();
        if strategy == Strategy::Mps {
            granted = Limits::of(case, choice)
                .into_iter()
                .zip(case.wants)
                .map(|(limits, want)| (want.place, limits))
                .collect();
            rules::mps_user::check(case, &mut self.findings);
        }
        let trust = if is_kept { Trust::Caps } else { Trust::None };
        self.limits(&granted, trust);
        rules::bypasses(case.pod, standing(case, choice), &mut self.findings);
        rules::scheduler_name::check(case.pod, case.policy, strategy, &mut self.findings);
        rules::declared_not_enforced::check(case, strategy, &mut self.findings);
        rules::parallelism::check(case.pod, case.wants, &mut self.findings);
        rules::memory_fraction::check(case, choice, &mut self.findings);
        rules::milder(case, strategy, &mut self.findings);
        let mut edits = plan::rewrite(case, choice, boundary.clone(), echoes);
        self.protect(&edits, Some(strategy));
        let contents = Contents {
            tier: self.tier.map(|t| t.name.as_str()),
            boundary: &boundary,
            strategy: Some(strategy),
            changes: changes(case, choice),
        };
        receipt::write(case.pod, case.policy, &contents, &mut edits);
        let reason = if is_kept {
            Reason::Kept
        } else {
            Reason::Chosen
        };
        self.finish(edits, Some(strategy), reason)
    }

    /// Labels written in advance have to be those the pod is given.
    fn protect(&mut self, edits: &[Edit<'_>], strategy: Option<Strategy>) {
        let pod = self.question.pod;
        let mut given: Vec<(&str, &str)> = Vec::with_capacity(3);
        if let Some(boundary) = &self.boundary {
            given.push((words::TRUST_BOUNDARY, boundary));
        }
        if let Some(strategy) = strategy {
            given.push((words::STRATEGY, strategy.word()));
        }
        let user = edits.iter().find_map(|e| match e {
            Edit::Label { key, value } if *key == words::MPS_USER => Some(&**value),
            _ => None,
        });
        // Without an edit the label that stands there is the one it would be given.
        let standing = pod.label(words::MPS_USER);
        let kept = standing.filter(|_| strategy == Some(Strategy::Mps));
        if let Some(user) = user.or(kept) {
            given.push((words::MPS_USER, user));
        }
        rules::protected_metadata::check(pod, &given, &mut self.findings);
    }

    fn limits(&mut self, granted: &[(Place, Limits)], trust: Trust) {
        if !std::mem::replace(&mut self.limited, true) {
            rules::limit_env::check(self.question.pod, granted, trust, &mut self.findings);
        }
    }

    /// Nothing known will do: refused, or left as written with the stamp where that is only a warning.
    fn nothing_fits(mut self, case: &Case<'_, 'a>) -> Decision<'a> {
        let mut on_supply = false;
        for strategy in case.strategies.iter() {
            match rules::removal(case, strategy) {
                Some(removal) => rules::report(case, strategy, removal, &mut self.findings),
                None => on_supply = true,
            }
        }
        if on_supply {
            self.no_supply(case);
        }
        let unknown = case.filter.unknown_keys(case.supply);
        if !unknown.is_empty() {
            rules::supply_unknown::keys(&unknown, &mut self.findings);
        }
        let stays =
            |want: &Want<'_>| want.named != Named::Nothing && !want.ask.fraction_in_quantity;
        if !case.wants.iter().all(stays) && !self.findings.deny() {
            // The API server or the scheduler cannot do anything with what is written.
            let text = rules::no_such_offer::text(case);
            let fix =
                "ask for a whole resource beside the annotation, nvidia.com/gpu: 1".to_owned();
            self.findings
                .refuse(&rules::no_such_offer::RULE, "", (text.0, fix));
        }
        if self.findings.deny() {
            return self.deny();
        }
        self.stamp(case.wants, true, StampReason::NothingKnownFits)
    }

    fn no_supply(&mut self, case: &Case<'_, '_>) {
        match case.supply.knowledge {
            Knowledge::Known => {
                let text = rules::no_such_offer::text(case);
                self.findings.add(&rules::no_such_offer::RULE, "", text);
            }
            Knowledge::Assumed => {
                let text = rules::no_such_offer::text(case);
                self.findings.warn(&rules::no_such_offer::RULE, "", text);
                rules::supply_unknown::fleet(case.supply.knowledge, &mut self.findings);
            }
            unknown @ (Knowledge::NoGpuNodes | Knowledge::AllUnknown) => {
                rules::supply_unknown::fleet(unknown, &mut self.findings);
            }
        }
    }

    /// A DaemonSet's pod or template: judged where its controller put it, and left there.
    fn daemon_set(mut self, wants: &[Want<'a>], pinned: Option<&str>) -> Decision<'a> {
        rules::daemonset_share::check(&mut self.findings);
        let supply = self.question.supply;
        let group = pinned.and_then(|node| supply.group_of(node));
        let mut may_be_shared = group.is_none();
        for want in wants {
            let resource = want.fixed_resource().unwrap_or(words::GPU);
            let sold = group.into_iter().flat_map(|g| g.sold.iter());
            let mut offers = sold.filter_map(|s| supply.offers.get(s.offer));
            let Some(offer) = offers.find(|o| o.resource == resource) else {
                may_be_shared = true;
                continue;
            };
            may_be_shared |= offer.strategy.is_shared();
            let weaker = self
                .tier
                .filter(|t| offer.strategy.isolation() < t.isolation);
            if let (Some(tier), Some(node)) = (weaker, pinned) {
                let text = rules::isolation_below_tier::node(node, offer.strategy, tier);
                self.findings.add(
                    &rules::isolation_below_tier::RULE,
                    want.place.to_string(),
                    text,
                );
            }
        }
        if self.findings.deny() {
            return self.deny();
        }
        self.stamp(wants, may_be_shared, StampReason::DaemonSet)
    }

    /// Receipt, label and, where the pod may land on a shared device, the boundary's terms; the request stays.
    fn stamp(
        mut self,
        wants: &[Want<'a>],
        may_be_shared: bool,
        reason: StampReason,
    ) -> Decision<'a> {
        let Question { policy, pod, .. } = *self.question;
        let Some(boundary) = self.boundary.clone() else {
            return self.deny();
        };
        self.limits(&[], Trust::None);
        let standing = Standing {
            takes_gpu: true,
            whole_gpus: 0,
            holds: Some(if may_be_shared {
                Holds::Part
            } else {
                Holds::Whole
            }),
        };
        rules::bypasses(pod, standing, &mut self.findings);
        self.protect(&[], None);
        let mut edits = plan::stamp(pod, policy, boundary.clone(), may_be_shared);
        let contents = Contents {
            tier: self.tier.map(|t| t.name.as_str()),
            boundary: &boundary,
            strategy: None,
            changes: wants.iter().filter_map(|w| unchanged(pod, w)).collect(),
        };
        receipt::write(pod, policy, &contents, &mut edits);
        self.finish(edits, None, Reason::StampOnly(reason))
    }

    /// Another system's pod, left alone but for the label.
    fn foreign(mut self) -> Decision<'a> {
        let Some(boundary) = self.boundary.clone() else {
            return self.deny();
        };
        self.protect(&[], None);
        let edits = plan::label_only(self.question.pod, boundary);
        self.finish(edits, None, Reason::StampOnly(StampReason::ForeignSystem))
    }

    fn deny(mut self) -> Decision<'a> {
        let first = !self.limited;
        self.limits(&[], Trust::Unjudged);
        if first {
            let standing = Standing {
                takes_gpu: true,
                ..Standing::default()
            };
            rules::bypasses(self.question.pod, standing, &mut self.findings);
        }
        self.finish(Vec::new(), None, Reason::Findings)
    }

    fn finish(
        self,
        edits: Vec<Edit<'a>>,
        strategy: Option<Strategy>,
        reason: Reason,
    ) -> Decision<'a> {
        let deny = self.findings.deny();
        let outcome = match (deny, edits.is_empty()) {
            (true, _) => Outcome::Denied,
            (false, true) => Outcome::Untouched,
            (false, false) => Outcome::Rewritten,
        };
        Decision {
            outcome,
            mode: self.mode,
            tier: self.tier.map(|t| t.name.as_str()),
            boundary: self.boundary,
            strategy: strategy.filter(|_| !deny),
            findings: self.findings.into_list(),
            edits: if deny { Vec::new() } else { edits },
            reason: match (deny, outcome, reason) {
                (true, ..) => Reason::Findings,
                (false, Outcome::Untouched, Reason::Chosen) => Reason::Kept,
                _ => reason,
            },
        }
    }
}

fn standing(case: &Case<'_, '_>, choice: &Choice<'_>) -> Standing {
    let whole = choice.strategy == Strategy::Exclusive;
    let names: Vec<&str> = choice.grants.iter().map(|g| g.resource).collect();
    Standing {
        takes_gpu: true,
        whole_gpus: if whole {
            case.needed(&names, words::GPU)
        } else {
            0
        },
        holds: Some(if whole { Holds::Whole } else { Holds::Part }),
    }
}

fn says_off(pod: &Pod<'_>) -> bool {
    let mode = pod.annotation(words::MODE);
    mode.is_some_and(|m| Mode::from_word(m) == Some(Mode::Off))
}

fn changes<'a>(case: &Case<'_, 'a>, choice: &Choice<'a>) -> Vec<Change<'a>> {
    let change = |(want, grant): (&Want<'a>, &choose::Grant<'a>)| Change {
        container: want.container,
        from: written(case.pod, want),
        to: (grant.resource, want.count),
    };
    case.wants.iter().zip(&choice.grants).map(change).collect()
}

/// A container's request as it stands.
fn unchanged<'a>(pod: &'a Pod<'a>, want: &Want<'a>) -> Option<Change<'a>> {
    let from = written(pod, want)?;
    Some(Change {
        container: want.container,
        from: Some(from),
        to: (from.0, want.count),
    })
}

fn written<'a>(pod: &'a Pod<'a>, want: &Want<'a>) -> Option<(&'a str, &'a str)> {
    if want.named == Named::Nothing {
        return None;
    }
    let resource = want.fixed_resource().unwrap_or(words::GPU);
    let resources = pod.at(want.place)?.resources.as_ref()?;
    let limit = resources.limits.as_ref().and_then(|l| l.get(resource));
    let quantity = limit.or_else(|| resources.requests.as_ref()?.get(resource))?;
    Some((resource, quantity))
}
