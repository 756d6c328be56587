//! What is counted, as OpenMetrics; every label has a closed set of values, none of them a user's.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::certificate::Tls;
use super::world::Part;
use crate::admission::{ReviewedRequest, Tally};
use crate::cluster::Heartbeat;
use crate::engine::{ClusterState, Strategy};

/// Seconds; a decision takes tens of microseconds. What is beyond 50 ms is a fault, or a machine that does other things.
const BUCKETS: [f64; 12] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0,
];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Admission {
    operation: &'static str,
    mode: &'static str,
    outcome: &'static str,
    strategy: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FindingLabels {
    rule: &'static str,
    severity: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PolicyLabels {
    name: String,
    hash: String,
}

macro_rules! label {
    ($type:ident, $key:ident) => {
        #[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
        struct $type {
            $key: &'static str,
        }
    };
}

label!(ResultLabel, result);
label!(StrategyLabel, strategy);
label!(ReasonLabel, reason);
label!(KindLabel, kind);

/// Of what is there once, or not at all.
type NoLabel = [(String, String); 0];

/// Why a request got no answer.
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
    const fn word(self) -> &'static str {
        match self {
            Self::Overload => "overload",
            Self::Oversize => "oversize",
            Self::Malformed => "malformed",
        }
    }
}

/// The counters of a server.
pub(super) struct Metrics {
    registry: Registry,
    admissions: Family<Admission, Counter>,
    findings: Family<FindingLabels, Counter>,
    duration: Histogram,
    certificate_end: Gauge,
    policy: Family<PolicyLabels, Gauge>,
    policy_reloads: Family<ResultLabel, Counter>,
    certificate_reloads: Family<ResultLabel, Counter>,
    offers: Family<StrategyLabel, Gauge>,
    in_flight: Gauge,
    guard: Family<NoLabel, Gauge>,
    rejected: Family<ReasonLabel, Counter>,
    cache_age: Family<KindLabel, Gauge<f64, AtomicU64>>,
    signs: Mutex<HashMap<Part, Sign>>,
}

/// By what it is told how old a part of the world is.
enum Sign {
    /// When its file was last found in order.
    File(Instant),
    /// When its watch last said anything.
    Watch(Heartbeat),
}

impl Metrics {
    /// Nothing is counted yet; what can be counted is there with 0.
    pub(super) fn new() -> Self {
        let metrics = Self {
            registry: Registry::default(),
            admissions: Family::default(),
            findings: Family::default(),
            duration: Histogram::new(BUCKETS),
            certificate_end: Gauge::default(),
            policy: Family::default(),
            policy_reloads: Family::default(),
            certificate_reloads: Family::default(),
            offers: Family::default(),
            in_flight: Gauge::default(),
            guard: Family::default(),
            rejected: Family::default(),
            cache_age: Family::default(),
            signs: Mutex::default(),
        };
        for result in ["success", "failure"] {
            for reloads in [&metrics.policy_reloads, &metrics.certificate_reloads] {
                let _ = reloads.get_or_create(&ResultLabel { result });
            }
        }
        for rejection in [
            Rejection::Overload,
            Rejection::Oversize,
            Rejection::Malformed,
        ] {
            let reason = rejection.word();
            let _ = metrics.rejected.get_or_create(&ReasonLabel { reason });
        }
        metrics.registered()
    }

    fn registered(mut self) -> Self {
        let mut registry = Registry::with_prefix("slicegate");
        registry.register(
            "admission",
            "Requests that were decided",
            self.admissions.clone(),
        );
        registry.register("findings", "What rules found", self.findings.clone());
        registry.register(
            "admission_duration_seconds",
            "From the end of the request to its decision",
            self.duration.clone(),
        );
        registry.register(
            "tls_certificate_not_after_seconds",
            "When the server's certificate ends, in seconds since 1970",
            self.certificate_end.clone(),
        );
        registry.register("policy_info", "The policy in force", self.policy.clone());
        registry.register(
            "policy_reload",
            "Policies that were taken, and not taken, since the start",
            self.policy_reloads.clone(),
        );
        registry.register(
            "certificate_reload",
            "Certificates and authorities of clients that were taken, and not taken, since the start",
            self.certificate_reloads.clone(),
        );
        registry.register(
            "offers",
            "Kinds of share and device that nodes hand out",
            self.offers.clone(),
        );
        registry.register(
            "inflight",
            "Requests that are being read or answered",
            self.in_flight.clone(),
        );
        registry.register(
            "guard_current",
            "Whether the guard in the API server is the one of the policy in force; absent where it is not kept",
            self.guard.clone(),
        );
        registry.register(
            "rejected",
            "Requests that got no decision",
            self.rejected.clone(),
        );
        registry.register(
            "cache_age_seconds",
            "Since the file was last found in order, or anything came of the watch: bookmarks come every minute or so",
            self.cache_age.clone(),
        );
        self.registry = registry;
        self
    }

