//! Turns edits into RFC 6902 operations against the object as sent. Patches are built, never diffed.
//!
//! Missing parents are added first, whole maps are never replaced, and the user's fields stay.

use std::fmt::Write as _;
use std::mem::replace;

use super::affinity;
use super::operations::{PatchWriter, name, object};
use crate::engine::line::{Edit, NewToleration};
use crate::facts::Pod;
use crate::facts::pod::{ArgumentList, Container};
use crate::json;

/// The patch as JSON text: an array of operations, `[]` without edits.
///
/// # Errors
/// When a part of the pod that the patch repeats is not valid JSON.
pub fn write(pod: &Pod<'_>, edits: &[Edit<'_>]) -> Result<String, serde_json::Error> {
    let mut patch = PatchWriter::new();
    metadata(pod, edits, &mut patch);
    containers(pod, edits, &mut patch);
    tolerations(pod, edits, &mut patch);
    affinity::write(pod, edits, &mut patch)?;
    Ok(patch.finish())
}

fn metadata(pod: &Pod<'_>, edits: &[Edit<'_>], patch: &mut PatchWriter) {
    let labels = edits.iter().filter_map(|e| match e {
        Edit::Label { key, value } => Some((*key, value.as_ref())),
        _ => None,
    });
    let annotations = edits.iter().filter_map(|e| match e {
        Edit::Annotation { key, value } => Some((key.as_ref(), value.as_str())),
        _ => None,
    });
    let mut changes = labels.clone().chain(annotations.clone());
    if pod.metadata.is_none() && changes.next().is_some() {
        patch.add(&["/metadata"], |text| text.push_str("{}"));
    }
    map(patch, "/metadata/labels", pod.labels().is_some(), labels);
    let exists = pod.annotations().is_some();
    map(patch, "/metadata/annotations", exists, annotations);
}

/// Sets keys of a map, and adds the map if it is missing.
fn map<'e>(
    patch: &mut PatchWriter,
    path: &str,
    exists: bool,
    entries: impl Iterator<Item = (&'e str, &'e str)> + Clone,
) {
    if exists {
        for (key, value) in entries {
            patch.add_key(&[path], key, |text| json::string(text, value));
        }
    } else if entries.clone().next().is_some() {
        patch.add(&[path], |text| object(text, entries));
    }
}

fn containers(pod: &Pod<'_>, edits: &[Edit<'_>], patch: &mut PatchWriter) {
    let mut at = String::with_capacity(32);
    for (place, container) in pod.all_containers() {
        let own = edits.iter().filter(|e| e.place() == Some(place));
        at.clear();
        let _ = write!(at, "{place}");
        resources(&at, container, own.clone(), patch);
        environment(&at, container, own.clone(), patch);
        arguments(&at, container, own.clone(), patch);
        for edit in own {
            if let Edit::RunAsUser { user, .. } = edit {
                run_as_user(&at, container, u64::from(*user), patch);
            }
        }
    }
}

/// Removes old resource names and sets the new one, under limits and requests.
fn resources<'e>(
    at: &str,
    container: &Container<'_>,
    edits: impl Iterator<Item = &'e Edit<'e>>,
    patch: &mut PatchWriter,
) {
    let resources = container.resources.as_ref();
    let limits = resources.and_then(|r| r.limits.as_ref());
    let requests = resources.and_then(|r| r.requests.as_ref());
    let mut made = [limits.is_some(), requests.is_some()];
    let mut has_resources = resources.is_some();
    let parts = [("limits", limits), ("requests", requests)];
    for edit in edits {
        match edit {
            Edit::DropResource { resource, .. } => {
                for (part, map) in parts {
                    if map.is_some_and(|m| m.contains(resource)) {
                        patch.remove_key(&[at, "/resources/", part], resource);
                    }
                }
            }
            Edit::Resource {
                old,
                resource,
                count,
                ..
            } => {
                if !replace(&mut has_resources, true) {
                    patch.add(&[at, "/resources"], |text| text.push_str("{}"));
                }
                let quantity = |text: &mut String| {
                    let _ = write!(text, "\"{count}\"");
                };
                for ((part, map), made) in parts.into_iter().zip(&mut made) {
                    let path = &[at, "/resources/", part];
                    if let Some(old) = old.filter(|o| o != resource)
                        && map.is_some_and(|m| m.contains(old))
                    {
                        patch.remove_key(path, old);
                    }
                    if replace(made, true) {
                        // `add` of an existing key replaces its value.
                        patch.add_key(path, resource, quantity);
                    } else {
                        patch.add(path, |text| {
                            text.push('{');
                            name(text, resource);
                            quantity(text);
                            text.push('}');
                        });
                    }
                }
            }
            _ => {}
        }
    }
}

