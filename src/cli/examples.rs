//! What stands under each command's `--help`: examples to copy, and the exit status where it says something.

pub(crate) const SLICEGATE: &str = "\
Examples:
  slicegate review -f pod.yaml
      what would become of a pod
  slicegate policy default > policy.yaml
      a policy to start from
  slicegate explain mps-user
      what a finding means

Every command has --help with examples of its own.";

pub(crate) const SERVE: &str = "\
Examples:
  slicegate serve --tls-secret slicegate-tls --keep-guard --keep-records --events
      as a pod of its cluster: it watches what it judges by, keeps its certificate,
      the guard in the API server and what outlives it; webhook-config/10-rbac.yaml has its rights
  kubectl get nodes -o json > nodes.json
  kubectl get namespaces -o json > namespaces.json
  slicegate serve --tls-generate certificates --nodes nodes.json --namespaces namespaces.json
      with the built-in policy and a certificate of its own, for a try
  slicegate serve --tls-cert /tls/tls.crt --tls-key /tls/tls.key --policy policy.yaml \\
    --nodes nodes.json --namespaces namespaces.json --log-format json
  curl --cacert certificates/ca.crt -H 'Content-Type: application/json' \\
    --data-binary @review.json https://localhost:8443/mutate
      what an API server sends, by hand

Files are looked at every second. A bad one leaves the last good one in force, and the log says why.
A bad SharingPolicy of the cluster does so too; its status says why.
While the API server is away, what is known stays in force.
RUST_LOG says what is logged: info (unless it says otherwise), warn, debug.
SIGTERM ends it: 3 s more for clients that do not know yet, then at most 15 s for what was asked.

Exit status: 0 stopped as told, 2 could not start.";

pub(crate) const REVIEW: &str = "\
Examples:
  slicegate review -f pod.yaml
      against the built-in policy and an assumed fleet
  kubectl get nodes -o yaml > nodes.yaml
  kubectl get namespaces -o yaml > namespaces.yaml
  slicegate review -f manifests/ --nodes nodes.yaml --namespaces namespaces.yaml
      against a real cluster's nodes and namespaces
  helm template my-chart | slicegate review -f - -n my-team --tier trusted-inference -o diff
      before anything is annotated: as if that namespace were enforced with this tier
  slicegate review -f manifests/ --context staging
      against the nodes, namespaces and policy of a cluster, which it only reads
  slicegate review -f manifests/ -o json | jq '.items[] | select(.outcome == \"denied\")'
      for a pipeline

It begins with the GPUs that are asked for and taken, times replicas; -o json has them in gpus, of
each object and in the summary.

Exit status: 0 nothing denied, 1 something denied, 2 unreadable input, no object in it, or bad
usage. What could be read is reported even then.";

pub(crate) const AUDIT: &str = "\
Examples:
  slicegate audit
      what slicegate would make of the GPU pods that run now, if they were created now
  slicegate audit -n my-team --tier trusted-inference
      what they would get if that namespace were enforced with this tier
  slicegate audit --policy policy.yaml
      what another policy would change
  slicegate audit --boundaries
      every GPU node, the boundaries on it, and the pods that the guarantee does not cover
  slicegate audit --boundaries -o json | jq -r '.uncovered[] | .namespace + \"/\" + .name'
  kubectl get nodes -o json > nodes.json
  kubectl get namespaces -o json > namespaces.json
  kubectl get pods -A --show-managed-fields -o json > pods.json
  slicegate audit --boundaries --nodes nodes.json --namespaces namespaces.json --pods pods.json
      without the cluster; without managed fields, nobody can tell who named a node himself

It only reads: nodes, namespaces, pods, resourcequotas and runtimeclasses of the whole cluster, and
the policy. The ClusterRole slicegate-audit (webhook-config/55-audit-role.yaml) allows that.

With --boundaries, JSON and YAML are a BoundaryReport: summary {nodes, pods, covered, uncovered,
breaches}; nodes [{name, sells [{resource, strategy, product, count, free}], unknown [{resource,
reason}], takesNewPods, hasHostname, boundaries [{trustBoundary, pods, sharing}], breach}];
breaches [{node, trustBoundaries, pods [{namespace, name, label, trustBoundary}]}]; uncovered
[{namespace, name, node, mode, label, trustBoundary, holds, reasons [{reason, message, fix}]}].
holds is whole, slice, share, gone or unknown. Without it they are an AuditReport, in the form of a
review's, and for people pods alike are one entry.

