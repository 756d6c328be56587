//! Where the API server is and who asks it: from a kubeconfig, or what a pod of the cluster is given.

use std::path::Path;
use std::time::Duration;

use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};

use super::error::ClusterError;

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
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    let config = config.map_err(|e| ClusterError::kubeconfig(place, &e))?;
    Ok((config, who))
}

/// What a pod is given, if this is one; else what was wrong with the kubeconfig.
fn inside(problem: &KubeconfigError) -> Result<(Config, String), ClusterError> {
    let config = Config::incluster().map_err(|_| ClusterError::nowhere(problem))?;
    Ok((config, "this pod's service account".to_owned()))
}

/// `user dev (context work of /home/dev/.kube/config)`, as far as the file says.
fn who(kubeconfig: &Kubeconfig, place: &str) -> String {
    let context = kubeconfig.current_context.as_deref().unwrap_or_default();
    let mut contexts = kubeconfig.contexts.iter();
    let named = contexts.find(|c| c.name == context);
    let user = named.and_then(|c| c.context.as_ref()?.user.as_deref());
    let user = user.unwrap_or("nobody");
    format!("user {user} (context {context} of {place})")
}
