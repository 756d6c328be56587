//! A certificate by an authority of slicegate's own, which is kept in a Secret and signs another before one ends.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::{Part, Tls, TlsError, config};
use crate::upkeep::certificate::ServerIdentity;

/// What is shown, and whom clients are checked by.
pub(in crate::server) struct KeptCertificate {
    shown: watch::Receiver<Option<Arc<ServerIdentity>>>,
    client_ca: Option<Part>,
    is_new: bool,
}

impl KeptCertificate {
    /// Nothing is shown yet; the authorities of clients have to be good at once.
    pub(in crate::server) fn open(
        shown: watch::Receiver<Option<Arc<ServerIdentity>>>,
        client_ca: Option<PathBuf>,
    ) -> Result<Self, TlsError> {
        let mut client_ca = client_ca.map(Part::new);
        if let Some(part) = &mut client_ca {
            part.read()?;
            super::verifier(part, super::provider())?;
        }
        Ok(Self {
            shown,
            client_ca,
            is_new: true,
        })
    }

    /// Waits until another one is shown, or for a while.
    pub(in crate::server) async fn wait(&mut self, time: Duration) {
        tokio::select! {
            Ok(()) = self.shown.changed() => self.is_new = true,
            () = tokio::time::sleep(time) => {}
        }
    }

    /// Looks at both again; what is new and good is handed out.
    pub(in crate::server) fn refresh(&mut self) -> Result<Option<Tls>, TlsError> {
        let is_new = std::mem::take(&mut self.is_new);
        let client_ca = self.client_ca.as_mut().map_or(Ok(false), Part::read)?;
        if !is_new && !client_ca {
            return Ok(None);
        }
        let Some(identity) = self.shown.borrow().clone() else {
            return Ok(None);
        };
        let key = identity.key.clone_key();
        let config = config(identity.chain.clone(), key, self.client_ca.as_ref())?;
        Ok(Some(Tls {
            config: Arc::new(config.map_err(TlsError::Own)?),
            not_after: identity.not_after,
        }))
    }
}
