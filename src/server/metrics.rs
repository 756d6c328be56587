//! The metrics, as OpenMetrics. Every label has a closed set of values, none of them a user's.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};

use super::state::part::StatePart;
use crate::admission::{ReviewedRequest, Tally};
use crate::cluster::Heartbeat;
use crate::engine::{ClusterState, Strategy};

/// Seconds; a decision takes tens of microseconds. Above 50 ms is a fault, or a machine that does other things.
const BUCKETS: [f64; 12] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0,
];

/// The names and values of so many labels.
type Labels<const N: usize, V = &'static str> = [(&'static str, V); N];

/// Why a request got no decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rejection {
    /// Too much at once, or too late.
    Overload,
    /// Too large.
    Oversize,
    /// No AdmissionReview.
    Malformed,
}

impl Rejection {
    const ALL: [Self; 3] = [Self::Overload, Self::Oversize, Self::Malformed];

    const fn labels(self) -> Labels<1> {
        let word = match self {
            Self::Overload => "overload",
            Self::Oversize => "oversize",
            Self::Malformed => "malformed",
        };
        [("reason", word)]
    }
}

pub(super) struct Metrics {
    registry: Registry,
    admissions: Family<Labels<4>, Counter>,
    findings: Family<Labels<2>, Counter>,
    duration: Histogram,
    certificate_end: Gauge,
    policy: Family<Labels<2, String>, Gauge>,
    policy_reloads: Family<Labels<1>, Counter>,
    certificate_reloads: Family<Labels<1>, Counter>,
    offers: Family<Labels<1>, Gauge>,
    in_flight: Gauge,
    guard: Family<Labels<0>, Gauge>,
    rejected: Family<Labels<1>, Counter>,
    cache_age: Family<Labels<1>, Gauge<f64, AtomicU64>>,
    /// When the file of a part of the state was last valid, or its watch last received bytes.
    heartbeats: Mutex<HashMap<StatePart, Heartbeat>>,
}

impl Metrics {
    /// Nothing is counted yet. Counters with known labels start with 0.
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("slicegate");
        let r = &mut registry;
        let metrics = Self {
            admissions: family(r, "admission", "Requests that were decided"),
            findings: family(r, "findings", "What rules found"),
            duration: registered(
                r,
                "admission_duration_seconds",
                "From the end of the request to its decision",
                Histogram::new(BUCKETS),
            ),
            certificate_end: family(
                r,
                "tls_certificate_not_after_seconds",
                "When the server's certificate ends, in seconds since 1970",
            ),
            policy: family(r, "policy_info", "The policy in force"),
            policy_reloads: family(
                r,
                "policy_reload",
                "Policies that were taken, and not taken, since the start",
            ),
            certificate_reloads: family(
                r,
                "certificate_reload",
                "Certificates and authorities of clients that were taken, and not taken, since the start",
            ),
            offers: family(r, "offers", "Kinds of share and device that nodes hand out"),
            in_flight: family(r, "inflight", "Requests that are being read or answered"),
            guard: family(
                r,
                "guard_current",
                "Whether the guard in the API server is the one of the policy in force; absent where it is not kept",
            ),
            rejected: family(r, "rejected", "Requests that got no decision"),
            cache_age: family(
                r,
                "cache_age_seconds",
                "Since the file was last found in order, or anything came of the watch: bookmarks come every minute or so",
            ),
            heartbeats: Mutex::default(),
            registry,
        };
        for is_taken in [true, false] {
            let _ = metrics.policy_reloads.get_or_create(&result(is_taken));
            let _ = metrics.certificate_reloads.get_or_create(&result(is_taken));
        }
        for rejection in Rejection::ALL {
            let _ = metrics.rejected.get_or_create(&rejection.labels());
        }
        metrics
    }

    pub(super) fn decided(
        &self,
        reviewed: &ReviewedRequest<'_, '_>,
        tally: &[Tally<'_>],
        took: Duration,
    ) {
        let decision = reviewed.decision;
        let labels = [
            ("operation", operation(reviewed.request.operation())),
            ("mode", decision.mode.word()),
            ("outcome", reviewed.outcome.word()),
            ("strategy", decision.strategy.map_or("none", Strategy::word)),
        ];
        self.admissions.get_or_create(&labels).inc();
        for tally in tally {
            let labels = [("rule", tally.rule.id), ("severity", tally.severity.word())];
            let count = u64::try_from(tally.count).unwrap_or(u64::MAX);
            self.findings.get_or_create(&labels).inc_by(count);
        }
        self.duration.observe(took.as_secs_f64());
    }

    /// Sets whether the guard is current.
    pub(super) fn guard(&self, is_current: bool) {
        self.guard.get_or_create(&[]).set(i64::from(is_current));
    }

    pub(super) fn rejected(&self, rejection: Rejection) {
        self.rejected.get_or_create(&rejection.labels()).inc();
    }

    pub(super) fn state(&self, state: &ClusterState) {
        self.policy.clear();
        let policy = [
            ("name", state.policy.name.clone()),
            ("hash", state.policy.hash.clone()),
        ];
        self.policy.get_or_create(&policy).set(1);
        for strategy in Strategy::ALL {
            let offers = state.supply.offers.iter();
            let count = offers.filter(|offer| offer.strategy == strategy).count();
            let gauge = self.offers.get_or_create(&[("strategy", strategy.word())]);
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// Sets when the certificate in force ends, in seconds since 1970.
    pub(super) fn certificate(&self, not_after: i64) {
        self.certificate_end.set(not_after);
    }

    pub(super) fn policy_reload(&self, is_taken: bool) {
        self.policy_reloads.get_or_create(&result(is_taken)).inc();
    }

    /// Counts a new certificate, or new authorities of clients.
    pub(super) fn certificate_reload(&self, is_taken: bool) {
        self.certificate_reloads
            .get_or_create(&result(is_taken))
            .inc();
    }

    /// Reports the age of a part of the state from now on.
    pub(super) fn observe(&self, part: StatePart, heartbeat: Heartbeat) {
        if let Ok(mut heartbeats) = self.heartbeats.lock() {
            heartbeats.insert(part, heartbeat);
        }
    }

    pub(super) fn text(&self, in_flight: usize) -> Result<String, std::fmt::Error> {
        self.in_flight
            .set(i64::try_from(in_flight).unwrap_or(i64::MAX));
        if let Ok(heartbeats) = self.heartbeats.lock() {
            for (part, heartbeat) in heartbeats.iter() {
                let gauge = self.cache_age.get_or_create(&[("kind", part.word())]);
                gauge.set(heartbeat.age().as_secs_f64());
            }
        }
        let mut page = String::new();
        text::encode(&mut page, &self.registry)?;
        Ok(page)
    }
}

fn family<M: Metric + Clone + Default>(registry: &mut Registry, name: &str, help: &str) -> M {
    registered(registry, name, help, M::default())
}

fn registered<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(name, help, metric.clone());
    metric
}

const fn result(is_taken: bool) -> Labels<1> {
    [("result", if is_taken { "success" } else { "failure" })]
}

/// An operation of the API server, or `other` for any other word of a client.
fn operation(word: &str) -> &'static str {
    let known = ["CREATE", "UPDATE", "DELETE", "CONNECT"];
    let known = known.into_iter().find(|known| *known == word);
    known.unwrap_or("other")
}
