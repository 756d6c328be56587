//! Pods whose request stays as written and that only get the markers: nothing fits, the pod opted out, or another sharing
//! system places it.

use crate::engine::decide::builder::{DecisionBuilder, written};
use crate::engine::edits;
use crate::engine::edits::receipt;
use crate::engine::edits::receipt::{Change, Contents};
use crate::engine::line::{
    Decision, DecisionInput, DeviceRequest, MarkersReason, PlacementQuery, Reason,
    RequestedResource,
};
use crate::engine::placement::candidates::{self, CandidateVerdict};
use crate::engine::rules;
use crate::engine::rules::check::{AllocatedDevice, PodContext};
use crate::engine::rules::no_such_offer::Nearest;
use crate::engine::supply::{Group, Knowledge, UnknownReason};
use crate::engine::vocabulary::{Strategy, names};
use crate::facts::Pod;
use crate::facts::pod::Container;

impl<'a> DecisionBuilder<'_, 'a> {
    /// No known supply is suitable: the pod is denied. If that is only a warning, the request stays and the pod gets the
    /// markers.
    pub(super) fn nothing_fits(mut self, query: &PlacementQuery<'_, 'a>) -> Decision<'a> {
        let mut on_supply = false;
        for strategy in query.strategies.iter() {
            match rules::removal(query, strategy) {
                Some(removal) => removal.report(query, strategy, &mut self.findings),
                None => on_supply = true,
            }
        }
        let tiers = self.other_tiers(query);
        let text = rules::no_such_offer::text(query, nearest(query), &tiers);
        if on_supply {
            self.no_supply(query, &text);
        }
        let unknown = query.supply.unknown_keys(query.filter);
        if !unknown.is_empty() {
            rules::supply_unknown::keys(&unknown, &mut self.findings);
        }
        self.stay_as_written(query.requests, text.0)
    }

    /// Without a placement, if that is only a warning: the request stays and the pod gets the markers. `message` is for
    /// requests that cannot stay.
    pub(super) fn stay_as_written(
        mut self,
        requests: &[DeviceRequest<'a>],
        message: String,
    ) -> Decision<'a> {
        let stays = |request: &DeviceRequest<'_>| {
            request.named != RequestedResource::Nothing && !request.size.fraction_in_quantity
        };
        if !requests.iter().all(stays) && !self.findings.deny() {
            // The API server or the scheduler cannot do anything with what is written.
            let fix =
                "ask for a whole resource beside the annotation, nvidia.com/gpu: 1".to_owned();
            self.findings
                .refuse(&rules::no_such_offer::RULE, "", (message, fix));
        }
        if self.findings.deny() {
            return self.deny();
        }
        self.markers_only(requests, None, MarkersReason::NothingKnownFits)
    }

    fn no_supply(&mut self, query: &PlacementQuery<'_, '_>, text: &(String, String)) {
        let rule = &rules::no_such_offer::RULE;
        match query.supply.knowledge {
            Knowledge::Known => {
                // Nodes that do not say what they are may be what the pod means.
                let meant = Meant::of(query);
                if !meant.is_enough(query) {
                    self.findings.add(rule, "", text.clone());
                }
                if !meant.groups.is_empty() {
                    rules::supply_unknown::nodes(query, &meant.groups, &mut self.findings);
                }
            }
            Knowledge::AllUnknown => {
                rules::supply_unknown::nodes(query, &query.reachable(), &mut self.findings);
            }
            Knowledge::Assumed => {
                self.findings.warn(rule, "", text.clone());
                rules::supply_unknown::no_nodes(Knowledge::Assumed, &mut self.findings);
            }
            Knowledge::NoGpuNodes => {
                rules::supply_unknown::no_nodes(Knowledge::NoGpuNodes, &mut self.findings);
            }
        }
    }

    /// Writes receipt and label, and the terms of the boundary if the pod may land on a shared device. The request stays.
    /// `given` is the weakest strategy by which it can be given its devices, where only one node can.
    pub(super) fn markers_only(
        mut self,
        requests: &[DeviceRequest<'a>],
        given: Option<Strategy>,
        reason: MarkersReason,
    ) -> Decision<'a> {
        let DecisionInput { policy, pod, .. } = *self.input;
        let Some(boundary) = self.boundary.clone() else {
            return self.deny();
        };
        let named = self.given_on_named_node(requests);
        let given = given.or(named);
        let may_be_shared = given.is_none_or(Strategy::is_shared);
        if may_be_shared {
            rules::node_name::unless_whole(pod, &mut self.findings);
            rules::scheduler_name::unless_whole(pod, policy, &mut self.findings);
        }
        let by_name = |request: &DeviceRequest<'_>| request.named == RequestedResource::Shared;
        if given == Some(Strategy::Mps) || given.is_none() && requests.iter().any(by_name) {
            self.as_mps_client(requests);
        }
        let context = PodContext {
            takes_gpu: true,
            allocated: Some(match given {
                Some(Strategy::Exclusive) => AllocatedDevice::Whole,
                _ => AllocatedDevice::Part,
            }),
            hides_gpus: policy.placement.hide_gpus || rules::runtime_class::hides(self.input),
            ..PodContext::default()
        };
        rules::check_pod(self.input, context, &mut self.findings);
        // The guard knows no node: the label tells it that the node which the pod names shares nothing.
        let label = named.filter(|strategy| !strategy.is_shared());
        self.protect(&[], label, may_be_shared);
        let mut edits = edits::markers_only(pod, policy, boundary.clone(), may_be_shared);
        if context.hides_gpus {
            edits::hide(pod, requests, &mut edits);
        }
        if let Some(strategy) = label {
            edits::strategy_label(pod, strategy, &mut edits);
        }
        let contents = Contents {
            tier: self.tier.map(|t| t.name.as_str()),
            boundary: &boundary,
            strategy: label,
            changes: requests.iter().filter_map(|w| unchanged(pod, w)).collect(),
        };
        receipt::write(pod, policy, &contents, &mut edits);
        self.finish(edits, None, Reason::MarkersOnly(reason))
    }

    /// Without a placement, denies everything that rules out MPS, if the device may be an MPS share.
    fn as_mps_client(&mut self, requests: &[DeviceRequest<'a>]) {
        let pod = self.input.pod;
        for request in requests {
            let place = request.place;
            let is = |says: fn(&Container<'_>) -> bool| pod.at(place).is_some_and(says);
            if is(rules::limit_env::hides_its_device) {
                let text = rules::limit_env::visible_text();
                self.findings
                    .add(&rules::limit_env::RULE, format!("{place}/env"), text);
            }
            if is(rules::shm_conflict::mounts_shm) {
                let text = rules::shm_conflict::text(pod);
                self.findings.add(
                    &rules::shm_conflict::RULE,
                    format!("{place}/volumeMounts"),
                    text,
                );
            }
        }
        if rules::mps_user::has_namespace(pod) {
            let text = rules::mps_user::hidden_text();
            self.findings
                .refuse(&rules::no_such_offer::RULE, "/spec/hostUsers", text);
        }
        if let Some(class) = self.sandbox() {
            let text = rules::runtime_class::sandbox_text(class);
            let path = "/spec/runtimeClassName";
            self.findings
                .refuse(&rules::no_such_offer::RULE, path, text);
        }
    }

    /// By what the node that the pod names, if it names one, gives it its devices.
    fn given_on_named_node(&self, requests: &[DeviceRequest<'a>]) -> Option<Strategy> {
        let DecisionInput { supply, pod, .. } = *self.input;
        self.given_on(requests, supply.group_of(pod.node_name()?)?)
    }

    /// Another system's pod, left alone but for the label.
    pub(super) fn foreign(mut self) -> Decision<'a> {
        let Some(boundary) = self.boundary.clone() else {
            return self.deny();
        };
        self.protect(&[], None, false);
        let edits = edits::label_only(self.input.pod, boundary);
        self.finish(
            edits,
            None,
            Reason::MarkersOnly(MarkersReason::ForeignSystem),
        )
    }
}

/// Nodes in reach with a resource that the pod could ask for and that nothing can be said about.
struct Meant<'a> {
    groups: Vec<&'a Group>,
}

