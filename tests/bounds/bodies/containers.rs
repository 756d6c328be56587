//! Pods whose containers are many or hold much.

use super::{Named, most};
use crate::pod::{Pod, list, map};

pub fn all() -> Vec<Named> {
    let pod = Pod::asking;
    let all = || "/dev/nvidia0".to_owned();
    let mig = |n: usize| (format!("nvidia.com/mig-{n}g.1gb"), "1".to_owned());
    let many = |count: usize, container: &str| {
        pod().spec("containers", list(count, |_| container.to_owned()))
    };
    let limited = r#"{"resources":{"limits":{"nvidia.com/gpu":"1"}}}"#;
    let lifted = r#"{"name":"d","securityContext":{"privileged":true}}"#;
    vec![
        (
            "variables",
            pod().with("env", list(most(12), |_| r#"{"name":"a"}"#.to_owned())),
        ),
        (
            "empty variables",
            pod().with("env", list(most(2), |_| "{}".to_owned())),
        ),
        (
            "findings",
            pod().with(
                "env",
                list(60_000, |_| {
                    r#"{"name":"NVIDIA_VISIBLE_DEVICES","value":"all"}"#.to_owned()
                }),
            ),
        ),
        (
            "sources",
            pod().with(
                "envFrom",
                list(most(20), |_| r#"{"prefix":"NVIDIA_"}"#.to_owned()),
            ),
        ),
        (
            "mounts",
            pod().with(
                "volumeMounts",
                list(most(40), |n| {
                    format!(r#"{{"name":"v","mountPath":"/dev/shm/{n}"}}"#)
                }),
            ),
        ),
        (
            "resources",
            pod().with(
                "resources",
                format!(r#"{{"limits":{}}}"#, map(most(34), mig)),
            ),
        ),
        ("containers", many(20_000, r#"{"name":"c","image":"x"}"#)),
        ("containers with GPUs", many(most(limited.len()), limited)),
        ("empty containers", many(most(2), "{}")),
        (
            "containers of a few variables each",
            pod().spec(
                "containers",
                list(most(300), |_| {
                    format!(r#"{{"env":{}}}"#, list(100, |_| "{}".to_owned()))
                }),
            ),
        ),
        (
            "debug containers",
            pod().spec(
                "ephemeralContainers",
                list(most(lifted.len()), |_| lifted.to_owned()),
            ),
        ),
        (
            "volumes",
            pod().spec(
                "volumes",
                list(most(45), |_| {
                    format!(r#"{{"hostPath":{{"path":"{}"}}}}"#, all())
                }),
            ),
        ),
        (
            "claims",
            pod().spec(
                "resourceClaims",
                list(most(20), |n| format!(r#"{{"name":"{n}"}}"#)),
            ),
        ),
        (
            "capabilities",
            pod().with(
                "securityContext",
                format!(
                    r#"{{"capabilities":{{"add":{}}}}}"#,
                    list(most(11), |_| r#""SYS_ADMIN""#.to_owned())
                ),
            ),
        ),
    ]
}
