//! What a refusal says, word for word: what was found, and what to do about it.

use crate::{Run, here, with_input};

/// A pod of that tier with an annotation and a resource.
fn pod(tier: &str, annotation: &str, resource: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\n\
         metadata: {{name: app, namespace: team-a, annotations: {{slicegate.dev/tier: {tier}, {annotation}}}}}\n\
         spec: {{containers: [{{name: main, image: registry.example/app:1, resources: {{limits: {{{resource}: 1}}}}}}]}}\n"
    )
}

/// A review under the built-in policy.
fn review(nodes: &str, manifest: &str) -> Run {
    let arguments = [
        "review",
        "-f",
        "-",
        "-o",
        "json",
        nodes,
        "--namespaces=world/namespaces.yaml",
    ];
    with_input(&arguments, manifest)
}

/// The findings of one pod, as lines of `rule: message; fix`.
fn findings(manifest: &str) -> Vec<String> {
    let run = review("--nodes=world/nodes.yaml", manifest);
    let report: serde_json::Value = serde_json::from_str(&run.out).expect("a report");
    let findings = report["items"][0]["findings"].as_array().cloned();
    let text = |f: &serde_json::Value, key: &str| f[key].as_str().unwrap_or_default().to_owned();
    let line = |f: serde_json::Value| {
        format!(
            "{}: {}; {}",
            text(&f, "rule"),
            text(&f, "message"),
            text(&f, "fix")
        )
    };
    findings.unwrap_or_default().into_iter().map(line).collect()
}

#[test]
fn memory_that_lacks_its_unit_is_answered_with_what_was_meant() {
    const FIX: &str = "write at least 256Mi, which is about what a CUDA context takes alone, with its unit: 4000Mi or 10Gi";
    for (value, message) in [
        ("\"4000\"", "\"4000\" is 4000 bytes; did you mean 4000Mi?"),
        ("\"10\"", "\"10\" is 10 bytes; did you mean 10Gi?"),
        ("500m", "\"500m\" is 1 byte; did you mean 500Mi?"),
        ("5m", "\"5m\" is 1 byte"),
        ("100Mi", "\"100Mi\" is 104857600 bytes"),
    ] {
        let annotation = format!("slicegate.dev/gpu-memory: {value}");
        let found = findings(&pod("trusted-inference", &annotation, "nvidia.com/gpu"));
        assert_eq!(found, [format!("ask-invalid: {message}; {FIX}")], "{value}");
    }
}

#[test]
fn a_share_of_an_nvidia_gpu_is_not_for_a_container_of_another_vendor() {
    for resource in [
        "amd.com/gpu",
        "gpu.intel.com/xe",
        "habana.ai/gaudi",
        "google.com/tpu",
        "aws.amazon.com/neuroncore",
    ] {
        let found = findings(&pod(
            "trusted-inference",
            "slicegate.dev/gpu-memory: 10Gi",
            resource,
        ));
        let [found] = found.as_slice() else {
            panic!("{resource}: {found:?}");
        };
        assert!(
            found.starts_with("ask-invalid: ") && found.contains(resource),
            "{found}"
        );
    }
}

#[test]
fn a_named_resource_beside_another_mechanisms_strategy_is_told_so() {
    let found = findings(&pod(
        "batch",
        "slicegate.dev/strategy: mps",
        "nvidia.com/mig-1g.10gb",
    ));
    assert_eq!(
        found,
        [
            "ask-invalid: strategy mps does not hand out \"nvidia.com/mig-1g.10gb\", which is asked for by name; leave the strategy out: a named resource is the ask itself"
        ]
    );
}

