//! A namespace that was made a moment ago: its first pod may be quicker than the watch that tells of it.
//!
//! Nobody who invents names can make slicegate ask the API server without end: each name is asked for once at a time
//! and at most once a second, and only so many names in a second.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::watch;
use tracing::{info, warn};

use super::deadline::Deadline;
use super::refusal::Refusal;
use crate::cluster::{Cluster, Kind};
use crate::engine::vocabulary::names::is_dns_label;
use crate::engine::{ClusterState, NamespaceView};
use crate::facts::Namespace;
use crate::server::shared::Shared;

/// Left of the sender's time to judge and to answer.
const REST: Duration = Duration::from_millis(200);
/// How long an answer of the API server counts. The watch is nearly always quicker.
const FRESH: Duration = Duration::from_secs(1);
/// Names whose answers count or are waited for, and so also how many are asked for in a second.
const NAMES: usize = 256;
/// Requests to the API server at once.
const AT_ONCE: usize = 16;

/// What the API server says of a namespace, and when it was asked.
#[derive(Clone, Debug)]
enum Said {
    /// Nothing yet.
    Waiting,
    /// It is there.
    Found(Arc<NamespaceView>),
    /// There is none of that name.
    None,
    /// It could not be asked.
    Failed,
}

/// The names that were asked for in the last second.
pub(in crate::server) struct Lookups {
    names: Mutex<HashMap<String, Asked>>,
    /// Where everything else runs that has to do with the API server; none where there is none.
    on: Option<Handle>,
}

struct Asked {
    at: Instant,
    said: watch::Receiver<Said>,
}

/// Who waits for what the API server says.
enum Turn {
    /// Who had it asked. What it says was so after the request came.
    First(watch::Receiver<Said>),
    /// Who came later.
    Later(watch::Receiver<Said>),
}

/// The world with a namespace that the API server is asked about. One that it does not know either has said nothing.
pub(super) async fn with_namespace(
    shared: &Shared,
    world: &ClusterState,
    name: &str,
    deadline: Deadline,
) -> Result<ClusterState, Refusal> {
    let unknown = || Refusal::Namespace(name.chars().take(63).collect());
    let view = match &shared.cluster {
        // What no namespace can be called goes into no path.
        Some(cluster) if is_dns_label(name) => {
            let turn = shared.lookups.ask(cluster, name).ok_or_else(unknown)?;
            let said = deadline.less(REST).limit(turn.said()).await;
            said.flatten().ok_or_else(unknown)?
        }
        _ => Arc::default(),
    };
    let namespaces = world.namespaces.and(name, view);
    Ok(ClusterState {
        namespaces: namespaces.into(),
        ..world.clone()
    })
}

impl Lookups {
    /// Nothing was asked for. The API server is asked by the runtime in which this is made.
    pub(in crate::server) fn new() -> Self {
        Self {
            names: Mutex::default(),
            on: Handle::try_current().ok(),
        }
    }

    /// The watch told of namespaces, which is newer than anything that was asked for before.
    pub(in crate::server) fn forget(&self) {
        let is_found = |asked: &Asked| matches!(*asked.said.borrow(), Said::Found(_));
        self.names().retain(|_, asked| !is_found(asked));
    }

    /// Has a name asked for, if nobody does already or just did. None where too many are.
    fn ask(&self, cluster: &Cluster, name: &str) -> Option<Turn> {
        let (on, now) = (self.on.as_ref()?, Instant::now());
        let mut names = self.names();
        names.retain(|_, asked| asked.is_waited_for() || now.duration_since(asked.at) < FRESH);
        if let Some(asked) = names.get(name) {
            return Some(Turn::Later(asked.said.clone()));
        }
        let waited_for = names.values().filter(|asked| asked.is_waited_for()).count();
        if names.len() >= NAMES || waited_for >= AT_ONCE {
            return None;
        }
        let (tell, said) = watch::channel(Said::Waiting);
        let asked = Asked {
            at: now,
            said: said.clone(),
        };
        names.insert(name.to_owned(), asked);
        drop(names);
        let (cluster, name) = (cluster.clone(), name.to_owned());
        // Whoever had it asked may be gone before there is an answer, and others wait for it too.
        on.spawn(async move { tell.send_replace(look(&cluster, &name).await) });
        Some(Turn::First(said))
    }

    fn names(&self) -> MutexGuard<'_, HashMap<String, Asked>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asked {
    fn is_waited_for(&self) -> bool {
        matches!(*self.said.borrow(), Said::Waiting)
    }
}

impl Turn {
    /// What the namespace's administrator said, as far as that is known; none where it has to be asked for again.
    async fn said(self) -> Option<Arc<NamespaceView>> {
        let is_first = matches!(self, Self::First(_));
        let (Self::First(mut said) | Self::Later(mut said)) = self;
        let said = said.wait_for(|said| !matches!(said, Said::Waiting)).await;
        match &*said.ok()? {
            Said::Found(view) => Some(Arc::clone(view)),
            // A pod's namespace was there before the pod. Who came later may be of one that was made since it was asked
            // for, and it must not be taken for one that says nothing.
            Said::None if is_first => Some(Arc::default()),
            Said::None | Said::Failed | Said::Waiting => None,
        }
    }
}

async fn look(cluster: &Cluster, name: &str) -> Said {
    let text = match cluster.get(Kind::NAMESPACES.named(name)).await {
        Ok(text) => text,
        Err(problem) => {
            warn!(%problem, namespace = name, "a new namespace could not be asked for");
            return Said::Failed;
        }
    };
    let found = text.is_some();
    info!(
        namespace = name,
        found, "a namespace that was not known yet was asked for"
    );
    match text.as_deref().map(view).transpose() {
        Ok(Some(view)) => Said::Found(Arc::new(view)),
        Ok(None) => Said::None,
        Err(problem) => {
            warn!(%problem, namespace = name, "a new namespace cannot be read");
            Said::Failed
        }
    }
}

fn view(text: &str) -> Result<NamespaceView, serde_json::Error> {
    let namespace: Namespace<'_> = serde_json::from_str(text)?;
    Ok(NamespaceView::of(&namespace))
}
