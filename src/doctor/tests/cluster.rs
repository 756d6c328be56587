//! What can be wrong with the policy, the guard, the nodes, and the pods that run.

use serde_json::json;

use super::super::Severity::{Fail, Ok as Good, Warn};
use super::super::gathered::Aim;
use super::super::{ProbeAnswer, Unseen};
use super::Case;
use super::healthy::{
    annotate, argument, claims, closing, found, label, mps_node, node, nodes, object, on, pod,
    quota, refused, sharing_policy, webhook, whole_alone, with_policy,
};

#[rustfmt::skip]
pub(super) const POLICY: &[Case] = &[
    (|g| quota(g, "team", &json!({"hard": {"pods": "0"}, "scopes": ["CrossNamespacePodAffinity"]})), "affinity-quotas", Fail, "ResourceQuota q of team allows no pod"),
    (|g| quota(g, "team", &json!({"hard": {"pods": "5"}, "scopeSelector": {"matchExpressions": [{"scopeName": "CrossNamespacePodAffinity", "operator": "Exists"}]}})), "affinity-quotas", Warn, "allows 5 pods"),
    (|g| quota(g, "off", &json!({"hard": {"pods": "0"}, "scopes": ["CrossNamespacePodAffinity"]})), "affinity-quotas", Good, "none is in the way"),
    (|g| quota(g, "team", &json!({"hard": {"pods": "0"}, "scopes": ["NotTerminating"]})), "affinity-quotas", Good, "none is in the way"),
    (|g| { with_policy(g, "{placement: {boundary: node-label}, tiers: [{name: batch, isolation: none, strategies: [time-slicing]}]}"); quota(g, "team", &json!({"hard": {"pods": "0"}, "scopes": ["CrossNamespacePodAffinity"]})); }, "affinity-quotas", Good, "node labels"),
    (|_| {}, "policy", Good, "the built-in one"),
    (|g| with_policy(g, "{mode: dry-run}"), "policy", Good, "policy.yaml as you say: default, mode dry-run"),
    (|g| with_policy(g, "{mode: sometimes}"), "policy", Fail, "the policy in force is not known"),
    (|g| argument(g, "--policy=/elsewhere/p.yaml"), "policy", Warn, "cannot be seen from here"),
    (|g| sharing_policy(g, "default", &json!({"type": "Accepted", "status": "True", "observedGeneration": 2})), "policy", Good, "SharingPolicy default, accepted"),
    (|g| sharing_policy(g, "default", &json!({"type": "Accepted", "status": "True", "observedGeneration": 1})), "policy", Warn, "has not looked at it yet"),
    (|g| sharing_policy(g, "default", &json!({"type": "Accepted", "status": "False", "message": "tier a is there twice"})), "policy", Fail, "tier a is there twice"),
    (|g| sharing_policy(g, "default", &json!({})), "policy", Warn, "no slicegate has said"),
    (|g| sharing_policy(g, "extra", &json!({})), "other-policies", Warn, "these do nothing: extra"),
    (|g| { sharing_policy(g, "default", &json!({})); with_policy(g, "{}"); }, "other-policies", Warn, "reads its policy from a file"),
    (|g| g.policies = Ok(None), "other-policies", Warn, "no kind SharingPolicy"),
    (|g| { g.policies = Ok(None); argument(g, "--policy=/x"); }, "other-policies", Good, "no kind SharingPolicy"),
    (|g| found(&mut g.namespaces)[0]["metadata"]["annotations"]["slicegate.dev/mode"] = "enforced".into(), "namespace-modes", Warn, "team says slicegate.dev/mode: \"enforced\""),
    (|g| found(&mut g.namespaces)[0]["metadata"]["annotations"]["slicegate.dev/trust-boundary"] = "off".into(), "namespace-boundaries", Fail, "team claims the boundary off, and no member of namespace off"),
    (|g| { claims(g, 0, "off"); annotate(g, 1, "boundary-members", "else, team"); }, "namespace-boundaries", Good, "every enforced namespace may have"),
    (|g| { claims(g, 0, "off"); claims(g, 1, "off"); }, "namespace-boundaries", Fail, "which names itself and by that consents to nothing"),
    (|g| claims(g, 0, "lab"), "namespace-boundaries", Fail, "no namespace bears that name and the policy does not list it"),
    (|g| { claims(g, 0, "lab"); with_policy(g, "{boundaryNames: open}"); }, "namespace-boundaries", Warn, "1 boundary name that no namespace bears: lab (team)"),
    (|g| { claims(g, 1, "team"); with_policy(g, "{boundaryNames: open}"); }, "namespace-boundaries", Good, "every enforced namespace may have"),
    (|g| { claims(g, 0, "lab"); with_policy(g, "{boundaryNames: open, boundaries: [{name: lab, namespaces: [team]}]}"); }, "namespace-boundaries", Good, "every enforced namespace may have"),
    (|g| claims(g, 0, "No Label"), "namespace-boundaries", Fail, "team claims the boundary \"No Label\", and that is no DNS label"),
    (|g| with_policy(g, "{boundaries: [{name: team, namespaces: [off]}]}"), "namespace-boundaries", Fail, "the policy keeps that name for others"),
    (|_| {}, "closed-namespaces", Good, "none: a plain GPU pod can be created in 1 namespace"),
    (|g| annotate(g, 0, "tier", "trusted-inferense"), "closed-namespaces", Fail, "no GPU pod can be created in team (2 GPU pods there): the namespace's tier \"trusted-inferense\" is not defined by policy default [tier-unknown]"),
    (|g| with_policy(g, "{tiers: [{name: gold, isolation: dedicated, strategies: [exclusive]}]}"), "closed-namespaces", Fail, "is not defined by policy default [tier-unknown]"),
    (|g| annotate(g, 0, "allowed-tiers", "gold"), "closed-namespaces", Fail, "tier trusted-inference is not allowed in this namespace [tier-not-allowed]"),
    (|g| annotate(g, 0, "allowed-tiers", "production"), "closed-namespaces", Fail, "[tier-not-allowed]"),
    (whole_alone, "closed-namespaces", Fail, "no GPU pod can be created in team (2 GPU pods there): no known node can ever serve"),
    (|g| { whole_alone(g); annotate(g, 0, "tier", "production"); }, "closed-namespaces", Good, "none"),
    (|g| { whole_alone(g); annotate(g, 0, "mode", "dry-run"); }, "closed-namespaces", Warn, "once enforced, no GPU pod could be created in team (2 GPU pods there): "),
    (|g| { whole_alone(g); annotate(g, 0, "mode", "off"); }, "closed-namespaces", Good, "no namespace opted in"),
    (|g| { annotate(g, 0, "tier", "x"); g.pods = Err(Unseen::unasked("x")); }, "closed-namespaces", Fail, "created in team: the namespace's tier"),
    (|g| { annotate(g, 0, "tier", "x"); annotate(g, 1, "tier", "x"); annotate(g, 1, "mode", "enforce"); }, "closed-namespaces", Fail, "created in off (0 GPU pods there), team (2 GPU pods there): "),
    (|g| found(&mut g.nodes).iter_mut().for_each(|node| node["spec"]["taints"] = json!([{"key": "sku", "value": "gpu", "effect": "NoSchedule"}])), "closed-namespaces", Good, "none"),
    (|g| { with_policy(g, "{defaultTier: regulated, tiers: [{name: regulated, isolation: hardware, strategies: [mig], share: {memory: 500Gi}}]}"); found(&mut g.namespaces)[0]["metadata"]["annotations"]["slicegate.dev/tier"].take(); }, "closed-namespaces", Fail, "no known node can ever serve"),
    (|g| claims(g, 0, "lab"), "closed-namespaces", Good, "none"),
    (|g| { found(&mut g.namespaces)[0]["metadata"]["annotations"].as_object_mut().unwrap().remove("slicegate.dev/tier"); }, "namespace-tiers", Warn, "1 namespace with a mode and no tier (team)"),
    (|g| { found(&mut g.namespaces)[0]["metadata"]["annotations"].as_object_mut().unwrap().remove("slicegate.dev/tier"); with_policy(g, "{defaultTier: batch, tiers: [{name: batch, isolation: none, strategies: [mps]}]}"); }, "namespace-tiers", Good, "every namespace with a mode"),
    (|g| { found(&mut g.namespaces)[0]["metadata"]["annotations"].as_object_mut().unwrap().remove("slicegate.dev/tier"); annotate(g, 0, "allowed-tiers", "batch"); }, "namespace-tiers", Good, "every namespace with a mode"),
    (|g| { found(&mut g.namespaces)[0]["metadata"]["annotations"].as_object_mut().unwrap().remove("slicegate.dev/mode"); }, "namespace-tiers", Warn, "1 namespace with a tier and no mode (team)"),
    (|g| annotate(g, 0, "allowed-tiers", "trusted-inference, prodution"), "namespace-tiers", Warn, "of team lists \"prodution\", which the policy does not have"),
    (|g| label(g, 1, "slicegate.dev/mode", "enforce"), "namespace-keys", Warn, "slicegate.dev/mode is a label of off, where it does nothing"),
    (|g| annotate(g, 0, "teir", "batch"), "namespace-keys", Warn, "slicegate.dev/teir of team is known to nobody"),
    (|g| annotate(g, 0, "gpu-memory", "4Gi"), "namespace-keys", Warn, "slicegate.dev/gpu-memory of team does nothing on a namespace"),
    (|_| {}, "boundary-members", Good, "no namespace lets others into its boundary"),
    (|g| annotate(g, 0, "boundary-members", "off"), "boundary-members", Good, "1 boundary name with members"),
    (|g| { annotate(g, 0, "boundary-members", "off, *"); claims(g, 1, "team"); }, "boundary-members", Warn, "any namespace may join the boundary team, and off did"),
    (|g| annotate(g, 0, "boundary-members", "off,Off,o-*"), "boundary-members", Warn, "what is no namespace: \"Off\", \"o-*\""),
    (|g| { annotate(g, 0, "boundary-members", "off"); with_policy(g, "{boundaries: [{name: team, namespaces: [team]}]}"); }, "boundary-members", Warn, "does nothing: the policy lists who may use that boundary"),
    (|g| quota(g, "team", &json!({"hard": {"requests.nvidia.com/gpu": "4"}})), "gpu-quotas", Warn, "the quota of team counts nvidia.com/gpu and not"),
    (|g| quota(g, "off", &json!({"hard": {"requests.nvidia.com/gpu": "4"}})), "gpu-quotas", Good, ""),
];

