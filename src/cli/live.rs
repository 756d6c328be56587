//! Reads nodes, namespaces, policy and pods of a cluster, or the output of kubectl.

use std::time::Duration;

use anyhow::Context as _;
use tokio::runtime::{Builder, Runtime};

use super::args::{AuditArgs, ClusterArgs, StateArgs};
use super::progress::Progress;
use super::state::{self, StateBuilder, file};
use crate::cluster::{Access, Cluster, ClusterError, Kind};
use crate::config::documents::{self, Input};
use crate::config::fleet::{self, FleetError};
use crate::config::pods::{self, PresentPod};
use crate::config::policy;
use crate::controllers::SHARING_POLICIES;
use crate::engine::supply::NodeView;
use crate::engine::{ClusterState, ExcludedNamespaces, Namespaces, Policy, RuntimeClasses};

/// The longest silence of an API server before the command fails.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// The cluster of an audit, and its pods that are not finished and that `keep` selects.
pub(crate) struct Live {
    pub(crate) state: StateBuilder,
    pub(crate) pods: Vec<PresentPod>,
}

/// Reads the files of the flags, or else the cluster. Fails if the namespace of the flags does not exist.
pub(crate) fn read(
    args: &AuditArgs,
    keep: fn(&PresentPod) -> bool,
    progress: &Progress,
) -> anyhow::Result<Live> {
    let live = match (&args.nodes, &args.namespaces, &args.pods) {
        (Some(nodes), Some(namespaces), Some(pods)) => {
            progress.say("reading files");
            of_files(args, keep, (nodes, namespaces, pods))?
        }
        _ => runtime()?.block_on(of_cluster(args, keep, progress))?,
    };
    match &args.namespace {
        Some(name) if !live.state.namespaces.contains_key(name) => {
            anyhow::bail!("there is no namespace {name}; kubectl get namespaces lists them")
        }
        _ => Ok(live),
    }
}

fn of_files(
    args: &AuditArgs,
    keep: fn(&PresentPod) -> bool,
    (nodes, namespaces, pods): (&String, &String, &String),
) -> anyhow::Result<Live> {
    let policy = state::policy(args.policy.as_deref())?;
    let nodes = fleet::nodes(nodes, &file(nodes)).context("--nodes")?;
    let namespaces =
        fleet::namespace_views(namespaces, &file(namespaces)).context("--namespaces")?;
    let mut pods = pods::of_files(&file(pods)).context("--pods")?;
    pods.retain(keep);
    let state = StateBuilder {
        supply: fleet::supply(nodes, &policy),
        policy,
        runtime_classes: RuntimeClasses::default(),
        namespaces,
        is_assumed: false,
        excluded_namespaces: args.never_match.clone().unwrap_or_default(),
    };
    Ok(Live { state, pods })
}

async fn of_cluster(
    args: &AuditArgs,
    keep: fn(&PresentPod) -> bool,
    progress: &Progress,
) -> anyhow::Result<Live> {
    let cluster = connect(&args.cluster).await?;
    let excluded = args.never_match.clone().unwrap_or_default();
    let state = state_of(&cluster, args.policy.as_deref(), excluded, progress).await?;
    let source = cluster.address();
    progress.say(format!("reading the pods of {source}"));
    // The boundaries on a node depend on the pods of all namespaces there.
    let only = args.namespace.as_deref().filter(|_| !args.boundaries);
    let read = |page: String| {
        let mut pods = pods::of_list(source, &page)?;
        pods.retain(keep);
        Ok(pods)
    };
    let pages = cluster.read_pages(Kind::PODS, only, read).await?;
    let pages: Vec<Vec<PresentPod>> = pages.into_iter().collect::<Result<_, FleetError>>()?;
    let pods = pages.into_iter().flatten().collect();
    Ok(Live { state, pods })
}

/// The cluster of a review.
pub(crate) fn review_state(
    cluster: &ClusterArgs,
    args: &StateArgs,
    progress: &Progress,
) -> anyhow::Result<StateBuilder> {
    runtime()?.block_on(async {
        let cluster = connect(cluster).await?;
        let excluded = args.never_match.clone().unwrap_or_default();
        state_of(&cluster, args.policy.as_deref(), excluded, progress).await
    })
}

