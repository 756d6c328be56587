//! What users write, made into pods by the real controllers, and where the real scheduler puts them.

use serde_json::{Value, json};

use super::cluster::{is_bound, is_unschedulable};
use super::stage::{Stage, Standard};
use super::wait::seconds;

/// What has to have become of a GPU that was asked for.
struct Given {
    resource: &'static str,
    strategy: &'static str,
    /// MiB of each unit at least.
    memory: u64,
    /// Whether its processes are told how much they may pin: where memory was asked for, or all nodes that will do give
    /// the same. Elsewhere the daemon of each node knows it.
    is_told: bool,
}

pub fn pods_of_a_deployment_get_shares_with_limits(stage: &mut Stage) {
    let standard = stage.standard();
    standard.cluster.kubectl.apply(
        "apiVersion: apps/v1
kind: Deployment
metadata: {name: chat, namespace: inference}
spec:
  replicas: 3
  selector: {matchLabels: {app: chat}}
  template:
    metadata: {labels: {app: chat}, annotations: {slicegate.dev/gpu-memory: 9Gi}}
    spec:
      containers:
      - name: server
        image: example/vllm:1
        resources: {limits: {nvidia.com/gpu: 1}}
",
    );
    let pods = made_by(standard, "inference", "ReplicaSet", 3);
    let given = Given {
        resource: "nvidia.com/gpu.shared",
        strategy: "mps",
        memory: 9 * 1024,
        is_told: true,
    };
    for pod in &pods {
        check(standard, pod, &given);
    }
}

pub fn pods_of_a_job_get_a_quarter_and_complete(stage: &mut Stage) {
    let standard = stage.standard();
    standard.cluster.kubectl.apply(
        "apiVersion: batch/v1
kind: Job
metadata: {name: nightly, namespace: batch}
spec:
  completions: 2
  parallelism: 2
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: train
        image: example/train:1
        resources: {limits: {nvidia.com/gpu: 1}}
",
    );
    let pods = made_by(standard, "batch", "Job", 2);
    let given = Given {
        resource: "nvidia.com/gpu.shared",
        strategy: "mps",
        memory: 20 * 1024,
        is_told: false,
    };
    for pod in &pods {
        check(standard, pod, &given);
        assert_eq!(
            variable(pod, "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE"),
            Some("25"),
            "{pod}"
        );
    }
    standard
        .cluster
        .wait_for("the job to complete", seconds(30), || {
            let job = standard
                .cluster
                .get("/apis/batch/v1/namespaces/batch/jobs/nightly");
            (job["status"]["succeeded"] == 2)
                .then_some(())
                .ok_or(job["status"].to_string())
        });
}

pub fn pods_of_a_statefulset_get_slices(stage: &mut Stage) {
    let standard = stage.standard();
    standard.cluster.kubectl.apply(
        "apiVersion: apps/v1
kind: StatefulSet
metadata: {name: search, namespace: production}
spec:
  serviceName: search
  replicas: 2
  selector: {matchLabels: {app: search}}
  template:
    metadata: {labels: {app: search}}
    spec:
      containers:
      - name: index
        image: example/search:1
        resources: {requests: {nvidia.com/gpu: 1}, limits: {nvidia.com/gpu: 1}}
",
    );
    let pods = made_by(standard, "production", "StatefulSet", 2);
    let given = Given {
        resource: "nvidia.com/mig-2g.20gb",
        strategy: "mig",
        memory: 18 * 1024,
        is_told: false,
    };
    for pod in &pods {
        check(standard, pod, &given);
    }
}

pub fn pods_of_a_daemonset_keep_their_request_and_get_the_boundary(stage: &mut Stage) {
    let standard = stage.standard();
    standard.cluster.kubectl.apply(
        "apiVersion: apps/v1
kind: DaemonSet
metadata: {name: burn-in, namespace: plain}
spec:
  selector: {matchLabels: {app: burn-in}}
  template:
    metadata: {labels: {app: burn-in}}
    spec:
      nodeSelector: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3}
      tolerations: [{key: nvidia.com/gpu, operator: Exists}]
      containers:
      - name: burn
        image: example/burn:1
        resources: {limits: {nvidia.com/gpu: 1}}
",
    );
    let pods = made_by(standard, "plain", "DaemonSet", 2);
    let given = Given {
        resource: "nvidia.com/gpu",
        strategy: "exclusive",
        memory: 81559,
        is_told: false,
    };
    for pod in &pods {
        check(standard, pod, &given);
    }
}

pub fn a_daemonsets_pod_waits_where_another_boundarys_share_is(stage: &mut Stage) {
    let standard = stage.standard();
    let cluster = &standard.cluster;
    let monitor = |namespace: &str| {
        format!(
            "apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: monitor, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: monitor}}}}
  template:
    metadata: {{labels: {{app: monitor}}}}
    spec:
      nodeSelector: {{nvidia.com/gpu.product: NVIDIA-A10G-SHARED}}
      containers:
      - name: main
        image: example/monitor:1
        resources: {{limits: {{nvidia.com/gpu: 1}}}}
"
        )
    };
    cluster.kubectl.apply(&monitor("plain"));
    made_by(standard, "plain", "DaemonSet", 1);
    cluster.kubectl.apply(&monitor("batch"));
    cluster.wait_for("the other's pod to find no place", seconds(20), || {
        let pods = cluster.pods("batch");
        assert!(!pods.iter().any(is_bound), "{pods:?}");
        pods.iter()
            .any(is_unschedulable)
            .then_some(())
            .ok_or(format!("{pods:?}"))
    });
    cluster.delete("/apis/apps/v1/namespaces/plain/daemonsets/monitor");
    made_by(standard, "batch", "DaemonSet", 1);
}

