//! Puts a new certificate in force as soon as there is one.

use std::sync::Arc;

use tracing::{error, info, warn};

use super::expiry::{DAY, ExpiryLog};
use super::serving::ServerCertificate;
use crate::server::log::LastProblem;
use crate::server::shared::Shared;

impl ServerCertificate {
    pub async fn renew(mut self, shared: Arc<Shared>) {
        // cert-manager renews when a third of the lifetime is left, and slicegate's own certificate lives a week: the
        // renewal failed if so little is left.
        let last_days = if self.is_from_files() { 7 } else { 1 };
        let mut expiry = ExpiryLog::new(last_days * DAY);
        let mut last_problem = LastProblem::default();
        loop {
            let refreshed = tokio::task::spawn_blocking(move || {
                let tls = self.refresh();
                (self, tls)
            });
            let Ok((certificate, tls)) = refreshed.await else {
                error!("reading the certificate failed; the one in force stays so until a restart");
                return;
            };
            self = certificate;
            match tls {
                Ok(tls) => {
                    last_problem.clear();
                    if let Some(tls) = tls {
                        shared.metrics.certificate_reload(true);
                        info!(
                            not_after = tls.not_after,
                            "a new certificate is in force for new connections"
                        );
                        shared.set_tls(tls.config, tls.not_after);
                    }
                }
                Err(problem) if last_problem.is_new(&problem) => {
                    shared.metrics.certificate_reload(false);
                    warn!(%problem, "the certificate was not taken, the one before stays in force; it is tried again");
                }
                Err(_) => {}
            }
            if let Some(not_after) = self.not_after {
                expiry.check(not_after);
            }
            self.changed().await;
        }
    }
}
