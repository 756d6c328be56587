//! `slicegate adopt`: gives the GPU pods that already run in a namespace their boundary label, and nothing else.

use std::collections::BTreeSet;

use anyhow::bail;
use serde_json::json;

use super::args::AdoptArgs;
use super::live;
use super::progress::Progress;
use super::{DENIED, DONE, output};
use crate::cluster::{Cluster, DryRun, Kind, Patch};
use crate::config::pods::{self, PresentPod};
use crate::doctor::closed;
use crate::engine::ClusterState;
use crate::engine::audit::{self, Adoption};
use crate::engine::vocabulary::{Mode, names, shown};

/// How often a pod is read anew that somebody else keeps changing.
const ATTEMPTS: usize = 5;

/// Runs it and returns the exit status.
pub(crate) fn run(args: &AdoptArgs) -> anyhow::Result<u8> {
    live::runtime()?.block_on(adopt(args))
}

async fn adopt(args: &AdoptArgs) -> anyhow::Result<u8> {
    let cluster = live::connect(&args.cluster).await?;
    let progress = Progress::start(format!("reading {}", cluster.address()));
    let never = args.never_match.clone().unwrap_or_default();
    let (state, unseen) = live::boundaries_of(&cluster, args.policy.as_deref(), never).await?;
    let (namespaces, pages) = wanted(args, &cluster, &state).await?;
    let mut pods = Vec::new();
    for page in &pages {
        pods.extend(pods::of_list(cluster.address(), page)?);
    }
    drop(progress);
    say(&format!("At {} as {}", cluster.address(), cluster.user()))?;
    let dry_run = if args.dry_run {
        DryRun::All
    } else {
        DryRun::No
    };
    let mut counts = Counts::default();
    for pod in pods
        .into_iter()
        .filter(|pod| namespaces.contains(&pod.namespace))
    {
        let place = format!("{}/{}", pod.namespace, pod.name);
        let done = one(&cluster, &state, pod, dry_run).await?;
        counts.add(&done);
        if let Some(line) = done.line(args.dry_run) {
            say(&format!("{place}: {line}"))?;
        }
    }
    say(&counts.line(&namespaces, args.dry_run))?;
    let is_closed = warn_of_closed(&state, &namespaces)?;
    if let Some(unseen) = unseen {
        say(&format!(
            "whether nodes serve the GPU pods to come was not judged: {unseen}"
        ))?;
    }
    let is_done = counts.left == 0 && !is_closed;
    Ok(if is_done { DONE } else { DENIED })
}

fn say(line: &str) -> anyhow::Result<()> {
    output::print(&format!("{}\n", shown(line)))
}