#[rustfmt::skip]
pub(super) const GUARD: &[Case] = &[
    (|g| object(g, "ValidatingAdmissionPolicy", "slicegate-stamp")["metadata"]["name"] = "x".into(), "guard-objects", Fail, "1 object missing: ValidatingAdmissionPolicy slicegate-stamp"),
    (|g| object(g, "ValidatingAdmissionPolicy", "slicegate-stamp")["metadata"]["annotations"]["slicegate.dev/policy-hash"] = "x".into(), "guard-objects", Fail, "of another policy"),
    (|g| object(g, "ValidatingAdmissionPolicyBinding", "slicegate-stamp")["spec"]["validationActions"] = json!(["Warn"]), "guard-objects", Fail, "changed by hand"),
    (|g| object(g, "ValidatingAdmissionPolicy", "slicegate-stamp")["spec"]["more"] = json!({}), "guard-objects", Good, "all 10"),
    (|g| with_policy(g, "{namespaceDefault: enforce}"), "guard-objects", Fail, "10 objects of another policy"),
    (|g| g.guard.iter_mut().for_each(|(_, found)| *found = Ok(Some(Vec::new()))), "guard-objects", Fail, "there is none"),
    (|g| g.guard[0].1 = Ok(None), "guard-objects", Fail, "no ValidatingAdmissionPolicy v1"),
    (|g| refused(g, Aim::Guard, "somebody else"), "guard-in-force", Warn, "somebody else refused"),
    (|g| g.tried.iter_mut().for_each(|t| t.answer = ProbeAnswer::Taken(Vec::new())), "guard-in-force", Fail, "bears a label of slicegate's"),
    (|g| refused(g, Aim::Guard, "admission webhook \"mutate.slicegate.dev\" denied the request: no"), "guard-in-force", Warn, "the guard was not seen"),
    (|g| with_policy(g, "{mode: \"off\"}"), "guard-in-force", Good, "not tried"),
    (|g| object(g, "MutatingAdmissionPolicy", "slicegate-receipt")["metadata"]["name"] = "x".into(), "guard-receipts", Fail, "forged stamp passes"),
    (|g| found(&mut g.version)["minor"] = "33".into(), "guard-receipts", Warn, "1.33 has no MutatingAdmissionPolicy v1"),
    (|g| { found(&mut g.version)["minor"] = "33".into(); webhook(g)["failurePolicy"] = "Fail".into(); }, "guard-receipts", Good, "failurePolicy: Fail closes that"),
];

