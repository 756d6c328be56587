//! Where the API server is and who asks it: from a kubeconfig, or what a pod of the cluster is given.

use std::path::Path;
use std::time::Duration;

use kube::Config;
use kube::config::{Context, KubeConfigOptions, Kubeconfig, KubeconfigError};

use super::error::ClusterError;
use super::proxy;

/// How long the API server may take for a page.
const ANSWER: Duration = Duration::from_secs(60);

/// The configuration, and who that is in words.
pub(super) async fn find(kubeconfig: Option<&Path>) -> Result<(Config, String), ClusterError> {
    let (mut config, who) = match kubeconfig {
        Some(path) => {
            let place = path.display().to_string();
            let read = Kubeconfig::read_from(path);
            of(
                read.map_err(|e| ClusterError::kubeconfig(&place, &e))?,
                &place,
            )
            .await?
        }
        None => match Kubeconfig::read() {
            Ok(read) => of(read, "the kubeconfig").await?,
            Err(problem) => inside(&problem)?,
        },
    };
    config.read_timeout = Some(ANSWER);
    Ok((config, who))
}

async fn of(kubeconfig: Kubeconfig, place: &str) -> Result<(Config, String), ClusterError> {
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