/// The namespaces that were named, and pages that hold their pods.
async fn wanted(
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

/// Says of each namespace that is closed why, and what opens it; labels alone open none.
fn warn_of_closed(state: &ClusterState, namespaces: &BTreeSet<String>) -> anyhow::Result<bool> {
    let mut is_closed = false;
    for name in namespaces {
        let Some(closed) = closed(state, name) else {
            continue;
        };
        is_closed = true;
        let closes = match state.namespaces.mode(name, &state.policy).0 {
            Mode::Enforce => "is closed: no GPU pod can be created there",
            _ => "will be closed once it is enforced: no GPU pod could be created there",
        };
        say(&format!(
            "{name} {closes}: {} [{}]",
            closed.why, closed.rule
        ))?;
        say(&format!("  fix: {}", closed.fix))?;
        if let Some(command) = closed.command {
            say(&format!("    {command}"))?;
        }
    }
    Ok(is_closed)
}

/// How many pods came to what.
#[derive(Default)]
struct Counts {
    labelled: usize,
    already: usize,
    left: usize,
}

impl Counts {
    fn add(&mut self, done: &Done) {
        match done {
            Done::NoGpu | Done::Gone => {}
            Done::Labelled(_) => self.labelled += 1,
            Done::Already(_) => self.already += 1,
            Done::Differs(..) | Done::NoBoundary | Done::KeepsChanging => self.left += 1,
        }
    }

    fn line(&self, namespaces: &BTreeSet<String>, dry_run: bool) -> String {
        let Self {
            labelled,
            already,
            left,
        } = self;
        let places = match namespaces.len() {
            1 => "1 namespace".to_owned(),
            some => format!("{some} namespaces"),
        };
        let would = if dry_run { "would be " } else { "" };
        let all = self.labelled + already + left;
        let pods = match all {
            1 => "1 GPU pod".to_owned(),
            all => format!("{all} GPU pods"),
        };
        format!(
            "{pods} in {places}: {labelled} {would}labelled, {already} had their label, {left} left alone"
        )
    }
}

/// What became of a pod.
enum Done {
    NoGpu,
    Gone,
    Already(String),
    Labelled(String),
    Differs(String, Option<String>),
    NoBoundary,
    KeepsChanging,
}

impl Done {
    /// What is said of it; nothing of pods without a GPU.
    fn line(&self, dry_run: bool) -> Option<String> {
        let key = names::TRUST_BOUNDARY;
        let would = if dry_run {
            "would be labelled"
        } else {
            "labelled"
        };
        Some(match self {
            Self::NoGpu => return None,
            Self::Gone => "gone before it could be labelled".to_owned(),
            Self::Already(label) => format!("already carries {key}={label}"),
            Self::Labelled(label) => format!("{would} {key}={label}"),
            Self::Differs(label, Some(due)) => format!(
                "left alone: it carries {key}={label}, its namespace gives it {due}; delete the pod so that it is made anew"
            ),
            Self::Differs(label, None) => format!(
                "left alone: it carries {key}={label}, and its namespace may have no boundary"
            ),
            Self::NoBoundary => "left alone: its namespace may have neither the boundary it claims nor its own name; see the policy's boundaries".to_owned(),
            Self::KeepsChanging => {
                "left alone: somebody else kept changing it; run this again".to_owned()
            }
        })
    }
}

/// Labels one pod, reading it anew where somebody else was faster.
async fn one(
    cluster: &Cluster,
    state: &ClusterState,
    mut pod: PresentPod,
    dry_run: DryRun,
) -> anyhow::Result<Done> {
    for _ in 0..ATTEMPTS {
        let label = match decide(state, &pod)? {
            Ok(label) => label,
            Err(done) => return Ok(done),
        };
        // The version keeps what was judged and what is changed the same.
        let patch = json!({"metadata": {
            "resourceVersion": pod.resource_version,
            "labels": {names::TRUST_BOUNDARY: label},
        }});
        let place = Kind::PODS.within(&pod.namespace, &pod.name);
        let patched = cluster.patch(place, Patch::Merge, patch.to_string(), dry_run);
        match patched.await {
            Ok(_) => return Ok(Done::Labelled(label)),
            Err(error) if error.is_not_found() => return Ok(Done::Gone),
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error.into()),
        }
        match again(cluster, &pod).await? {
            Some(changed) => pod = changed,
            None => return Ok(Done::Gone),
        }
    }
    Ok(Done::KeepsChanging)
}

/// The label to give, or why none is to be given.
fn decide(state: &ClusterState, present: &PresentPod) -> anyhow::Result<Result<String, Done>> {
    let pod = present.read()?;
    Ok(match audit::adoption(state, &present.namespace, &pod) {
        Adoption::Label(label) => Ok(label.into_owned()),
        Adoption::NoGpu => Err(Done::NoGpu),
        Adoption::Labelled => {
            let label = pod.label(names::TRUST_BOUNDARY).unwrap_or_default();
            Err(Done::Already(label.to_owned()))
        }
        Adoption::Differs { label, due } => Err(Done::Differs(
            label.to_owned(),
            due.map(|due| due.into_owned()),
        )),
        Adoption::NoBoundary => Err(Done::NoBoundary),
    })
}

/// The pod as it is now; none where it is gone or over.
async fn again(cluster: &Cluster, pod: &PresentPod) -> anyhow::Result<Option<PresentPod>> {
    let place = Kind::PODS.within(&pod.namespace, &pod.name);
    let Some(text) = cluster.get(place).await? else {
        return Ok(None);
    };
    Ok(pods::of_object(cluster.address(), &text)?)
}