#[rustfmt::skip]
pub(super) const SUPPLY: &[Case] = &[
    (|g| { node(g, &mps_node())["metadata"]["labels"].as_object_mut().unwrap().remove("kubernetes.io/hostname"); }, "node-labels", Warn, "without the label kubernetes.io/hostname"),
    (|g| with_policy(g, "{placement: {boundary: node-label}}"), "node-labels", Warn, "belong to no boundary"),
    (|g| g.nodes = Ok(Vec::new()), "gpu-nodes", Warn, "no node hands out GPUs"),
    (|g| node(g, &mps_node())["metadata"]["labels"]["nvidia.com/gpu.replicas"] = "64".into(), "gpu-nodes", Warn, "more MPS replicas"),
    (|g| node(g, &mps_node())["status"]["allocatable"]["nvidia.com/gpu.shared"] = "4000".into(), "gpu-nodes", Warn, "two models on one node"),
    (|g| { node(g, &mps_node())["status"]["allocatable"].take(); node(g, &mps_node())["metadata"]["labels"]["nvidia.com/gpu.present"] = "true".into(); }, "silent-nodes", Warn, "handing out none"),
    (|g| node(g, &mps_node())["metadata"]["labels"]["nvidia.com/gpu.memory"] = "42505273344".into(), "gpu-nodes", Warn, "label nvidia.com/gpu.memory=42505273344 is not the memory of one such GPU in MiB"),
    (|g| node(g, &mps_node())["metadata"]["labels"]["nvidia.com/vgpu.present"] = "true".into(), "gpu-nodes", Warn, "supply.vgpu is unknown"),
    (|g| { node(g, &mps_node())["metadata"]["labels"].as_object_mut().unwrap().shift_remove("nvidia.com/gpu.sharing-strategy"); }, "gpu-nodes", Warn, "its label nvidia.com/gpu.sharing-strategy is missing"),
    (|g| node(g, &mps_node())["metadata"]["labels"]["nvidia.com/gpu.sharing-strategy"] = "none".into(), "gpu-nodes", Warn, "it is a share by its name, and its label nvidia.com/gpu.sharing-strategy says none"),
    (|g| node(g, &mps_node())["metadata"]["labels"]["nvidia.com/mig.config.state"] = "failed".into(), "mig-state", Warn, "is failed on 1 node"),
    (|g| { let node = node(g, &mps_node()); let product = format!("{}-SHARED", node["metadata"]["labels"]["nvidia.com/gpu.product"].as_str().unwrap()); node["metadata"]["labels"]["nvidia.com/gpu.product"] = product.into(); let count = node["status"]["allocatable"]["nvidia.com/gpu.shared"].take(); node["status"]["allocatable"]["nvidia.com/gpu.shared"] = "0".into(); node["status"]["allocatable"]["nvidia.com/gpu"] = count; }, "renamed-shares", Warn, "shares or slices are advertised as nvidia.com/gpu"),
    (|g| g.nodes = Ok(vec![nodes().into_iter().find(|n| n["metadata"]["name"] == mps_node()).unwrap()]), "tiers", Warn, "cannot be served (regulated: nothing is handed out as mig or exclusive"),
    (|g| with_policy(g, "{tiers: [{name: huge, isolation: limited, strategies: [mps], share: {memory: 900Gi}}]}"), "tiers", Warn, "1 of 1 cannot be served (huge: none of what is handed out as mps has its default share"),
];

