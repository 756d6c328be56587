//! A certificate by an authority of slicegate's own, which is kept in a Secret and signs another before one ends.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;

use super::{Part, Tls, TlsError, config};
use crate::controllers::certificate::ServerIdentity;

/// What is shown, and whom clients are checked by.
pub(in crate::server) struct KeptCertificate {
    shown: watch::Receiver<Option<Arc<ServerIdentity>>>,
    client_ca: Option<Part>,
    /// What checks clients: made of the last good content of that file.
    verifier: Option<Arc<dyn ClientCertVerifier>>,
    /// Whether that is what stands in the file now. What is not good is tried again.
    is_checking: bool,
    is_new: bool,
}

impl KeptCertificate {
    /// Nothing is shown yet; the authorities of clients have to be good at once.
    pub(in crate::server) fn open(
        shown: watch::Receiver<Option<Arc<ServerIdentity>>>,
        client_ca: Option<PathBuf>,
    ) -> Result<Self, TlsError> {
        let mut kept = Self {
            shown,
            client_ca: client_ca.map(Part::new),
            verifier: None,
            is_checking: true,
            is_new: true,
        };
        kept.read_authorities()?;
        Ok(kept)
    }

    /// Waits until another one is shown, or for a while.
    pub(in crate::server) async fn wait(&mut self, time: Duration) {
        tokio::select! {
            Ok(()) = self.shown.changed() => self.is_new = true,
            () = tokio::time::sleep(time) => {}
        }
    }

    /// Looks at both again; what is new and good is handed out. A bad file of authorities is told of, and another
    /// certificate does not wait until it is good.
    pub(in crate::server) fn refresh(&mut self) -> Result<Option<Tls>, TlsError> {
        let authorities = self.read_authorities();
        let tls = match self.is_new {
            true => self.tls()?,
            false => None,
        };
        match (tls, authorities) {
            (Some(tls), _) => {
                self.is_new = false;
                Ok(Some(tls))
            }
            (None, authorities) => authorities.map(|()| None),
        }
    }

    fn read_authorities(&mut self) -> Result<(), TlsError> {
        let Some(part) = &mut self.client_ca else {
            return Ok(());
        };
        self.is_checking &= !part.read()?;
        if !self.is_checking {
            self.verifier = Some(super::verifier(part, super::provider())?);
            self.is_checking = true;
            self.is_new = true;
        }
        Ok(())
    }

    fn tls(&self) -> Result<Option<Tls>, TlsError> {
        let Some(identity) = self.shown.borrow().clone() else {
            return Ok(None);
        };
        let key = identity.key.clone_key();
        let config = config(identity.chain.clone(), key, self.verifier.clone())?;
        Ok(Some(Tls {
            config: Arc::new(config.map_err(TlsError::Own)?),
            not_after: identity.not_after,
        }))
    }
}
