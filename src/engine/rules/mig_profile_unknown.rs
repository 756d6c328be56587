//! `mig-profile-unknown`: refuses a MIG resource that no product has.

use crate::engine::line::request::{Named, Want};
use crate::engine::supply::{Supply, catalog};
use crate::engine::vocabulary::findings::Findings;
use crate::engine::vocabulary::names;
use crate::engine::vocabulary::printable::quoted;
use crate::engine::vocabulary::rule::{Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "mig-profile-unknown",
    default: Severity::Deny,
    always_denies: true,
    refuses: "a MIG resource that no NVIDIA product has",
    cause: "The resource starts with nvidia.com/mig-, but its profile is not in NVIDIA's table of \
        profiles. The name is Ng.Mgb as the device plugin writes it: a plus sign becomes a dot, \
        so 1g.10gb+me is nvidia.com/mig-1g.10gb.me, and a minus is kept. A policy cannot weaken \
        this rule.",
    risk: "No node will ever advertise the resource: the pod would stay Pending for ever.",
    fix: "Use one of the profiles that the message proposes, or say how much memory you need with \
        slicegate.dev/gpu-memory and a tier that lists mig. slicegate catalog prints every \
        profile and its real memory, which is not the number in the name.",
    bad: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
spec:
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/mig-3g.30gb: "1"}
"#,
    good: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
spec:
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/mig-3g.40gb: "1"}
"#,
};

/// For so many profiles it is said which may have been meant.
const MOST_SUGGESTED: usize = 5;

/// Looks at every MIG resource that is asked for by name.
pub fn check(wants: &[Want<'_>], supply: &Supply, findings: &mut Findings<'_>) {
    // Looking for what may have been meant costs the most, and a few times will do.
    let mut suggested = 0;
    for want in wants {
        let (Named::Slice(resource) | Named::SharedSlice(resource)) = want.named else {
            continue;
        };
        let profile = names::mig_profile(resource).unwrap_or_default();
        if catalog::known(profile) || supply.names_resource(resource) {
            continue;
        }
        let near = match suggested {
            ..MOST_SUGGESTED => catalog::suggestions(profile, 3),
            _ => Vec::new(),
        };
        suggested += 1;
        let fix = match near.as_slice() {
            [] => "slicegate catalog lists the profiles of every product".to_owned(),
            _ => format!("perhaps {}", near.join(", ")),
        };
        let path = format!("{}/resources", want.place);
        let message = format!("no product has the MIG profile {}", quoted(profile));
        findings.add(&RULE, path, (message, fix));
    }
}
