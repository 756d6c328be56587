//! What is there now, from a cluster or from what kubectl printed of one.

use std::time::Duration;

use anyhow::Context as _;
use tokio::runtime::{Builder, Runtime};

use super::args::{AuditArgs, ClusterArgs};
use super::input;
use super::progress::Progress;
use crate::admission::World;
use crate::cluster::{Access, Cluster, Kind};
use crate::config::documents::{self, Input};
use crate::config::fleet::{self, FleetError};
use crate::config::pods::{self, PresentPod};
use crate::config::policy;
use crate::engine::supply::NodeView;
use crate::engine::{Namespaces, NeverMatched, Policy};
use crate::upkeep::SHARING_POLICIES;

/// How long an API server may be silent before people are told.
const SILENCE: Duration = Duration::from_secs(10);

/// What is judged against, and the pods that are there.
#[derive(Debug)]
pub(crate) struct Live {
    /// Policy, nodes and namespaces.
    pub world: World,
    /// The pods that are not over.
    pub pods: Vec<PresentPod>,
}

/// Reads all of it, from the files that are named or else from the cluster.
pub(crate) fn read(args: &AuditArgs) -> anyhow::Result<Live> {
    let policy = args.policy.as_deref();
    let never = args.never_match.clone().unwrap_or_default();
    match (&args.nodes, &args.namespaces, &args.pods) {
        (Some(nodes), Some(namespaces), Some(pods)) => {
            let file = |path: &String| documents::read(std::slice::from_ref(path));
            let pods_input = file(pods);
            let policy = input::policy(policy)?;
            let namespaces = (namespaces.as_str(), file(namespaces));
            let world = world(policy, never, (nodes, file(nodes)), namespaces)?;
            let pods = pods::present(pods_input).context("--pods")?;
            Ok(Live { world, pods })
        }
        _ => from_cluster(&args.cluster, policy, never),
    }
}

/// A way to the cluster that was named.
pub(crate) async fn connect(args: &ClusterArgs) -> anyhow::Result<Cluster> {
    let access = Access {
        kubeconfig: args.kubeconfig.as_deref(),
        context: args.context.as_deref(),
        silence: SILENCE,
    };
    Ok(Cluster::connect(access).await?)
}

/// What a judgement about boundaries is made against, and why nodes and quotas are not part of it, if they are not:
/// boundaries are no matter of them.
pub(crate) async fn boundaries_of(
    cluster: &Cluster,
    policy: Option<&str>,
    never: NeverMatched,
) -> anyhow::Result<(World, Option<String>)> {
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
    let namespaces = Namespaces::known(views).with_never_matched(never);
    Ok((World::new(policy, supply, namespaces), unseen))
}

/// The pods of pages of an API server.
pub(crate) fn pods(cluster: &Cluster, pages: &[String]) -> anyhow::Result<Vec<PresentPod>> {
    Ok(pods::present(input(cluster.address(), pages))?)
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
    cluster: &ClusterArgs,
    policy: Option<&str>,
    never: NeverMatched,
) -> anyhow::Result<Live> {
    runtime()?.block_on(async {
        let cluster = connect(cluster).await?;
        let source = cluster.address();
        let progress = Progress::start(format!("reading nodes and namespaces of {source}"));
        let nodes = input(source, &cluster.list(Kind::NODES).await?);
        let mut pages = cluster.list(Kind::NAMESPACES).await?;
        pages.extend(cluster.list(Kind::QUOTAS).await?);
        let policy = policy_of(&cluster, policy).await?;
        let world = world(
            policy,
            never,
            (source, nodes),
            (source, input(source, &pages)),
        )?;
        progress.say(format!("reading the pods of {source}"));
        let pods = pods(&cluster, &cluster.list(Kind::PODS).await?)?;
        Ok(Live { world, pods })
    })
}

fn world(
    policy: Policy,
    never: NeverMatched,
    nodes: (&str, Input),
    namespaces: (&str, Input),
) -> anyhow::Result<World> {
    let nodes = fleet::nodes(nodes.0, nodes.1).context("nodes")?;
    let views = fleet::namespace_views(namespaces.0, namespaces.1).context("namespaces")?;
    let supply = fleet::supply(nodes, &policy);
    let namespaces = Namespaces::known(views).with_never_matched(never);
    Ok(World::new(policy, supply, namespaces))
}

/// Pages of an API server as one input; each page is a document of its own.
fn input(source: &str, pages: &[String]) -> Input {
    let mut whole = Input::default();
    for (index, page) in pages.iter().enumerate() {
        let mut input = documents::parse(source, page);
        for document in &mut input.documents {
            document.index = index;
        }
        whole.documents.extend(input.documents);
        whole.errors.extend(input.errors);
    }
    whole
}
