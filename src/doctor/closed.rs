//! Namespaces in which no GPU pod can be created: why, and how to open each.

use super::alike::quoted_for_a_shell;
use super::plain;
use crate::engine::request::tenancy::allowed_tiers;
use crate::engine::rules::{no_such_offer, tier_not_allowed, tier_unknown};
use crate::engine::vocabulary::suggest::nearest;
use crate::engine::vocabulary::{Mode, names};
use crate::engine::{ClusterState, Finding};

/// A namespace that has no GPU pods, whoever creates them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Which rule refuses them.
    pub rule: &'static str,
    /// What it says of a plain pod with one GPU.
    pub why: String,
    /// What to do.
    pub fix: String,
    /// A command that does it.
    pub command: Option<String>,
}

/// Why no plain GPU pod can be created in a namespace, or could not once it is enforced; none where one can.
pub fn closed(state: &ClusterState, namespace: &str) -> Option<Closed> {
    let refused = plain::pod(state, namespace)?.refused?;
    let place = Place { state, namespace };
    let (fix, command) = place.mend(&refused);
    Some(Closed {
        rule: refused.rule.id,
        why: refused.message,
        fix,
        command,
    })
}

struct Place<'p> {
    state: &'p ClusterState,
    namespace: &'p str,
}

impl Place<'_> {
    fn mend(&self, refused: &Finding) -> (String, Option<String>) {
        let rule = refused.rule.id;
        if rule == tier_unknown::RULE.id {
            self.name_a_tier()
        } else if rule == tier_not_allowed::RULE.id {
            self.allow_its_tier()
        } else if rule == no_such_offer::RULE.id {
            self.be_served()
        } else {
            (refused.fix.clone(), None)
        }
    }

    fn annotate(&self, key: &str, value: &str) -> String {
        let value = quoted_for_a_shell(value);
        format!(
            "kubectl annotate --overwrite namespace {} {key}={value}",
            self.namespace
        )
    }

    /// The tier that counts there, as it is written.
    fn written(&self) -> Option<&str> {
        let own = self.state.namespaces.view(self.namespace);
        let own = own.and_then(|view| view.tier.as_deref());
        own.or(self.state.policy.default_tier.as_deref())
    }

    fn name_a_tier(&self) -> (String, Option<String>) {
        let tiers = || self.state.policy.tiers.iter().map(|t| t.name.as_str());
        let all: Vec<&str> = tiers().collect();
        let all = all.join(", ");
        let meant = self.written().and_then(|written| nearest(written, tiers()));
        let fix = match meant {
            Some(meant) => format!("did you mean {meant}? the policy has {all}"),
            None => format!("name a tier of the policy ({all}), or add this one to its spec.tiers"),
        };
        (fix, meant.map(|meant| self.annotate(names::TIER, meant)))
    }

    fn allow_its_tier(&self) -> (String, Option<String>) {
        let (key, tier) = (names::ALLOWED_TIERS, self.written().unwrap_or_default());
        let view = self.state.namespaces.view(self.namespace);
        let listed = view.and_then(|view| view.allowed_tiers.as_deref());
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
        (fix, Some(self.annotate(key, &list)))
    }

    fn be_served(&self) -> (String, Option<String>) {
        let tier = self.written().and_then(|name| self.state.policy.tier(name));
        let strategies = tier.map_or(&[][..], |tier| &tier.strategies);
        let strategies: Vec<&str> = strategies.iter().map(|s| s.word()).collect();
        let strategies = strategies.join(" or ");
        // Never a weaker one than its administrator chose.
        let mut allowed = allowed_tiers(
            self.state.namespaces.view(self.namespace),
            &self.state.policy,
        );
        allowed.sort_by_key(|tier| tier.isolation);
        let served = allowed
            .into_iter()
            .filter(|tier| plain::served(&self.state.policy, &self.state.supply, tier).is_some());
        let served: Vec<&str> = served.map(|tier| tier.name.as_str()).collect();
        let hand_out = format!("have nodes hand out {strategies} (docs/nodes.md)");
        let (mode, _) = self
            .state
            .namespaces
            .mode(self.namespace, &self.state.policy);
        match (served.first(), mode) {
            (Some(first), _) => (
                format!(
                    "{hand_out}, or give the namespace a tier that they serve now: {}",
                    served.join(", ")
                ),
                Some(self.annotate(names::TIER, first)),
            ),
            (None, Mode::Enforce) => (
                format!(
                    "{hand_out}, and take the namespace back to dry-run until they do: they serve no tier that it may have"
                ),
                Some(self.annotate(names::MODE, Mode::DryRun.word())),
            ),
            (None, _) => (
                format!("{hand_out} before it is enforced: they serve no tier that it may have"),
                None,
            ),
        }
    }
}
