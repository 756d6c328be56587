//! `distributed-share`: refuses shares and MIG slices for the workers of a distributed job.

use super::flags;
use crate::engine::case::Case;
use crate::engine::rule::{Rule, Severity};
use crate::engine::strategy::Strategy;
use crate::facts::Pod;
use crate::facts::pod::{Container, EnvVar};

/// The rule.
pub static RULE: Rule = Rule {
    id: "distributed-share",
    default: Severity::Deny,
    always_denies: false,
    refuses: "a worker of a job with several workers on a share or a MIG slice",
    cause: "The pod looks like one worker of several: rendezvous variables or flags for more than \
        one node, an owner or label of MPI, PyTorch or other training operators, of a JobSet or \
        a LeaderWorkerSet, or RDMA, IMEX or a claim by name beside the GPU. NCCL needs whole \
        devices. Shares and slices are taken out of the choice first; it is refused only when \
        nothing is left, or when a share was asked for explicitly.",
    risk: "Two workers could get shares of one GPU, and the job could fail or hang at its first \
        collective operation, after every GPU has been handed out.",
    fix: "Name a tier that lists exclusive, such as production, or run the job with one worker. \
        The administrator can set distributed-share to warn under rules in the policy.",
    bad: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: trusted-inference
spec:
  containers:
  - name: main
    image: registry.example/app:1
    command: [torchrun, --nnodes=2, --node-rank=1, --master-addr=job-0, train.py]
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
    good: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: production
spec:
  containers:
  - name: main
    image: registry.example/app:1
    command: [torchrun, --nnodes=2, --node-rank=1, --master-addr=job-0, train.py]
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
};

/// Why the pod looks like one worker of several, where a strategy hands out less than whole devices.
pub fn removes<'c>(case: &'c Case<'_, '_>, strategy: Strategy) -> Option<&'c str> {
    match strategy {
        Strategy::Exclusive => None,
        Strategy::Mig | Strategy::Mps | Strategy::TimeSlicing => {
            let worker = case.worker.get_or_init(|| evidence(case.pod));
            worker.as_deref()
        }
    }
}

/// What is said when nothing but shares was left.
pub fn text(evidence: &str) -> (String, String) {
    (
        format!(
            "{evidence}, so this looks like a worker of a job with several; NCCL needs whole devices"
        ),
        "name a tier that lists exclusive, or run the job with one worker".to_owned(),
    )
}

/// The first sign that the pod is one worker of several.
pub fn evidence(pod: &Pod<'_>) -> Option<String> {
    owner(pod)
        .or_else(|| label(pod))
        .or_else(|| claim(pod))
        .or_else(|| pod.containers().find_map(|(_, c)| in_container(c)))
}

/// Kinds whose pods are workers: kubeflow/training-operator, kubeflow/mpi-operator, kubeflow/trainer.
const WORKER_OWNERS: [&str; 11] = [
    "MPIJob",
    "PyTorchJob",
    "TFJob",
    "XGBoostJob",
    "PaddleJob",
    "JAXJob",
    "MXJob",
    "TrainJob",
    "JobSet",
    "LeaderWorkerSet",
    "ElasticJob",
];

/// Labels those operators, JobSet and LeaderWorkerSet put on their pods.
const WORKER_LABELS: [&str; 5] = [
    "training.kubeflow.org/job-name",
    "training.kubeflow.org/replica-type",
    "trainer.kubeflow.org/trainjob-ancestor-step",
    "jobset.sigs.k8s.io/jobset-name",
    "leaderworkerset.sigs.k8s.io/name",
];

fn owner(pod: &Pod<'_>) -> Option<String> {
    let mut kinds = pod.owners().iter().filter_map(|o| o.kind.as_deref());
    let kind = kinds.find(|kind| WORKER_OWNERS.contains(kind))?;
    Some(format!("it belongs to a {kind}"))
}

