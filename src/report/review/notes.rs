//! What a report says beside its items: the tier that is assumed, and what to try if nothing is shared.

use std::collections::BTreeSet;

use super::model::Item;
use crate::engine::{ClusterState, Mode};

/// Namespaces of the items, and those of which nothing is shared.
#[derive(Default)]
pub(super) struct Notes {
    all: BTreeSet<String>,
    off: BTreeSet<String>,
    without_tier: BTreeSet<String>,
}

impl Notes {
    pub(super) fn see(&mut self, item: &Item) {
        if item.outcome == "skipped" {
            return;
        }
        note(&mut self.all, &item.namespace);
        if item.gpus.is_none_or(|gpus| gpus.asked == 0.0) {
            return;
        }
        match (item.mode, &item.tier, item.strategy) {
            (Some("off"), ..) => note(&mut self.off, &item.namespace),
            (_, None, Some("exclusive")) => note(&mut self.without_tier, &item.namespace),
            _ => {}
        }
    }

    /// What the assumed tier means.
    pub(super) fn assumed(&self, tier: &str) -> String {
        let s = if self.all.len() == 1 { "s" } else { "" };
        format!("{} count{s} as enforced with tier {tier}", named(&self.all))
    }

    /// How to see what sharing would save.
    pub(super) fn hint(mut self, state: &ClusterState) -> Option<String> {
        let never = state.namespaces.excluded_namespaces();
        self.off.retain(|name| !never.contains(name));
        let mut parts = Vec::new();
        if !self.off.is_empty() {
            parts.push(format!("slicegate is off in {}", named(&self.off)));
        }
        if !self.without_tier.is_empty() {
            let names = named(&self.without_tier);
            parts.push(format!(
                "no tier applies in {names}, so its pods keep whole GPUs"
            ));
        }
        let tiers: Vec<&str> = state.policy.tiers.iter().map(|t| t.name.as_str()).collect();
        let can_help = state.policy.mode != Mode::Off && !tiers.is_empty();
        (can_help && !parts.is_empty()).then(|| {
            format!(
                "{}; --tier TIER shows what they would get with one (of {})",
                parts.join("; "),
                tiers.join(", ")
            )
        })
    }
}

fn note(names: &mut BTreeSet<String>, name: &str) {
    if !names.contains(name) {
        names.insert(name.to_owned());
    }
}

/// `namespace a`, `namespaces a, b, c and 4 more`
fn named(names: &BTreeSet<String>) -> String {
    const MOST: usize = 3;
    let first: Vec<&str> = names.iter().take(MOST).map(String::as_str).collect();
    let s = if names.len() == 1 { "" } else { "s" };
    let more = match names.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("namespace{s} {}{more}", first.join(", "))
}