pub fn pods_of_a_cronjob_take_turns_where_the_name_of_whole_gpus_means_turns(stage: &mut Stage) {
    let standard = stage.standard();
    standard.cluster.kubectl.apply(
        "apiVersion: batch/v1
kind: CronJob
metadata: {name: report, namespace: development}
spec:
  schedule: '* * * * *'
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
          - name: report
            image: example/report:1
            resources: {limits: {nvidia.com/gpu: 1}}
",
    );
    // It has not run since a while, so its controller does not wait for the next minute.
    standard.cluster.change(
        "/apis/batch/v1/namespaces/development/cronjobs/report/status",
        &json!({"status": {"lastScheduleTime": "2020-01-01T00:00:00Z"}}),
    );
    let pods = made_by(standard, "development", "Job", 1);
    let given = Given {
        resource: "nvidia.com/gpu",
        strategy: "time-slicing",
        memory: 23028 / 4,
        is_told: false,
    };
    check(standard, &pods[0], &given);
}

pub fn a_bare_pod_may_ask_for_half_a_gpu(stage: &mut Stage) {
    let standard = stage.standard();
    standard.cluster.kubectl.apply(
        "apiVersion: v1
kind: Pod
metadata: {name: half, namespace: batch}
spec:
  containers:
  - name: main
    image: example/app:1
    resources: {limits: {nvidia.com/gpu: '0.5'}}
",
    );
    let pods = standard.cluster.bound_pods("batch", 1, |_| true);
    let given = Given {
        resource: "nvidia.com/gpu.shared",
        strategy: "mps",
        memory: 46068 / 2,
        is_told: true,
    };
    check(standard, &pods[0], &given);
    let annotations = &pods[0]["metadata"]["annotations"];
    assert_eq!(annotations["slicegate.dev/gpu-fraction"], "0.5");
}

pub fn whole_gpus_land_on_whole_gpus_alone(stage: &mut Stage) {
    let standard = stage.standard();
    standard.cluster.kubectl.apply(
        "apiVersion: apps/v1
kind: Deployment
metadata: {name: finetune, namespace: plain}
spec:
  replicas: 6
  selector: {matchLabels: {app: finetune}}
  template:
    metadata: {labels: {app: finetune}}
    spec:
      containers:
      - name: main
        image: example/train:1
        resources: {limits: {nvidia.com/gpu: 3}}
",
    );
    // Two fit on each node of eight, one on the node of four; nothing fits where a count means turns.
    let pods = made_by(standard, "plain", "ReplicaSet", 5);
    for pod in &pods {
        let node = pod["spec"]["nodeName"].as_str().expect("a node");
        let offer = standard.fleet.shape(node).offer("nvidia.com/gpu");
        assert_eq!(offer.expect("an offer").strategy, "exclusive", "{node}");
        assert_eq!(limits(pod)["nvidia.com/gpu"], "3");
    }
    standard
        .cluster
        .wait_for("the sixth to find no room", seconds(20), || {
            let pods = standard.cluster.pods("plain");
            let waiting = pods.iter().filter(|p| is_unschedulable(p)).count();
            (waiting == 1)
                .then_some(())
                .ok_or(format!("{waiting} have none"))
        });
}

/// The pods that a controller of that kind made, once so many are on nodes.
#[track_caller]
fn made_by(standard: &Standard, namespace: &str, kind: &str, count: usize) -> Vec<Value> {
    standard.cluster.bound_pods(namespace, count, |pod| {
        pod["metadata"]["ownerReferences"][0]["kind"] == kind
    })
}

#[track_caller]
fn check(standard: &Standard, pod: &Value, given: &Given) {
    let resources = &pod["spec"]["containers"][0]["resources"];
    let expected = json!({given.resource: "1"});
    assert_eq!(resources["limits"], expected, "{pod}");
    assert_eq!(resources["requests"], expected, "{pod}");
    let node = pod["spec"]["nodeName"].as_str().expect("a node");
    let offer = standard.fleet.shape(node).offer(given.resource);
    let offer = offer.unwrap_or_else(|| panic!("{node} has no {}", given.resource));
    assert_eq!(offer.strategy, given.strategy, "{node}");
    assert!(
        offer.memory >= given.memory,
        "{node} gives {} MiB",
        offer.memory
    );
    let limit = variable(pod, "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT");
    assert_eq!(limit.is_some(), given.is_told, "{pod}");
    if let Some(limit) = limit {
        let number = limit.strip_prefix("0=").and_then(|l| l.strip_suffix('M'));
        let number: u64 = number.and_then(|n| n.parse().ok()).expect(limit);
        assert!(
            (given.memory..=offer.memory).contains(&number),
            "{limit} on {node}"
        );
    }
    let labels = &pod["metadata"]["labels"];
    let own = match given.strategy {
        "time-slicing" => &json!("ANY"),
        _ => &pod["metadata"]["namespace"],
    };
    assert_eq!(&labels["slicegate.dev/trust-boundary"], own, "{pod}");
    let receipt = &pod["metadata"]["annotations"]["slicegate.dev/decision"];
    assert!(receipt.is_string(), "{pod}");
}

fn limits(pod: &Value) -> &Value {
    &pod["spec"]["containers"][0]["resources"]["limits"]
}

fn variable<'p>(pod: &'p Value, name: &str) -> Option<&'p str> {
    let variables = pod["spec"]["containers"][0]["env"].as_array()?;
    let found = variables.iter().find(|v| v["name"] == name)?;
    found["value"].as_str()
}
