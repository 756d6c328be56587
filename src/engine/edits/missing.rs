//! The edits that other webhooks removed again, as far as they matter for safety.

use crate::engine::line::{DecisionInput, Edit};
use crate::engine::rules::runtime_class;
use crate::engine::vocabulary::names;
use crate::facts::pod::{Container, Place};

/// The edits that would have to be made again, in a few words each. Preferences and tolerations do not count: without them
/// a pod takes longer to place, but it is not less safe. Hidden GPUs count if the runtime would show them.
pub fn missing_edits(input: &DecisionInput<'_>, edits: &[Edit<'_>]) -> Vec<String> {
    let pod = input.pod;
    let hides = runtime_class::hides(input);
    let at = |place: &Place| pod.at(*place).map_or("", Container::name);
    let mut missing: Vec<String> = Vec::new();
    for edit in edits {
        let words = match edit {
            Edit::Resource {
                place, resource, ..
            } => format!("the request for {resource} in container {}", at(place)),
            Edit::DropResource { place, resource } => {
                format!("a request without {resource} in container {}", at(place))
            }
            Edit::Env { place, name, .. } if hides || *name != names::VISIBLE_DEVICES => {
                format!("{name} in container {}", at(place))
            }
            Edit::Label { key, value } => format!("the label {key}={value}"),
            Edit::Annotation { key, .. }
                if key == names::DECISION && pod.annotation(key).is_none() =>
            {
                format!("the annotation {key}")
            }
            Edit::Nodes(_) => "the required node affinity".to_owned(),
            Edit::Repel { label, own } => {
                format!("the anti-affinity to pods whose {label} is not {own}")
            }
            Edit::Env { .. }
            | Edit::Argument { .. }
            | Edit::Annotation { .. }
            | Edit::RunAsUser { .. }
            | Edit::Toleration(_)
            | Edit::Prefer(_)
            | Edit::Pack { .. } => continue,
        };
        if !missing.contains(&words) {
            missing.push(words);
        }
    }
    missing
}
