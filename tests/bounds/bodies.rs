//! Bodies that are each large in one way.

use slicegate::admission::Webhook;

use super::pod::{Pod, list, map, review};
use super::scene::Body;

/// A little less than the server takes.
pub const LARGEST: usize = (7 << 20) - 4096;

/// As many entries of so many bytes as a body holds.
const fn most(bytes: usize) -> usize {
    LARGEST / (bytes + 1)
}

/// All of them.
pub fn all() -> Vec<Body> {
    let pods = metadata()
        .into_iter()
        .chain(containers())
        .chain(nodes())
        .chain(texts());
    let pods = pods.chain(limits());
    let mut all: Vec<Body> = pods
        .flat_map(|(name, pod)| everywhere(name, &pod))
        .collect();
    all.extend(broken());
    all.extend(hidden());
    all
}

type Named = (&'static str, Pod);

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

fn metadata() -> Vec<Named> {
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

fn containers() -> Vec<Named> {
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

fn requirement(key: &str, operator: &str, values: usize) -> String {
    let values = list(values, |n| format!("\"node-{n}\""));
    format!(r#"{{"key":"{key}","operator":"{operator}","values":{values}}}"#)
}

fn term(requirements: &str) -> String {
    format!(r#"{{"matchExpressions":{requirements}}}"#)
}

fn nodes() -> Vec<Named> {
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

fn texts() -> Vec<Named> {
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

/// What is within every limit, and as much of it as is.
fn limits() -> Vec<Named> {
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

/// What is no review, or none of a pod.
fn broken() -> Vec<Body> {
    let large = |text: &str| text.repeat(LARGEST / text.len());
    let texts = [
        ("nothing", String::new()),
        ("white space", large(" ")),
        ("digits", large("7")),
        ("lists", large("[")),
        ("objects", large("{\"a\":")),
        ("strings", large("\"")),
        ("backslashes", format!("\"{}", large("\\"))),
        ("entries", format!("[{}", large("1,"))),
        (
            "a long uid",
            format!(r#"{{"request":{{"uid":"{}","object":{{}}}}}}"#, large("a")),
        ),
        (
            "a deep object",
            review(
                "shared",
                "CREATE",
                "",
                &format!("{}{}", "[".repeat(3_000_000), "]".repeat(3_000_000)),
                "null",
            ),
        ),
        (
            "a deep field",
            review(
                "shared",
                "CREATE",
                "",
                &format!(
                    r#"{{"status":{}{}}}"#,
                    "[".repeat(3_000_000),
                    "]".repeat(3_000_000)
                ),
                "null",
            ),
        ),
        (
            "a wrong type",
            review(
                "shared",
                "CREATE",
                "",
                &format!(r#"{{"metadata":"{}"}}"#, large("a")),
                "null",
            ),
        ),
        (
            "a wrong type at the end",
            review(
                "shared",
                "CREATE",
                "",
                &format!(
                    r#"{{"spec":{{"containers":[{{"env":{}}}],"volumes":7}}}}"#,
                    list(most(12), |_| r#"{"name":"a"}"#.to_owned())
                ),
                "null",
            ),
        ),
        (
            "a broken end",
            format!(
                "{}]",
                review(
                    "shared",
                    "CREATE",
                    "",
                    &Pod::asking()
                        .with("env", list(most(12), |_| r#"{"name":"a"}"#.to_owned()))
                        .json(),
                    "null"
                )
            ),
        ),
        ("no pod", review("off", "CREATE", "", &large("9"), "null")),
        (
            "a broken term",
            review(
                "shared",
                "CREATE",
                "",
                &Pod::asking()
                    .terms(&format!(r#"[{{"x":{}}}]"#, large("tru")))
                    .json(),
                "null",
            ),
        ),
    ];
    let body = |(name, text): (&str, String)| Body {
        name: name.to_owned(),
        webhook: Webhook::Mutate,
        text,
        says: None,
    };
    texts.map(body).into()
}

/// What is written where nobody would look any more, and has to be found all the same.
fn hidden() -> Vec<Body> {
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
