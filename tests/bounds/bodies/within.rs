//! Pods within every limit, with as much of each thing as is within it.

use super::Named;
use super::placement::{requirement, term};
use crate::pod::{Pod, list, map};

pub fn all() -> Vec<Named> {
    let asking = Pod::asking;
    let pods = || {
        [
            asking(),
            asking().stamped("mps"),
            asking().stamped("exclusive"),
            asking().stamped("time-slicing"),
        ]
    };
    let hosts = |operator: &'static str| {
        list(200, move |_| {
            term(&list(1, |_| {
                requirement("kubernetes.io/hostname", operator, 25)
            }))
        })
    };
    let never = |_| {
        term(&list(5, |n| match n {
            4 => requirement("topology.kubernetes.io/zone", "In", 1),
            _ => requirement("kubernetes.io/hostname", "NotIn", 5),
        }))
    };
    let bound = |_| {
        term(&list(5, |_| {
            requirement_of("example.com/rack-unit", "Gt", "1")
        }))
    };
    let known = |_| {
        term(&list(5, |n| {
            requirement_of(&format!("example.com/digit-{n}"), "In", "1")
        }))
    };
    let gpus = |_| {
        term(&list(4, |n| match n {
            0 => requirement_of("nvidia.com/gpu.sharing-strategy", "In", "mps"),
            1 => format!(
                r#"{{"key":"nvidia.com/gpu.replicas","operator":"In","values":{}}}"#,
                list(12, |n| format!("\"{n}\""))
            ),
            2 => requirement_of("nvidia.com/gpu.memory", "Gt", "1000"),
            _ => format!(
                r#"{{"key":"nvidia.com/gpu.product","operator":"In","values":{}}}"#,
                list(12, |n| format!("\"P{n}\""))
            ),
        }))
    };
    let terms = [
        ("hosts", hosts("In")),
        ("hosts left out", hosts("NotIn")),
        ("terms that never match", list(200, never)),
        ("bounds", list(200, bound)),
        ("digits", list(200, known)),
        ("kinds", list(100, gpus)),
        (
            "one term of all",
            list(1, |_| {
                term(&list(1000, |_| {
                    requirement("kubernetes.io/hostname", "NotIn", 5)
                }))
            }),
        ),
    ];
    let mut all: Vec<Named> = Vec::new();
    for (name, terms) in &terms {
        for pod in pods() {
            all.push((name, pod.terms(terms)));
        }
    }
    let asks = |name: &str, count: usize| {
        let container =
            |n: usize| format!(r#"{{"name":"c{n}","resources":{{"limits":{{"{name}":"1"}}}}}}"#);
        let mut pod = asking();
        pod.containers = (1..count).map(container).collect();
        pod
    };
    let sized = map(90, |n| {
        (
            format!("gpu-memory.slicegate.dev/c{n}"),
            format!("{}Mi", 300 + n),
        )
    });
    let words = |word: &str| {
        let word = word.repeat(130_000 / word.len());
        asking().with("command", format!("[\"{word}\"]"))
    };
    all.extend([
        ("asks", asks("nvidia.com/gpu", 190)),
        ("asks by name", asks("nvidia.com/gpu.shared", 190)),
        ("slices", asks("nvidia.com/mig-1g.10gb", 190)),
        ("slices nobody knows", asks("nvidia.com/mig-1g.11gb", 190)),
        (
            "asks of sizes",
            asks("nvidia.com/gpu", 90).metadata("annotations", sized),
        ),
        ("words", words("--tp=a")),
        ("words of a node", words("--nnodes ")),
        ("words of dashes", words("--a")),
        (
            "variables within",
            asking().with(
                "env",
                list(4_900, |_| r#"{"name":"NVIDIA_MIG_X"}"#.to_owned()),
            ),
        ),
        (
            "mounts within",
            asking().with(
                "volumeMounts",
                list(1_000, |n| format!(r#"{{"mountPath":"/dev/shm/{n}"}}"#)),
            ),
        ),
        (
            "tolerations within",
            asking().spec(
                "tolerations",
                list(200, |n| format!(r#"{{"key":"nvidia.com/gpu{n}"}}"#)),
            ),
        ),
        (
            "patterns",
            asking().metadata(
                "annotations",
                format!(
                    r#"{{"slicegate.dev/gpu-products":"{}"}}"#,
                    list(32, |_| "*N*V*I*D*I*A*-*A*1*0*0*Z".to_owned()).replace(['[', ']'], "")
                ),
            ),
        ),
        (
            "a large ask",
            asking().metadata(
                "annotations",
                r#"{"slicegate.dev/gpu-memory":"900Gi"}"#.to_owned(),
            ),
        ),
    ]);
    all
}

fn requirement_of(key: &str, operator: &str, value: &str) -> String {
    format!(r#"{{"key":"{key}","operator":"{operator}","values":["{value}"]}}"#)
}
