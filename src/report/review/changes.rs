//! What edits change: the requests of containers, and everything else in a few words.

use serde_json::{Map, Value};

use super::model::ChangeEntry;
use crate::engine::line::{Edit, NewToleration};
use crate::facts::Pod;
use crate::facts::pod::{Container, Place};

/// The requests of containers before and after.
pub(super) fn of(pod: &Pod<'_>, edits: &[Edit<'_>]) -> Vec<ChangeEntry> {
    let change = |edit: &Edit<'_>| match edit {
        Edit::Resource {
            place,
            old,
            resource,
            count,
        } => change(pod, *place, *old, Some((resource, *count))),
        Edit::DropResource { place, resource } => change(pod, *place, Some(resource), None),
        _ => None,
    };
    edits.iter().filter_map(change).collect()
}

fn change(
    pod: &Pod<'_>,
    place: Place,
    old: Option<&str>,
    new: Option<(&str, u64)>,
) -> Option<ChangeEntry> {
    let container = pod.at(place)?;
    let mut from = Map::new();
    if let Some(old) = old {
        let quantity = written(container, old).unwrap_or_default();
        from.insert(old.to_owned(), Value::String(quantity.to_owned()));
    }
    let to = new.map(|(resource, count)| (resource.to_owned(), count.to_string().into()));
    Some(ChangeEntry {
        container: container.name().to_owned(),
        from,
        to: to.into_iter().collect(),
    })
}

fn written<'c>(container: &'c Container<'_>, resource: &str) -> Option<&'c str> {
    let resources = container.resources.as_ref()?;
    let limit = resources.limits.as_ref().and_then(|l| l.get(resource));
    limit.or_else(|| resources.requests.as_ref()?.get(resource))
}

/// The other changes, a few words each.
pub(super) fn others(pod: &Pod<'_>, edits: &[Edit<'_>]) -> Vec<String> {
    let at = |place: &Place| pod.at(*place).map_or("", Container::name).to_owned();
    let mut said: Vec<String> = Vec::new();
    for edit in edits {
        let words = match edit {
            Edit::Resource { .. } | Edit::DropResource { .. } => continue,
            Edit::Env {
                place, name, value, ..
            } => format!("{name}={value} in {}", at(place)),
            Edit::Argument { place, value, .. } => format!("{value} in {}", at(place)),
            Edit::RunAsUser { place, user } => format!("runAsUser {user} in {}", at(place)),
            Edit::Label { key, value } => format!("label {key}={value}"),
            Edit::Annotation { key, .. } => format!("annotation {key}"),
            Edit::Nodes(_) => "required node affinity".to_owned(),
            Edit::Prefer(_) => "preference for nodes that give the least that will do".to_owned(),
            Edit::Toleration(NewToleration::Taint { key, .. }) => format!("toleration of {key}"),
            Edit::Toleration(NewToleration::Policy(toleration)) => {
                let key = toleration.key.as_deref().unwrap_or("everything");
                format!("the policy's toleration of {key}")
            }
            Edit::Repel { label, own } => {
                format!("anti-affinity to pods whose {label} is not {own}")
            }
            Edit::Pack { boundary, strategy } => {
                format!("preference for nodes that run {strategy} pods of {boundary}")
            }
        };
        if !said.contains(&words) {
            said.push(words);
        }
    }
    said
}
