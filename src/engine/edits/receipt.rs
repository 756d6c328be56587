//! The receipt: the decision as compact JSON in an annotation. slicegate writes and compares it, and never trusts it.

use crate::engine::line::{DeviceRequest, Edit};
use crate::engine::vocabulary::{Policy, Strategy, names};
use crate::facts::Pod;
use crate::facts::receipt::Receipt;
use crate::json;

/// The contents of a receipt.
#[derive(Debug)]
pub struct Contents<'a> {
    /// The tier that applied.
    pub tier: Option<&'a str>,
    /// The boundary label.
    pub boundary: &'a str,
    /// The strategy; none if the request stays as written.
    pub strategy: Option<Strategy>,
    /// For each container, the request before and after.
    pub changes: Vec<Change<'a>>,
}

/// The request of one container before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// The container.
    pub container: &'a str,
    /// Resource and quantity before, if it named one.
    pub from: Option<(&'a str, &'a str)>,
    /// Resource and count now.
    pub to: (&'a str, u64),
}

/// The resource that a container names, and its quantity as written.
pub fn written<'a>(pod: &'a Pod<'a>, request: &DeviceRequest<'a>) -> Option<(&'a str, &'a str)> {
    let resource = request.resource()?;
    let resources = pod.at(request.place)?.resources.as_ref()?;
    let lists = [&resources.limits, &resources.requests].into_iter();
    let quantity = lists.flatten().find_map(|list| list.get(resource))?;
    Some((resource, quantity))
}

/// The edit that writes the receipt, unless the pod has the same one.
///
/// `from` is the request before the first pass. A second pass cannot see it, so the present receipt stays if the rest of it
/// equals what would be written.
pub fn edit<'a>(pod: &Pod<'_>, policy: &Policy, contents: &Contents<'_>) -> Option<Edit<'a>> {
    let mut text = String::with_capacity(256);
    text.push('{');
    let strategy = contents.strategy.map(Strategy::word);
    member(&mut text, "tier", contents.tier);
    member(&mut text, "boundary", Some(contents.boundary));
    member(&mut text, "strategy", strategy);
    text.push_str("\"to\":{");
    by_container(&mut text, &contents.changes, |text, change| {
        let (resource, count) = change.to;
        json::string(text, resource);
        text.push_str(":\"");
        json::number(text, count);
        text.push('"');
    });
    text.push_str("},");
    member(&mut text, "policy", Some(&policy.name));
    member(&mut text, "hash", Some(&policy.hash));
    text.push_str("\"from\":");
    if let Some(old) = pod.annotation(names::DECISION)
        && let Some(rest) = old.strip_prefix(text.as_str())
        && let Some(receipt) = Receipt::read(old)
        && rest.strip_suffix('}') == Some(receipt.from.get())
    {
        return None;
    }
    text.push('{');
    by_container(&mut text, &contents.changes, |text, change| {
        if let Some((resource, quantity)) = change.from {
            json::string(text, resource);
            text.push(':');
            json::string(text, quantity);
        }
    });
    text.push_str("}}");
    Some(Edit::Annotation {
        key: names::DECISION.into(),
        value: text,
    })
}

/// Writes a member that has a value, and a comma.
fn member(text: &mut String, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        json::string(text, key);
        text.push(':');
        json::string(text, value);
        text.push(',');
    }
}

/// Writes a member for each container; its changes follow one another.
fn by_container(
    text: &mut String,
    changes: &[Change<'_>],
    member: impl Fn(&mut String, &Change<'_>),
) {
    let containers = changes.chunk_by(|a, b| a.container == b.container);
    for (index, own) in containers.enumerate() {
        let name = own.first().map_or("", |change| change.container);
        text.push_str(if index > 0 { "," } else { "" });
        json::string(text, name);
        text.push_str(":{");
        for (index, change) in own.iter().enumerate() {
            text.push_str(if index > 0 { "," } else { "" });
            member(text, change);
        }
        text.push('}');
    }
}
