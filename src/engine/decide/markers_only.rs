//! Pods whose request stays as written and that only get the markers: nothing fits, the pod opted out, or another sharing
//! system places it.

use crate::engine::decide::builder::DecisionBuilder;
use crate::engine::edits;
use crate::engine::edits::receipt::{self, Change};
use crate::engine::line::{
    Decision, DecisionInput, DeviceRequest, MarkersReason, PlacementQuery, Reason,
    RequestedResource,
};
use crate::engine::placement::candidates;
use crate::engine::rules;
use crate::engine::rules::check::{AllocatedDevice, PodContext};
use crate::engine::rules::{limit_env, no_such_offer, shm_conflict, supply_unknown};
use crate::engine::supply::{Group, Knowledge, UnknownReason};
use crate::engine::vocabulary::{Strategy, names};

impl<'a> DecisionBuilder<'_, 'a> {
    /// No known supply is suitable: the pod is denied. If that is only a warning, the request stays and the pod gets the
    /// markers.
    pub(super) fn not_placed(mut self, query: &PlacementQuery<'_, 'a>) -> Decision<'a> {
        let mut lacks_supply = false;
        for strategy in query.strategies.iter() {
            match rules::removal(query, strategy) {
                Some(removal) => removal.report(query, strategy, &mut self.findings),
                None => lacks_supply = true,
            }
        }
        let tiers = self.other_tiers(query);
        let text = no_such_offer::text(query, candidates::nearest(query), &tiers);
        if lacks_supply {
            self.no_supply(query, &text);
        }
        self.unknown_keys(query);
        self.keep_request(query.requests, text.0)
    }

    /// Without a placement, if that is only a warning: the request stays and the pod gets the markers. `message` is for
    /// requests that cannot stay.
    pub(super) fn keep_request(
        mut self,
        requests: &[DeviceRequest<'a>],
        message: String,
    ) -> Decision<'a> {
        let can_stay = |request: &DeviceRequest<'_>| {
            request.resource().is_some() && !request.size.fraction_in_quantity
        };
        if !requests.iter().all(can_stay) && !self.findings.deny() {
            // The API server or the scheduler cannot do anything with what is written.
            let fix = "ask for a whole resource beside the annotation, nvidia.com/gpu: 1";
            let text = (message, fix.to_owned());
            self.findings.refuse(&no_such_offer::RULE, "", text);
        }
        if self.findings.deny() {
            return self.deny();
        }
        self.markers_only(requests, None, MarkersReason::NothingKnownFits)
    }

    fn no_supply(&mut self, query: &PlacementQuery<'_, '_>, text: &(String, String)) {
        let rule = &no_such_offer::RULE;
        let mut groups = query.reachable();
        match query.supply.knowledge {
            Knowledge::Known => {
                // Nodes that do not say what they are may have what the pod requests.
                groups.retain(|g| g.unknown.iter().any(|unknown| query.may_request(unknown)));
                if !may_wait_for(query, &groups) {
                    self.findings.add(rule, "", text.clone());
                }
                if !groups.is_empty() {
                    supply_unknown::nodes(query, &groups, &mut self.findings);
                }
            }
            Knowledge::AllUnknown => supply_unknown::nodes(query, &groups, &mut self.findings),
            Knowledge::Assumed => {
                self.findings.warn(rule, "", text.clone());
                supply_unknown::no_nodes(Knowledge::Assumed, &mut self.findings);
            }
            Knowledge::NoGpuNodes => {
                supply_unknown::no_nodes(Knowledge::NoGpuNodes, &mut self.findings);
            }
        }
    }

    /// Writes receipt and label, and the terms of the boundary if the pod may land on a shared device. The request stays.
    /// `given` is the weakest strategy of the devices that the pod can get, if only one node can give them.
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
        let named = pod.node_name();
        let named = named.and_then(|node| self.input.supply.group_of(node));
        let named = named.and_then(|group| self.given_on(requests, group));
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
            allocated: Some(if given == Some(Strategy::Exclusive) {
                AllocatedDevice::Whole
            } else {
                AllocatedDevice::Part
            }),
            hides_gpus: policy.placement.hide_gpus || rules::runtime_class::hides(self.input),
            ..PodContext::default()
        };
        rules::check_pod(self.input, context, &mut self.findings);
        // The guard knows no node: the label tells it that the node which the pod names shares nothing.
        let unshared = named.filter(|strategy| !strategy.is_shared());
        let mut edits = edits::markers_only(pod, policy, boundary, may_be_shared);
        if context.hides_gpus {
            edits.extend(edits::hide_gpus(pod, requests));
        }
        edits.extend(unshared.and_then(|s| edits::label(pod, names::STRATEGY, s.word().into())));
        let changes = requests.iter().filter_map(|request| {
            let from = receipt::written(pod, request)?;
            Some(Change {
                container: request.container,
                from: Some(from),
                to: (from.0, request.count),
            })
        });
        let changes = changes.collect();
        let reason = Reason::MarkersOnly(reason);
        self.finish_marked(edits, unshared, may_be_shared, changes, reason)
    }

    /// Without a placement, denies everything that rules out MPS, if the device may be an MPS share.
    fn as_mps_client(&mut self, requests: &[DeviceRequest<'a>]) {
        let pod = self.input.pod;
        let findings = &mut self.findings;
        for DeviceRequest { place, .. } in requests {
            let Some(container) = pod.at(*place) else {
                continue;
            };
            if limit_env::hides_its_device(container) {
                let text = limit_env::visible_text();
                findings.add(&limit_env::RULE, format!("{place}/env"), text);
            }
            if shm_conflict::mounts_shm(container) {
                let text = shm_conflict::text(pod);
                findings.add(&shm_conflict::RULE, format!("{place}/volumeMounts"), text);
            }
        }
        if rules::mps_user::has_namespace(pod) {
            let text = rules::mps_user::hidden_text();
            findings.refuse(&no_such_offer::RULE, "/spec/hostUsers", text);
        }
        if let Some(class) = self.sandbox() {
            let text = rules::runtime_class::sandbox_text(class);
            let path = "/spec/runtimeClassName";
            self.findings.refuse(&no_such_offer::RULE, path, text);
        }
    }

    /// Another system's pod, which only gets the label.
    pub(super) fn foreign(mut self) -> Decision<'a> {
        let Some(boundary) = self.boundary.clone() else {
            return self.deny();
        };
        self.protect(&[], None, false);
        let DecisionInput { policy, pod, .. } = *self.input;
        let edits = edits::markers_only(pod, policy, boundary, false);
        self.finish(edits, Reason::MarkersOnly(MarkersReason::ForeignSystem))
    }
}

/// Whether the pod may wait for nodes with unknown resources, with its request unchanged. Only known resources serve a
/// tier, except for a name that the cluster itself defines: some node may have it.
fn may_wait_for<'a>(query: &PlacementQuery<'_, 'a>, groups: &[&Group]) -> bool {
    let names = query.requests.iter();
    let names = names.map(|request| request.resource().unwrap_or(names::GPU));
    let needed = |name| query.needed(names.clone(), name);
    let may_have = |name: &'a str, group: &Group| {
        let mut unknown = group.unknown.iter().filter(|u| u.resource == name);
        unknown.any(|u| {
            u.count >= needed(name) && (query.tier.is_none() || u.why == UnknownReason::OwnName)
        })
    };
    let has = |name: &'a str, group: &Group| {
        let mut offers = query.supply.advertised(group);
        offers.any(|(offer, known)| offer.resource == name && known.count >= needed(name))
    };
    groups.iter().any(|group| {
        names.clone().any(|name| may_have(name, group))
            && names
                .clone()
                .all(|name| may_have(name, group) || has(name, group))
    })
}
