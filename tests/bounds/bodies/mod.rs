//! Bodies that are each large in one way.

mod broken;
mod containers;
mod hidden;
mod metadata;
mod placement;
mod texts;
mod within;

use slicegate::admission::Webhook;

use crate::pod::{Pod, review};
use crate::scene::Body;

/// A little less than the server takes.
pub const LARGEST: usize = (7 << 20) - 4096;

/// As many entries of so many bytes as a body holds.
const fn most(bytes: usize) -> usize {
    LARGEST / (bytes + 1)
}

type Named = (&'static str, Pod);

/// All of them, a few at a time: together they are some gigabytes.
pub fn all() -> impl Iterator<Item = Body> {
    const PODS: [fn() -> Vec<Named>; 5] = [
        metadata::all,
        containers::all,
        placement::all,
        texts::all,
        within::all,
    ];
    let pods = PODS.into_iter().flat_map(|pods| pods());
    pods.flat_map(|(name, pod)| everywhere(name, &pod)).chain(
        [broken::all, hidden::all]
            .into_iter()
            .flat_map(|bodies| bodies()),
    )
}

/// A pod in every kind of namespace, in every operation.
fn everywhere(name: &str, pod: &Pod) -> Vec<Body> {
    let text = pod.json();
    let body = |webhook, namespace: &str, operation: &str, part: &str, old: &str| Body {
        name: format!("{name}, {operation} {part} {namespace}"),
        webhook,
        text: review(namespace, operation, part, &text, old),
        says: None,
    };
    let mut bodies = Vec::new();
    for namespace in ["shared", "batch", "whole", "trial", "off"] {
        bodies.push(body(Webhook::Mutate, namespace, "CREATE", "", "null"));
    }
    bodies.push(body(Webhook::Validate, "shared", "CREATE", "", "null"));
    for (part, namespace) in [
        ("", "shared"),
        ("ephemeralcontainers", "shared"),
        ("", "off"),
    ] {
        let half = text.len() < LARGEST / 2;
        let old = if half { text.as_str() } else { "{}" };
        bodies.push(body(Webhook::Validate, namespace, "UPDATE", part, old));
    }
    bodies
}
