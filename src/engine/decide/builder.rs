//! Builds the decision: each step reads the results of the steps before it.

use crate::engine::decide::Observer;
use std::borrow::Cow;
use std::cell::OnceCell;

use crate::engine::edits;
use crate::engine::line::{
    Decision, DecisionInput, DeviceRequest, Edit, MarkersReason, Outcome, PlacementQuery,
    PodRequest, Reason, RequestedResource, Workload,
};
use crate::engine::placement::choose;
use crate::engine::placement::existing;
use crate::engine::profile::Profile;
use crate::engine::relevance::sharing_systems;
use crate::engine::request;
use crate::engine::request::tenancy;
use crate::engine::request::tenancy::own_boundary;
use crate::engine::rules;
use crate::engine::rules::check::{PodContext, Trust};
use crate::engine::supply::{Allocator, NodeFilter};
use crate::engine::vocabulary::{Findings, Mode, Strategy, Tier, names};
use crate::facts::Pod;

/// The state of a decision while it is built.
pub(super) struct DecisionBuilder<'q, 'a> {
    pub(super) input: &'q DecisionInput<'a>,
    pub(super) mode: Mode,
    /// The findings so far.
    pub(super) findings: Findings<'a>,
    pub(super) tier: Option<&'a Tier>,
    pub(super) boundary: Option<Cow<'a, str>>,
}

impl<'q, 'a> DecisionBuilder<'q, 'a> {
    /// A new builder; nothing is decided yet.
    pub(super) fn new(input: &'q DecisionInput<'a>, mode: Mode, findings: Findings<'a>) -> Self {
        Self {
            input,
            mode,
            findings,
            tier: None,
            boundary: None,
        }
    }

