//! Where the API server is and who asks it: from a kubeconfig, or what a pod of the cluster is given.

use std::path::Path;
use std::time::Duration;

use kube::Config;
use kube::config::{Context, KubeConfigOptions, Kubeconfig, KubeconfigError};

use super::error::ClusterError;
use super::proxy;

/// How a cluster is found, and how long it may be silent.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// A kubeconfig; without it `$KUBECONFIG` or `~/.kube/config`, and else what a pod of the cluster is given.
    pub kubeconfig: Option<&'a Path>,
    /// One of its contexts; without it the current one.
    pub context: Option<&'a str>,
    /// How long nothing may come of what is read. What is written may take [`Self::WRITE`]: others are asked about it.
    pub silence: Duration,
}

impl Access<'_> {
    /// How long the API server may take to write, and all the webhooks that it asks before.
    pub const WRITE: Duration = Duration::from_secs(60);
}

/// As a process that stays finds it, which can wait.
impl Default for Access<'_> {
    fn default() -> Self {
        Self {
            kubeconfig: None,
            context: None,
            silence: Duration::from_secs(60),
        }
    }
}

/// The configuration, and who that is in words.
pub(super) async fn find(access: Access<'_>) -> Result<(Config, String), ClusterError> {
    let (mut config, who) = match access.kubeconfig {
        Some(path) => {
            let place = path.display().to_string();
            let read = Kubeconfig::read_from(path);
            let read = read.map_err(|e| ClusterError::kubeconfig(&place, &e))?;
            of(read, access.context, &place).await?
        }
        None => match Kubeconfig::read() {
            Ok(read) => of(read, access.context, "the kubeconfig").await?,
            Err(problem) => match access.context {
                None => inside(&problem)?,
                Some(_) => return Err(ClusterError::nowhere(&problem)),
            },
        },
    };
    config.connect_timeout = Some(access.silence);
    config.read_timeout = Some(access.silence);
    Ok((config, who))
}

async fn of(
    mut kubeconfig: Kubeconfig,
    wanted: Option<&str>,
    place: &str,
) -> Result<(Config, String), ClusterError> {
    if let Some(wanted) = wanted {
        let mut all = kubeconfig.contexts.iter();
        if !all.any(|c| c.name == wanted) {
            let names: Vec<&str> = kubeconfig.contexts.iter().map(|c| &*c.name).collect();
            return Err(ClusterError::no_context(place, wanted, &names));
        }
        kubeconfig.current_context = Some(wanted.to_owned());
    }
    let who = who(&kubeconfig, place);
    let has_own_proxy = has_own_proxy(&kubeconfig);
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    let mut config = config.map_err(|e| ClusterError::kubeconfig(place, &e))?;
    if !has_own_proxy && is_direct(&config) {
        config.proxy_url = None;
    }
    Ok((config, who))
}

/// What a pod is given, if this is one; else what was wrong with the kubeconfig.
fn inside(problem: &KubeconfigError) -> Result<(Config, String), ClusterError> {
    let config = Config::incluster().map_err(|_| ClusterError::nowhere(problem))?;
    Ok((config, "this pod's service account".to_owned()))
}

/// Whether the proxy of the environment is none for this API server.
fn is_direct(config: &Config) -> bool {
    let variable = |name| std::env::var(name).unwrap_or_default();
    let listed = variable("NO_PROXY") + "," + &variable("no_proxy");
    proxy::is_direct(config.cluster_url.host().unwrap_or_default(), &listed)
}

/// A proxy that the kubeconfig names for this cluster is used whatever the environment says.
fn has_own_proxy(kubeconfig: &Kubeconfig) -> bool {
    let Some(context) = context(kubeconfig) else {
        return false;
    };
    let mut clusters = kubeconfig.clusters.iter();
    let cluster = clusters.find(|c| c.name == context.cluster);
    cluster.is_some_and(|c| c.cluster.as_ref().is_some_and(|c| c.proxy_url.is_some()))
}

fn context(kubeconfig: &Kubeconfig) -> Option<&Context> {
    let current = kubeconfig.current_context.as_deref()?;
    let mut contexts = kubeconfig.contexts.iter();
    contexts.find(|c| c.name == current)?.context.as_ref()
}

/// `user dev (context work of /home/dev/.kube/config)`, as far as the file says.
fn who(kubeconfig: &Kubeconfig, place: &str) -> String {
    let name = kubeconfig.current_context.as_deref().unwrap_or_default();
    let user = context(kubeconfig).and_then(|c| c.user.as_deref());
    let user = user.unwrap_or("nobody");
    format!("user {user} (context {name} of {place})")
}
