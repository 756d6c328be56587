//! What the guard refuses while slicegate is not there to be asked: what stands in the pod, its namespace and the
//! policy alone, without any supply and without any other namespace.
//!
//! [`slicegate::cel::guard`] says the same as CEL for the API server. A test on a real one holds the two equal.

use std::collections::HashMap;

use slicegate::engine::edits;
use slicegate::engine::line::{
    DecisionInput, Limits, MpsUser, is_own_term, taken_by, takes_gpu, written_user,
};
use slicegate::engine::namespaces::{NamespaceView, Namespaces};
use slicegate::engine::relevance;
use slicegate::engine::relevance::pod_size;
use slicegate::engine::relevance::reserved;
use slicegate::engine::relevance::sharing_systems;
use slicegate::engine::request::tenancy;
use slicegate::engine::request::tenancy::own_boundary;
use slicegate::engine::rules;
use slicegate::engine::rules::check::{AllocatedDevice, PodContext};
use slicegate::engine::supply::NodeFilter;
use slicegate::engine::vocabulary::pod_limits::{CONTAINERS, ENTRIES, Limit};
use slicegate::engine::vocabulary::{
    BoundaryPlacement, Finding, Findings, Mode, Outsiders, Quantity, Rule, Severity, Strategy,
    names,
};
use slicegate::facts::Pod;
use slicegate::facts::pod::{Container, Place};

