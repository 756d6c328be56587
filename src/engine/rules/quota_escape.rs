//! `quota-escape`: warns where a rewrite leaves the name that a quota counts.

use crate::engine::rule::{Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "quota-escape",
    default: Severity::Warn,
    always_denies: false,
    refuses: "a rewrite to a resource name that the namespace's quota does not count",
    cause: "A ResourceQuota of the namespace limits the resource the pod asked for, such as \
        requests.nvidia.com/gpu, and the pod is rewritten to another name, such as \
        nvidia.com/gpu.shared or nvidia.com/mig-1g.10gb, that no quota limits. Kubernetes counts \
        extended resources only by requests.<name>, and only the pod as it is after the \
        webhooks.",
    risk: "The namespace can take as many shares as there are: its GPU quota no longer limits it.",
    fix: "The author need not do anything. The administrator adds requests.<name> to the \
        ResourceQuota for every resource name that the nodes sell.",
    bad: r#"# namespace: slicegate.dev/mode: enforce
# Its ResourceQuota limits requests.nvidia.com/gpu; the nodes sell nvidia.com/mig-2g.20gb.
apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: regulated
spec:
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
    good: r#"# namespace: slicegate.dev/mode: enforce
# Its ResourceQuota limits requests.nvidia.com/gpu and requests.nvidia.com/mig-2g.20gb.
apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: regulated
spec:
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
};
