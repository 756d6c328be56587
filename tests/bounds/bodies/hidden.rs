//! What is written where nobody would look any more, and has to be found all the same.

use slicegate::admission::Webhook;

use crate::pod::{Pod, list, map, review};
use crate::scene::Body;

pub fn all() -> Vec<Body> {
    let others = |own: &str| {
        let mut labels = map(300_000, |n| (format!("a{n}"), "x".to_owned()));
        labels.truncate(labels.len() - 1);
        format!("{labels},\"{own}\":\"x\"}}")
    };
    let label = others("slicegate.dev/trust-boundary");
    let pod = Pod::plain().metadata("labels", label).json();
    let more = Pod::plain()
        .metadata("annotations", others("cdi.k8s.io/x"))
        .json();
    let gpu = {
        let mut pod = Pod::plain().with("env", list(300_000, |_| r#"{"name":"a"}"#.to_owned()));
        pod.containers =
            vec![r#"{"name":"b","resources":{"limits":{"nvidia.com/gpu":"1"}}}"#.to_owned()];
        pod.json()
    };
    let old = Pod::plain().json();
    let said = |name: &str, text: String, webhook, says| Body {
        name: name.to_owned(),
        webhook,
        text,
        says: Some(says),
    };
    let (mutate, validate) = (Webhook::Mutate, Webhook::Validate);
    vec![
        said(
            "a hidden label",
            review("off", "CREATE", "", &pod, "null"),
            mutate,
            "[protected-metadata]",
        ),
        said(
            "a hidden label of a live pod",
            review("off", "UPDATE", "", &pod, &old),
            validate,
            "[protected-metadata]",
        ),
        said(
            "a hidden annotation of a live pod",
            review("shared", "UPDATE", "", &more, &old),
            validate,
            "[protected-metadata]",
        ),
        said(
            "a hidden GPU",
            review("shared", "CREATE", "", &gpu, "null"),
            mutate,
            "[too-large]",
        ),
        said(
            "a hidden GPU that is confirmed",
            review("shared", "CREATE", "", &gpu, "null"),
            validate,
            "[too-large]",
        ),
        said(
            "somebody else's",
            review(
                "off",
                "CREATE",
                "",
                &Pod::plain()
                    .metadata(
                        "labels",
                        map(300_000, |n| (format!("a{n}"), "x".to_owned())),
                    )
                    .json(),
                "null",
            ),
            validate,
            "true",
        ),
    ]
}
