//! What every request and every change shares: the world, the certificate, capacity, metrics and readiness.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwapOption, Guard};
use tokio::sync::Notify;
use tokio_rustls::rustls::ServerConfig;

use super::capacity::Capacity;
use super::certificate::Tls;
use super::events::Notes;
use super::listener::Complaints;
use super::metrics::Metrics;
use super::routes::Lookups;
use super::world::Part;
use crate::cluster::Cluster;
use crate::engine::ClusterState;

/// The state of a server.
pub(super) struct Shared {
    /// How much is held at once.
    pub(super) capacity: Arc<Capacity>,
    /// What was said about failed handshakes.
    pub(super) complaints: Complaints,
    /// What is counted.
    pub(super) metrics: Metrics,
    /// Who is asked about namespaces that are too new to have been seen.
    pub(super) cluster: Option<Cluster>,
    /// What it said about them a moment ago.
    pub(super) lookups: Lookups,
    /// Where is left what owners are to be told.
    pub(super) notes: Option<Notes>,
    world: ArcSwapOption<ClusterState>,
    tls: ArcSwapOption<ServerConfig>,
    missing: Mutex<Vec<Part>>,
    /// Told when there is a world, and when there is a certificate.
    arrival: Notify,
    phase: AtomicU8,
    started: Instant,
    /// When the webhook's thread last moved, in milliseconds after the start.
    moved: AtomicU64,
}

/// A thread that has not moved for so long never will: it moves every second.
const STUCK: Duration = Duration::from_secs(30);

const STARTING: u8 = 0;
const READY: u8 = 1;
const DRAINING: u8 = 2;

impl Shared {
    /// A server that knows nothing yet.
    pub(super) fn new(metrics: Metrics, cluster: Option<Cluster>, notes: Option<Notes>) -> Self {
        Self {
            capacity: Arc::default(),
            complaints: Complaints::default(),
            metrics,
            cluster,
            lookups: Lookups::new(),
            notes,
            world: ArcSwapOption::empty(),
            tls: ArcSwapOption::empty(),
            missing: Mutex::new(Part::ALL.to_vec()),
            arrival: Notify::new(),
            phase: AtomicU8::new(STARTING),
            started: Instant::now(),
            moved: AtomicU64::new(0),
        }
    }

    /// What requests are judged against; none while the server is starting.
    pub(super) fn world(&self) -> Guard<Option<Arc<ClusterState>>> {
        self.world.load()
    }

    /// From now on requests are judged against this. Returns what was in force before, which takes a while to be let go
    /// of.
    pub(super) fn set_world(&self, world: ClusterState) -> Option<Arc<ClusterState>> {
        let before = self.world.swap(Some(Arc::new(world)));
        self.arrival.notify_one();
        before
    }

    /// Whether anything can be judged.
    pub(super) fn has_world(&self) -> bool {
        self.world.load().is_some()
    }

    /// What new connections are greeted with; none while the server is starting.
    pub(super) fn tls(&self) -> Option<Arc<ServerConfig>> {
        self.tls.load_full()
    }

    /// From now on new connections are greeted with this.
    pub(super) fn set_tls(&self, tls: &Tls) {
        self.metrics.certificate(tls);
        self.tls.store(Some(Arc::clone(&tls.config)));
        self.arrival.notify_one();
    }

    /// Which parts of the world are not known yet.
    pub(super) fn set_missing(&self, parts: Vec<Part>) {
        if let Ok(mut missing) = self.missing.lock() {
            *missing = parts;
        }
    }

    /// What is waited for, in words; nothing once all of it was there.
    pub(super) fn awaited(&self) -> Vec<&'static str> {
        let parts = self.missing.lock().map(|missing| missing.clone());
        let parts = parts.unwrap_or_default().into_iter().map(Part::word);
        let certificate = self.tls.load().is_none().then_some("certificate");
        match self.has_world() {
            true => certificate.into_iter().collect(),
            false => parts.chain(certificate).collect(),
        }
    }

    /// Waits until there is a world and a certificate.
    pub(super) async fn arrived(&self) {
        while self.world.load().is_none() || self.tls.load().is_none() {
            self.arrival.notified().await;
        }
    }

    /// The webhook's thread moves.
    pub(super) fn moves(&self) {
        let since = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moved.store(since, Ordering::Relaxed);
    }

    /// Whether the webhook's thread moved not long ago.
    pub(super) fn is_alive(&self) -> bool {
        let moved = Duration::from_millis(self.moved.load(Ordering::Relaxed));
        self.started.elapsed().saturating_sub(moved) < STUCK
    }

    /// From now on requests are answered.
    pub(super) fn set_ready(&self) {
        self.phase.store(READY, Ordering::Relaxed);
    }

    /// From now on clients are to go elsewhere.
    pub(super) fn set_draining(&self) {
        self.phase.store(DRAINING, Ordering::Relaxed);
    }

    /// Whether clients are to come.
    pub(super) fn is_ready(&self) -> bool {
        self.phase.load(Ordering::Relaxed) == READY
    }

    /// Whether clients are to go elsewhere.
    pub(super) fn is_draining(&self) -> bool {
        self.phase.load(Ordering::Relaxed) == DRAINING
    }
}
