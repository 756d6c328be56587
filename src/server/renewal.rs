//! Puts another certificate in force when there is one: from files that are looked at again and again, or as
//! slicegate's own authority signs it.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tracing::{error, info, warn};

use super::certificate::{CertificateFiles, KeptCertificate, Reminder, Tls, TlsError};
use super::shared::Shared;
use super::{CertificateSource, StartError};
use crate::controllers::certificate::{Settings, controller};
use crate::manifests::Service;

/// Polling is right under the links that the kubelet turns, where notifications are lost; a look costs a `stat`.
const EVERY: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The server's certificate, and what brings the next one.
pub(super) enum ServerCertificate {
    /// Somebody else brings it.
    Files(Box<CertificateFiles>),
    /// It is signed here.
    Kept(KeptCertificate, Pin<Box<dyn Future<Output = ()> + Send>>),
}

impl ServerCertificate {
    /// What is in files is in force at once; what is kept in a Secret has to come first.
    pub(super) fn open(
        source: CertificateSource,
        client_ca: Option<PathBuf>,
        namespace: &str,
        shared: &Shared,
    ) -> Result<Self, StartError> {
        match source {
            CertificateSource::Files(source) => {
                let (files, tls) = CertificateFiles::open(source, client_ca)?;
                shared.set_tls(&tls);
                Ok(Self::Files(Box::new(files)))
            }
            CertificateSource::Secret(secret) => {
                let cluster = shared.cluster.clone();
                let cluster = cluster.ok_or(StartError::Alone("--tls-secret"))?;
                let service = Service {
                    namespace,
                    ..Service::default()
                };
                let (shown, keeping) = controller(cluster, Settings::of(service, &secret));
                let kept = KeptCertificate::open(shown, client_ca)?;
                Ok(Self::Kept(kept, Box::pin(keeping)))
            }
        }
    }

    /// Never ends by itself.
    pub(super) fn start(self, shared: &Arc<Shared>, tasks: &mut JoinSet<()>) {
        let shared = Arc::clone(shared);
        match self {
            Self::Files(files) => {
                tasks.spawn(from_files(shared, *files));
            }
            Self::Kept(kept, keeping) => {
                tasks.spawn(keeping);
                tasks.spawn(from_secret(shared, kept));
            }
        }
    }
}

async fn from_files(shared: Arc<Shared>, mut files: CertificateFiles) {
    // cert-manager renews when a third of the time is left; what nobody renewed a week before its end, nobody will.
    let mut reminder = Reminder::before_the_last(7 * DAY);
    let mut taking = Taking::default();
    loop {
        reminder.of_the_end(files.not_after());
        tokio::time::sleep(EVERY).await;
        let looked = tokio::task::spawn_blocking(move || {
            let tls = files.refresh();
            (files, tls)
        });
        let Ok((kept, tls)) = looked.await else {
            error!("reading the certificate failed; the one in force stays so until a restart");
            return;
        };
        files = kept;
        taking.take(&shared, tls);
    }
}

async fn from_secret(shared: Arc<Shared>, mut kept: KeptCertificate) {
    // It is good for a week, and another one is signed when a third of that is left.
    let mut reminder = Reminder::before_the_last(DAY);
    let mut not_after = None;
    let mut taking = Taking::default();
    loop {
        let tls = kept.refresh();
        if let Ok(Some(tls)) = &tls {
            not_after = Some(tls.not_after);
        }
        taking.take(&shared, tls);
        if let Some(not_after) = not_after {
            reminder.of_the_end(not_after);
        }
        kept.wait(EVERY).await;
    }
}

/// What was said of a certificate that cannot be taken, so that it is not said at every try.
#[derive(Default)]
struct Taking {
    problem: Option<String>,
}

impl Taking {
    fn take(&mut self, shared: &Shared, tls: Result<Option<Tls>, TlsError>) {
        let problem = match tls {
            Ok(None) => None,
            Ok(Some(tls)) => {
                shared.set_tls(&tls);
                shared.metrics.certificate_reload(true);
                info!(
                    not_after = tls.not_after,
                    "a new certificate is in force for new connections"
                );
                None
            }
            Err(problem) => Some(problem.to_string()),
        };
        if let Some(problem) = problem
            .as_ref()
            .filter(|p| self.problem.as_ref() != Some(p))
        {
            shared.metrics.certificate_reload(false);
            warn!(%problem, "the certificate was not taken, the one before stays in force; it is tried again");
        }
        self.problem = problem;
    }
}
