//! Pods that say much about where they may run.

use super::{Named, most};
use crate::pod::{Pod, list, map};

pub fn all() -> Vec<Named> {
    let pod = Pod::asking;
    let one = |requirement: String| list(1, |_| term(&format!("[{requirement}]")));
    let apart = |terms: String| {
        pod().spec("affinity", format!(
            r#"{{"podAntiAffinity":{{"requiredDuringSchedulingIgnoredDuringExecution":{terms}}}}}"#
        ))
    };
    let own = r#"{"key":"slicegate.dev/trust-boundary","operator":"Exists"}"#;
    let small = term(r#"[{"key":"a","operator":"Exists"}]"#);
    vec![
        (
            "50,000 terms",
            pod().terms(&list(50_000, |_| small.clone())),
        ),
        ("3,000 terms", pod().terms(&list(3_000, |_| small.clone()))),
        (
            "empty terms",
            pod().terms(&list(most(2), |_| "{}".to_owned())),
        ),
        (
            "60,000 values",
            pod()
                .stamped("mps")
                .terms(&one(requirement("nvidia.com/zzz", "In", 60_000))),
        ),
        (
            "host names",
            pod().terms(&one(requirement(
                "kubernetes.io/hostname",
                "NotIn",
                500_000,
            ))),
        ),
        (
            "requirements",
            pod().terms(&list(1, |_| {
                term(&list(most(60), |_| requirement("z", "NotIn", 1)))
            })),
        ),
        (
            "fields",
            pod().terms(&format!(
                r#"[{{"matchFields":{}}}]"#,
                list(most(70), |_| requirement("metadata.name", "NotIn", 1))
            )),
        ),
        (
            "tolerations",
            pod().spec(
                "tolerations",
                list(most(30), |n| {
                    format!(r#"{{"key":"k{n}","operator":"Exists"}}"#)
                }),
            ),
        ),
        (
            "selectors",
            pod().spec(
                "nodeSelector",
                map(most(15), |n| (format!("k{n}"), "x".to_owned())),
            ),
        ),
        (
            "terms of neighbours",
            apart(list(most(120), |_| {
                format!(
                    r#"{{"topologyKey":"kubernetes.io/hostname","labelSelector":{{"matchExpressions":[{own}]}}}}"#
                )
            })),
        ),
        (
            "one term of neighbours",
            apart(list(1, |_| {
                format!(
                    r#"{{"topologyKey":"kubernetes.io/hostname","labelSelector":{{"matchExpressions":{}}}}}"#,
                    list(most(own.len()), |_| own.to_owned())
                )
            })),
        ),
    ]
}

pub fn requirement(key: &str, operator: &str, values: usize) -> String {
    let values = list(values, |n| format!("\"node-{n}\""));
    format!(r#"{{"key":"{key}","operator":"{operator}","values":{values}}}"#)
}

pub fn term(requirements: &str) -> String {
    format!(r#"{{"matchExpressions":{requirements}}}"#)
}
