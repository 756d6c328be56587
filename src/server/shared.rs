//! What every request and every reload shares: the world, the certificate, capacity, metrics and readiness.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use arc_swap::ArcSwap;
use tokio_rustls::rustls::ServerConfig;

use super::capacity::Capacity;
use super::certificate::Tls;
use super::listener::Complaints;
use super::metrics::Metrics;
use crate::admission::World;

/// The state of a server.
pub(super) struct Shared {
    /// What requests are judged against.
    pub(super) world: ArcSwap<World>,
    /// What new connections are greeted with.
    pub(super) tls: ArcSwap<ServerConfig>,
    /// How much is taken in at once.
    pub(super) capacity: Capacity,
    /// What was said about failed handshakes.
    pub(super) complaints: Complaints,
    /// What is counted.
    pub(super) metrics: Metrics,
    phase: AtomicU8,
}

const STARTING: u8 = 0;
const READY: u8 = 1;
const DRAINING: u8 = 2;

impl Shared {
    /// A server that is starting.
    pub(super) fn new(world: World, tls: &Tls, metrics: Metrics) -> Self {
        Self {
            world: ArcSwap::from_pointee(world),
            tls: ArcSwap::new(Arc::clone(&tls.config)),
            capacity: Capacity::new(),
            complaints: Complaints::default(),
            metrics,
            phase: AtomicU8::new(STARTING),
        }
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
