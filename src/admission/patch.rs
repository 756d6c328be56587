//! Turns edits into RFC 6902 operations against the object as sent. Patches are built, never diffed.
//!
//! Missing parents are added first, whole maps are never replaced, and the user's fields stay.

use std::fmt::Write as _;

use super::affinity;
use super::operations::PatchWriter;
use crate::engine::line::{Edit, NewToleration};
use crate::engine::vocabulary::PolicyToleration;
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
    let has_labels = labels.clone().next().is_some();
    let has_annotations = annotations.clone().next().is_some();
    if pod.metadata.is_none() && (has_labels || has_annotations) {
        patch.add(&["/metadata"]).push_str("{}");
        patch.end();
    }
    map(patch, "/metadata/labels", pod.labels().is_some(), labels);
    map(
        patch,
        "/metadata/annotations",
        pod.annotations().is_some(),
        annotations,
    );
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
            let text = patch.add_key(&[path], key);
            json::string(text, value);
            patch.end();
        }
        return;
    }
    if entries.clone().next().is_none() {
        return;
    }
    let text = patch.add(&[path]);
    text.push('{');
    for (index, (key, value)) in entries.enumerate() {
        if index > 0 {
            text.push(',');
        }
        json::string(text, key);
        text.push(':');
        json::string(text, value);
    }
    text.push('}');
    patch.end();
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
                run_as_user(&at, container, *user, patch);
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
    let limits = container.resources.as_ref().and_then(|r| r.limits.as_ref());
    let requests = container
        .resources
        .as_ref()
        .and_then(|r| r.requests.as_ref());
    let mut made = [limits.is_some(), requests.is_some()];
    let mut has_resources = container.resources.is_some();
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
                if !std::mem::replace(&mut has_resources, true) {
                    patch.add(&[at, "/resources"]).push_str("{}");
                    patch.end();
                }
                for ((part, map), made) in parts.into_iter().zip(&mut made) {
                    if let Some(old) = old.filter(|o| o != resource)
                        && map.is_some_and(|m| m.contains(old))
                    {
                        patch.remove_key(&[at, "/resources/", part], old);
                    }
                    let exists = std::mem::replace(made, true);
                    set_quantity(patch, at, part, exists, resource, *count);
                }
            }
            _ => {}
        }
    }
}

fn set_quantity(
    patch: &mut PatchWriter,
    at: &str,
    part: &str,
    exists: bool,
    resource: &str,
    count: u64,
) {
    let (text, close) = if exists {
        // `add` of an existing key replaces its value.
        (patch.add_key(&[at, "/resources/", part], resource), "\"")
    } else {
        let text = patch.add(&[at, "/resources/", part]);
        text.push('{');
        json::string(text, resource);
        text.push(':');
        (text, "\"}")
    };
    text.push('"');
    json::number(text, count);
    text.push_str(close);
    patch.end();
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
            json::string(patch.add(&[at, "/env/", &entry, "/value"]), value);
            patch.end();
            continue;
        }
        let (text, close) = list_entry(patch, &[at, "/env"], &[at, "/env/-"], &mut exists);
        text.push_str("{\"name\":");
        json::string(text, name);
        text.push_str(",\"value\":");
        json::string(text, value);
        text.push('}');
        text.push_str(close);
        patch.end();
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
        let name = list.name();
        if let Some((index, now)) = replaces {
            let element = index.to_string();
            patch.test(&[at, "/", name, "/", &element], now);
            json::string(patch.replace(&[at, "/", name, "/", &element]), value);
        } else if std::mem::replace(&mut exists[*list as usize], true) {
            json::string(patch.add(&[at, "/", name, "/-"]), value);
        } else {
            let text = patch.add(&[at, "/", name]);
            text.push('[');
            json::string(text, value);
            text.push(']');
        }
        patch.end();
    }
}

fn run_as_user(at: &str, container: &Container<'_>, user: u32, patch: &mut PatchWriter) {
    match container.security_context {
        Some(_) => {
            let text = patch.add(&[at, "/securityContext/runAsUser"]);
            json::number(text, user.into());
        }
        None => {
            let text = patch.add(&[at, "/securityContext"]);
            text.push_str("{\"runAsUser\":");
            json::number(text, user.into());
            text.push('}');
        }
    }
    patch.end();
}

fn tolerations(pod: &Pod<'_>, edits: &[Edit<'_>], patch: &mut PatchWriter) {
    let spec = pod.spec.as_ref();
    let mut exists = spec.is_some_and(|s| s.tolerations.is_some());
    for edit in edits {
        let Edit::Toleration(toleration) = edit else {
            continue;
        };
        let (list, end) = (&["/spec/tolerations"], &["/spec/tolerations/-"]);
        let (text, close) = list_entry(patch, list, end, &mut exists);
        match toleration {
            NewToleration::Taint { key, effect } => {
                text.push_str("{\"key\":");
                json::string(text, key);
                text.push_str(",\"operator\":\"Exists\",\"effect\":");
                json::string(text, effect);
                text.push('}');
            }
            NewToleration::Policy(toleration) => policy_toleration(text, toleration),
        }
        text.push_str(close);
        patch.end();
    }
}

/// Begins an entry at the end of a list, and adds the list if it is missing. Returns the text that ends the value.
fn list_entry<'p>(
    patch: &'p mut PatchWriter,
    list: &[&str],
    end: &[&str],
    exists: &mut bool,
) -> (&'p mut String, &'static str) {
    if std::mem::replace(exists, true) {
        return (patch.add(end), "");
    }
    let text = patch.add(list);
    text.push('[');
    (text, "]")
}

fn policy_toleration(text: &mut String, toleration: &PolicyToleration) {
    let fields = [
        ("key", &toleration.key),
        ("operator", &toleration.operator),
        ("value", &toleration.value),
        ("effect", &toleration.effect),
    ];
    text.push('{');
    let mut first = true;
    for (name, value) in fields {
        let Some(value) = value else { continue };
        if !std::mem::replace(&mut first, false) {
            text.push(',');
        }
        json::string(text, name);
        text.push(':');
        json::string(text, value);
    }
    if let Some(seconds) = toleration.toleration_seconds {
        let comma = if first { "" } else { "," };
        let _ = write!(text, "{comma}\"tolerationSeconds\":{seconds}");
    }
    text.push('}');
}
