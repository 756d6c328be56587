//! Bodies of many hostile parts at once, drawn at random, the same in every run.

use slicegate::admission::Webhook;

use super::bodies::LARGEST;
use super::pod::{Pod, list, map, review};
use super::scene::Body;

/// As many bodies as are asked for.
pub fn all() -> impl Iterator<Item = Body> {
    let count = std::env::var("SLICEGATE_CASES").ok();
    let count = count.map_or(300, |n| n.parse().expect("SLICEGATE_CASES is a number"));
    (0..count).map(body)
}

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below.max(1)
    }

    fn one<'l>(&mut self, of: &[&'l str]) -> &'l str {
        of[self.roll(of.len())]
    }

    /// Mostly few, often about a limit, sometimes as many as fit.
    fn count(&mut self, limit: usize, most: usize) -> usize {
        match self.roll(6) {
            0..=2 => self.roll(limit),
            3 => limit,
            4 => self.roll(limit * 3),
            _ => self.roll(most),
        }
    }
}

fn body(seed: usize) -> Body {
    let mut dice = Dice(seed as u64 + 1);
    let parts = 1 + dice.roll(6);
    let strategy = dice.one(&["mps", "exclusive", "time-slicing", "mig"]);
    let mut pod = Pod::asking();
    if dice.roll(2) == 0 {
        pod = pod.stamped(strategy);
    }
    let most = LARGEST / parts;
    for _ in 0..parts {
        pod = part(&mut dice, pod, most);
    }
    let text = pod.json();
    let namespace = dice.one(&["shared", "batch", "production", "whole", "trial", "off"]);
    let old = if dice.roll(2) == 0 && text.len() < LARGEST / 2 {
        text.as_str()
    } else {
        "{}"
    };
    let (webhook, operation, sub) = match dice.roll(5) {
        0 | 1 => (Webhook::Mutate, "CREATE", ""),
        2 => (Webhook::Validate, "CREATE", ""),
        3 => (Webhook::Validate, "UPDATE", ""),
        _ => (Webhook::Validate, "UPDATE", "ephemeralcontainers"),
    };
    let mut text = review(namespace, operation, sub, &text, old);
    if dice.roll(12) == 0 {
        let mut end = dice.roll(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    Body {
        name: format!("random {seed}, {operation} {sub} {namespace}"),
        webhook,
        text,
        says: None,
    }
}

const KEYS: [&str; 8] = [
    "kubernetes.io/hostname",
    "example.com/serial",
    "example.com/rack-unit",
    "example.com/digit-3",
    "nvidia.com/gpu.product",
    "nvidia.com/gpu.replicas",
    "nvidia.com/gpu.sharing-strategy",
    "nobody.example/knows",
];

fn requirement(dice: &mut Dice, values: usize) -> String {
    let key = dice.one(&KEYS);
    let operator = dice.one(&[
        "In",
        "NotIn",
        "Exists",
        "DoesNotExist",
        "Gt",
        "Lt",
        "Within",
    ]);
    let word = dice.one(&["node-", "s", "", "mps", "NVIDIA-L4"]);
    let values = list(values, |n| format!("\"{word}{n}\""));
    format!(r#"{{"key":"{key}","operator":"{operator}","values":{values}}}"#)
}

fn terms(dice: &mut Dice, most: usize) -> String {
    let count = dice.count(200, most / 200).max(1);
    let each = 1 + dice.count(1_000, most / 100) / count;
    let values = 1 + dice.count(5_000, most / 30) / (count * each);
    let mut terms = Vec::new();
    let mut bytes = 0;
    for _ in 0..count {
        let requirements: Vec<String> = (0..each).map(|_| requirement(dice, values)).collect();
        let list = dice.one(&["matchExpressions", "matchExpressions", "matchFields"]);
        let term = format!("{{\"{list}\":[{}]}}", requirements.join(","));
        bytes += term.len();
        terms.push(term);
        if bytes > most {
            break;
        }
    }
    format!("[{}]", terms.join(","))
}

/// One more part, of at most so many bytes.
fn part(dice: &mut Dice, pod: Pod, most: usize) -> Pod {
    match dice.roll(10) {
        0 | 1 => {
            let terms = terms(dice, most);
            pod.terms(&terms)
        }
        2 => {
            let name = dice.one(&["a", "NVIDIA_VISIBLE_DEVICES", "CUDA_MPS_X", "NNODES"]);
            let count = dice.count(5_000, most / 60);
            pod.with(
                "env",
                list(count, |n| format!(r#"{{"name":"{name}","value":"{n}"}}"#)),
            )
        }
        3 => {
            let path = dice.one(&["/dev/nvidia", "/a/../dev/", "/run/containerd/", "/x"]);
            let count = dice.count(5_000, most / 60);
            pod.spec(
                "volumes",
                list(count, |n| {
                    format!(r#"{{"hostPath":{{"path":"{path}{n}"}}}}"#)
                }),
            )
        }
        4 => {
            let key = dice.one(&[
                "a",
                "cdi.k8s.io/",
                "slicegate.dev/",
                "gpu-memory.slicegate.dev/c",
                "hami.io/",
            ]);
            let count = dice.count(5_000, most / 40);
            pod.metadata(
                "annotations",
                map(count, |n| (format!("{key}{n}"), "1Gi".to_owned())),
            )
        }
        5 => {
            let count = dice.count(200, most / 50);
            pod.spec(
                "tolerations",
                list(count, |n| {
                    format!(r#"{{"key":"nvidia.com/gpu","value":"{n}"}}"#)
                }),
            )
        }
        6 => {
            let resource = dice.one(&[
                "nvidia.com/gpu",
                "nvidia.com/gpu.shared",
                "nvidia.com/mig-1g.10gb",
                "nvidia.com/mig-9g.1gb",
                "cpu",
            ]);
            let count = dice.count(200, most / 90);
            let containers = (0..count).map(|n| {
                format!(r#"{{"name":"c{n}","resources":{{"limits":{{"{resource}":"1"}}}}}}"#)
            });
            let mut pod = pod;
            pod.containers = containers.collect();
            pod
        }
        7 => {
            let word = dice.one(&["--tp=a", "--nnodes 2 ", "--node-rank=0 ", "-", "\\n--tp "]);
            let bytes = dice.count(131_072, most);
            pod.with(
                "command",
                format!("[\"{}\"]", word.repeat(bytes / word.len())),
            )
        }
        8 => {
            let count = dice.count(200, most / 60);
            pod.metadata(
                "ownerReferences",
                list(count, |n| {
                    format!(r#"{{"apiVersion":"apps/v1","kind":"DaemonSet","uid":"{n}"}}"#)
                }),
            )
        }
        _ => {
            let word = dice.one(&["*N*V*", "A", "*", "*-*-*-*-"]);
            let count = dice.count(32, most / 20);
            let patterns: Vec<&str> = (0..count).map(|_| word).collect();
            pod.metadata(
                "annotations",
                format!(
                    r#"{{"slicegate.dev/gpu-products":"{}"}}"#,
                    patterns.join(",")
                ),
            )
        }
    }
}