    /// Counts a decision.
    pub(super) fn judged(
        &self,
        judged: &ReviewedRequest<'_, '_>,
        tally: &[Tally<'_>],
        took: Duration,
    ) {
        let decision = judged.decision;
        let labels = Admission {
            operation: operation(judged.request.operation()),
            mode: decision.mode.word(),
            outcome: judged.outcome.word(),
            strategy: decision.strategy.map_or("none", Strategy::word),
        };
        self.admissions.get_or_create(&labels).inc();
        for tally in tally {
            let labels = FindingLabels {
                rule: tally.rule.id,
                severity: tally.severity.word(),
            };
            let count = u64::try_from(tally.count).unwrap_or(u64::MAX);
            self.findings.get_or_create(&labels).inc_by(count);
        }
        self.duration.observe(took.as_secs_f64());
    }

    /// Says whether the guard is as it should be.
    pub(super) fn guard(&self, is_current: bool) {
        self.guard.get_or_create(&[]).set(i64::from(is_current));
    }

    /// Counts a request without a decision.
    pub(super) fn rejected(&self, rejection: Rejection) {
        let reason = rejection.word();
        self.rejected.get_or_create(&ReasonLabel { reason }).inc();
    }

    /// Says what is in force now.
    pub(super) fn world(&self, world: &ClusterState) {
        self.policy.clear();
        let policy = PolicyLabels {
            name: world.policy.name.clone(),
            hash: world.policy.hash.clone(),
        };
        self.policy.get_or_create(&policy).set(1);
        for strategy in Strategy::ALL {
            let offers = world.supply.offers.iter();
            let count = offers.filter(|offer| offer.strategy == strategy).count();
            let strategy = strategy.word();
            let gauge = self.offers.get_or_create(&StrategyLabel { strategy });
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// Says which certificate is in force now.
    pub(super) fn certificate(&self, tls: &Tls) {
        self.certificate_end.set(tls.not_after);
    }

    /// Counts a new policy, taken or not.
    pub(super) fn policy_reload(&self, taken: bool) {
        count(&self.policy_reloads, taken);
    }

    /// Counts a new certificate or other authorities of clients, taken or not.
    pub(super) fn certificate_reload(&self, taken: bool) {
        count(&self.certificate_reloads, taken);
    }

    /// Says when the file of a part of the world was last found in order.
    pub(super) fn seen(&self, part: Part, when: Instant) {
        self.sign(part, Sign::File(when));
    }

    /// Says what tells whether the watch of a part of the world lives.
    pub(super) fn lives(&self, part: Part, heartbeat: Heartbeat) {
        self.sign(part, Sign::Watch(heartbeat));
    }

    fn sign(&self, part: Part, sign: Sign) {
        if let Ok(mut signs) = self.signs.lock() {
            signs.insert(part, sign);
        }
    }

    /// The OpenMetrics text.
    pub(super) fn text(&self, in_flight: usize) -> Result<String, std::fmt::Error> {
        self.in_flight
            .set(i64::try_from(in_flight).unwrap_or(i64::MAX));
        if let Ok(signs) = self.signs.lock() {
            for (part, sign) in signs.iter() {
                let kind = part.word();
                let age = match sign {
                    Sign::File(when) => when.elapsed(),
                    Sign::Watch(heartbeat) => heartbeat.age(),
                };
                let gauge = self.cache_age.get_or_create(&KindLabel { kind });
                gauge.set(age.as_secs_f64());
            }
        }
        let mut page = String::new();
        text::encode(&mut page, &self.registry)?;
        Ok(page)
    }
}

fn count(reloads: &Family<ResultLabel, Counter>, taken: bool) {
    let result = if taken { "success" } else { "failure" };
    reloads.get_or_create(&ResultLabel { result }).inc();
}

/// The API server's operations; whatever else a client says is one more.
fn operation(word: &str) -> &'static str {
    match word {
        "CREATE" => "CREATE",
        "UPDATE" => "UPDATE",
        "DELETE" => "DELETE",
        "CONNECT" => "CONNECT",
        _ => "other",
    }
}
