//! What is accepted, and what becomes of it.

use slicegate::config::policy::built_in;
use slicegate::engine::vocabulary::{
    BoundaryNames, BoundaryPlacement, CoTenancy, ForeignSystem, Fraction, Isolation, Mode,
    Outsiders, Severity, Strategy, Unlabelled, Vgpu,
};

use super::accepted;
use super::tables::{FROM_A_CLUSTER, FULL, HEADER, OFF, absent, off, with_spec, with_tier};

#[test]
fn the_built_in_policy_is_the_contract_s() {
    let policy = built_in().expect("the built-in policy is valid");
    assert_eq!(policy.name, "default");
    assert_eq!(policy.mode, Mode::Enforce);
    assert_eq!(policy.namespace_default, Mode::Off);
    assert_eq!(policy.default_tier, None);
    assert!(!policy.pod_opt_out);
    assert_eq!(policy.outsiders, Outsiders::None);
    assert_eq!(policy.boundary_names, BoundaryNames::Listed);
    assert!(policy.boundaries.is_empty() && policy.foreign_sharing.is_empty());
    assert!(policy.rules.is_empty());
    assert_eq!(
        policy.placement.boundary,
        BoundaryPlacement::PodAntiAffinity
    );
    assert!(policy.placement.packing && policy.placement.hide_gpus);
    assert_eq!(policy.placement.schedulers, ["default-scheduler"]);
    assert!(policy.placement.tolerations.is_empty());
    assert_eq!(policy.placement.sandboxes, ["kata", "gvisor", "runsc"]);
    assert_eq!(policy.supply.declared.unlabelled, Unlabelled::Unknown);
    assert_eq!(policy.supply.declared.vgpu, Vgpu::Unknown);
    assert_eq!(policy.supply.remember_seconds, 86_400);
    assert!(policy.supply.pools.is_empty());
}

#[test]
fn the_built_in_tiers_are_the_contract_s() {
    use Strategy::{Exclusive, Mig, Mps, TimeSlicing};
    let gi = |n: u64| Some(n << 30);
    let quarter = Fraction::parse("0.25").ok();
    let policy = built_in().expect("the built-in policy is valid");
    let tiers: Vec<_> = policy
        .tiers
        .iter()
        .map(|t| {
            assert_eq!(t.run_as_user, None);
            (
                t.name.as_str(),
                t.isolation,
                t.strategies.as_slice(),
                t.co_tenancy,
                t.share.memory,
                t.share.fraction,
            )
        })
        .collect();
    let boundary = CoTenancy::Boundary;
    assert_eq!(
        tiers,
        [
            (
                "regulated",
                Isolation::Hardware,
                &[Mig, Exclusive][..],
                boundary,
                gi(18),
                None
            ),
            (
                "production",
                Isolation::Limited,
                &[Mig, Mps, Exclusive][..],
                boundary,
                gi(18),
                None
            ),
            (
                "trusted-inference",
                Isolation::Limited,
                &[Mps, Mig][..],
                boundary,
                gi(9),
                None
            ),
            (
                "batch",
                Isolation::None,
                &[Mps, TimeSlicing, Mig, Exclusive][..],
                boundary,
                None,
                quarter
            ),
            (
                "development",
                Isolation::None,
                &[TimeSlicing, Mig][..],
                CoTenancy::Any,
                None,
                quarter
            ),
        ]
    );
}

#[test]
fn what_is_absent_is_as_in_the_built_in_policy() {
    let expected = format!("{:?}", built_in().expect("the built-in policy is valid"));
    for text in absent() {
        assert_eq!(format!("{:?}", accepted(&text)), expected, "{text}");
    }
}

#[test]
fn no_tiers_is_not_absent_tiers() {
    assert!(accepted(&with_spec("{tiers: []}")).tiers.is_empty());
}

#[test]
fn off_without_quotes() {
    for off in OFF {
        let policy = accepted(&self::off(off));
        assert_eq!(
            (policy.mode, policy.namespace_default),
            (Mode::Off, Mode::Off),
            "{off}"
        );
        assert!(!policy.placement.hide_gpus, "{off}");
        assert_eq!(
            policy.rules.get("shm-conflict"),
            Some(&Severity::Off),
            "{off}"
        );
    }
    let named = format!("{HEADER}metadata: {{name: false}}\n");
    assert_eq!(accepted(&named).name, "false");
}

