//! A namespace that was made a moment ago: its first pod may be quicker than the watch that tells of it.

use std::time::Duration;

use tracing::{info, warn};

use super::deadline::Deadline;
use super::refusal::Refusal;
use crate::admission::World;
use crate::cluster::Kind;
use crate::engine::NamespaceView;
use crate::engine::words::is_dns_label;
use crate::facts::Namespace;
use crate::json;
use crate::server::shared::Shared;

/// Left of the sender's time to judge and to answer.
const REST: Duration = Duration::from_millis(200);

/// The world with a namespace that the API server is asked about. One that it does not know either has said nothing.
pub(super) async fn with_namespace(
    shared: &Shared,
    world: &World,
    name: &str,
    deadline: Deadline,
) -> Result<World, Refusal> {
    let unknown = || Refusal::Namespace(name.chars().take(63).collect());
    let view = match &shared.cluster {
        // What no namespace can be called goes into no path.
        Some(cluster) if is_dns_label(name) => {
            let asked = deadline
                .less(REST)
                .limit(cluster.get(Kind::NAMESPACES.named(name)));
            let answered = asked.await.ok_or_else(unknown)?;
            let text = answered.map_err(|problem| {
                warn!(%problem, namespace = name, "a new namespace could not be asked for");
                unknown()
            })?;
            text.as_deref().map(view).transpose().map_err(|problem| {
                warn!(%problem, namespace = name, "a new namespace cannot be read");
                unknown()
            })?
        }
        _ => None,
    };
    info!(
        namespace = name,
        found = view.is_some(),
        "a namespace that was not known yet was asked for"
    );
    let namespaces = world.namespaces.and(name, view.unwrap_or_default());
    Ok(World {
        namespaces: namespaces.into(),
        ..world.clone()
    })
}

fn view(text: &str) -> Result<NamespaceView, serde_json::Error> {
    let namespace: Namespace<'_> = json::from_str(text)?;
    Ok(NamespaceView::of(&namespace))
}