    /// Decides, after the requests of the pod are read.
    pub(super) fn judge(
        mut self,
        mut requested: PodRequest<'a>,
        observer: Observer<'_>,
    ) -> Decision<'a> {
        let DecisionInput {
            policy,
            supply,
            namespaces,
            namespace,
            pod,
            workload,
            ..
        } = *self.input;
        let takes_stock = requested
            .requests
            .iter()
            .any(|w| w.named != RequestedResource::Nothing);
        let system_request = sharing_systems::system_requests(pod, takes_stock).next();
        // A request that cannot be parsed is not in the list. Tier and boundary are checked nevertheless.
        let unreadable = requested.requests.is_empty() && self.findings.deny();
        if requested.requests.is_empty() && system_request.is_none() && !unreadable {
            return self.without_gpu();
        }
        let view = namespaces.view(namespace);
        self.tier = tenancy::tier(self.input, &mut self.findings);
        self.boundary = tenancy::boundary(self.input, self.tier, &mut self.findings);
        self.boundary_after_all();
        if let Some(system_request) = system_request {
            if policy.leaves_alone(system_request.name.systems) {
                return self.foreign();
            }
            rules::foreign_sharing::found(&system_request, &mut self.findings);
        }
        if requested.requests.is_empty() && !unreadable {
            return self.without_gpu();
        }
        if says_off(pod) && !unreadable {
            if policy.pod_opt_out && takes_stock {
                return self.markers_only(&requested.requests, None, MarkersReason::OptOut);
            }
            // Without a rewrite, a request by annotation alone takes no GPU.
            if policy.pod_opt_out {
                return self.without_gpu();
            }
            rules::opt_out_ignored::check(&mut self.findings);
        }
        self.missing_tier(&requested);
        let labelled = existing::is_labelled(pod);
        if !labelled {
            rules::mig_profile_unknown::check(&requested.requests, supply, &mut self.findings);
        }
        let mixed =
            rules::mixed_devices::check(pod, &requested.requests, self.tier, &mut self.findings);
        let filter = pod.spec.as_ref().map(NodeFilter::of).unwrap_or_default();
        if self.tier.is_some() {
            select(&mut requested, &filter, labelled);
        }
        let pinned = rules::daemonset_share::pinned(pod, &filter);
        if pinned.is_some() || workload == Workload::DaemonSet {
            return self.daemon_set(&requested, pinned);
        }
        if let Some(tier) = self.tier {
            requested
                .requests
                .iter_mut()
                .for_each(|request| request.fill(&tier.share));
        }
        let strategies = self.strategies(&requested, mixed);
        if self.findings.deny() {
            return self.deny();
        }
        if strategies.is_empty() {
            return self.stay_as_written(&requested.requests, rules::no_such_offer::unnamed());
        }
        let profile = Profile::of(pod);
        let query = PlacementQuery {
            pod,
            policy,
            supply,
            namespace: view,
            tier: self.tier,
            is_sandboxed: self.sandbox().is_some(),
            requests: &requested.requests,
            products: &requested.products,
            filter: &filter,
            strategies,
            is_explicit: requested.strategy.is_some(),
            profile: &profile,
            requested_products: OnceCell::new(),
            reached: OnceCell::new(),
        };
        let reused = if labelled {
            existing::reuse(&query)
        } else {
            None
        };
        if labelled && reused.is_none() {
            // An existing placement may use a profile that only former nodes had. A new placement may not.
            rules::mig_profile_unknown::check(&requested.requests, supply, &mut self.findings);
            if self.findings.deny() {
                return self.deny();
            }
        }
        let is_reused = reused.is_some();
        let placement = reused.or_else(|| choose::choose(&query));
        observer(&query, placement.as_ref());
        match placement {
            Some(placement) => self.chosen(
                &query,
                &placement,
                &requested.limit_range_defaults,
                is_reused,
            ),
            None => self.nothing_fits(&query),
        }
    }

    /// The runtime class of the pod, if the policy lists it as a sandbox.
    pub(super) fn sandbox(&self) -> Option<&'a str> {
        let DecisionInput {
            policy,
            runtime_classes,
            pod,
            ..
        } = *self.input;
        runtime_classes.sandbox(pod, &policy.placement.sandboxes)
    }

    /// The markers need a boundary. If the policy turns the denial into a warning, the pod gets its namespace's own
    /// boundary.
    pub(super) fn boundary_after_all(&mut self) {
        if self.boundary.is_none() && !self.findings.deny() {
            self.boundary = own_boundary(self.input);
            if self.boundary.is_none() {
                let text = rules::boundary_not_yours::none_left(self.input.namespace);
                self.findings
                    .refuse(&rules::boundary_not_yours::RULE, "", text);
            }
        }
    }

    /// A pod that takes no GPU: only the rules about bypasses and protected labels apply.
    pub(super) fn without_gpu(mut self) -> Decision<'a> {
        let pod = self.input.pod;
        let context = PodContext {
            hides_gpus: rules::runtime_class::hides(self.input),
            ..PodContext::default()
        };
        rules::check_pod(self.input, context, &mut self.findings);
        rules::protected_metadata::check(pod, &[], &mut self.findings);
        rules::reserved_selector::check(pod, &[], &mut self.findings);
        let mut edits = Vec::new();
        if context.hides_gpus {
            edits::hide(pod, &[], &mut edits);
        }
        let reason = match edits.is_empty() {
            true => Reason::TakesNoGpu,
            false => Reason::GpusHidden,
        };
        self.finish(edits, None, reason)
    }

    pub(super) fn missing_tier(&mut self, requested: &PodRequest<'_>) {
        let policy = self.input.policy;
        let refused = self.findings.has(&rules::tier_unknown::RULE)
            || self.findings.has(&rules::tier_not_allowed::RULE);
        if self.tier.is_some() || refused {
            return;
        }
        let what = match (requested.has_size, requested.strategy) {
            (true, _) => "an ask for memory, a fraction or compute",
            (false, Some(_)) => "a strategy",
            (false, None) => return,
        };
        let view = self.input.namespaces.view(self.input.namespace);
        let allowed = tenancy::allowed_tiers(view, policy);
        let names: Vec<&str> = allowed.iter().map(|t| t.name.as_str()).collect();
        let text = rules::tier_missing::text(what, &names);
        self.findings.add(&rules::tier_missing::RULE, "", text);
    }

    pub(super) fn deny(mut self) -> Decision<'a> {
        let context = PodContext {
            takes_gpu: true,
            hides_gpus: self.input.policy.placement.hide_gpus,
            trust: Trust::Unjudged,
            ..PodContext::default()
        };
        rules::check_pod(self.input, context, &mut self.findings);
        self.selectors_of_no_choice();
        self.finish(Vec::new(), None, Reason::Findings)
    }

    /// Without a placement it is unknown which terms slicegate would write. Terms of the pod's boundary and of its own
    /// user label are therefore allowed.
    pub(super) fn selectors_of_no_choice(&mut self) {
        let pod = self.input.pod;
        let boundary = self.boundary.as_deref();
        let own = [
            (names::TRUST_BOUNDARY, boundary),
            (names::MPS_USER, pod.label(names::MPS_USER)),
        ];
        let own: Vec<(&str, &str)> = own
            .into_iter()
            .filter_map(|(label, value)| Some((label, value?)))
            .collect();
        rules::reserved_selector::check(pod, &own, &mut self.findings);
    }

    pub(super) fn finish(
        mut self,
        edits: Vec<Edit<'a>>,
        by: Option<(Strategy, Allocator)>,
        reason: Reason,
    ) -> Decision<'a> {
        if let Some(excess) = edits::size::excess_of_terms(self.input.pod, &edits) {
            rules::too_large::refuse(excess, &mut self.findings);
        }
        let deny = self.findings.deny();
        let outcome = match (deny, edits.is_empty()) {
            (true, _) => Outcome::Denied,
            (false, true) => Outcome::Untouched,
            (false, false) => Outcome::Rewritten,
        };
        let by = by.filter(|_| !deny);
        Decision {
            outcome,
            mode: self.mode,
            tier: self.tier.map(|t| t.name.as_str()),
            boundary: self.boundary,
            strategy: by.map(|(strategy, _)| strategy),
            allocator: by.map(|(_, allocator)| allocator),
            findings: self.findings.into_list(),
            edits: if deny { Vec::new() } else { edits },
            reason: match (deny, outcome, reason) {
                (true, ..) => Reason::Findings,
                (false, Outcome::Untouched, Reason::Placed) => Reason::Reused,
                _ => reason,
            },
        }
    }
}

/// Sets the memory of node selectors if the pod states no size. Not for a finished rewrite: its terms are slicegate's, and
/// the original request is in an annotation.
pub(super) fn select(requested: &mut PodRequest<'_>, filter: &NodeFilter<'_>, is_rewritten: bool) {
    if !requested.has_size
        && !is_rewritten
        && let Some(mib) = request::selected_memory(filter)
    {
        requested
            .requests
            .iter_mut()
            .for_each(|request| request.select(mib));
    }
}

fn says_off(pod: &Pod<'_>) -> bool {
    let mode = pod.annotation(names::MODE);
    mode.is_some_and(|m| Mode::from_word(m) == Some(Mode::Off))
}

pub(super) fn written<'a>(
    pod: &'a Pod<'a>,
    request: &DeviceRequest<'a>,
) -> Option<(&'a str, &'a str)> {
    if request.named == RequestedResource::Nothing {
        return None;
    }
    let resource = request.fixed_resource().unwrap_or(names::GPU);
    let resources = pod.at(request.place)?.resources.as_ref()?;
    let limit = resources.limits.as_ref().and_then(|l| l.get(resource));
    let quantity = limit.or_else(|| resources.requests.as_ref()?.get(resource))?;
    Some((resource, quantity))
}
