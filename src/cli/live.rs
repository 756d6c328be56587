//! What is there now, from a cluster or from what kubectl printed of one.

use std::time::Duration;

use anyhow::Context as _;
use tokio::runtime::{Builder, Runtime};

use super::args::{AuditArgs, ClusterArgs, StateArgs};
use super::input::{self, Ground};
use super::progress::Progress;
use crate::cluster::{Access, Cluster, Kind};
use crate::config::documents::{self, Input};
use crate::config::fleet::{self, FleetError};
use crate::config::pods::{self, PresentPod};
use crate::config::policy;
use crate::controllers::SHARING_POLICIES;
use crate::engine::supply::NodeView;
use crate::engine::{ClusterState, ExcludedNamespaces, Namespaces, Policy, RuntimeClasses};

/// How long an API server may be silent before people are told.
const SILENCE: Duration = Duration::from_secs(10);

/// What is judged against, and the pods that are there.
#[derive(Debug)]
pub(crate) struct Live {
    /// Policy, nodes and namespaces.
    pub ground: Ground,
    /// The pods that are not over.
    pub pods: Vec<PresentPod>,
}

/// Reads all of it, from the files that are named or else from the cluster, and of its pods what is worth keeping.
///
/// # Errors
/// When something cannot be read, or the namespace asked for is not there.
pub(crate) fn read(
    args: &AuditArgs,
    keep: fn(&PresentPod) -> bool,
    progress: &Progress,
) -> anyhow::Result<Live> {
    let live = match (&args.nodes, &args.namespaces, &args.pods) {
        (Some(nodes), Some(namespaces), Some(pods)) => {
            progress.say("reading files");
            let file = |path: &String| documents::read(std::slice::from_ref(path));
            let pods_input = file(pods);
            let policy = input::policy(args.policy.as_deref())?;
            let namespaces = (namespaces.as_str(), file(namespaces));
            let ground = ground(policy, args, (nodes, file(nodes)), namespaces)?;
            let mut pods = pods::of_files(pods_input).context("--pods")?;
            pods.retain(keep);
            Live { ground, pods }
        }
        _ => from_cluster(args, keep, progress)?,
    };
    match &args.namespace {
        Some(name) if !live.ground.namespaces.contains_key(name) => Err(no_namespace(name)),
        _ => Ok(live),
    }
}

fn no_namespace(name: &str) -> anyhow::Error {
    anyhow::anyhow!("there is no namespace {name}; kubectl get namespaces lists them")
}

/// A way to the cluster that was named.
pub(crate) async fn connect(args: &ClusterArgs) -> anyhow::Result<Cluster> {
    let access = Access {
        kubeconfig: args.kubeconfig.as_deref(),
        context: args.context.as_deref(),
        read_timeout: SILENCE,
    };
    Ok(Cluster::connect(access).await?)
}

/// What a judgement about boundaries is made against, and why nodes and quotas are not part of it, if they are not:
/// boundaries are no matter of them.
pub(crate) async fn boundaries_of(
    cluster: &Cluster,
    policy: Option<&str>,
    never: ExcludedNamespaces,
) -> anyhow::Result<(ClusterState, Option<String>)> {
    let source = cluster.address();
    let mut pages = cluster.list(Kind::NAMESPACES).await?;
    let policy = policy_of(cluster, policy).await?;
    let (nodes, unseen) = match cluster.list(Kind::NODES).await {
        Ok(nodes) => (nodes, None),
        Err(error) if error.is_answered() => (Vec::new(), Some(error.brief())),
        Err(error) => return Err(error.into()),
    };
    let unseen = match cluster.list(Kind::QUOTAS).await {
        Ok(quotas) => {
            pages.extend(quotas);
            unseen
        }
        Err(error) if error.is_answered() => unseen.or_else(|| Some(error.brief())),
        Err(error) => return Err(error.into()),
    };
    let views = fleet::namespace_views(source, input(source, &pages))?;
    let nodes = nodes_of(source, input(source, &nodes))?;
    let supply = fleet::supply(nodes, &policy);
    let namespaces = Namespaces::known(views).with_excluded_namespaces(never);
    Ok((ClusterState::new(policy, supply, namespaces), unseen))
}

/// What runs requests to a cluster, one after another.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build().context("failed to start")
}

