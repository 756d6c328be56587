//! `slicegate adopt`: gives the running GPU pods of a namespace their boundary label, and changes nothing else.

use std::collections::BTreeSet;

use anyhow::bail;
use serde_json::json;

use super::args::AdoptArgs;
use super::progress::Progress;
use super::render::adopt::{self as text, AdoptedPod, Counts};
use super::{DENIED, DONE, live, output};
use crate::cluster::{Cluster, DryRun, Kind, Patch};
use crate::config::pods::{self, PresentPod};
use crate::doctor::closed;
use crate::engine::ClusterState;
use crate::engine::audit::{self, Adoption};
use crate::engine::vocabulary::{Mode, names, shown};

/// How often a pod is read again that another client keeps changing.
const ATTEMPTS: usize = 5;

pub(crate) fn run(args: &AdoptArgs) -> anyhow::Result<u8> {
    live::runtime()?.block_on(adopt(args))
}

async fn adopt(args: &AdoptArgs) -> anyhow::Result<u8> {
    let cluster = live::connect(&args.cluster).await?;
    let progress = Progress::start(format!("reading {}", cluster.address()));
    let excluded = args.never_match.clone().unwrap_or_default();
    let (state, unseen) = live::adopt_state(&cluster, args.policy.as_deref(), excluded).await?;
    let (namespaces, pages) = namespaces_and_pods(args, &cluster, &state).await?;
    let mut pods = Vec::new();
    for page in &pages {
        pods.extend(pods::of_list(cluster.address(), page)?);
    }
    drop(progress);
    print(&format!("At {} as {}", cluster.address(), cluster.user()))?;
    pods.retain(|pod| namespaces.contains(&pod.namespace));
    let mut counts = Counts::default();
    for pod in pods {
        let name = format!("{}/{}", pod.namespace, pod.name);
        let adopted = adopt_pod(&cluster, &state, pod, args.dry_run).await?;
        counts.add(&adopted);
        if let Some(line) = text::line(&adopted, args.dry_run) {
            print(&format!("{name}: {line}"))?;
        }
    }
    print(&text::summary(&counts, namespaces.len(), args.dry_run))?;
    let mut is_closed = false;
    for name in &namespaces {
        if let Some(closed) = closed(&state, name) {
            is_closed = true;
            let mode = state.namespaces.mode(name, &state.policy).0;
            for line in text::closed(name, mode, closed) {
                print(&line)?;
            }
        }
    }
    if let Some(unseen) = unseen {
        print(&format!(
            "whether nodes serve the GPU pods to come was not judged: {unseen}"
        ))?;
    }
    let is_done = counts.left_alone == 0 && !is_closed;
    Ok(if is_done { DONE } else { DENIED })
}

fn print(line: &str) -> anyhow::Result<()> {
    output::print(&format!("{}\n", shown(line)))
}

/// The namespaces of the flags, and pages with their pods.
async fn namespaces_and_pods(
    args: &AdoptArgs,
    cluster: &Cluster,
    state: &ClusterState,
) -> anyhow::Result<(BTreeSet<String>, Vec<String>)> {
    if let Some(namespace) = args.namespace.as_ref().or(args.of.as_ref()) {
        if state.namespaces.view(namespace).is_none() {
            bail!("there is no namespace {namespace} at {}", cluster.address());
        }
        let pages = cluster.list_in(Kind::PODS, namespace).await?;
        return Ok((BTreeSet::from([namespace.clone()]), pages));
    }
    let names = state.namespaces.names().into_iter();
    let opted_in = names.filter(|name| state.namespaces.mode(name, &state.policy).0 != Mode::Off);
    let opted_in = opted_in.map(str::to_owned).collect();
    Ok((opted_in, cluster.list(Kind::PODS).await?))
}

/// Labels a pod, and reads it again if another client was faster.
async fn adopt_pod(
    cluster: &Cluster,
    state: &ClusterState,
    mut present: PresentPod,
    dry_run: bool,
) -> anyhow::Result<AdoptedPod> {
    let dry_run = if dry_run { DryRun::All } else { DryRun::No };
    for _ in 0..ATTEMPTS {
        let label = match label_of(state, &present)? {
            Ok(label) => label,
            Err(unchanged) => return Ok(unchanged),
        };
        // With the resourceVersion, exactly the pod that was judged is changed.
        let patch = json!({"metadata": {
            "resourceVersion": present.resource_version,
            "labels": {names::TRUST_BOUNDARY: label},
        }});
        let object_ref = Kind::PODS.within(&present.namespace, &present.name);
        let patched = cluster.patch(object_ref, Patch::Merge, patch.to_string(), dry_run);
        match patched.await {
            Ok(_) => return Ok(AdoptedPod::Labelled(label)),
            Err(error) if error.is_not_found() => return Ok(AdoptedPod::Gone),
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error.into()),
        }
        let current = cluster.get(object_ref).await?;
        let current = current.map(|text| pods::of_object(cluster.address(), &text));
        match current.transpose()?.flatten() {
            Some(changed) => present = changed,
            None => return Ok(AdoptedPod::Gone),
        }
    }
    Ok(AdoptedPod::KeepsChanging)
}

/// The label that a pod gets, or why it gets none.
fn label_of(
    state: &ClusterState,
    present: &PresentPod,
) -> anyhow::Result<Result<String, AdoptedPod>> {
    let pod = present.read()?;
    let label = || pod.label(names::TRUST_BOUNDARY).unwrap_or_default();
    Ok(match audit::adoption(state, &present.namespace, &pod) {
        Adoption::Label(label) => Ok(label.into_owned()),
        Adoption::NoGpu => Err(AdoptedPod::NoGpu),
        Adoption::Labelled => Err(AdoptedPod::AlreadyLabelled(label().to_owned())),
        Adoption::Differs { label, due } => {
            let due = due.map(|due| due.into_owned());
            Err(AdoptedPod::Differs(label.to_owned(), due))
        }
        Adoption::NoBoundary => Err(AdoptedPod::NoBoundary),
    })
}
