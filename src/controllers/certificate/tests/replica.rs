//! One replica: when it activates a certificate, and when it writes a bundle.

use std::sync::Arc;

use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::super::replica::{Action, Failures, Replica, Snapshot};
use super::super::{ServerIdentity, Settings};
use super::api::{Api, accepts};
use super::{at, authority, lifetimes};
use crate::manifests::Service;

struct Harness {
    api: Api,
    replica: Replica,
    now: OffsetDateTime,
    is_registered: bool,
    /// Its actions, in words.
    did: Vec<&'static str>,
    active: Option<Arc<ServerIdentity>>,
}

impl Harness {
    fn new(api: Api) -> Self {
        let settings = Settings {
            lifetimes: lifetimes(),
            ..Settings::of(Service::default(), "slicegate-tls")
        };
        Self {
            api,
            replica: Replica::new(settings),
            now: at(0),
            is_registered: true,
            did: Vec::new(),
            active: None,
        }
    }

    /// Acts until the replica waits; returns the actions and until when it waits.
    fn act(&mut self) -> (Vec<&'static str>, OffsetDateTime) {
        loop {
            let mut registrations = self.api.registrations();
            if !self.is_registered {
                registrations.clear();
            }
            let snapshot = Snapshot {
                registrations,
                secret: self.api.secret(),
            };
            let action = self.replica.next(snapshot, &Failures::default(), self.now);
            match action.unwrap() {
                Action::Wait(until) => return (std::mem::take(&mut self.did), until),
                Action::Activate(identity) => {
                    self.did.push("activate");
                    self.active = Some(identity);
                }
                Action::WriteSecret { object, is_new, .. } => {
                    self.did.push("write");
                    self.api.write(&object.0, is_new, self.now);
                }
                Action::WriteBundle { which, patch, .. } => {
                    self.did.push(["mutating", "validating"][which]);
                    self.api.patch(which, &patch, self.now);
                }
            }
            assert!(self.did.len() < 20, "{:?}", self.did);
        }
    }

    fn act_later(&mut self, by: Duration) -> (Vec<&'static str>, OffsetDateTime) {
        self.now += by;
        self.act()
    }

    fn is_accepted(&self) -> bool {
        let active = self.active.as_ref().unwrap();
        (0..2).all(|which| accepts(&self.api.bundle(which), active, self.now))
    }
}

#[test]
fn a_certificate_is_activated_once_its_authority_is_in_every_bundle_for_a_while() {
    let mut one = Harness::new(Api::new());
    let (did, until) = one.act();
    assert_eq!(did, ["write", "mutating", "validating"]);
    assert_eq!(until, at(0) + lifetimes().settle);
    assert_eq!(one.act_later(Duration::seconds(9)).0, [""; 0]);
    let (did, until) = one.act_later(Duration::seconds(1));
    assert_eq!(did, ["activate"]);
    assert!(one.is_accepted());
    let renewed: OffsetDateTime = one.now + lifetimes().serving * 2 / 3;
    assert_eq!(until, renewed.min(one.now + lifetimes().announce));
}

#[test]
fn without_a_registration_a_certificate_is_activated_at_once() {
    let mut one = Harness::new(Api::new());
    one.is_registered = false;
    assert_eq!(one.act().0, ["write", "activate"]);
    one.is_registered = true;
    assert_eq!(one.act().0, ["mutating", "validating"]);
    assert!(one.is_accepted());
}

#[test]
fn a_replica_that_starts_later_activates_its_certificate_at_once() {
    let mut first = Harness::new(Api::new());
    first.act();
    let mut other = Harness::new(first.api);
    other.now = at(4);
    let (did, until) = other.act();
    assert_eq!(
        (did, until),
        (vec![], at(4) + lifetimes().settle),
        "it may be news"
    );
    other.now = at(9);
    let mut third = Harness::new(other.api);
    third.now = at(9);
    assert_eq!(third.act().0, ["activate"]);
}

#[test]
fn a_certificate_is_renewed_when_a_third_of_it_is_left_even_if_a_bundle_is_wrong() {
    let mut one = Harness::new(Api::new());
    one.act();
    one.act_later(lifetimes().settle);
    let first = one.active.take().unwrap();
    assert_eq!(one.act_later(Duration::minutes(19)).0, [""; 0]);
    one.api.annotate("cert-manager.io/inject-ca-from");
    one.api.reset(1);
    assert_eq!(one.act_later(Duration::minutes(1)).0, ["activate"]);
    let second = one.active.clone().unwrap();
    assert_eq!(second.not_after - first.not_after, 20 * 60);
}

