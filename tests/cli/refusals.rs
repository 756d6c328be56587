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