impl<'a> Meant<'a> {
    fn of(query: &PlacementQuery<'_, 'a>) -> Self {
        let mut groups = query.reachable();
        groups.retain(|group| group.unknown.iter().any(|u| query.may_be(u)));
        Self { groups }
    }

    /// Whether the pod may wait for them with its request unchanged. Only known resources serve a tier, except for a name
    /// that the cluster itself defines: it may be on offer.
    fn is_enough(&self, query: &PlacementQuery<'_, '_>) -> bool {
        let names = query.requests.iter();
        let names: Vec<&str> = names
            .map(|w| w.fixed_resource().unwrap_or(names::GPU))
            .collect();
        let may_have = |name: &str, group: &Group| {
            let needed = query.needed(&names, &name);
            let mut unknown = group.unknown.iter().filter(|u| u.resource == name);
            unknown.any(|u| {
                u.count >= needed && (query.tier.is_none() || u.why == UnknownReason::OwnName)
            })
        };
        let has = |name, group| query.advertises(group, name, query.needed(&names, &name));
        let mut groups = self.groups.iter();
        groups.any(|group| {
            let mut each = names.iter();
            names.iter().any(|name| may_have(name, group))
                && each.all(|name| may_have(name, group) || has(name, group))
        })
    }
}

/// What came nearest to serving the pod.
fn nearest(query: &PlacementQuery<'_, '_>) -> Nearest {
    let nearest = candidates::nearest(query, 3);
    let words = |c: &CandidateVerdict| format!("{} by {}: {}", c.offer, c.strategy, c.verdict);
    Nearest {
        request_words: candidates::request_words(query),
        offers: nearest.list.iter().map(words).collect(),
        fix: nearest.fix,
    }
}

/// A container's request as it stands.
fn unchanged<'a>(pod: &'a Pod<'a>, request: &DeviceRequest<'a>) -> Option<Change<'a>> {
    let from = written(pod, request)?;
    Some(Change {
        container: request.container,
        from: Some(from),
        to: (from.0, request.count),
    })
}
