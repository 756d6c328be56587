//! Looks up namespaces that are too new for the watch: the first pod of a namespace may come before its event.
//!
//! Invented names cannot cause requests to the API server without end: each name is looked up once at a time and at
//! most once a second, and only so many names in a second.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::watch;
use tracing::{info, warn};

use super::deadline::Deadline;
use crate::cluster::{Cluster, Kind};
use crate::engine::NamespaceView;
use crate::engine::vocabulary::names::is_dns_label;
use crate::facts::Namespace;

/// The part of the client's timeout that is left for the decision and the answer.
const RESERVE: Duration = Duration::from_millis(200);
/// How long an answer of the API server counts. The watch is nearly always quicker.
const FRESH: Duration = Duration::from_secs(1);
/// Names with a fresh or pending answer. So this bounds the lookups in a second, too.
const NAMES: usize = 256;
/// Requests to the API server at once.
const AT_ONCE: usize = 16;

/// The lookups of the last second.
pub struct NamespaceLookups {
    by_name: Mutex<HashMap<String, Lookup>>,
    /// The cluster, and the runtime of everything else that concerns the API server.
    cluster: Option<(Cluster, Handle)>,
}

#[derive(Clone)]
struct Lookup {
    started: Instant,
    answer: watch::Receiver<Option<LookupAnswer>>,
}

/// An answer of the API server.
#[derive(Clone, Debug)]
enum LookupAnswer {
    Found(Arc<NamespaceView>),
    NotFound,
    Failed,
}

impl NamespaceLookups {
    /// Looks up in this cluster, on the present runtime.
    pub fn new(cluster: Option<Cluster>) -> Self {
        Self {
            by_name: Mutex::default(),
            cluster: cluster.map(|cluster| (cluster, Handle::current())),
        }
    }

    /// Forgets the namespaces that were found, because the watch has a newer state.
    pub fn forget_found(&self) {
        let is_found = |l: &Lookup| matches!(*l.answer.borrow(), Some(LookupAnswer::Found(_)));
        self.by_name().retain(|_, lookup| !is_found(lookup));
    }

    /// Looks up a namespace. Returns an empty view if it does not exist, and nothing if that is not known in time.
    pub async fn view(&self, name: &str, deadline: Deadline) -> Option<Arc<NamespaceView>> {
        // A name that no namespace can have is put into no path.
        let Some((cluster, runtime)) = self.cluster.as_ref().filter(|_| is_dns_label(name)) else {
            return Some(Arc::default());
        };
        let (mut lookup, is_new) = self.lookup(cluster, runtime, name)?;
        let answer = lookup.answer.wait_for(Option::is_some);
        let answer = deadline.less(RESERVE).limit(answer).await?.ok()?;
        match &*answer {
            Some(LookupAnswer::Found(view)) => Some(Arc::clone(view)),
            // A pod's namespace exists before the pod. For an earlier lookup, the namespace may be newer than the
            // answer, and must not count as one without settings.
            Some(LookupAnswer::NotFound) if is_new => Some(Arc::default()),
            _ => None,
        }
    }

    /// The present lookup of a name, or a new one, and whether it is new. None if there are too many.
    fn lookup(&self, cluster: &Cluster, runtime: &Handle, name: &str) -> Option<(Lookup, bool)> {
        let mut lookups = self.by_name();
        lookups.retain(|_, lookup| lookup.is_pending() || lookup.started.elapsed() < FRESH);
        if let Some(lookup) = lookups.get(name) {
            return Some((lookup.clone(), false));
        }
        let pending = lookups.values().filter(|lookup| lookup.is_pending());
        if lookups.len() >= NAMES || pending.count() >= AT_ONCE {
            return None;
        }
        let (sender, answer) = watch::channel(None);
        let started = Instant::now();
        let lookup = Lookup { started, answer };
        lookups.insert(name.to_owned(), lookup.clone());
        drop(lookups);
        let (cluster, name) = (cluster.clone(), name.to_owned());
        // A task, because others may wait for the answer after this request has ended.
        runtime.spawn(async move { sender.send_replace(Some(look_up(&cluster, &name).await)) });
        Some((lookup, true))
    }

    fn by_name(&self) -> MutexGuard<'_, HashMap<String, Lookup>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lookup {
    fn is_pending(&self) -> bool {
        self.answer.borrow().is_none()
    }
}

async fn look_up(cluster: &Cluster, name: &str) -> LookupAnswer {
    let text = match cluster.get(Kind::NAMESPACES.named(name)).await {
        Ok(text) => text,
        Err(problem) => {
            warn!(%problem, namespace = name, "a new namespace could not be asked for");
            return LookupAnswer::Failed;
        }
    };
    info!(
        namespace = name,
        found = text.is_some(),
        "a namespace that was not known yet was asked for"
    );
    let Some(text) = text else {
        return LookupAnswer::NotFound;
    };
    match serde_json::from_str::<Namespace<'_>>(&text) {
        Ok(namespace) => LookupAnswer::Found(Arc::new(NamespaceView::of(&namespace))),
        Err(problem) => {
            warn!(%problem, namespace = name, "a new namespace cannot be read");
            LookupAnswer::Failed
        }
    }
}
