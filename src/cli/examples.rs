//! The end of each command's `--help`: examples to copy, and the exit status if it has a meaning.

pub(crate) const SLICEGATE: &str = "\
Examples:
  slicegate review -f pod.yaml
      shows what slicegate does with a pod
  slicegate policy default > policy.yaml
      a policy to start from
  slicegate explain mps-user
      explains a finding

Every command has --help with its own examples.";

pub(crate) const SERVE: &str = "\
Examples:
  slicegate serve --tls-secret slicegate-tls --keep-guard --keep-records --events
      in a pod of its cluster: it watches the cluster, and maintains its certificate, the guard in
      the API server, and its records; webhook-config/10-rbac.yaml has the permissions
  kubectl get nodes -o json > nodes.json
  kubectl get namespaces -o json > namespaces.json
  slicegate serve --tls-generate certificates --nodes nodes.json --namespaces namespaces.json
      for a test, with the built-in policy and a generated certificate
  slicegate serve --tls-cert /tls/tls.crt --tls-key /tls/tls.key --policy policy.yaml \\
    --nodes nodes.json --namespaces namespaces.json --log-format json
  curl --cacert certificates/ca.crt -H 'Content-Type: application/json' \\
    --data-binary @review.json https://localhost:8443/mutate
      sends by hand what an API server would send

slicegate checks files every second. If a file is bad, the last good one stays in force, and the log
says why. The same is true for a bad SharingPolicy in the cluster: its status says why.
While the API server is down, the last known state stays in force.
RUST_LOG sets the log level: info (default), warn, debug.
After SIGTERM it still answers for 3 s, then finishes the current requests within 15 s.

Exit status: 0 stopped by a signal, 2 could not start.";

pub(crate) const REVIEW: &str = "\
Examples:
  slicegate review -f pod.yaml
      uses the built-in policy and an assumed fleet
  kubectl get nodes -o yaml > nodes.yaml
  kubectl get namespaces -o yaml > namespaces.yaml
  slicegate review -f manifests/ --nodes nodes.yaml --namespaces namespaces.yaml
      uses the nodes and namespaces of a real cluster
  helm template my-chart | slicegate review -f - -n my-team --tier trusted-inference -o diff
      before you annotate anything: as if that namespace were enforced with this tier
  slicegate review -f manifests/ --context staging
      reads nodes, namespaces and policy from a cluster, and changes nothing there
  slicegate review -f manifests/ -o json | jq '.items[] | select(.outcome == \"denied\")'
      for a pipeline

The output begins with the GPUs that the pods request and take, times replicas. In -o json they are
in gpus, for each object and in the summary.

Exit status: 0 nothing denied, 1 something denied, 2 unreadable input, input without an object, or
wrong usage. Even then, it reports the objects that it could read.";

pub(crate) const AUDIT: &str = "\
Examples:
  slicegate audit
      what slicegate would do with the running GPU pods, if they were created now
  slicegate audit -n my-team --tier trusted-inference
      what these pods would get if the namespace were enforced with this tier
  slicegate audit --policy policy.yaml
      what another policy would change
  slicegate audit --boundaries
      every GPU node, the boundaries on it, and the pods that the guarantee does not cover
  slicegate audit --boundaries -o json | jq -r '.uncovered[] | .namespace + \"/\" + .name'
  kubectl get nodes -o json > nodes.json
  kubectl get namespaces -o json > namespaces.json
  kubectl get pods -A --show-managed-fields -o json > pods.json
  slicegate audit --boundaries --nodes nodes.json --namespaces namespaces.json --pods pods.json
      without a cluster; managed fields show which pods name their node themselves

It only reads: nodes, namespaces, pods, resourcequotas and runtimeclasses of the whole cluster, and
the policy. The ClusterRole slicegate-audit (webhook-config/55-audit-role.yaml) allows this.

With --boundaries, JSON and YAML are a BoundaryReport: summary {nodes, pods, covered, uncovered,
breaches, possibleBreaches, drifted}; nodes [{name, sells [{resource, strategy, product, count,
free}], unknown [{resource, reason}], doubted [{label, value, reason}], takesNewPods, hasHostname,
boundaries [{trustBoundary, pods, sharing}], breach, possibleBreach}]; breaches and possibleBreaches
[{node, trustBoundaries, pods [{namespace, name, label, trustBoundary}]}]; uncovered [{namespace,
name, node, mode, label, trustBoundary, holds, reasons [{reason, message, fix}]}]; drifted
[{namespace, name, node, label, trustBoundary, message, fix}].
holds is whole, slice, share, gone or unknown. Without --boundaries, JSON and YAML are an
AuditReport, in the form of a review. The text output shows similar pods as one entry.

A breach is a node that runs shared pods of two boundaries, and at least one of them is protected:
a pod has the label, or its namespace enforces. In a possible breach, nobody can say whether the
pods share a device.

