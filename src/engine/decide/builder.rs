//! Builds the decision: each step reads the results of the steps before it.

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::engine::edits;
use crate::engine::line::{
    Decision, DecisionInput, Edit, MarkersReason, Placement, PlacementQuery, PodRequest, Reason,
    Workload,
};
use crate::engine::placement::choose::choose;
use crate::engine::placement::existing;
use crate::engine::profile::Profile;
use crate::engine::relevance::sharing_systems;
use crate::engine::request;
use crate::engine::request::tenancy;
use crate::engine::rules;
use crate::engine::rules::check::{PodContext, Trust};
use crate::engine::supply::NodeFilter;
use crate::engine::vocabulary::{Findings, Mode, Tier, names};
use crate::facts::Pod;

/// Is called with the complete query and the placement, if there is one.
pub type Observer<'w> = &'w mut dyn FnMut(&PlacementQuery<'_, '_>, Option<&Placement<'_>>);

/// The state of a decision while it is built.
pub(super) struct DecisionBuilder<'q, 'a> {
    pub(super) input: &'q DecisionInput<'a>,
    mode: Mode,
    /// The findings so far.
    pub(super) findings: Findings<'a>,
    pub(super) tier: Option<&'a Tier>,
    pub(super) boundary: Option<Cow<'a, str>>,
}

impl<'q, 'a> DecisionBuilder<'q, 'a> {
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
        let input = self.input;
        let (pod, policy, supply) = (input.pod, input.policy, input.supply);
        let takes_stock = requested.requests.iter().any(|r| r.resource().is_some());
        let system_request = sharing_systems::system_requests(pod, takes_stock).next();
        // A request that cannot be parsed is not in the list. Tier and boundary are checked nevertheless.
        let is_unreadable = requested.requests.is_empty() && self.findings.deny();
        if requested.requests.is_empty() && system_request.is_none() && !is_unreadable {
            return self.without_gpu();
        }
        self.tier = tenancy::tier(input, &mut self.findings);
        self.set_boundary();
        if let Some(system_request) = system_request {
            if policy.leaves_alone(system_request.name.systems) {
                return self.foreign();
            }
            rules::foreign_sharing::found(&system_request, &mut self.findings);
        }
        if requested.requests.is_empty() && !is_unreadable {
            return self.without_gpu();
        }
        if opts_out(pod) && !is_unreadable {
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
        let is_labelled = existing::is_labelled(pod);
        if !is_labelled {
            rules::mig_profile_unknown::check(&requested.requests, supply, &mut self.findings);
        }
        let mixed =
            rules::mixed_devices::check(pod, &requested.requests, self.tier, &mut self.findings);
        let filter = pod.spec.as_ref().map(NodeFilter::of).unwrap_or_default();
        if self.tier.is_some() {
            select_memory(&mut requested, &filter, is_labelled);
        }
        let pinned = rules::daemonset_share::pinned(pod, &filter);
        if pinned.is_some() || input.workload == Workload::DaemonSet {
            return self.daemon_set(&requested, pinned);
        }
        if let Some(tier) = self.tier {
            requested.fill(&tier.share);
        }
        let strategies = self.strategies(&requested, mixed);
        if self.findings.deny() {
            return self.deny();
        }
        if strategies.is_empty() {
            return self.keep_request(&requested.requests, rules::no_such_offer::unnamed());
        }
        let profile = Profile::of(pod);
        let query = PlacementQuery {
            pod,
            policy,
            supply,
            namespace: input.namespaces.view(input.namespace),
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
        let mut placement = None;
        if is_labelled {
            placement = existing::reuse(&query);
            if placement.is_none() {
                // An existing placement may use a profile that only former nodes had. A new placement may not.
                rules::mig_profile_unknown::check(&requested.requests, supply, &mut self.findings);
                if self.findings.deny() {
                    return self.deny();
                }
            }
        }
        let is_reused = placement.is_some();
        let placement = placement.or_else(|| choose(&query));
        observer(&query, placement.as_ref());
        match placement {
            Some(placement) => self.placed(
                &query,
                &placement,
                &requested.limit_range_defaults,
                is_reused,
            ),
            None => self.not_placed(&query),
        }
    }

    /// The runtime class of the pod, if the policy lists it as a sandbox.
    pub(super) fn sandbox(&self) -> Option<&'a str> {
        let DecisionInput { policy, pod, .. } = *self.input;
        let classes = self.input.runtime_classes;
        classes.sandbox(pod, &policy.placement.sandboxes)
    }

    /// The markers need a boundary. If the pod may not use the one that it names and the policy makes that a warning, it
    /// gets the own boundary of its namespace.
    fn set_boundary(&mut self) {
        let (input, findings) = (self.input, &mut self.findings);
        self.boundary = tenancy::boundary(input, self.tier, findings);
        if self.boundary.is_none() && !findings.deny() {
            self.boundary = tenancy::own_boundary(input);
            if self.boundary.is_none() {
                let text = rules::boundary_not_yours::none_left(input.namespace);
                findings.refuse(&rules::boundary_not_yours::RULE, "", text);
            }
        }
    }

    /// A pod that takes no GPU: only the rules about bypasses and protected labels apply.
    fn without_gpu(mut self) -> Decision<'a> {
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
            edits.extend(edits::hide_gpus(pod, &[]));
        }
        self.finish(edits, Reason::GpusHidden)
    }

    fn missing_tier(&mut self, requested: &PodRequest<'_>) {
        let is_refused = self.findings.has(&rules::tier_unknown::RULE)
            || self.findings.has(&rules::tier_not_allowed::RULE);
        if self.tier.is_some() || is_refused {
            return;
        }
        let what = match (requested.has_size, requested.strategy) {
            (true, _) => "an ask for memory, a fraction or compute",
            (false, Some(_)) => "a strategy",
            (false, None) => return,
        };
        let view = self.input.namespaces.view(self.input.namespace);
        let allowed = tenancy::allowed_tiers(view, self.input.policy);
        let names: Vec<&str> = allowed.iter().map(|t| t.name.as_str()).collect();
        let text = rules::tier_missing::text(what, &names);
        self.findings.add(&rules::tier_missing::RULE, "", text);
    }

    /// The decision about a pod with GPUs that findings deny.
    pub(super) fn deny(mut self) -> Decision<'a> {
        let DecisionInput { policy, pod, .. } = *self.input;
        let context = PodContext {
            takes_gpu: true,
            hides_gpus: policy.placement.hide_gpus,
            trust: Trust::Unjudged,
            ..PodContext::default()
        };
        rules::check_pod(self.input, context, &mut self.findings);
        // Without a placement it is unknown which terms slicegate would write. Terms of the pod's boundary and of its own
        // user label are therefore allowed.
        let boundary = self
            .boundary
            .as_deref()
            .map(|own| (names::TRUST_BOUNDARY, own));
        let user = pod.label(names::MPS_USER).map(|own| (names::MPS_USER, own));
        let own: Vec<(&str, &str)> = boundary.into_iter().chain(user).collect();
        rules::reserved_selector::check(pod, &own, &mut self.findings);
        self.finish(Vec::new(), Reason::Findings)
    }

    pub(super) fn finish(mut self, edits: Vec<Edit<'a>>, reason: Reason) -> Decision<'a> {
        if let Some(excess) = edits::size::excess_of_terms(self.input.pod, &edits) {
            rules::too_large::refuse(excess, &mut self.findings);
        }
        Decision {
            tier: self.tier.map(|t| t.name.as_str()),
            boundary: self.boundary,
            ..Decision::new(self.mode, self.findings.into_list(), edits, reason)
        }
    }
}

/// Sets the memory of node selectors if the pod states no size. Not for a finished rewrite: its terms are slicegate's, and
/// the original request is in an annotation.
pub(super) fn select_memory(
    requested: &mut PodRequest<'_>,
    filter: &NodeFilter<'_>,
    is_rewritten: bool,
) {
    if !requested.has_size
        && !is_rewritten
        && let Some(mib) = request::selected_memory(filter)
    {
        requested.select(mib);
    }
}

fn opts_out(pod: &Pod<'_>) -> bool {
    let mode = pod.annotation(names::MODE);
    mode.is_some_and(|m| Mode::from_word(m) == Some(Mode::Off))
}
