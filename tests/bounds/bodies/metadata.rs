//! Pods whose metadata are large.

use super::{LARGEST, Named, most};
use crate::pod::{Pod, list, map};

pub fn all() -> Vec<Named> {
    let pod = Pod::asking;
    let owner = r#"{"apiVersion":"apps/v1","kind":"DaemonSet","controller":true}"#;
    let tiny = |n: usize| (format!("{n:x}"), String::new());
    let key = |n: usize| (format!("slicegate.dev/k{n}"), "1".to_owned());
    let size = |n: usize| (format!("gpu-memory.slicegate.dev/c{n}"), "1Gi".to_owned());
    let cdi = |n: usize| (format!("cdi.k8s.io/{n}"), "x".to_owned());
    vec![
        (
            "300,000 labels",
            pod().metadata(
                "labels",
                map(300_000, |n| (format!("l{n}"), "x".to_owned())),
            ),
        ),
        (
            "tiny labels",
            Pod::plain().metadata("labels", map(most(11), tiny)),
        ),
        (
            "tiny annotations",
            pod().metadata("annotations", map(most(11), tiny)),
        ),
        (
            "own keys as annotations",
            pod().metadata("annotations", map(most(30), key)),
        ),
        (
            "own keys as labels",
            Pod::plain().metadata("labels", map(most(30), key)),
        ),
        ("sizes", pod().metadata("annotations", map(most(46), size))),
        (
            "injecting annotations",
            pod().metadata("annotations", map(most(24), cdi)),
        ),
        (
            "owners",
            pod().metadata(
                "ownerReferences",
                list(most(owner.len()), |_| owner.to_owned()),
            ),
        ),
        (
            "empty owners",
            pod().metadata("ownerReferences", list(most(2), |_| "{}".to_owned())),
        ),
        (
            "managed fields",
            pod().metadata(
                "managedFields",
                list(most(60), |n| {
                    format!(r#"{{"manager":"m{n}","fieldsV1":{{"f:spec":{{"k:{n}":{{}}}}}}}}"#)
                }),
            ),
        ),
        (
            "a receipt",
            pod().stamped("mps").metadata(
                "annotations",
                format!(
                    r#"{{"slicegate.dev/decision":"{{\"from\":{}}}"}}"#,
                    "[".repeat(LARGEST - 300)
                ),
            ),
        ),
        (
            "a list of products",
            pod().metadata(
                "annotations",
                format!(
                    r#"{{"slicegate.dev/gpu-products":"{}"}}"#,
                    "*a*,".repeat(most(3))
                ),
            ),
        ),
    ]
}