async fn state_of(
    cluster: &Cluster,
    policy: Option<&str>,
    excluded_namespaces: ExcludedNamespaces,
    progress: &Progress,
) -> anyhow::Result<StateBuilder> {
    let source = cluster.address();
    progress.say(format!("reading nodes and namespaces of {source}"));
    let nodes = nodes_of(source, &cluster.list(Kind::NODES).await?)?;
    let mut pages = cluster.list(Kind::NAMESPACES).await?;
    pages.extend(cluster.list(Kind::QUOTAS).await?);
    let namespaces = fleet::namespace_views(source, &input(source, &pages))?;
    let runtime_classes = match cluster.list(Kind::RUNTIME_CLASSES).await {
        Ok(pages) => fleet::runtime_classes(&input(source, &pages))?,
        // Without them a class is judged by its name.
        Err(error) if error.is_forbidden() || error.is_not_found() => RuntimeClasses::default(),
        Err(error) => return Err(error.into()),
    };
    let policy = policy_of(cluster, policy).await?;
    Ok(StateBuilder {
        supply: fleet::supply(nodes, &policy),
        policy,
        runtime_classes,
        namespaces,
        is_assumed: false,
        excluded_namespaces,
    })
}

/// The cluster of `adopt`. Boundaries do not depend on nodes and quotas, so this works without them: the second value
/// says why they could not be read.
pub(crate) async fn adopt_state(
    cluster: &Cluster,
    policy: Option<&str>,
    excluded: ExcludedNamespaces,
) -> anyhow::Result<(ClusterState, Option<String>)> {
    let source = cluster.address();
    let mut unseen = None;
    let mut optional = |pages: Result<Vec<String>, ClusterError>| match pages {
        Err(error) if error.is_answered() => {
            unseen.get_or_insert(error.brief());
            Ok(Vec::new())
        }
        pages => pages,
    };
    let mut pages = cluster.list(Kind::NAMESPACES).await?;
    let policy = policy_of(cluster, policy).await?;
    let nodes = optional(cluster.list(Kind::NODES).await)?;
    pages.extend(optional(cluster.list(Kind::QUOTAS).await)?);
    let views = fleet::namespace_views(source, &input(source, &pages))?;
    let supply = fleet::supply(nodes_of(source, &nodes)?, &policy);
    let namespaces = Namespaces::known(views).with_excluded_namespaces(excluded);
    Ok((ClusterState::new(policy, supply, namespaces), unseen))
}

pub(crate) async fn connect(args: &ClusterArgs) -> anyhow::Result<Cluster> {
    let access = Access {
        kubeconfig: args.kubeconfig.as_deref(),
        context: args.context.as_deref(),
        read_timeout: READ_TIMEOUT,
    };
    Ok(Cluster::connect(access).await?)
}

pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build().context("failed to start")
}

/// The policy of a file, or the one in force in a cluster.
async fn policy_of(cluster: &Cluster, file: Option<&str>) -> anyhow::Result<Policy> {
    if file.is_some() {
        return state::policy(file);
    }
    let object_ref = SHARING_POLICIES.named("default");
    let Some(text) = cluster.get(object_ref).await? else {
        return state::policy(None);
    };
    policy::read_object(&object_ref.to_string(), &text).with_context(|| {
        format!("{object_ref} cannot be taken; name the policy to judge by with --policy FILE")
    })
}

/// The nodes of a cluster, which may have none yet.
fn nodes_of(source: &str, pages: &[String]) -> Result<Vec<NodeView>, FleetError> {
    match fleet::nodes(source, &input(source, pages)) {
        Err(FleetError::None { .. }) => Ok(Vec::new()),
        nodes => nodes,
    }
}

/// Pages of an API server as one input. Each page is a document.
fn input(source: &str, pages: &[String]) -> Input {
    let mut all = Input::default();
    for (index, page) in pages.iter().enumerate() {
        let mut input = documents::parse(source, page);
        for document in &mut input.documents {
            document.index = index;
        }
        all.extend(input);
    }
    all
}
