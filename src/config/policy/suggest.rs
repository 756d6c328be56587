//! Where a field of a policy belongs that somebody wrote in another place.

/// Where a field belongs that stands in the wrong place.
pub(super) fn home(field: &str) -> Option<&'static str> {
    const HOMES: &[(&str, &str)] = &[
        ("name", "metadata.name"),
        ("mode", "spec.mode"),
        ("namespaceDefault", "spec.namespaceDefault"),
        ("defaultTier", "spec.defaultTier"),
        ("podOptOut", "spec.podOptOut"),
        ("outsiders", "spec.outsiders"),
        ("boundaries", "spec.boundaries"),
        ("namespaces", "spec.boundaries[].namespaces"),
        ("foreignSharing", "spec.foreignSharing"),
        ("tiers", "spec.tiers"),
        ("isolation", "spec.tiers[].isolation"),
        ("strategies", "spec.tiers[].strategies"),
        ("coTenancy", "spec.tiers[].coTenancy"),
        ("share", "spec.tiers[].share"),
        ("memory", "spec.tiers[].share.memory"),
        ("fraction", "spec.tiers[].share.fraction"),
        ("runAsUser", "spec.tiers[].runAsUser"),
        ("placement", "spec.placement"),
        ("boundary", "spec.placement.boundary"),
        ("packing", "spec.placement.packing"),
        ("schedulers", "spec.placement.schedulers"),
        ("hideGpus", "spec.placement.hideGpus"),
        ("sandboxes", "spec.placement.sandboxes"),
        ("tolerations", "spec.placement.tolerations"),
        ("unlabelled", "spec.supply.unlabelled"),
        ("vgpu", "spec.supply.vgpu"),
        ("remember", "spec.supply.remember"),
        ("pools", "spec.supply.pools"),
        ("rules", "spec.rules"),
    ];
    HOMES
        .iter()
        .find(|(name, _)| *name == field)
        .map(|(_, home)| *home)
}