fn environment<'e>(
    at: &str,
    container: &Container<'_>,
    edits: impl Iterator<Item = &'e Edit<'e>>,
    patch: &mut PatchWriter,
) {
    let mut exists = container.env.is_some();
    for edit in edits {
        let Edit::Env {
            name,
            replaces,
            value,
            ..
        } = edit
        else {
            continue;
        };
        if let Some(index) = replaces {
            let entry = index.to_string();
            patch.test(&[at, "/env/", &entry, "/name"], name);
            let path = &[at, "/env/", &entry, "/value"];
            patch.add(path, |text| json::string(text, value));
        } else {
            let fields = [("name", *name), ("value", value)].into_iter();
            patch.append(&[at, "/env"], &mut exists, |text| object(text, fields));
        }
    }
}

fn arguments<'e>(
    at: &str,
    container: &Container<'_>,
    edits: impl Iterator<Item = &'e Edit<'e>>,
    patch: &mut PatchWriter,
) {
    let mut exists = ArgumentList::BOTH.map(|list| !container.json(list).is_empty());
    for edit in edits {
        let Edit::Argument {
            list,
            replaces,
            value,
            ..
        } = edit
        else {
            continue;
        };
        let path = &[at, "/", list.name()];
        let value = |text: &mut String| json::string(text, value);
        if let Some((index, now)) = replaces {
            let path = &[at, "/", list.name(), "/", &index.to_string()];
            patch.test(path, now);
            patch.replace(path, value);
        } else {
            patch.append(path, &mut exists[*list as usize], value);
        }
    }
}

fn run_as_user(at: &str, container: &Container<'_>, user: u64, patch: &mut PatchWriter) {
    if container.security_context.is_some() {
        let path = &[at, "/securityContext/runAsUser"];
        patch.add(path, |text| json::number(text, user));
    } else {
        patch.add(&[at, "/securityContext"], |text| {
            let _ = write!(text, "{{\"runAsUser\":{user}}}");
        });
    }
}

fn tolerations(pod: &Pod<'_>, edits: &[Edit<'_>], patch: &mut PatchWriter) {
    let spec = pod.spec.as_ref();
    let mut exists = spec.is_some_and(|s| s.tolerations.is_some());
    for edit in edits {
        let Edit::Toleration(toleration) = edit else {
            continue;
        };
        let (fields, seconds) = match toleration {
            NewToleration::Taint { key, effect } => {
                ([Some(*key), Some("Exists"), None, Some(*effect)], None)
            }
            NewToleration::Policy(policy) => (
                [&policy.key, &policy.operator, &policy.value, &policy.effect]
                    .map(|field| field.as_deref()),
                policy.toleration_seconds,
            ),
        };
        patch.append(&["/spec/tolerations"], &mut exists, |text| {
            text.push('{');
            let names = ["key", "operator", "value", "effect"];
            for (field, value) in names.into_iter().zip(fields) {
                let Some(value) = value else { continue };
                name(text, field);
                json::string(text, value);
            }
            if let Some(seconds) = seconds {
                name(text, "tolerationSeconds");
                let _ = write!(text, "{seconds}");
            }
            text.push('}');
        });
    }
}