#[test]
fn strategies_whose_nodes_take_no_pods_now_are_told_from_those_that_come_later() {
    let nodes = std::fs::read_to_string(here().join("world/nodes.yaml")).expect("nodes");
    let whole = "---\napiVersion: v1\nkind: Node\nmetadata:\n  name: whole-1\n  labels: {kubernetes.io/hostname: whole-1, nvidia.com/gpu.count: \"1\", nvidia.com/gpu.product: NVIDIA-L40S, nvidia.com/gpu.replicas: \"1\", nvidia.com/gpu.sharing-strategy: none, nvidia.com/gpu.memory: \"46068\"}\nstatus: {allocatable: {nvidia.com/gpu: 1}}\n";
    let cordoned = nodes.replace("\n  status:", "\n  spec: {unschedulable: true}\n  status:");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("nodes.yaml");
    std::fs::write(&file, format!("{cordoned}\n{whole}")).expect("written");
    let nodes = format!("--nodes={}", file.display());
    let manifest = pod(
        "production",
        "slicegate.dev/gpu-memory: 8Gi",
        "nvidia.com/gpu",
    );
    let run = review(&nodes, &manifest);
    let report: serde_json::Value = serde_json::from_str(&run.out).expect("a report");
    let item = &report["items"][0];
    assert_eq!(
        item["reason"],
        "exclusive: the first strategy of tier production on nodes that take pods now; those with mig and mps are cordoned, not ready, or gone"
    );
    let verdicts = item["considered"].as_array().cloned().unwrap_or_default();
    let of = |strategy: &str| {
        let mut all = verdicts.iter().filter(|c| c["strategy"] == strategy);
        all.any(|c| {
            c["verdict"] == "fits, but its nodes take no pods now: cordoned, not ready, or gone"
        })
    };
    assert!(of("mig") && of("mps"), "{verdicts:?}");
}

/// A node with whole H100s, eight of them.
const WHOLE: &str = r#"{"apiVersion":"v1","kind":"Node","metadata":{"name":"whole-1","labels":{"kubernetes.io/hostname":"whole-1","nvidia.com/gpu.count":"8","nvidia.com/gpu.product":"NVIDIA-H100-80GB-HBM3","nvidia.com/gpu.replicas":"1","nvidia.com/gpu.sharing-strategy":"none","nvidia.com/gpu.memory":"81559"}},"status":{"allocatable":{"nvidia.com/gpu":"8"}}}"#;

/// A node with time-sliced T4s, whose product label says so.
const SLICED: &str = r#"{"apiVersion":"v1","kind":"Node","metadata":{"name":"t4-1","labels":{"kubernetes.io/hostname":"t4-1","nvidia.com/gpu.count":"1","nvidia.com/gpu.product":"Tesla-T4-SHARED","nvidia.com/gpu.replicas":"4","nvidia.com/gpu.sharing-strategy":"time-slicing","nvidia.com/gpu.memory":"15360"}},"spec":{"taints":[{"key":"dedicated","value":"ml","effect":"NoSchedule"}]},"status":{"allocatable":{"nvidia.com/gpu":"4"}}}"#;

