//! What the threads and tasks of a server share: state, certificate, capacity, metrics and readiness.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::{Notify, mpsc};
use tokio_rustls::rustls::ServerConfig;

use super::capacity::Capacity;
use super::metrics::Metrics;
use super::routes::lookup::NamespaceLookups;
use super::state::part::StatePart;
use crate::cluster::{Cluster, Heartbeat, ObjectEvent};
use crate::engine::ClusterState;

/// A thread without a heartbeat for so long never moves again: it records one every second.
const STUCK: Duration = Duration::from_secs(30);

pub(super) struct Shared {
    /// Bounds the data that is held at once.
    pub(super) capacity: Arc<Capacity>,
    pub(super) metrics: Metrics,
    pub(super) cluster: Option<Cluster>,
    /// Namespaces that are too new for the watch.
    pub(super) lookups: NamespaceLookups,
    /// The queue of events, if they are published.
    pub(super) events: Option<mpsc::Sender<ObjectEvent>>,
    /// When the webhook's thread last moved.
    pub(super) webhook_thread: Heartbeat,
    state: ArcSwapOption<ClusterState>,
    tls: ArcSwapOption<ServerConfig>,
    missing: ArcSwap<Vec<StatePart>>,
    /// Notified when there is a first state, and a first certificate.
    arrival: Notify,
    is_ready: AtomicBool,
    is_draining: AtomicBool,
}

impl Shared {
    /// A server without state and certificate.
    pub(super) fn new(cluster: Option<Cluster>, events: Option<mpsc::Sender<ObjectEvent>>) -> Self {
        Self {
            capacity: Arc::default(),
            metrics: Metrics::new(),
            lookups: NamespaceLookups::new(cluster.clone()),
            cluster,
            events,
            webhook_thread: Heartbeat::new(),
            state: ArcSwapOption::empty(),
            tls: ArcSwapOption::empty(),
            missing: ArcSwap::from_pointee(StatePart::ALL.to_vec()),
            arrival: Notify::new(),
            is_ready: AtomicBool::new(false),
            is_draining: AtomicBool::new(false),
        }
    }

    /// The state that requests are decided against; none while the server is starting.
    pub(super) fn state(&self) -> Option<Arc<ClusterState>> {
        self.state.load_full()
    }

    /// Puts a state in force. Returns the one before, which takes a while to drop.
    pub(super) fn set_state(&self, state: ClusterState) -> Option<Arc<ClusterState>> {
        let before = self.state.swap(Some(Arc::new(state)));
        self.arrival.notify_one();
        before
    }

    /// The TLS configuration of new connections; none while the server is starting.
    pub(super) fn tls(&self) -> Option<Arc<ServerConfig>> {
        self.tls.load_full()
    }

    /// Puts a certificate in force for new connections. `not_after` is in seconds since 1970.
    pub(super) fn set_tls(&self, config: Arc<ServerConfig>, not_after: i64) {
        self.metrics.certificate(not_after);
        self.tls.store(Some(config));
        self.arrival.notify_one();
    }

    /// Sets which parts of the state are not known yet.
    pub(super) fn set_missing(&self, parts: Vec<StatePart>) {
        self.missing.store(Arc::new(parts));
    }

    /// What the server waits for, for people; nothing once everything has arrived.
    pub(super) fn awaited(&self) -> Vec<&'static str> {
        let mut awaited = Vec::new();
        if self.state.load().is_none() {
            awaited.extend(self.missing.load().iter().map(|part| part.word()));
        }
        if self.tls.load().is_none() {
            awaited.push("certificate");
        }
        awaited
    }

    /// Waits for the first state and the first certificate.
    pub(super) async fn arrived(&self) {
        while self.state.load().is_none() || self.tls.load().is_none() {
            self.arrival.notified().await;
        }
    }

    /// Whether the webhook's thread moved not long ago.
    pub(super) fn is_alive(&self) -> bool {
        self.webhook_thread.age() < STUCK
    }

    pub(super) fn set_ready(&self) {
        self.is_ready.store(true, Ordering::Relaxed);
    }

    pub(super) fn set_draining(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
    }

    /// Whether requests are answered.
    pub(super) fn is_ready(&self) -> bool {
        self.is_ready.load(Ordering::Relaxed)
    }

    /// Whether clients should go to another replica.
    pub(super) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Relaxed)
    }
}
