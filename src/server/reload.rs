//! Looks at the files again and again, and hands on what is new and good.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::Sender;
use tracing::{error, info, warn};

use super::certificate::{CertificateFiles, Reminder, Tls, TlsError};
use super::shared::Shared;
use super::world::{Change, Part, Refreshed, WorldFiles};

/// Polling is right under the links that the kubelet turns, where notifications are lost; a look costs a `stat`.
const EVERY: Duration = Duration::from_secs(1);

/// The certificate's files. Never ends by itself.
pub(super) async fn certificate(shared: Arc<Shared>, mut files: CertificateFiles) {
    let mut reminder = Reminder::default();
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
        take_certificate(&shared, tls);
    }
}

/// The files of the world. Never ends by itself.
pub(super) async fn world(shared: Arc<Shared>, mut files: WorldFiles, changes: Sender<Change>) {
    loop {
        for (part, when) in files.seen() {
            shared.metrics.seen(part, when);
        }
        tokio::time::sleep(EVERY).await;
        // Thousands of nodes take a while to read, and requests go on meanwhile.
        let looked = tokio::task::spawn_blocking(move || {
            let refreshed = files.refresh();
            (files, refreshed)
        });
        let Ok((kept, refreshed)) = looked.await else {
            error!("reading the files failed; what is in force stays so until a restart");
            return;
        };
        files = kept;
        let Refreshed {
            changes: new,
            refused,
        } = refreshed;
        for (part, problem) in refused {
            if part == Part::Policy {
                shared.metrics.policy_reload(false);
            }
            warn!(
                %problem,
                "the {} were not taken, those before stay in force",
                part.word()
            );
        }
        for change in new {
            // Whoever takes it in ends only with the server.
            let _ = changes.send(change).await;
        }
    }
}

fn take_certificate(shared: &Shared, tls: Result<Option<Tls>, TlsError>) {
    match tls {
        Ok(None) => {}
        Ok(Some(tls)) => {
            shared.set_tls(&tls);
            info!(
                not_after = tls.not_after,
                "a new certificate is in force for new connections"
            );
        }
        Err(problem) => {
            warn!(%problem, "the certificate was not taken, the one before stays in force");
        }
    }
}
