//! Pods whose request stays as written: nothing fits, a DaemonSet's, opted out, another system's.

use super::{Draft, written};
use crate::engine::case::Case;
use crate::engine::decision::{Decision, Reason, StampReason};
use crate::engine::plan;
use crate::engine::question::Question;
use crate::engine::receipt::{self, Change, Contents};
use crate::engine::rules::limit_env::Trust;
use crate::engine::rules::{self, Holds, Standing};
use crate::engine::supply::Knowledge;
use crate::engine::want::{Named, Want};
use crate::engine::words;
use crate::facts::Pod;

impl<'a> Draft<'_, 'a> {
    /// Nothing known will do: refused, or left as written with the stamp where that is only a warning.
    pub(super) fn nothing_fits(mut self, case: &Case<'_, 'a>) -> Decision<'a> {
        let mut on_supply = false;
        for strategy in case.strategies.iter() {
            match rules::removal(case, strategy) {
                Some(removal) => rules::report(case, strategy, removal, &mut self.findings),
                None => on_supply = true,
            }
        }
        let text = rules::no_such_offer::text(case);
        if on_supply {
            self.no_supply(case, &text);
        }
        let unknown = case.filter.unknown_keys(case.supply);
        if !unknown.is_empty() {
            rules::supply_unknown::keys(&unknown, &mut self.findings);
        }
        self.stay_as_written(case.wants, text.0)
    }

    /// Nothing is chosen and that is only a warning: the request stays, with the stamp. `message` is for requests that
    /// cannot stay.
    pub(super) fn stay_as_written(mut self, wants: &[Want<'a>], message: String) -> Decision<'a> {
        let stays =
            |want: &Want<'_>| want.named != Named::Nothing && !want.ask.fraction_in_quantity;
        if !wants.iter().all(stays) && !self.findings.deny() {
            // The API server or the scheduler cannot do anything with what is written.
            let fix =
                "ask for a whole resource beside the annotation, nvidia.com/gpu: 1".to_owned();
            self.findings
                .refuse(&rules::no_such_offer::RULE, "", (message, fix));
        }
        if self.findings.deny() {
            return self.deny();
        }
        self.stamp(wants, true, StampReason::NothingKnownFits)
    }

    fn no_supply(&mut self, case: &Case<'_, '_>, text: &(String, String)) {
        match case.supply.knowledge {
            Knowledge::Known => {
                let rule = &rules::no_such_offer::RULE;
                self.findings.add(rule, "", text.clone());
                // Nodes that do not say what they are may be what the pod means.
                if may_be_meant(case) {
                    rules::supply_unknown::fleet(case.supply.knowledge, &mut self.findings);
                }
            }
            Knowledge::Assumed => {
                let rule = &rules::no_such_offer::RULE;
                self.findings.warn(rule, "", text.clone());
                rules::supply_unknown::fleet(case.supply.knowledge, &mut self.findings);
            }
            unknown @ (Knowledge::NoGpuNodes | Knowledge::AllUnknown) => {
                rules::supply_unknown::fleet(unknown, &mut self.findings);
            }
        }
    }

    /// A DaemonSet's pod or template: judged where its controller put it, and left there.
    pub(super) fn daemon_set(mut self, wants: &[Want<'a>], pinned: Option<&str>) -> Decision<'a> {
        rules::daemonset_share::check(&mut self.findings);
        let supply = self.question.supply;
        let group = pinned.and_then(|node| supply.group_of(node));
        let mut may_be_shared = group.is_none();
        for want in wants {
            if want.named == Named::Nothing {
                // There is no request to keep, and none may be written for a pod that cannot be steered.
                self.findings.refuse(
                    &rules::no_such_offer::RULE,
                    want.place.to_string(),
                    rules::daemonset_share::nothing_to_keep(want.container),
                );
            }
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
    pub(super) fn stamp(
        mut self,
        wants: &[Want<'a>],
        may_be_shared: bool,
        reason: StampReason,
    ) -> Decision<'a> {
        let Question { policy, pod, .. } = *self.question;
        let Some(boundary) = self.boundary.clone() else {
            return self.deny();
        };
        let may_be_shared = may_be_shared && self.may_share_there(wants);
        if may_be_shared {
            rules::node_name::unless_whole(pod, &mut self.findings);
            rules::scheduler_name::unless_whole(pod, policy, &mut self.findings);
        }
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

    /// Whether the node that the pod names, if it names one, may give it less than whole devices.
    fn may_share_there(&self, wants: &[Want<'a>]) -> bool {
        let Question { supply, pod, .. } = *self.question;
        let named = pod.spec.as_ref().and_then(|s| s.node_name.as_deref());
        let Some(group) = named.and_then(|node| supply.group_of(node)) else {
            return true;
        };
        let is_apart = |want: &Want<'_>| {
            let resource = want.fixed_resource().unwrap_or(words::GPU);
            let sold = group.sold.iter();
            let mut offers = sold.filter_map(|s| supply.offers.get(s.offer));
            let offer = offers.find(|o| o.resource == resource);
            offer.is_some_and(|o| !o.strategy.is_shared())
        };
        !wants.iter().all(is_apart)
    }

    /// Another system's pod, left alone but for the label.
    pub(super) fn foreign(mut self) -> Decision<'a> {
        let Some(boundary) = self.boundary.clone() else {
            return self.deny();
        };
        self.protect(&[], None);
        let edits = plan::label_only(self.question.pod, boundary);
        self.finish(edits, None, Reason::StampOnly(StampReason::ForeignSystem))
    }
}

/// Whether a node in reach has a resource that the pod could ask for and that nothing can be said about.
fn may_be_meant(case: &Case<'_, '_>) -> bool {
    let reachable = case.reachable();
    let mut unknown = reachable.iter().flat_map(|g| g.unknown.iter());
    unknown.any(|(resource, _)| {
        let mut wants = case.wants.iter();
        wants.any(|w| w.fixed_resource().is_none_or(|fixed| fixed == resource))
    })
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
