//! The receipt: the decision as compact JSON in an annotation. slicegate writes and compares it, and never trusts it.

use crate::engine::line::Edit;
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

/// Adds the receipt to the edits, unless the pod has the same one.
///
/// `from` is the request before the first pass. A second pass cannot see it, so the present receipt stays if the rest of it
/// equals what would be written.
pub fn write<'a>(
    pod: &Pod<'_>,
    policy: &Policy,
    contents: &Contents<'_>,
    edits: &mut Vec<Edit<'a>>,
) {
    let mut text = String::with_capacity(256);
    head(&mut text, policy, contents);
    if let Some(old) = pod.annotation(names::DECISION)
        && let Some(rest) = old.strip_prefix(text.as_str())
        && let Some(receipt) = Receipt::read(old)
        && rest.strip_suffix('}') == Some(receipt.from.get())
    {
        return;
    }
    from(&mut text, contents);
    text.push('}');
    edits.push(Edit::Annotation {
        key: names::DECISION.into(),
        value: text,
    });
}

fn head(text: &mut String, policy: &Policy, contents: &Contents<'_>) {
    text.push('{');
    if let Some(tier) = contents.tier {
        text.push_str("\"tier\":");
        json::string(text, tier);
        text.push(',');
    }
    text.push_str("\"boundary\":");
    json::string(text, contents.boundary);
    if let Some(strategy) = contents.strategy {
        text.push_str(",\"strategy\":");
        json::string(text, strategy.word());
    }
    text.push_str(",\"to\":{");
    by_container(text, &contents.changes, |text, change| {
        let (resource, count) = change.to;
        json::string(text, resource);
        text.push_str(":\"");
        json::number(text, count);
        text.push('"');
    });
    text.push_str("},\"policy\":");
    json::string(text, &policy.name);
    text.push_str(",\"hash\":");
    json::string(text, &policy.hash);
    text.push_str(",\"from\":");
}

fn from(text: &mut String, contents: &Contents<'_>) {
    text.push('{');
    by_container(text, &contents.changes, |text, change| {
        if let Some((resource, quantity)) = change.from {
            json::string(text, resource);
            text.push(':');
            json::string(text, quantity);
        }
    });
    text.push('}');
}

/// Writes a member for each container; its changes follow one another.
fn by_container(
    text: &mut String,
    changes: &[Change<'_>],
    member: impl Fn(&mut String, &Change<'_>),
) {
    let containers = changes.chunk_by(|a, b| a.container == b.container);
    for (index, own) in containers.enumerate() {
        separate(text, index);
        json::string(text, own.first().map_or("", |c| c.container));
        text.push_str(":{");
        for (index, change) in own.iter().enumerate() {
            separate(text, index);
            member(text, change);
        }
        text.push('}');
    }
}

fn separate(text: &mut String, index: usize) {
    if index > 0 {
        text.push(',');
    }
}
