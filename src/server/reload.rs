//! Looks at the files of the world again and again, and hands on what is new and good.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::Sender;
use tracing::{error, warn};

use super::shared::Shared;
use super::world::{Change, Part, Refreshed, WorldFiles};

/// Polling is right under the links that the kubelet turns, where notifications are lost; a look costs a `stat`.
const EVERY: Duration = Duration::from_secs(1);

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