/// The policy of a file, or the one that slicegate goes by in a cluster.
pub(crate) async fn policy_of(cluster: &Cluster, file: Option<&str>) -> anyhow::Result<Policy> {
    if file.is_some() {
        return input::policy(file);
    }
    let place = SHARING_POLICIES.named("default");
    match cluster.get(place).await? {
        None => input::policy(None),
        Some(text) => policy::read_object(&place.to_string(), &text).with_context(|| {
            format!("{place} cannot be taken; name the policy to judge by with --policy FILE")
        }),
    }
}

/// The nodes of a cluster, which may have none yet.
fn nodes_of(source: &str, input: Input) -> Result<Vec<NodeView>, FleetError> {
    match fleet::nodes(source, input) {
        Err(FleetError::None { .. }) => Ok(Vec::new()),
        nodes => nodes,
    }
}

fn from_cluster(
    args: &AuditArgs,
    keep: fn(&PresentPod) -> bool,
    progress: &Progress,
) -> anyhow::Result<Live> {
    runtime()?.block_on(async {
        let cluster = connect(&args.cluster).await?;
        let never = args.never_match.clone().unwrap_or_default();
        let ground = ground_of(&cluster, args.policy.as_deref(), never, progress).await?;
        let source = cluster.address();
        progress.say(format!("reading the pods of {source}"));
        // Who else is on a node has to be known to say whose boundaries meet there.
        let only = args.namespace.as_deref().filter(|_| !args.boundaries);
        let read = |page: String| -> anyhow::Result<Vec<PresentPod>> {
            let mut pods = pods::of_list(source, &page)?;
            pods.retain(keep);
            Ok(pods)
        };
        let pages = cluster.read_pages(Kind::PODS, only, read).await?;
        let pages: Vec<Vec<PresentPod>> = pages.into_iter().collect::<anyhow::Result<_>>()?;
        let pods = pages.into_iter().flatten().collect();
        Ok(Live { ground, pods })
    })
}

/// What a cluster says of nodes, namespaces and policy, for a review of manifests.
///
/// # Errors
/// When it cannot be asked.
pub(crate) fn review_ground(
    cluster: &ClusterArgs,
    args: &StateArgs,
    progress: &Progress,
) -> anyhow::Result<Ground> {
    runtime()?.block_on(async {
        let cluster = connect(cluster).await?;
        let never = args.never_match.clone().unwrap_or_default();
        ground_of(&cluster, args.policy.as_deref(), never, progress).await
    })
}

async fn ground_of(
    cluster: &Cluster,
    policy: Option<&str>,
    never: ExcludedNamespaces,
    progress: &Progress,
) -> anyhow::Result<Ground> {
    let source = cluster.address();
    progress.say(format!("reading nodes and namespaces of {source}"));
    let nodes = nodes_of(source, input(source, &cluster.list(Kind::NODES).await?))?;
    let mut pages = cluster.list(Kind::NAMESPACES).await?;
    pages.extend(cluster.list(Kind::QUOTAS).await?);
    let namespaces = fleet::namespace_views(source, input(source, &pages))?;
    let classes = match cluster.list(Kind::RUNTIME_CLASSES).await {
        Ok(pages) => fleet::runtime_classes(input(source, &pages))?,
        // Without them a class is judged by its name.
        Err(error) if error.is_forbidden() || error.is_not_found() => RuntimeClasses::default(),
        Err(error) => return Err(error.into()),
    };
    let policy = policy_of(cluster, policy).await?;
    Ok(Ground {
        supply: fleet::supply(nodes, &policy),
        policy,
        classes,
        namespaces,
        is_assumed: false,
        never,
    })
}

fn ground(
    policy: Policy,
    args: &AuditArgs,
    nodes: (&str, Input),
    namespaces: (&str, Input),
) -> anyhow::Result<Ground> {
    let nodes = fleet::nodes(nodes.0, nodes.1).context("--nodes")?;
    let views = fleet::namespace_views(namespaces.0, namespaces.1).context("--namespaces")?;
    Ok(Ground {
        supply: fleet::supply(nodes, &policy),
        policy,
        classes: RuntimeClasses::default(),
        namespaces: views,
        is_assumed: false,
        never: args.never_match.clone().unwrap_or_default(),
    })
}

/// Pages of an API server as one input; each page is a document of its own.
fn input(source: &str, pages: &[String]) -> Input {
    let mut whole = Input::default();
    for (index, page) in pages.iter().enumerate() {
        let mut input = documents::parse(source, page);
        for document in &mut input.documents {
            document.index = index;
        }
        whole.extend(input);
    }
    whole
}
