//! A short hash of what a policy says, whatever its comments and the order of its keys.

use crate::engine::vocabulary::policy::{
    BoundaryNames, BoundaryPlacement, Declared, NamedBoundary, Outsiders, Placement, Policy,
    PolicyToleration, Pool, Share, SupplyPolicy, Tier, Unlabelled, Vgpu,
};

/// 16 hexadecimal digits of 64-bit FNV-1a over the values in a fixed order.
///
/// It tells versions of a policy apart and is no security feature: anybody can make two policies with one hash.
/// Lists keep their order, because it means something in most of them; a pool's labels and resources do not.
pub(super) fn hash(policy: &Policy) -> String {
    // Taken apart by name here and below, so that a new field cannot be forgotten.
    let Policy {
        name,
        hash: _,
        mode,
        namespace_default,
        default_tier,
        pod_opt_out,
        outsiders,
        boundary_names,
        boundaries,
        foreign_sharing,
        tiers,
        placement,
        supply,
        rules,
    } = policy;
    let mut to = Fnv::new();
    to.text(name);
    to.text(mode.word());
    to.text(namespace_default.word());
    to.option(default_tier.as_deref(), Fnv::text);
    to.flag(*pod_opt_out);
    to.flag(match outsiders {
        Outsiders::None => false,
        Outsiders::Label => true,
    });
    to.flag(match boundary_names {
        BoundaryNames::Listed => false,
        BoundaryNames::Open => true,
    });
    to.list(boundaries, boundary);
    to.list(foreign_sharing, |to, system| to.text(system.word()));
    to.list(tiers, tier);
    self::placement(&mut to, placement);
    self::supply(&mut to, supply);
    let rules: Vec<_> = rules.iter().collect();
    to.list(&rules, |to, (id, severity)| {
        to.text(id);
        to.text(severity.word());
    });
    format!("{:016x}", to.state)
}

fn boundary(to: &mut Fnv, boundary: &NamedBoundary) {
    let NamedBoundary { name, namespaces } = boundary;
    to.text(name);
    to.list(namespaces, |to, name| to.text(name));
}

fn tier(to: &mut Fnv, tier: &Tier) {
    let Tier {
        name,
        isolation,
        strategies,
        co_tenancy,
        share: Share { memory, fraction },
        run_as_user,
    } = tier;
    to.text(name);
    to.text(isolation.word());
    to.list(strategies, |to, strategy| to.text(strategy.word()));
    to.text(co_tenancy.word());
    to.option(*memory, Fnv::number);
    to.option(*fraction, |to, fraction| to.text(&fraction.to_string()));
    to.option(*run_as_user, |to, id| to.number(u64::from(id)));
}

fn placement(to: &mut Fnv, placement: &Placement) {
    let Placement {
        boundary,
        packing,
        schedulers,
        hide_gpus,
        tolerations,
        sandboxes,
    } = placement;
    to.flag(match boundary {
        BoundaryPlacement::PodAntiAffinity => false,
        BoundaryPlacement::NodeLabel => true,
    });
    to.flag(*packing);
    to.list(schedulers, |to, name| to.text(name));
    to.flag(*hide_gpus);
    to.list(tolerations, toleration);
    to.list(sandboxes, |to, class| to.text(class));
}

fn toleration(to: &mut Fnv, toleration: &PolicyToleration) {
    let PolicyToleration {
        key,
        operator,
        value,
        effect,
        toleration_seconds,
    } = toleration;
    for part in [key, operator, value, effect] {
        to.option(part.as_deref(), Fnv::text);
    }
    to.option(*toleration_seconds, |to, n| to.number(n.cast_unsigned()));
}

fn supply(to: &mut Fnv, supply: &SupplyPolicy) {
    let SupplyPolicy {
        declared: Declared { unlabelled, vgpu },
        remember_seconds,
        pools,
    } = supply;
    to.flag(match unlabelled {
        Unlabelled::Unknown => false,
        Unlabelled::Exclusive => true,
    });
    to.text(match vgpu {
        Vgpu::Unknown => "unknown",
        Vgpu::TimeSlicing => "time-slicing",
        Vgpu::Mig => "mig",
        Vgpu::Exclusive => "exclusive",
    });
    to.number(*remember_seconds);
    to.list(pools, pool);
}

fn pool(to: &mut Fnv, pool: &Pool) {
    let Pool {
        name,
        labels,
        allocatable,
        taints,
    } = pool;
    to.text(name);
    for pairs in [labels, allocatable] {
        let mut sorted: Vec<_> = pairs.iter().collect();
        sorted.sort();
        to.list(&sorted, |to, (key, value)| {
            to.text(key);
            to.text(value);
        });
    }
    to.list(taints, |to, (key, value, effect)| {
        to.text(key);
        to.text(value);
        to.text(effect);
    });
}

/// 64-bit FNV-1a; lengths go in first, so that no two sequences of values look the same.
struct Fnv {
    state: u64,
}

impl Fnv {
    const fn new() -> Self {
        Self {
            state: 0xcbf2_9ce4_8422_2325,
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.state = (self.state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    fn flag(&mut self, flag: bool) {
        self.bytes(&[u8::from(flag)]);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes(text.as_bytes());
    }

    fn option<T>(&mut self, value: Option<T>, feed: impl FnOnce(&mut Self, T)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            feed(self, value);
        }
    }

    fn list<T>(&mut self, items: &[T], feed: impl Fn(&mut Self, &T)) {
        self.number(items.len() as u64);
        for item in items {
            feed(self, item);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Fnv;

    #[test]
    fn is_fnv_1a() {
        let mut fnv = Fnv::new();
        fnv.bytes(b"foobar");
        assert_eq!(fnv.state, 0x8594_4171_f739_67e8);
    }
}