A breach is a node that runs shared pods of two boundaries, one of which was promised that this
cannot be: it carries a label, or its namespace enforces.

Exit status: 0 nothing would be denied, with --boundaries no breach; 1 otherwise;
2 something could not be read.";

pub(crate) const ADOPT: &str = "\
Examples:
  slicegate adopt my-team --dry-run
      says what it would do
  slicegate adopt my-team
  kubectl annotate --overwrite namespace my-team slicegate.dev/mode=enforce
  slicegate adopt my-team
      once more, for the pods that came in between
  slicegate adopt --all --context staging
      every namespace that is enforced or in dry-run, of another cluster

Each GPU pod without the label slicegate.dev/trust-boundary is given the one it would get if it were
created now. Nothing else is changed, and no pod is restarted. A label that says something else is
left as it is. It needs the rights of the ClusterRole slicegate-adopt
(webhook-config/50-adopt-role.yaml).

It also says whether new GPU pods can be created there at all: where the tier is unknown, not
allowed, or served by no node, a namespace is closed as soon as it is enforced.

Exit status: 0 every GPU pod carries its label, 1 one of them carries another or may have none, or
a namespace is closed or will be once enforced, 2 the cluster could not be asked.";

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

Exit status: 0 all of them are good, 2 otherwise.";

pub(crate) const RULES: &str = "\
Examples:
  slicegate rules
  slicegate rules -o json | jq -r '.items[].id'
  slicegate explain no-such-offer
      more about one of them";

pub(crate) const EXPLAIN: &str = "\
Examples:
  slicegate explain mps-user
  slicegate explain ask-invalid -o json | jq -r .examples.good";

pub(crate) const CERTS: &str = "\
Examples:
  slicegate certs | kubectl apply -f -
      completes an installation with a certificate of your own, after kubectl apply -k certs/files
  slicegate certs --days 90 -o json > certs.json
      holds a private key: keep it as such

The authority's own key is made in memory and gone when the command ends, so nobody can sign with
it. For the same reason nobody renews the certificate: run it again before the days are over.";

pub(crate) const GUARD: &str = "\
Examples:
  slicegate guard | kubectl apply -f -
      for the built-in policy
  slicegate guard --policy policy.yaml | kubectl apply -f -
      for your own; again whenever it changes
  slicegate guard --policy policy.yaml | kubectl diff -f -
      whether the guard in the cluster is the one for this policy

Needs Kubernetes 1.30. The last two objects are of a kind that came with 1.36: an older API server
takes the others and says that it does not know these.";

pub(crate) const DOCTOR: &str = "\
Examples:
  slicegate doctor
      the verdict first, then every check; after an installation, and when something is wrong
  slicegate doctor --context staging --namespace gpu-sharing
      another cluster, where slicegate runs in another namespace
  slicegate doctor -o json | jq '.checks[] | select(.status != \"ok\")'
      for a pipeline

It reads, and offers the API server pods by dry run that somebody has to refuse, to see who does;
nothing is created. It needs the rights of the ClusterRole slicegate-doctor
(webhook-config/60-doctor-role.yaml); what it may not see it says, with what to grant.

JSON and YAML are a DoctorReport: verdict {status, works, boundary, message}; summary {ok, warn,
fail, unseen}; cluster {server, by, user}; grant, a command, where this user may not see all;
checks [{id, group, title, status, message, fix, command, follows, chapter}]. status is ok, warn or
fail; works is null where that could not be seen; boundary is guaranteed, limited (but for what
warnings say), unknown or not-guaranteed; follows is the title of the check that failed first.

Exit status: 0 nothing fails that could be seen, 1 something fails (a namespace that is closed,
too), 2 the cluster could not be asked, or this user may see nothing of it.";

pub(crate) const CATALOG: &str = "\
Examples:
  slicegate catalog
  slicegate catalog -o json | jq '.mig[] | select(.labels[] == \"NVIDIA-H200\")'
  slicegate catalog -o yaml | less";

pub(crate) const COMPLETIONS: &str = "\
Examples:
  source <(slicegate completions bash)
      for this shell
  slicegate completions zsh > ~/.zfunc/_slicegate
  slicegate completions fish > ~/.config/fish/completions/slicegate.fish";