/// Each situation has its own remedy, and none that would not help.
#[test]
fn what_cannot_be_placed_is_answered_with_what_would_help() {
    const POOLS: &str =
        "; nodes that are not there yet are declared under supply.pools in the policy";
    let one = "nvidia.com/gpu: 1";
    // Bytes, where MiB are meant.
    let lied = SLICED.replace("15360", "16106127360");
    for (nodes, tier, annotations, resource, spec, message, fix) in [
        (
            WHOLE,
            "trusted-inference",
            "",
            one,
            "",
            "container main's one GPU or share of 9Gi: there are 8 whole GPUs, and none is handed out by mps or mig",
            "the administrator has some nodes hand out shares first (docs/nodes.md), or name one of the tiers that known nodes can serve: regulated, production, batch",
        ),
        (
            WHOLE,
            "production",
            ", slicegate.dev/gpu-memory: 300Gi",
            one,
            "",
            "container main's one GPU or share of 300Gi; nearest: nvidia.com/gpu on NVIDIA-H100-80GB-HBM3 by exclusive: too small: 81559 MiB < 300Gi",
            "ask for at most 81559Mi with slicegate.dev/gpu-memory",
        ),
        (
            WHOLE,
            "production",
            "",
            "nvidia.com/gpu: 9",
            "",
            "container main's 9 whole GPUs; nearest: nvidia.com/gpu on NVIDIA-H100-80GB-HBM3 by exclusive: 8 on a node, 9 needed",
            "ask for at most 8 of nvidia.com/gpu in one pod",
        ),
        (
            WHOLE,
            "production",
            "",
            one,
            "nodeSelector: {nvidia.com/gpu.product: NVIDIA-A100}, ",
            "container main's one GPU or share of 18Gi; nearest: nvidia.com/gpu on NVIDIA-H100-80GB-HBM3 by exclusive: the pod's nodeSelector asks for nvidia.com/gpu.product=NVIDIA-A100, node whole-1 has NVIDIA-H100-80GB-HBM3",
            "correct what the pod's nodeSelector asks of nvidia.com/gpu.product, or leave it out",
        ),
        (
            WHOLE,
            "production",
            ", slicegate.dev/gpu-products: NVIDIA-L4",
            one,
            "",
            "container main's one GPU or share of 18Gi; nearest: nvidia.com/gpu on NVIDIA-H100-80GB-HBM3 by exclusive: not one of the products asked for",
            "write slicegate.dev/gpu-products: NVIDIA-H100-80GB-HBM3",
        ),
        (
            SLICED,
            "batch",
            "",
            one,
            "",
            "container main's one GPU or share of 0.25 of a GPU; nearest: nvidia.com/gpu on Tesla-T4 by time-slicing: its nodes have the taint dedicated=ml:NoSchedule, which the pod does not tolerate",
            "tolerate the taint dedicated=ml:NoSchedule",
        ),
        (
            SLICED,
            "batch",
            "",
            one,
            "tolerations: [{operator: Exists}], nodeSelector: {nvidia.com/gpu.product: Tesla-T4}, ",
            "container main's one GPU or share of 0.25 of a GPU; nearest: nvidia.com/gpu on Tesla-T4 by time-slicing: the pod's nodeSelector asks for nvidia.com/gpu.product=Tesla-T4, node t4-1 has Tesla-T4-SHARED",
            "write slicegate.dev/gpu-products: Tesla-T4 in place of the selector, which means it shared or whole",
        ),
        (
            SLICED,
            "batch",
            ", slicegate.dev/gpu-fraction: \"0.5\"",
            one,
            "tolerations: [{operator: Exists}], ",
            "container main's one GPU or share of 0.5 of a GPU; nearest: nvidia.com/gpu on Tesla-T4 by time-slicing: too small: 1/4 < 0.5 of a GPU",
            "ask for at most 0.25 with slicegate.dev/gpu-fraction, or for memory alone",
        ),
        (
            &lied,
            "batch",
            ", slicegate.dev/gpu-memory: 2Gi",
            one,
            "tolerations: [{operator: Exists}], ",
            "container main's one GPU or share of 2Gi; nearest: nvidia.com/gpu on Tesla-T4 by time-slicing: its memory is not known (label nvidia.com/gpu.memory is missing or cannot be right), 2Gi is asked",
            "ask for a part of a GPU with slicegate.dev/gpu-fraction, or have the label nvidia.com/gpu.memory of its nodes corrected",
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("nodes.yaml");
        std::fs::write(&file, nodes).expect("written");
        let manifest = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: app, namespace: team-a, annotations: {{slicegate.dev/tier: {tier}{annotations}}}}}\n\
             spec: {{{spec}containers: [{{name: main, image: registry.example/app:1, resources: {{limits: {{{resource}}}}}}}]}}\n"
        );
        let run = review(&format!("--nodes={}", file.display()), &manifest);
        let report: serde_json::Value = serde_json::from_str(&run.out).expect("a report");
        let finding = &report["items"][0]["findings"][0];
        assert_eq!(finding["rule"], "no-such-offer", "{manifest}");
        assert_eq!(
            finding["message"],
            format!("no known node can ever serve {message}")
        );
        assert_eq!(finding["fix"], format!("{fix}{POOLS}"));
    }
}