fn label(pod: &Pod<'_>) -> Option<String> {
    // A LeaderWorkerSet says how large its groups are; a group of one is no group.
    if pod.annotation("leaderworkerset.sigs.k8s.io/size") == Some("1") {
        return None;
    }
    let label = WORKER_LABELS
        .into_iter()
        .find(|key| pod.label(key).is_some())?;
    Some(format!("it has the label {label}"))
}

fn claim(pod: &Pod<'_>) -> Option<String> {
    let claims = pod.spec.as_ref()?.resource_claims.as_deref()?;
    let names = claims.iter().flat_map(|c| {
        [
            &c.name,
            &c.resource_claim_name,
            &c.resource_claim_template_name,
        ]
    });
    let mut names = names.filter_map(|n| n.as_deref());
    let name = names.find(|n| {
        ["imex", "compute-domain", "rdma"]
            .iter()
            .any(|w| n.contains(w))
    })?;
    Some(format!("it claims {name}"))
}

fn in_container(container: &Container<'_>) -> Option<String> {
    interconnect(container)
        .or_else(|| container.env().iter().find_map(variable))
        .or_else(|| in_flags(container))
}

fn interconnect(container: &Container<'_>) -> Option<String> {
    let limits = container.resources.as_ref()?.limits.as_ref()?;
    let fast =
        |name: &str| name.contains("rdma") || name.ends_with("/efa") || name.contains("infiniband");
    let (name, _) = limits
        .iter()
        .find(|(name, quantity)| fast(name) && *quantity != "0")?;
    Some(format!("it asks for {name}"))
}

fn variable(variable: &EnvVar<'_>) -> Option<String> {
    let (name, value) = (variable.name(), variable.literal()?);
    let several = match name {
        "WORLD_SIZE" | "NNODES" | "NUM_NODES" | "PET_NNODES" | "SLURM_NNODES" => is_several(value),
        "MASTER_ADDR"
        | "PET_MASTER_ADDR"
        | "PET_RDZV_ENDPOINT"
        | "RDZV_ENDPOINT"
        | "JAX_COORDINATOR_ADDRESS" => is_elsewhere(value),
        _ => false,
    };
    several.then(|| format!("it sets {name}={value}"))
}

fn in_flags(container: &Container<'_>) -> Option<String> {
    let (flag, value) = flags::find(container, |flag, value| {
        let says_so: fn(&str) -> bool = if flags::is_one_of(flag, &NODES) {
            is_several
        } else if flags::is_one_of(flag, &RANKS) {
            is_not_first
        } else if flags::is_one_of(flag, &ADDRESSES) {
            is_elsewhere
        } else {
            return None;
        };
        Some(value.word()).filter(|v| says_so(v)).map(str::to_owned)
    })?;
    Some(format!("it is run with --{flag} {value}"))
}

/// How many machines there are.
const NODES: [&str; 3] = ["nnodes", "num_nodes", "num_machines"];
/// Which of them this is.
const RANKS: [&str; 2] = ["node_rank", "machine_rank"];
/// Where the first of them is.
const ADDRESSES: [&str; 3] = ["master_addr", "rdzv_endpoint", "main_process_ip"];

fn is_not_first(value: &str) -> bool {
    value.parse::<u32>().is_ok_and(|rank| rank > 0)
}

/// More than one, or a range `min:max` that may become more; what is not a number yet says nothing.
fn is_several(value: &str) -> bool {
    let most = value.rsplit(':').next().unwrap_or(value);
    most.parse::<u32>().is_ok_and(|n| n > 1)
}

/// An address that is not this pod's own; a variable still to be expanded says nothing.
fn is_elsewhere(value: &str) -> bool {
    let host = value.rsplit_once(':').map_or(value, |(host, _)| host);
    let own = ["", "localhost", "127.0.0.1", "0.0.0.0", "::1", "[::1]"];
    !own.contains(&value) && !own.contains(&host) && !value.contains('$')
}
