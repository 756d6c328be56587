//! A cluster in memory: the Secret and both configurations; and random numbers.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::ServerCertVerifier as _;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use super::super::ServerIdentity;
use super::super::registration::Registration;
use super::super::secret::Secret;
use crate::certificates::CaCertificate;
use crate::engine::ExcludedNamespaces;
use crate::manifests::{CaBundleSource, Service, mutating_webhook, validating_webhook};

/// The stored objects. A write has to name the resourceVersion that it was made from.
pub(super) struct Api {
    version: u64,
    secret: Option<Value>,
    configurations: [Value; 2],
    /// When the current authority expires, if there is one.
    pub(super) ends: Option<OffsetDateTime>,
    /// The Secret at every time.
    history: Vec<(OffsetDateTime, Option<Value>)>,
}

/// The answer to a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Done,
    Conflict,
}

impl Api {
    pub(super) fn new() -> Self {
        let service = Service::default();
        let trust = CaBundleSource::Authority("");
        let registered = |mut object: Value| {
            object["metadata"]["resourceVersion"] = "1".into();
            // Long, and not needed here.
            object["webhooks"][0]["matchConditions"] = Value::Null;
            object
        };
        Self {
            version: 1,
            secret: None,
            configurations: [
                registered(mutating_webhook(
                    service,
                    trust,
                    &ExcludedNamespaces::default(),
                )),
                registered(validating_webhook(
                    service,
                    trust,
                    &ExcludedNamespaces::default(),
                )),
            ],
            ends: None,
            history: Vec::new(),
        }
    }

    pub(super) fn secret(&self) -> Option<Secret> {
        self.secret.as_ref().map(read)
    }

    /// The Secret at an earlier time.
    pub(super) fn old_secret(&self, then: OffsetDateTime) -> Option<Secret> {
        let before = self.history.iter().rev().find(|(time, _)| *time <= then);
        before.and_then(|(_, secret)| secret.as_ref().map(read))
    }

    pub(super) fn registrations(&self) -> Vec<Registration> {
        let each = self.configurations.iter().enumerate();
        each.map(|(which, object)| Registration::read(which, &object.to_string()).unwrap())
            .collect()
    }

    pub(super) fn bundle(&self, which: usize) -> Vec<u8> {
        self.registrations()[which].hooks[0].bundle.clone()
    }

    pub(super) fn write(&mut self, object: &str, is_new: bool, now: OffsetDateTime) -> Answer {
        let object: Value = serde_json::from_str(object).unwrap();
        let version = |o: &Value| o["metadata"]["resourceVersion"].clone();
        let is_same = match (&self.secret, is_new) {
            (None, true) => true,
            (Some(stored), false) => version(stored) == version(&object),
            _ => false,
        };
        if !is_same {
            return Answer::Conflict;
        }
        self.put(Some(object), now);
        Answer::Done
    }

    /// Writes without a version check, as an administrator or an attacker may.
    pub(super) fn put(&mut self, secret: Option<Value>, now: OffsetDateTime) {
        self.version += 1;
        self.secret = secret.map(|mut object| {
            object["metadata"]["resourceVersion"] = self.version.to_string().into();
            object
        });
        self.history.push((now, self.secret.clone()));
        let current = self.secret().and_then(|s| s.authorities.current);
        self.ends = current.map(|c| c.certificate().not_after());
    }

    pub(super) fn patch(&mut self, which: usize, patch: &str, now: OffsetDateTime) -> Answer {
        let stored = &mut self.configurations[which];
        let mut patched = stored.clone();
        let patch: json_patch::Patch = serde_json::from_str(patch).unwrap();
        json_patch::patch(&mut patched, &patch).unwrap();
        if patched["metadata"]["resourceVersion"] != stored["metadata"]["resourceVersion"] {
            return Answer::Conflict;
        }
        self.version += 1;
        patched["metadata"]["resourceVersion"] = self.version.to_string().into();
        let hook = patched["webhooks"][0]["name"].as_str().unwrap();
        let hook = format!("k:{{\"name\":\"{hook}\"}}");
        let (date, clock) = (now.date(), now.time());
        patched["metadata"]["managedFields"] = json!([{
            "manager": "slicegate",
            "time": format!("{date}T{:02}:{:02}:{:02}Z", clock.hour(), clock.minute(), clock.second()),
            "fieldsV1": {"f:webhooks": {hook: {"f:clientConfig": {"f:caBundle": {}}}}},
        }]);
        *stored = patched;
        Answer::Done
    }

