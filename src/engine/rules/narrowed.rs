//! `narrowed`: warns of a placement that leaves a pod fewer architectures or zones than it could reach.

use crate::engine::rules::check::Placed;
use crate::engine::supply::places::PlaceKind;
use crate::engine::vocabulary::{Findings, Rule};

/// The rule.
pub static RULE: Rule = Rule::warns("narrowed", include_str!("narrowed.md"));

/// Warns of architectures and zones that the placement leaves out.
pub fn check(placed: &Placed<'_, '_>, findings: &mut Findings<'_>) {
    for kind in PlaceKind::ALL {
        if placed.query.minds(kind) {
            one(placed, kind, findings);
        }
    }
}

fn one(placed: &Placed<'_, '_>, kind: PlaceKind, findings: &mut Findings<'_>) {
    let Placed { query, placement, .. } = *placed;
    let Some((could, can)) = &placed.reach else {
        return;
    };
    let both = (could.of(kind), can.of(kind));
    let lost = query.supply.missing_places(kind, both, query.filter);
    let Some(first) = lost.first() else { return };
    let reused = query.supply.named_places(kind, can.of(kind));
    let resource = placement.shares.first().map_or("it", |g| g.allocation.name());
    let (reused, lost) = (listed(&reused), listed(&lost));
    let label = kind.label();
    let (path, message, fix) = match kind {
        PlaceKind::Architecture => (
            "/spec".to_owned(),
            format!("{resource} is on {reused} nodes only, and the pod could also run on {lost}"),
            format!(
                "if its image is for {first} alone, select that: nodeSelector {label}: {first}"
            ),
        ),
        PlaceKind::Zone => (
            format!("/spec/volumes/{}", query.first_claim().unwrap_or_default()),
            format!(
                "{resource} is in zone {reused} only; the pod mounts claims and could also run in {lost}"
            ),
            format!(
                "if its volumes are bound to another zone, select that: nodeSelector {label}: {first}"
            ),
        ),
    };
    findings.add(&RULE, path, (message, fix));
}

/// The first names, and how many more there are.
fn listed(names: &[&str]) -> String {
    const MOST: usize = 5;
    let shown = names.get(..MOST).unwrap_or(names).join(", ");
    match names.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