#[test]
fn every_field_is_read() {
    let policy = accepted(FULL);
    assert_eq!(policy.name, "full");
    assert_eq!(
        (policy.mode, policy.namespace_default),
        (Mode::DryRun, Mode::Enforce)
    );
    assert_eq!(policy.default_tier.as_deref(), Some("small"));
    assert!(policy.pod_opt_out);
    assert_eq!(policy.outsiders, Outsiders::Label);
    assert_eq!(policy.boundary_names, BoundaryNames::Open);
    assert_eq!(policy.boundaries[0].namespaces, ["pay-a", "pay-b"]);
    assert_eq!(
        policy.foreign_sharing,
        [ForeignSystem::TensorFusion, ForeignSystem::Hami]
    );
    let tier = &policy.tiers[0];
    assert_eq!(tier.co_tenancy, CoTenancy::Boundary);
    assert_eq!(tier.share.memory, Some(1 << 29));
    assert_eq!(tier.share.fraction, Fraction::parse("0.1").ok());
    assert_eq!(tier.run_as_user, Some(1000));
    assert_eq!(policy.placement.boundary, BoundaryPlacement::NodeLabel);
    assert!(!policy.placement.packing);
    assert_eq!(policy.placement.schedulers, ["a", "b"]);
    let [first, second] = policy.placement.tolerations.as_slice() else {
        panic!("two tolerations");
    };
    assert_eq!(
        (first.value.as_deref(), first.toleration_seconds),
        (Some("yes"), Some(60))
    );
    assert_eq!(
        (second.operator.as_deref(), &second.key),
        (Some("Exists"), &None)
    );
    assert_eq!(policy.supply.declared.unlabelled, Unlabelled::Exclusive);
    assert_eq!(policy.supply.declared.vgpu, Vgpu::TimeSlicing);
    assert_eq!(policy.supply.remember_seconds, 5400);
    let pool = &policy.supply.pools[0];
    assert_eq!(pool.labels[1], ("nvidia.com/gpu.count".into(), "8".into()));
    assert_eq!(
        pool.labels[2],
        ("nvidia.com/gpu.present".into(), "true".into())
    );
    assert_eq!(pool.allocatable[0], ("memory".into(), "1.5Ti".into()));
    assert_eq!(
        pool.taints[0],
        ("nvidia.com/gpu".into(), String::new(), "NoSchedule".into())
    );
    // Severities that are the rule's own default say nothing.
    assert_eq!(
        policy.rules.into_iter().collect::<Vec<_>>(),
        [("mps-user", Severity::Deny)]
    );
}

#[test]
fn json_and_what_a_cluster_adds() {
    let json = FROM_A_CLUSTER;
    let yaml = with_tier("name: a, isolation: none, strategies: [mps], share: {fraction: '.250'}");
    for text in [
        json.to_owned(),
        json.replace('\n', "\r\n"),
        format!("\u{feff}{json}"),
    ] {
        assert_eq!(accepted(&text).hash, accepted(&yaml).hash);
    }
}

#[test]
fn anchors_and_merge_keys() {
    let policy = accepted(&with_spec(
        "\n  tiers:\n  - &base {name: a, isolation: none, strategies: &s [mps, mig]}\n  \
         - {<<: *base, name: b}\n  - {<<: [*base], name: c, strategies: *s, isolation: limited}",
    ));
    assert_eq!(policy.tiers.len(), 3);
    for (tier, isolation) in
        policy
            .tiers
            .iter()
            .zip([Isolation::None, Isolation::None, Isolation::Limited])
    {
        assert_eq!(tier.isolation, isolation);
        assert_eq!(tier.strategies, [Strategy::Mps, Strategy::Mig]);
    }
}

#[test]
fn empty_documents_beside_the_one() {
    accepted(&format!("---\n# only a comment\n---\n{HEADER}---\n"));
}
