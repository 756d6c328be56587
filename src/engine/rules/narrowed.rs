//! `narrowed`: warns of a placement that leaves a pod fewer architectures or zones than it could reach.

use crate::engine::rules::check::Placed;
use crate::engine::supply::places::PlaceKind;
use crate::engine::vocabulary::{Findings, Rule, listed};

/// The rule.
pub static RULE: Rule = Rule::warns("narrowed", include_str!("narrowed.md"));

/// How many names a finding lists.
const MOST: usize = 5;

/// Warns of architectures and zones that the placement leaves out.
pub fn check(placed: &Placed<'_, '_>, findings: &mut Findings<'_>) {
    let Placed {
        query, placement, ..
    } = *placed;
    let Some((could, can)) = &placed.reach else {
        return;
    };
    for kind in PlaceKind::ALL {
        if !query.depends_on(kind) {
            continue;
        }
        let both = (could.of(kind), can.of(kind));
        let lost = query.supply.missing_places(kind, both, query.filter);
        let Some(first) = lost.first() else { continue };
        let left = listed(&query.supply.named_places(kind, can.of(kind)), MOST);
        let resource = placement
            .shares
            .first()
            .map_or("it", |g| g.allocation.name());
        let lost = listed(&lost, MOST);
        let (path, message, reason) = match kind {
            PlaceKind::Architecture => (
                "/spec".to_owned(),
                format!("{resource} is on {left} nodes only, and the pod could also run on {lost}"),
                format!("its image is for {first} alone"),
            ),
            PlaceKind::Zone => (
                format!("/spec/volumes/{}", query.first_claim().unwrap_or_default()),
                format!(
                    "{resource} is in zone {left} only; the pod mounts claims and could also run in {lost}"
                ),
                "its volumes are bound to another zone".to_owned(),
            ),
        };
        let label = kind.label();
        let fix = format!("if {reason}, select that: nodeSelector {label}: {first}");
        findings.add(&RULE, path, (message, fix));
    }
}
