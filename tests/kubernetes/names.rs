//! The namespaces of the tests that share a cluster.

use super::cluster::Namespace;
use super::webhook::UNREGISTERED;

/// The label of the one node that has no hostname label.
pub const NAMELESS: &str = "test.example/nameless";

/// Made before slicegate starts, since it reads them from a file.
pub const ALL: &[Namespace] = &[
    annotated(
        "inference",
        &[("mode", "enforce"), ("tier", "trusted-inference")],
    ),
    annotated("production", &[("mode", "enforce"), ("tier", "production")]),
    annotated("batch", &[("mode", "enforce"), ("tier", "batch")]),
    annotated(
        "development",
        &[("mode", "enforce"), ("tier", "development")],
    ),
    annotated("plain", &[("mode", "enforce")]),
    annotated("rehearsal", &[("mode", "dry-run"), ("tier", "production")]),
    annotated("explicitly-off", &[("mode", "off"), ("tier", "production")]),
    annotated("unannotated", &[]),
    annotated("joins", &[]),
    Namespace {
        name: "unregistered",
        annotations: &[],
        labels: &[(UNREGISTERED, "true")],
    },
    Namespace {
        name: "restricted",
        annotations: &[("mode", "enforce"), ("tier", "trusted-inference")],
        labels: &[("pod-security.kubernetes.io/enforce", "restricted")],
    },
    Namespace {
        name: "with-neighbour",
        annotations: &[("mode", "enforce"), ("tier", "trusted-inference")],
        labels: &[("test.example/neighbour", "true")],
    },
    annotated(
        "with-limits",
        &[("mode", "enforce"), ("tier", "trusted-inference")],
    ),
    annotated(
        "old-quota",
        &[("mode", "enforce"), ("tier", "trusted-inference")],
    ),
    annotated(
        "new-quota",
        &[("mode", "enforce"), ("tier", "trusted-inference")],
    ),
];

const fn annotated(
    name: &'static str,
    annotations: &'static [(&'static str, &'static str)],
) -> Namespace {
    Namespace {
        name,
        annotations,
        labels: &[],
    }
}
