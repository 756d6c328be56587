//! Which API server, and as which user: from a kubeconfig, or from a pod's service account.

use std::path::Path;
use std::time::Duration;

use kube::Config;
use kube::config::{Context, KubeConfigOptions, Kubeconfig, KubeconfigError};

use super::error::{ClusterError, chain};
use super::proxy;

/// How the cluster is found, and how long a read may wait.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// A kubeconfig. Without it: `$KUBECONFIG`, then `~/.kube/config`, then the pod's service account.
    pub kubeconfig: Option<&'a Path>,
    /// A context of the kubeconfig. Without it: the current context.
    pub context: Option<&'a str>,
    /// How long a read may wait for bytes. A write may take [`Self::WRITE_TIMEOUT`].
    pub read_timeout: Duration,
}

impl Access<'_> {
    /// How long a write may take: the API server calls all webhooks before it answers.
    pub const WRITE_TIMEOUT: Duration = Duration::from_secs(60);
}

/// For a process that keeps running and can wait.
impl Default for Access<'_> {
    fn default() -> Self {
        Self {
            kubeconfig: None,
            context: None,
            read_timeout: Duration::from_secs(60),
        }
    }
}

/// The configuration, and the user in words.
pub(super) async fn find(access: Access<'_>) -> Result<(Config, String), ClusterError> {
    let (mut config, user) = match access.kubeconfig {
        Some(path) => {
            let place = path.display().to_string();
            let read = Kubeconfig::read_from(path);
            let read = read.map_err(|e| ClusterError::Kubeconfig(place.clone(), chain(&e)))?;
            from_kubeconfig(read, access.context, &place).await?
        }
        None => match Kubeconfig::read() {
            Ok(read) => from_kubeconfig(read, access.context, "the kubeconfig").await?,
            Err(problem) => match access.context {
                None => in_cluster(&problem)?,
                Some(_) => return Err(ClusterError::NotConfigured(chain(&problem))),
            },
        },
    };
    config.connect_timeout = Some(access.read_timeout);
    config.read_timeout = Some(access.read_timeout);
    Ok((config, user))
}

async fn from_kubeconfig(
    mut kubeconfig: Kubeconfig,
    wanted: Option<&str>,
    place: &str,
) -> Result<(Config, String), ClusterError> {
    if let Some(wanted) = wanted {
        let names: Vec<&str> = kubeconfig.contexts.iter().map(|c| &*c.name).collect();
        if !names.contains(&wanted) {
            let known = if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            };
            let (place, wanted) = (place.to_owned(), wanted.to_owned());
            return Err(ClusterError::NoContext(place, wanted, known));
        }
        kubeconfig.current_context = Some(wanted.to_owned());
    }
    let user = describe_user(&kubeconfig, place);
    let has_own_proxy = has_own_proxy(&kubeconfig);
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    let mut config = config.map_err(|e| ClusterError::Kubeconfig(place.to_owned(), chain(&e)))?;
    if !has_own_proxy && is_direct(&config) {
        config.proxy_url = None;
    }
    Ok((config, user))
}

/// The pod's service account; outside of a pod, the kubeconfig's problem.
fn in_cluster(problem: &KubeconfigError) -> Result<(Config, String), ClusterError> {
    let config = Config::incluster().map_err(|_| ClusterError::NotConfigured(chain(problem)))?;
    Ok((config, "this pod's service account".to_owned()))
}

/// Whether `NO_PROXY` excludes this API server.
fn is_direct(config: &Config) -> bool {
    let variable = |name| std::env::var(name).unwrap_or_default();
    let listed = variable("NO_PROXY") + "," + &variable("no_proxy");
    proxy::is_direct(config.cluster_url.host().unwrap_or_default(), &listed)
}

/// Whether the kubeconfig names a proxy for this cluster. The environment does not override that one.
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

/// `user dev (context work of /home/dev/.kube/config)`.
fn describe_user(kubeconfig: &Kubeconfig, place: &str) -> String {
    let name = kubeconfig.current_context.as_deref().unwrap_or_default();
    let user = context(kubeconfig).and_then(|c| c.user.as_deref());
    let user = user.unwrap_or("nobody");
    format!("user {user} (context {name} of {place})")
}