#[rustfmt::skip]
pub(super) const BOUNDARY: &[Case] = &[
    (|g| { found(&mut g.namespaces).remove(0); }, "enforced", Warn, "none is enforced"),
    (|g| argument(g, "--never-match=kube-system,team"), "enforced", Warn, "none is enforced"),
    (|g| found(&mut g.pods).push(pod("off", "c")), "breaches", Fail, "runs shared pods of 2 boundaries: off, team"),
    (|g| found(&mut g.pods).extend([on("lost", pod("team", "c")), on("lost", pod("off", "d"))]), "breaches", Warn, "node lost runs pods of 2 boundaries (off, team), and nobody can say"),
    (|g| found(&mut g.pods).extend([on("lost", pod("team", "c")), on("lost", pod("team", "d"))]), "breaches", Good, "none: 4 GPU pods"),
    (|g| { found(&mut g.pods).extend([on("lost", pod("team", "c")), on("lost", pod("off", "d"))]); found(&mut g.pods)[3]["metadata"]["labels"].take(); }, "outsiders", Warn, "on a node with a boundary's pods, and nobody can say whether they share a device: off/d"),
    (|g| { found(&mut g.pods)[0]["metadata"]["labels"].take(); }, "uncovered-pods", Warn, "1 GPU pod not covered, before-opt-in: team/a"),
    (|g| { found(&mut g.pods).push(pod("off", "c")); found(&mut g.pods)[2]["metadata"]["labels"].take(); }, "outsiders", Fail, "1 pod of namespaces that are not enforced beside a boundary's shares: off/c"),
    (|g| found(&mut g.pods).push(pod("off", "c")), "outsiders", Good, "no shared pod without a label"),
    (|g| with_policy(g, "{outsiders: label}"), "outsiders", Good, "are labelled"),
    (|_| {}, "closed-nodes", Good, "no pod closes"),
    (|g| found(&mut g.pods).push(closing("team", "team", Some("{}"))), "closed-nodes", Good, "no pod closes"),
    (|g| found(&mut g.pods).push(closing("team", "else", Some("{}"))), "closed-nodes", Warn, "1 pod with required anti-affinity to slicegate's labels, which closes nodes for others: team/closing"),
    (|g| { found(&mut g.pods).push(closing("team", "team", None)); found(&mut g.pods)[2]["spec"]["nodeName"].take(); }, "closed-nodes", Warn, "team/closing"),
    (|g| { found(&mut g.pods).push(closing("off", "off", Some("{}"))); found(&mut g.pods)[2]["spec"]["containers"] = json!([]); }, "closed-nodes", Warn, "off/closing"),
    (|g| { found(&mut g.pods).push(closing("team", "team", Some("{}"))); found(&mut g.pods)[2]["metadata"]["labels"]["slicegate.dev/strategy"] = "exclusive".into(); }, "closed-nodes", Warn, "team/closing"),
    (|g| { found(&mut g.pods).push(closing("team", "else", None)); found(&mut g.pods)[2]["status"]["phase"] = "Succeeded".into(); }, "closed-nodes", Good, "no pod closes"),
    (|g| with_policy(g, "{placement: {schedulers: [a, b]}}"), "schedulers", Warn, "lets a and b place shared pods"),
];
