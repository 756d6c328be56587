//! `distributed-share`: refuses shares and MIG slices for the workers of a distributed job.

use super::workers;
use crate::engine::line::placement::Case;
use crate::engine::vocabulary::rule::{Rule, Severity};
use crate::engine::vocabulary::strategy::Strategy;

/// The rule.
pub static RULE: Rule = Rule {
    id: "distributed-share",
    default: Severity::Deny,
    always_denies: false,
    refuses: "a worker of a job with several workers on a share or a MIG slice",
    cause: "The pod looks like one worker of several: variables or flags for more than one node \
        or with another host's address, one that comes by valueFrom or stands in a shell's text \
        included; mpirun or horovodrun with more than one process; a model's pipeline or data \
        parallelism over Ray; an owner, label or variable of MPI, PyTorch and other training \
        operators, of Volcano, Grove, a JobSet or a LeaderWorkerSet; or RDMA, IMEX or a claim by \
        name beside the GPU. A count of 1, such as WORLD_SIZE=1, --nnodes=1 or the label \
        jobset.sigs.k8s.io/replicatedjob-replicas, beats a mere label or owner. NCCL needs whole \
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
        Strategy::Mig | Strategy::Mps | Strategy::TimeSlicing => worker(case),
    }
}

/// Why the pod looks like one worker of several, if it does.
pub fn worker<'c>(case: &'c Case<'_, '_>) -> Option<&'c str> {
    let worker = case.worker.get_or_init(|| workers::evidence(case.pod));
    worker.as_deref()
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
