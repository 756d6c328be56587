//! Turns the type of a SharingPolicy into the engine's policy.

use std::collections::BTreeMap;

use super::formats::{Format, Text};
use super::spec::{
    Boundary, PlacementPolicy, Pool, Share, SharingPolicySpec, Supply, Taint, Tier, Toleration,
};
use crate::engine::rules;
use crate::engine::vocabulary::{
    Declared, Fraction, NamedBoundary, Policy, PolicyToleration, SupplyPolicy, policy,
};

impl SharingPolicySpec {
    /// The engine's policy with this name.
    pub fn policy(mut self, name: String) -> Policy {
        // A rule's default severity means nothing.
        self.rules
            .retain(|id, severity| rules::find(id).is_some_and(|rule| rule.default != severity.0));
        let hash = hash(&name, &self);
        let severities = self.rules.iter();
        Policy {
            name,
            hash,
            mode: self.mode.0,
            namespace_default: self.namespace_default.0,
            default_tier: self.default_tier.map(|tier| tier.0),
            pod_opt_out: self.pod_opt_out,
            outsiders: self.outsiders.0,
            boundary_names: self.boundary_names.0,
            boundaries: self.boundaries.into_iter().map(boundary).collect(),
            foreign_sharing: texts(self.foreign_sharing),
            tiers: self.tiers.into_iter().map(tier).collect(),
            placement: placement(self.placement),
            supply: supply(self.supply),
            rules: severities
                .filter_map(|(id, severity)| Some((rules::find(id)?.id, severity.0)))
                .collect(),
        }
    }
}

/// 16 hexadecimal digits of 64-bit FNV-1a over the JSON of the name and the spec with all defaults.
///
/// Comments and the order of keys do not change it. It tells versions of a policy apart and is no security feature:
/// anybody can make two policies with one hash.
fn hash(name: &str, spec: &SharingPolicySpec) -> String {
    let json = serde_json::to_vec(&(name, spec)).unwrap_or_default();
    let hash = json.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

fn boundary(boundary: Boundary) -> NamedBoundary {
    NamedBoundary {
        name: boundary.name.0,
        namespaces: texts(boundary.namespaces),
    }
}

fn tier(tier: Tier) -> policy::Tier {
    let Share { memory, fraction } = tier.share;
    policy::Tier {
        name: tier.name.0,
        isolation: tier.isolation.0,
        strategies: texts(tier.strategies),
        co_tenancy: tier.co_tenancy.0,
        share: policy::Share {
            memory: memory.map(|memory| memory.0),
            fraction: fraction.and_then(|part| Fraction::parse(&part.0).ok()),
        },
        run_as_user: tier.run_as_user,
    }
}

fn placement(placement: PlacementPolicy) -> policy::PlacementPolicy {
    policy::PlacementPolicy {
        boundary: placement.boundary.0,
        packing: placement.packing.0.0,
        schedulers: texts(placement.schedulers),
        hide_gpus: placement.hide_gpus.0.0,
        tolerations: placement.tolerations.into_iter().map(toleration).collect(),
        sandboxes: texts(placement.sandboxes),
    }
}

fn toleration(toleration: Toleration) -> PolicyToleration {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    PolicyToleration {
        key: given(toleration.key.map(|key| key.0)),
        operator: given(toleration.operator),
        value: given(toleration.value.map(|value| value.0)),
        effect: given(toleration.effect),
        toleration_seconds: toleration.toleration_seconds,
    }
}

fn supply(supply: Supply) -> SupplyPolicy {
    SupplyPolicy {
        declared: Declared {
            unlabelled: supply.unlabelled.0,
            vgpu: supply.vgpu.0,
        },
        remember_seconds: supply.remember.0,
        pools: supply.pools.into_iter().map(pool).collect(),
    }
}

fn pool(pool: Pool) -> policy::Pool {
    let taint = |taint: Taint| {
        let value = taint.value.map(|value| value.0);
        (taint.key.0, value.unwrap_or_default(), taint.effect)
    };
    policy::Pool {
        name: pool.name.0,
        labels: pairs(pool.labels),
        allocatable: pairs(pool.allocatable),
        taints: pool.taints.into_iter().map(taint).collect(),
    }
}

fn texts<F: Format>(texts: Vec<Text<F>>) -> Vec<F::Value> {
    texts.into_iter().map(|text| text.0).collect()
}

fn pairs<F: Format>(pairs: BTreeMap<String, Text<F>>) -> Vec<(String, F::Value)> {
    let pairs = pairs.into_iter();
    pairs.map(|(key, value)| (key, value.0)).collect()
}
