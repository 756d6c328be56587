//! Pods in which one text is as long as a body.

use super::{LARGEST, Named, most};
use crate::pod::{Pod, list};

pub fn all() -> Vec<Named> {
    let pod = Pod::asking;
    let long = |letter: &str| format!("\"{}\"", letter.repeat(LARGEST / letter.len()));
    let annotation =
        |key: &str, text: String| pod().metadata("annotations", format!("{{\"{key}\":{text}}}"));
    vec![
        ("a long container name", pod().with("name", long("a"))),
        (
            "a long variable name",
            pod().with("env", format!(r#"[{{"name":{}}}]"#, long("NVIDIA_MIG_"))),
        ),
        (
            "a long value",
            pod().with(
                "env",
                format!(r#"[{{"name":"WORLD_SIZE","value":{}}}]"#, long("9")),
            ),
        ),
        (
            "escapes",
            pod().with(
                "env",
                format!(r#"[{{"name":"a","value":{}}}]"#, long("\\u0041")),
            ),
        ),
        (
            "a long command",
            pod().with("command", format!("[{}]", long("--tp=a"))),
        ),
        (
            "flags",
            pod().with("args", list(most(6), |_| "\"--tp\"".to_owned())),
        ),
        (
            "a long resource",
            pod().with(
                "resources",
                format!(r#"{{"limits":{{{}:"1"}}}}"#, long("nvidia.com/mig-")),
            ),
        ),
        (
            "a long quantity",
            pod().with(
                "resources",
                format!(r#"{{"limits":{{"nvidia.com/gpu":{}}}}}"#, long("1")),
            ),
        ),
        ("a long node name", pod().spec("nodeName", long("a"))),
        (
            "a long class",
            pod().spec("runtimeClassName", long("nvidia")),
        ),
        ("a long scheduler", pod().spec("schedulerName", long("a"))),
        (
            "a long path",
            pod().spec(
                "volumes",
                format!(r#"[{{"hostPath":{{"path":{}}}}}]"#, long("a/../")),
            ),
        ),
        ("a long tier", annotation("slicegate.dev/tier", long("a"))),
        (
            "a long boundary",
            annotation("slicegate.dev/trust-boundary", long("a")),
        ),
        (
            "a long size",
            annotation("slicegate.dev/gpu-memory", long("1")),
        ),
        (
            "a long fraction",
            annotation("slicegate.dev/gpu-fraction", long("0.1")),
        ),
        (
            "wildcards",
            annotation("slicegate.dev/gpu-products", long("*a")),
        ),
        (
            "a long label value",
            pod().metadata(
                "labels",
                format!(r#"{{"slicegate.dev/strategy":{}}}"#, long("a")),
            ),
        ),
        (
            "numbers",
            pod().with("env", list(most(12), |_| r#"{"name":1e9}"#.to_owned())),
        ),
    ]
}