#[test]
fn a_bundle_of_cert_manager_is_not_written_and_no_certificate_is_activated() {
    let mut api = Api::new();
    api.annotate("cert-manager.io/inject-ca-from");
    let mut one = Harness::new(api);
    assert_eq!(one.act().0, ["write", "mutating"]);
    assert_eq!(one.act_later(Duration::minutes(1)).0, [""; 0]);
    assert_eq!(one.api.bundle(1), b"");
}

#[test]
fn a_reset_bundle_is_written_again_at_once_but_not_too_often() {
    let mut one = Harness::new(Api::new());
    one.act();
    one.act_later(Duration::minutes(1));
    one.api.reset(0);
    assert_eq!(one.act_later(Duration::seconds(1)).0, ["mutating"]);
    assert!(one.is_accepted());
    one.api.reset(0);
    let (did, until) = one.act_later(Duration::seconds(1));
    assert_eq!((did, until), (vec![], one.now + Duration::seconds(2)));
    assert_eq!(one.act_later(Duration::seconds(2)).0, ["mutating"]);
    // A write with a conflict does not count.
    one.api.reset(0);
    one.replica.had_conflict(0);
    assert_eq!(one.act().0, ["mutating"]);
}

#[test]
fn an_unlisted_authority_leaves_a_bundle_after_a_while_and_other_content_at_once() {
    let mut one = Harness::new(Api::new());
    one.act();
    one.act_later(lifetimes().settle);
    let right = one.api.bundle(0);
    let stray = authority(0).certificate().pem();
    one.api.set(0, &(stray.clone() + "nonsense"));
    one.api
        .set(1, &(String::from_utf8(right.clone()).unwrap() + "nonsense"));
    assert_eq!(
        one.act_later(Duration::minutes(1)).0,
        ["mutating", "validating"]
    );
    assert_eq!(one.api.bundle(1), right);
    assert_eq!(one.api.bundle(0), [stray.as_bytes(), &right].concat());
    assert!(one.is_accepted());
    assert_eq!(one.act_later(Duration::minutes(4)).0, [""; 0]);
    assert_eq!(one.act_later(Duration::minutes(1)).0, ["mutating"]);
    assert_eq!(one.api.bundle(0), right);
}

#[test]
fn a_deleted_secret_is_created_again_and_the_old_authority_stays_in_the_bundle() {
    let mut one = Harness::new(Api::new());
    one.act();
    one.act_later(lifetimes().settle);
    let before = one.api.bundle(0);
    one.now += Duration::minutes(1);
    one.api.put(None, one.now);
    assert_eq!(one.act().0, ["write", "mutating", "validating"]);
    let after = one.api.bundle(0);
    assert!(after.starts_with(&before) && after.len() > before.len());
    assert!(one.is_accepted());
    assert_eq!(one.act_later(lifetimes().settle).0, ["activate"]);
    assert!(one.is_accepted());
    let secret = one.api.secret().unwrap();
    assert_eq!(secret.authorities.previous.len(), 1);
    assert_eq!(
        one.act_later(lifetimes().serving + lifetimes().skew)
            .0
            .first(),
        Some(&"write")
    );
    assert!(one.api.secret().unwrap().authorities.previous.is_empty());
}

#[test]
fn a_failed_write_does_not_block_other_actions() {
    let mut api = Api::new();
    let mut first = Harness::new(api);
    first.act();
    first.act_later(lifetimes().settle);
    // Long enough that the next authority is due, and the certificate too.
    first.now = at(250);
    let next = |one: &mut Harness, failures: &Failures| {
        let snapshot = Snapshot {
            registrations: one.api.registrations(),
            secret: one.api.secret(),
        };
        one.replica.next(snapshot, failures, one.now).unwrap()
    };
    let mut failures = Failures::default();
    assert!(matches!(
        next(&mut first, &failures),
        Action::WriteSecret { .. }
    ));
    failures.secret = true;
    first.api.reset(0);
    assert!(matches!(next(&mut first, &failures), Action::Activate(_)));
    assert!(matches!(
        next(&mut first, &failures),
        Action::WriteBundle { which: 0, .. }
    ));
    failures.registrations[0] = true;
    assert!(matches!(next(&mut first, &failures), Action::Wait(_)));
    api = first.api;
    // But a bundle is not made of a Secret that lacks something.
    let broken = json!({"metadata": {}, "data": {"ca.crt": "aGVsbG8="}});
    api.put(Some(broken), first.now);
    let mut other = Harness::new(api);
    other.now = first.now;
    assert!(matches!(next(&mut other, &failures), Action::Wait(_)));
}