Exit status: 0 nothing would be denied, or with --boundaries no breach and no possible breach;
1 otherwise; 2 it could not read something.";

pub(crate) const ADOPT: &str = "\
Examples:
  slicegate adopt my-team --dry-run
      shows what it would do
  slicegate adopt my-team
  kubectl annotate --overwrite namespace my-team slicegate.dev/mode=enforce
  slicegate adopt my-team
      again, for pods that were created in between
  slicegate adopt --all --context staging
      every namespace in enforce or dry-run, of another cluster

Each GPU pod without the label slicegate.dev/trust-boundary gets the label that it would get if it
were created now. adopt changes nothing else, and restarts no pod. It keeps existing labels, even if
the value is different. It needs the permissions of the ClusterRole slicegate-adopt
(webhook-config/50-adopt-role.yaml).

It also reports namespaces in which no new GPU pod can be created: if the tier is unknown, not
allowed, or served by no node, a namespace is closed as soon as it is enforced.

Exit status: 0 every GPU pod has its label; 1 a pod has another label or may not get one, or a
namespace is closed or will be closed once it is enforced; 2 the cluster could not be reached.";

pub(crate) const POLICY: &str = "\
Examples:
  slicegate policy default > policy.yaml
  slicegate policy check policy.yaml";

pub(crate) const POLICY_DEFAULT: &str = "\
Examples:
  slicegate policy default
  slicegate policy default > policy.yaml
      a policy to start from";

pub(crate) const POLICY_CHECK: &str = "\
Examples:
  slicegate policy check policy.yaml
  slicegate policy check policies/*.yaml
  helm template my-chart --show-only templates/policy.yaml | slicegate policy check -

Exit status: 0 all policies are valid, 2 otherwise.";

pub(crate) const RULES: &str = "\
Examples:
  slicegate rules
  slicegate rules -o json | jq -r '.items[].id'
  slicegate explain no-such-offer
      explains one of them";

pub(crate) const EXPLAIN: &str = "\
Examples:
  slicegate explain mps-user
  slicegate explain ask-invalid -o json | jq -r .examples.good";

pub(crate) const CERTS: &str = "\
Examples:
  slicegate certs | kubectl apply -f -
      completes an installation with your own certificate, after kubectl apply -k certs/files
  slicegate certs --days 90 -o json > certs.json
      this file contains a private key: protect it

The key of the authority exists only in memory, until the command ends, so nobody can sign with it
later. Therefore nothing renews the certificate: run the command again before it expires.";

pub(crate) const GUARD: &str = "\
Examples:
  slicegate guard | kubectl apply -f -
      for the built-in policy
  slicegate guard --policy policy.yaml | kubectl apply -f -
      for your own policy; run it again whenever the policy changes
  slicegate guard --policy policy.yaml | kubectl diff -f -
      shows whether the guard in the cluster matches this policy

Needs Kubernetes 1.30. The last two objects need Kubernetes 1.36: an older API server accepts the
others and reports that it does not know these.";

pub(crate) const DOCTOR: &str = "\
Examples:
  slicegate doctor
      the verdict, then every check; run it after an installation, and if there is a problem
  slicegate doctor --context staging --namespace gpu-sharing
      another cluster, in which slicegate runs in another namespace
  slicegate doctor -o json | jq '.checks[] | select(.status != \"ok\")'
      for a pipeline

It reads the cluster, and sends pods to the API server as a dry run, to see whether slicegate or the
guard denies them. It creates nothing. It needs the permissions of the ClusterRole slicegate-doctor
(webhook-config/60-doctor-role.yaml). If a permission is missing, it names it and how to grant it.

JSON and YAML are a DoctorReport: verdict {status, works, boundary, message}; summary {ok, warn,
fail, unseen}; cluster {server, by, user}; grant, a command, if this user may not see everything;
checks [{id, group, title, status, message, fix, command, follows, chapter}]. status is ok, warn or
fail; works is null if doctor could not see it; boundary is guaranteed, limited (warnings name the
exceptions), unknown or not-guaranteed; follows is the title of the check that caused this one.

Exit status: 0 no visible check fails; 1 a check fails, for example a namespace is closed; 2 the
cluster could not be reached, or this user may see nothing of it.";

pub(crate) const CATALOG: &str = "\
Examples:
  slicegate catalog
  slicegate catalog -o json | jq '.mig[] | select(.labels[] == \"NVIDIA-H200\")'
  slicegate catalog -o yaml | less";

pub(crate) const COMPLETIONS: &str = "\
Examples:
  source <(slicegate completions bash)
      for the current shell
  slicegate completions zsh > ~/.zfunc/_slicegate
  slicegate completions fish > ~/.config/fish/completions/slicegate.fish";
