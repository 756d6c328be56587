//! The second webhook: what is left when everybody else has been asked, and what is added to a running pod.

use serde_json::{Value, json};

use super::cluster::pods_of;
use super::neighbour::{NAMESPACE, Neighbour};
use super::stage::{Stage, pod};
use super::wait::seconds;

pub fn a_webhook_that_takes_the_boundary_away_at_the_end_gets_the_pod_refused(stage: &mut Stage) {
    let cluster = &stage.standard().cluster;
    let _thief = Neighbour::register(cluster, "zz-thief", without_the_boundary);
    let path = format!("{}?dryRun=All", pods_of(NAMESPACE));
    let one = pod("robbed", &json!({"nvidia.com/gpu": "1"}));
    let refusal = cluster.wait_for("a refusal of what is left", seconds(20), || {
        let answer = cluster.api().try_send("POST", &path, Some(&one))?;
        let refused = answer.status == 403;
        refused
            .then(|| answer.message().to_owned())
            .ok_or(answer.body.to_string())
    });
    assert!(
        refusal.contains("\"validate.slicegate.dev\" denied the request: slicegate: "),
        "{refusal}"
    );
}

pub fn a_debug_container_that_reaches_for_the_gpus_is_refused_and_another_is_not(
    stage: &mut Stage,
) {
    let cluster = &stage.standard().cluster;
    cluster.create(
        &pods_of("inference"),
        &pod("served", &json!({"nvidia.com/gpu": "1"})),
    );
    let debug = |variable: &str| {
        let variable = format!("--env={variable}");
        cluster.kubectl.run(&[
            "debug",
            "served",
            "-n",
            "inference",
            "--image=example/shell:1",
            &variable,
        ])
    };
    let refused = debug("NVIDIA_VISIBLE_DEVICES=all");
    assert_eq!(refused.status, 1, "{}", refused.out);
    assert!(refused.err.contains("[ephemeral-gpu]"), "{}", refused.err);
    debug("COLOUR=blue").good();
    let served = cluster.get(&format!("{}/served", pods_of("inference")));
    let added = served["spec"]["ephemeralContainers"]
        .as_array()
        .map(Vec::len);
    assert_eq!(added, Some(1), "{served}");
    let env = &served["spec"]["ephemeralContainers"][0]["env"];
    let void = json!({"name": "NVIDIA_VISIBLE_DEVICES", "value": "void"});
    assert!(env.as_array().is_some_and(|e| e.contains(&void)), "{env}");
}

/// Takes the anti-affinity away whenever it is there.
fn without_the_boundary(pod: &Value) -> Vec<Value> {
    let path = "/spec/affinity/podAntiAffinity";
    let there = pod.pointer(path).is_some();
    there
        .then(|| json!({"op": "remove", "path": path}))
        .into_iter()
        .collect()
}
