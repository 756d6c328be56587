//! Namespaces in which no GPU pod can be created: why, and how to open each.

use super::finding::Fix;
use super::plain;
use super::text::annotate;
use crate::engine::request::tenancy::allowed_tiers;
use crate::engine::rules::{no_such_offer, tier_not_allowed, tier_unknown};
use crate::engine::vocabulary::suggest::nearest;
use crate::engine::vocabulary::{Mode, names};
use crate::engine::{ClusterState, NamespaceView};

/// A namespace in which no GPU pod can be created, whoever creates it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The rule that refuses the pods.
    pub rule: &'static str,
    /// Its message for a plain pod with one GPU.
    pub why: String,
    pub fix: Fix,
}

/// Why no plain GPU pod can be created in a namespace, or could not once it is enforced; none if one can.
pub fn closed(state: &ClusterState, namespace: &str) -> Option<Closed> {
    let refused = plain::pod(state, namespace)?.refused?;
    let view = state.namespaces.view(namespace);
    let own_tier = view.and_then(|view| view.tier.as_deref());
    let place = Place {
        state,
        namespace,
        view,
        tier: own_tier.or(state.policy.default_tier.as_deref()),
    };
    let rule = refused.rule.id;
    let fix = if rule == tier_unknown::RULE.id {
        place.name_a_tier()
    } else if rule == tier_not_allowed::RULE.id {
        place.allow_its_tier()
    } else if rule == no_such_offer::RULE.id {
        place.have_it_served()
    } else {
        refused.fix.into()
    };
    Some(Closed {
        rule,
        why: refused.message,
        fix,
    })
}

struct Place<'p> {
    state: &'p ClusterState,
    namespace: &'p str,
    view: Option<&'p NamespaceView>,
    /// The tier that counts there, as it is written.
    tier: Option<&'p str>,
}

impl Place<'_> {
    fn annotate(&self, key: &str, value: &str) -> String {
        annotate(self.namespace, key, value)
    }

    fn name_a_tier(&self) -> Fix {
        let tiers = self.state.policy.tiers.iter().map(|t| t.name.as_str());
        let all = tiers.clone().collect::<Vec<&str>>().join(", ");
        match self.tier.and_then(|written| nearest(written, tiers)) {
            Some(meant) => Fix::by(
                format!("did you mean {meant}? the policy has {all}"),
                self.annotate(names::TIER, meant),
            ),
            None => format!("name a tier of the policy ({all}), or add this one to its spec.tiers")
                .into(),
        }
    }

    fn allow_its_tier(&self) -> Fix {
        let (key, tier) = (names::ALLOWED_TIERS, self.tier.unwrap_or_default());
        let listed = self.view.and_then(|view| view.allowed_tiers.as_deref());
        let listed = listed.unwrap_or_default().iter().map(String::as_str);
        let known: Vec<&str> = listed
            .filter(|t| self.state.policy.tier(t).is_some())
            .collect();
        let but = if known.is_empty() {
            "names no tier of the policy".to_owned()
        } else {
            format!("lists {} and not {tier}", known.join(", "))
        };
        let list = [&known[..], &[tier]].concat().join(",");
        let fix =
            format!("{key} there {but}: list {tier}, or give the namespace a tier that is listed");
        Fix::by(fix, self.annotate(key, &list))
    }

    fn have_it_served(&self) -> Fix {
        let ClusterState {
            policy,
            supply,
            namespaces,
            ..
        } = self.state;
        let strategies = self.tier.and_then(|name| policy.tier(name));
        let strategies = strategies.into_iter().flat_map(|tier| &tier.strategies);
        let strategies: Vec<&str> = strategies.map(|s| s.word()).collect();
        let strategies = strategies.join(" or ");
        let hand_out = format!("have nodes hand out {strategies} (docs/nodes.md)");
        // Never a weaker tier than its administrator chose.
        let mut allowed = allowed_tiers(self.view, policy);
        allowed.sort_by_key(|tier| tier.isolation);
        let served = allowed
            .into_iter()
            .filter(|tier| plain::served(policy, supply, tier).is_some());
        let served: Vec<&str> = served.map(|tier| tier.name.as_str()).collect();
        if let Some(first) = served.first() {
            let fix = format!(
                "{hand_out}, or give the namespace a tier that they serve now: {}",
                served.join(", ")
            );
            return Fix::by(fix, self.annotate(names::TIER, first));
        }
        if namespaces.mode(self.namespace, policy).0 == Mode::Enforce {
            let fix = format!(
                "{hand_out}, and take the namespace back to dry-run until they do: they serve no tier that it may have"
            );
            return Fix::by(fix, self.annotate(names::MODE, Mode::DryRun.word()));
        }
        format!("{hand_out} before it is enforced: they serve no tier that it may have").into()
    }
}