/// Why the guard refuses a pod.
#[derive(Clone, Copy, Debug)]
pub enum Refusal {
    /// It takes a GPU, and lacks a part of slicegate's stamp.
    Stamp,
    /// A rule refuses it.
    Rule(&'static Rule),
}

/// Everything for which the guard refuses a new pod; empty where it lets it pass.
pub fn guarded(question: &DecisionInput<'_>) -> Vec<Refusal> {
    let pod = question.pod;
    if question.is_mirror() || question.policy.mode == Mode::Off || !relevance::concerns_gpus(pod) {
        return Vec::new();
    }
    let alone = alone(question);
    let question = &DecisionInput {
        namespaces: &alone,
        ..*question
    };
    let enforced = alone.mode(question.namespace, question.policy).0 == Mode::Enforce;
    let marked = [names::TRUST_BOUNDARY, names::STRATEGY, names::MPS_USER];
    let denies = |rule| question.policy.severity(rule) == Severity::Deny;
    let marked = marked.iter().any(|key| pod.label(key).is_some())
        && denies(&rules::protected_metadata::RULE);
    let selects = (rules::reserved_selector::is_found(pod, &[])
        || pod_size::excess_of_repelled(pod).is_some())
        && denies(&rules::reserved_selector::RULE);
    if !enforced && !marked && !selects {
        return Vec::new();
    }
    // In other namespaces only what hides labels counts.
    let counts = |(limit, _): &(&'static Limit, usize)| {
        if enforced {
            limit.is_guarded
        } else {
            [&CONTAINERS, &ENTRIES]
                .iter()
                .any(|l| std::ptr::eq(*l, *limit))
        }
    };
    if pod_size::first(pod_size::of_pod(pod).filter(counts)).is_some() {
        return vec![Refusal::Rule(&rules::too_large::RULE)];
    }
    let takes = takes_gpu(pod);
    let is_foreign = sharing_systems::is_left_alone(pod, question.policy);
    let mut refusals = Vec::new();
    if enforced && !is_foreign {
        bypasses(question, &mut refusals);
    }
    match enforced && takes {
        true => stamp(question, is_foreign, &mut refusals),
        false => labels(question, enforced, is_foreign, &mut refusals),
    }
    selectors(question, enforced && takes && !is_foreign, &mut refusals);
    refusals
}

/// The namespaces as the guard sees them: the pod's own alone. Who consents to the boundary that it claims is not
/// visible, so anybody may join that one.
fn alone(question: &DecisionInput<'_>) -> Namespaces {
    let name = question.namespace;
    let mut views = HashMap::new();
    if let Some(own) = question.namespaces.view(name) {
        if let Some(claimed) = &own.trust_boundary {
            let bearer = NamespaceView {
                boundary_members: vec![names::ANYBODY.to_owned()],
                ..NamespaceView::default()
            };
            views.insert(claimed.clone(), bearer);
        }
        views.insert(name.to_owned(), own.clone());
    }
    let excluded = question.namespaces.excluded_namespaces().clone();
    Namespaces::known(views).with_excluded_namespaces(excluded)
}

/// Anti-affinity by slicegate's labels that the pod is not given. Where no label says whether its device is shared, it
/// may have been given the boundary's.
fn selectors(question: &DecisionInput<'_>, is_stamped: bool, refusals: &mut Vec<Refusal>) {
    let DecisionInput { policy, pod, .. } = *question;
    let may_share = strategy(pod).is_none_or(Strategy::is_shared);
    let by_terms = policy.placement.boundary == BoundaryPlacement::PodAntiAffinity;
    let boundary = boundary(question).filter(|_| by_terms);
    let user = pod.label(names::MPS_USER).filter(|user| !user.is_empty());
    let user = user.filter(|_| strategy(pod) == Some(Strategy::Mps));
    let given = [
        (names::TRUST_BOUNDARY, boundary.as_deref()),
        (names::MPS_USER, user),
    ];
    let given: Vec<(&str, &str)> = given
        .into_iter()
        .filter(|_| is_stamped && may_share)
        .filter_map(|(label, value)| Some((label, value?)))
        .collect();
    let mut findings = Findings::new(policy);
    rules::reserved_selector::check(pod, &given, &mut findings);
    if findings.deny() {
        refusals.push(Refusal::Rule(&rules::reserved_selector::RULE));
    }
}

/// The rules on bypasses, as far as the pod alone says what it holds.
fn bypasses(question: &DecisionInput<'_>, refusals: &mut Vec<Refusal>) {
    let DecisionInput { policy, pod, .. } = *question;
    let mut findings = Findings::new(policy);
    let is_mps = strategy(pod) == Some(Strategy::Mps);
    let anything = Limits {
        mib: None,
        mib_cap: u64::MAX,
        percent: None,
        percent_cap: 100,
    };
    let granted: Vec<(Place, Limits)> = match is_mps {
        true => takers(pod).map(|(place, _)| (place, anything)).collect(),
        false => Vec::new(),
    };
    let context = PodContext {
        takes_gpu: takes_gpu(pod),
        whole_gpus: match strategy(pod) {
            Some(Strategy::Exclusive) => whole_gpus(pod),
            _ => 0,
        },
        allocated: holds_part(pod).then_some(AllocatedDevice::Part),
        limits: &granted,
        ..PodContext::default()
    };
    rules::check_pod(question, context, &mut findings);
    let found = findings.into_list();
    let denials = found.iter().filter(|f| f.severity == Severity::Deny);
    let denials = denials.filter(|f| !is_expanded(pod, f));
    refusals.extend(denials.map(|f| Refusal::Rule(f.rule)));
    let hidden = is_mps && takers(pod).any(|(_, c)| rules::limit_env::hides_its_device(c));
    if hidden {
        add(question, &rules::limit_env::RULE, refusals);
    }
    if rules::runtime_class::hides(question) && shows_gpus(pod) {
        add(question, &rules::runtime_class::RULE, refusals);
    }
    for (name, rule) in [
        (reserved::DEVICES, &rules::visible_devices::RULE),
        (reserved::PIPES_NAME, &rules::host_device::RULE),
    ] {
        if pod.all_containers().any(|(_, c)| mounts_backwards(c, name)) {
            add(question, rule, refusals);
        }
    }
}

/// Whether a finding about a mount needs the value of a variable in its `subPathExpr`: CEL expands none.
fn is_expanded(pod: &Pod<'_>, finding: &Finding) -> bool {
    let is_over_the_pipe = finding.message.contains(" over the pipe of the MPS daemon");
    finding.rule.id == rules::host_device::RULE.id
        && !is_over_the_pipe
        && pod.all_containers().any(|(place, container)| {
            let mut mounts = container.mounts().iter().enumerate();
            mounts.any(|(index, mount)| {
                let expression = mount.sub_path_expr.as_deref().unwrap_or_default();
                mount.sub_path.as_deref().unwrap_or_default().is_empty()
                    && expression.contains("$(")
                    && finding.path == format!("{place}/volumeMounts/{index}")
            })
        })
}

/// Whether a container that takes no stock resource does not say that it sees no GPU.
fn shows_gpus(pod: &Pod<'_>) -> bool {
    let mut all = pod.all_containers();
    all.any(|(_, container)| rules::visible_devices::is_open(container))
}

/// CEL cannot tell where `..` leads to, so beside the name of a folder it counts as leading there.
fn mounts_backwards(container: &Container<'_>, name: &str) -> bool {
    let mounts = container.volume_mounts.iter().flatten();
    let mut paths = mounts.filter_map(|m| m.mount_path.as_deref());
    paths.any(|path| path.contains(name) && path.split('/').any(|part| part == ".."))
}

fn add(question: &DecisionInput<'_>, rule: &'static Rule, refusals: &mut Vec<Refusal>) {
    if question.policy.severity(rule) == Severity::Deny {
        refusals.push(Refusal::Rule(rule));
    }
}

/// Receipt, boundary label and terms of a pod that takes a stock resource.
fn stamp(question: &DecisionInput<'_>, is_foreign: bool, refusals: &mut Vec<Refusal>) {
    let DecisionInput { policy, pod, .. } = *question;
    let protected = &rules::protected_metadata::RULE;
    let Some(boundary) = boundary(question) else {
        refusals.push(Refusal::Rule(&rules::boundary_not_yours::RULE));
        return;
    };
    if is_foreign {
        if pod.label(names::TRUST_BOUNDARY) != Some(&boundary) {
            refusals.push(Refusal::Stamp);
        }
        if pod.label(names::STRATEGY).is_some() || pod.label(names::MPS_USER).is_some() {
            add(question, protected, refusals);
        }
        return;
    }
    let strategy = strategy(pod);
    let is_mps = strategy == Some(Strategy::Mps);
    let mut lacks = pod.annotation(names::DECISION).is_none();
    lacks |= !edits::markers_only(pod, policy, boundary.into(), may_share(pod)).is_empty();
    if is_mps {
        let users = takers(pod).map(|(place, _)| written_user(pod, place));
        let user = MpsUser::of(users).label();
        lacks |= pod.label(names::MPS_USER) != Some(&*user);
        let mut terms = pod.required_anti_affinity().iter();
        lacks |= !terms.any(|term| is_own_term(*term, names::MPS_USER, &user));
    }
    if lacks {
        refusals.push(Refusal::Stamp);
    }
    if pod.node_name().is_some() && may_share(pod) {
        add(question, &rules::node_name::RULE, refusals);
    }
    let unknown = pod.label(names::STRATEGY).is_some() && strategy.is_none();
    if unknown || !is_mps && pod.label(names::MPS_USER).is_some() {
        add(question, protected, refusals);
    }
}

/// The boundary label of a pod of an enforced namespace, whatever label it carries.
fn boundary(question: &DecisionInput<'_>) -> Option<String> {
    let DecisionInput {
        policy,
        namespaces,
        namespace,
        ..
    } = *question;
    let mut unsaid = Findings::new(policy);
    if namespaces.claim_problem(namespace, policy).is_some() {
        return None;
    }
    let tier = tenancy::tier(question, &mut unsaid);
    let own = tenancy::own(question, tier, &mut unsaid);
    own.map(std::borrow::Cow::into_owned)
}

/// Labels of a pod that slicegate gives none, or only the boundary's.
fn labels(
    question: &DecisionInput<'_>,
    enforced: bool,
    is_foreign: bool,
    refusals: &mut Vec<Refusal>,
) {
    let DecisionInput {
        policy,
        namespaces,
        namespace,
        pod,
        ..
    } = *question;
    let label = pod.label(names::TRUST_BOUNDARY);
    let given = match label {
        None => true,
        Some(label) if enforced => is_foreign && boundary(question).as_deref() == Some(label),
        Some(label) => {
            // Where its claim needs another's consent, an outsider may be given its own name as well.
            let free = namespaces.problem(namespace, namespace, policy).is_none();
            let own = own_boundary(question);
            // The guard knows no node: it believes slicegate's label on a pod that names one only where slicegate writes it.
            let is_sure = pod.node_name().is_none() || policy.outsiders == Outsiders::Label;
            let is_own = own.as_deref() == Some(label) || free && label == namespace;
            takes_gpu(pod) && is_sure && is_own
        }
    };
    let others = [names::STRATEGY, names::MPS_USER];
    if !given || others.iter().any(|key| pod.label(key).is_some()) {
        add(question, &rules::protected_metadata::RULE, refusals);
    }
}

fn strategy(pod: &Pod<'_>) -> Option<Strategy> {
    Strategy::from_word(pod.label(names::STRATEGY)?)
}

/// The containers that take a stock resource.
fn takers<'p, 'a>(pod: &'p Pod<'a>) -> impl Iterator<Item = (Place, &'p Container<'a>)> {
    let all = pod.containers();
    all.filter(|(_, container)| taken_by(container).next().is_some())
}

/// Whether its device may be shared, so that it needs the boundary's terms. Where only the node says whether it is,
/// and a DaemonSet's controller pinned the pod to it, nobody can tell.
fn may_share(pod: &Pod<'_>) -> bool {
    let by_name = |name: &str| name.ends_with(names::SHARED_SUFFIX);
    takers(pod).any(|(_, c)| taken_by(c).any(&by_name))
        || match strategy(pod) {
            Some(strategy) => strategy.is_shared(),
            None => !is_pinned(pod),
        }
}

fn is_pinned(pod: &Pod<'_>) -> bool {
    let filter = pod.spec.as_ref().map(NodeFilter::of).unwrap_or_default();
    rules::daemonset_share::pinned(pod, &filter).is_some()
}

/// Whether it holds a part of a device, a slice included.
fn holds_part(pod: &Pod<'_>) -> bool {
    let slices = || takers(pod).any(|(_, c)| taken_by(c).any(names::is_mig));
    takes_gpu(pod)
        && (may_share(pod) || strategy(pod) == Some(Strategy::Mig) || !is_pinned(pod) && slices())
}

/// Whole GPUs of the containers that run side by side.
fn whole_gpus(pod: &Pod<'_>) -> u64 {
    let beside = |place: Place, container: &Container<'_>| {
        place.kind == slicegate::facts::pod::ContainerKind::Main || container.is_sidecar(place)
    };
    let limit = |container: &Container<'_>| {
        let limits = container.resources.as_ref()?.limits.as_ref()?;
        Quantity::parse(limits.get(names::GPU)?).ok()?.as_whole()
    };
    let counts = pod.containers().filter(|(place, c)| beside(*place, c));
    let counts = counts.filter_map(|(_, c)| limit(c));
    counts.fold(0, u64::saturating_add)
}
