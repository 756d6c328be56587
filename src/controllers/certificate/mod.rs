//! slicegate's own certificate authority in a Secret, and the caBundle by which API servers trust it.
//!
//! Every replica signs its own serving certificate in memory with the authority in the Secret. There is no leader: the
//! first replica generates the next authority, and the others use it. The Secret and the webhook configurations are the
//! only state.

mod authorities;
mod bundle;
mod identity;
mod lifetimes;
mod plan;
mod reconcile;
mod registration;
mod replica;
mod secret;
mod settings;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::sync::watch;

use crate::cluster::Cluster;

pub use identity::ServerIdentity;
pub use lifetimes::Lifetimes;
pub use settings::Settings;

/// The controller of the certificate: the active certificate as it changes, and the work, which never ends by itself.
///
/// There is no certificate until the authority is in the Secret and in the caBundle of every webhook configuration that
/// exists. After a failure, the controller logs it and tries again; the active certificate stays.
pub fn controller(
    cluster: Cluster,
    settings: Settings,
) -> (
    watch::Receiver<Option<Arc<ServerIdentity>>>,
    impl Future<Output = ()> + Send + 'static,
) {
    let (sender, receiver) = watch::channel(None);
    (receiver, reconcile::run(cluster, settings, sender))
}
