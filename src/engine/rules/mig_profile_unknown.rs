//! `mig-profile-unknown`: refuses a MIG resource that no product has.

use crate::engine::line::{DeviceRequest, RequestedResource};
use crate::engine::supply::{Supply, catalog};
use crate::engine::vocabulary::{Findings, Rule, names, quoted};

/// The rule.
pub static RULE: Rule = Rule::denies(
    "mig-profile-unknown",
    include_str!("mig_profile_unknown.md"),
)
.always();

/// Looks at every MIG resource that is requested by name.
pub fn check(requests: &[DeviceRequest<'_>], supply: &Supply, findings: &mut Findings<'_>) {
    // The search for suggestions is the expensive part, so only the first profiles get some.
    let mut searches_left: usize = 5;
    for request in requests {
        let (RequestedResource::Slice(resource) | RequestedResource::SharedSlice(resource)) =
            request.named
        else {
            continue;
        };
        let profile = names::mig_profile(resource).unwrap_or_default();
        if catalog::known(profile) || supply.has_resource(resource) {
            continue;
        }
        let mut near = Vec::new();
        if searches_left > 0 {
            searches_left -= 1;
            near = catalog::suggestions(profile, 3);
        }
        let fix = match near.as_slice() {
            [] => "slicegate catalog lists the profiles of every product".to_owned(),
            _ => format!("perhaps {}", near.join(", ")),
        };
        let message = format!("no product has the MIG profile {}", quoted(profile));
        let path = request.resources_path();
        findings.add(&RULE, path, (message, fix));
    }
}