    /// Empties a bundle.
    pub(super) fn reset(&mut self, which: usize) {
        self.change(which, |object| {
            object["webhooks"][0]["clientConfig"]["caBundle"] = Value::Null;
        });
    }

    /// Writes a bundle.
    pub(super) fn set(&mut self, which: usize, bundle: &str) {
        self.change(which, |object| {
            let bundle = STANDARD.encode(bundle);
            object["webhooks"][0]["clientConfig"]["caBundle"] = bundle.into();
        });
    }

    /// Annotates the validating configuration.
    pub(super) fn annotate(&mut self, key: &str) {
        self.change(1, |object| {
            object["metadata"]["annotations"] = json!({key: "a/b"})
        });
    }

    fn change(&mut self, which: usize, change: impl FnOnce(&mut Value)) {
        self.version += 1;
        let stored = &mut self.configurations[which];
        change(stored);
        stored["metadata"]["resourceVersion"] = self.version.to_string().into();
    }

    /// Damages the Secret in one of several ways.
    pub(super) fn damage(&mut self, random: &mut Random, now: OffsetDateTime) {
        let Some(mut object) = self.secret.clone() else {
            return;
        };
        let keys = [
            "ca.crt",
            "ca.key",
            "next-ca.crt",
            "next-ca.key",
            "previous-ca.crt",
        ];
        let key = keys[random.below(5)];
        let other = object["data"][keys[random.below(5)]].clone();
        match random.below(7) {
            0 | 1 => return self.put(None, now),
            2 => {
                return self.put(
                    self.history[random.below(self.history.len())].1.clone(),
                    now,
                );
            }
            3 => object["data"] = json!({}),
            4 => object["data"][key] = "aGVsbG8=".into(),
            5 => object["data"][key] = other,
            _ => object["data"][key] = "/w==".into(),
        }
        if let Some(values) = object["data"].as_object_mut() {
            values.retain(|_, value| !value.is_null());
        }
        self.put(Some(object), now);
    }
}

fn read(object: &Value) -> Secret {
    Secret::read(&object.to_string()).unwrap()
}

/// Whether an API server with that bundle accepts that certificate then. As in Go, the authority has to be valid too.
pub(super) fn accepts(bundle: &[u8], active: &ServerIdentity, now: OffsetDateTime) -> bool {
    let mut roots = RootCertStore::empty();
    for der in CertificateDer::pem_slice_iter(bundle).filter_map(Result::ok) {
        let authority = CaCertificate::of(der.clone()).unwrap();
        if authority.not_before() <= now && now <= authority.not_after() {
            roots.add(der).unwrap();
        }
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
    let name = ServerName::try_from("slicegate.slicegate-system.svc").unwrap();
    let since = std::time::Duration::from_secs(now.unix_timestamp().unsigned_abs());
    let time = UnixTime::since_unix_epoch(since);
    let check = |v: Arc<WebPkiServerVerifier>| {
        v.verify_server_cert(&active.chain[0], &active.chain[1..], &name, &[], time)
    };
    verifier.is_ok_and(|v| check(v).is_ok())
}

/// Pseudo-random numbers, the same for the same seed: SplitMix64.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % bound as u64).unwrap()
    }

    /// True once in so many times.
    pub(super) fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    /// A time between so many milliseconds.
    pub(super) fn within(&mut self, from: usize, to: usize) -> Duration {
        Duration::milliseconds(i64::try_from(from + self.below(to - from)).unwrap())
    }
}
