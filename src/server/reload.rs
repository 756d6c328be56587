//! Looks at the files again and again, and puts in force what is new and good.

use std::sync::Arc;
use std::time::Duration;

use tracing::{error, info, warn};

use super::certificate::{CertificateFiles, Reminder, Tls, TlsError};
use super::shared::Shared;
use super::world::{Part, Refreshed, WorldFiles};

/// Polling is right under the links that the kubelet turns, where notifications are lost; a look costs a `stat`.
const EVERY: Duration = Duration::from_secs(1);

/// Never ends by itself.
pub(super) async fn forever(
    shared: Arc<Shared>,
    mut certificate: CertificateFiles,
    mut world: WorldFiles,
) {
    let mut reminder = Reminder::default();
    loop {
        reminder.of_the_end(certificate.not_after());
        tokio::time::sleep(EVERY).await;
        // Thousands of nodes take a while to read, and requests go on meanwhile.
        let looked = tokio::task::spawn_blocking(move || {
            let tls = certificate.refresh();
            let refreshed = world.refresh();
            (certificate, world, tls, refreshed)
        });
        let Ok((c, w, tls, refreshed)) = looked.await else {
            error!("reading the files failed; what is in force stays so until a restart");
            return;
        };
        (certificate, world) = (c, w);
        take_certificate(&shared, tls);
        shared.metrics.seen(world.seen());
        take_world(&shared, refreshed);
    }
}

fn take_certificate(shared: &Shared, tls: Result<Option<Tls>, TlsError>) {
    match tls {
        Ok(None) => {}
        Ok(Some(tls)) => {
            shared.metrics.certificate(&tls);
            shared.tls.store(Arc::clone(&tls.config));
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

fn take_world(shared: &Shared, refreshed: Refreshed) {
    for (part, problem) in &refreshed.refused {
        if *part == Part::Policy {
            shared.metrics.policy_reload(false);
        }
        warn!(
            %problem,
            "the {} were not taken, those before stay in force",
            part.word()
        );
    }
    let Some(world) = refreshed.world else {
        return;
    };
    if refreshed.taken.contains(&Part::Policy) {
        shared.metrics.policy_reload(true);
    }
    shared.metrics.world(&world);
    let parts: Vec<&str> = refreshed.taken.iter().map(|part| part.word()).collect();
    let what = match parts.is_empty() {
        true => "nodes that have been gone for long are forgotten".to_owned(),
        false => format!("new {} in force", parts.join(" and ")),
    };
    info!(
        policy = %world.policy.name,
        policy_hash = %world.policy.hash,
        gpu_nodes = world.supply.gpu_nodes(),
        "{what}"
    );
    shared.world.store(Arc::new(world));
}
