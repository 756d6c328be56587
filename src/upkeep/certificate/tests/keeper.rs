//! One replica: when it shows a certificate, and when it writes a bundle.

use std::sync::Arc;

use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::super::keeper::{Action, Failed, Keeper, Seen};
use super::super::{ServerIdentity, Settings};
use super::world::{Api, takes};
use super::{at, authority, lives};
use crate::manifests::Service;

struct One {
    api: Api,
    keeper: Keeper,
    now: OffsetDateTime,
    is_registered: bool,
    /// What it did, in words.
    did: Vec<&'static str>,
    shown: Option<Arc<ServerIdentity>>,
}

impl One {
    fn new(api: Api) -> Self {
        let settings = Settings {
            lives: lives(),
            ..Settings::of(Service::default(), "slicegate-tls")
        };
        Self {
            api,
            keeper: Keeper::new(settings),
            now: at(0),
            is_registered: true,
            did: Vec::new(),
            shown: None,
        }
    }

    /// Acts until there is nothing to do; returns what it did and until when it rests.
    fn act(&mut self) -> (Vec<&'static str>, OffsetDateTime) {
        loop {
            let mut registrations = self.api.registrations();
            if !self.is_registered {
                registrations.clear();
            }
            let seen = Seen {
                registrations,
                secret: self.api.secret(),
            };
            let action = self.keeper.next(seen, &Failed::default(), self.now);
            match action.unwrap() {
                Action::Rest(until) => return (std::mem::take(&mut self.did), until),
                Action::Show(identity) => {
                    self.did.push("show");
                    self.shown = Some(identity);
                }
                Action::Write { object, is_new, .. } => {
                    self.did.push("write");
                    self.api.write(&object.0, is_new, self.now);
                }
                Action::Trust { which, patch, .. } => {
                    self.did.push(["mutating", "validating"][which]);
                    self.api.patch(which, &patch, self.now);
                }
            }
            assert!(self.did.len() < 20, "{:?}", self.did);
        }
    }

    fn later(&mut self, by: Duration) -> (Vec<&'static str>, OffsetDateTime) {
        self.now += by;
        self.act()
    }

    fn is_taken(&self) -> bool {
        let shown = self.shown.as_ref().unwrap();
        (0..2).all(|which| takes(&self.api.bundle(which), shown, self.now))
    }
}

#[test]
fn a_certificate_is_shown_once_its_authority_has_stood_in_every_bundle_for_a_while() {
    let mut one = One::new(Api::new());
    let (did, until) = one.act();
    assert_eq!(did, ["write", "mutating", "validating"]);
    assert_eq!(until, at(0) + lives().settle);
    assert_eq!(one.later(Duration::seconds(9)).0, [""; 0]);
    let (did, until) = one.later(Duration::seconds(1));
    assert_eq!(did, ["show"]);
    assert!(one.is_taken());
    let renewed: OffsetDateTime = one.now + lives().leaf * 2 / 3;
    assert_eq!(until, renewed.min(one.now + lives().announce));
}

#[test]
fn where_nothing_is_registered_it_is_shown_at_once() {
    let mut one = One::new(Api::new());
    one.is_registered = false;
    assert_eq!(one.act().0, ["write", "show"]);
    one.is_registered = true;
    assert_eq!(one.act().0, ["mutating", "validating"]);
    assert!(one.is_taken());
}

#[test]
fn a_replica_that_starts_later_shows_its_own_at_once() {
    let mut first = One::new(Api::new());
    first.act();
    let mut other = One::new(first.api);
    other.now = at(4);
    let (did, until) = other.act();
    assert_eq!(
        (did, until),
        (vec![], at(4) + lives().settle),
        "it may be news"
    );
    other.now = at(9);
    let mut third = One::new(other.api);
    third.now = at(9);
    assert_eq!(third.act().0, ["show"]);
}

#[test]
fn a_certificate_is_renewed_when_a_third_of_it_is_left_even_where_a_bundle_is_wrong() {
    let mut one = One::new(Api::new());
    one.act();
    one.later(lives().settle);
    let first = one.shown.take().unwrap();
    assert_eq!(one.later(Duration::minutes(19)).0, [""; 0]);
    one.api.annotate("cert-manager.io/inject-ca-from");
    one.api.reset(1);
    assert_eq!(one.later(Duration::minutes(1)).0, ["show"]);
    let second = one.shown.clone().unwrap();
    assert_eq!(second.not_after - first.not_after, 20 * 60);
}

#[test]
fn where_cert_manager_writes_the_bundle_nobody_else_does_and_nothing_is_shown() {
    let mut api = Api::new();
    api.annotate("cert-manager.io/inject-ca-from");
    let mut one = One::new(api);
    assert_eq!(one.act().0, ["write", "mutating"]);
    assert_eq!(one.later(Duration::minutes(1)).0, [""; 0]);
    assert_eq!(one.api.bundle(1), b"");
}

#[test]
fn a_bundle_that_is_reset_is_put_back_at_once_but_not_all_the_time() {
    let mut one = One::new(Api::new());
    one.act();
    one.later(Duration::minutes(1));
    one.api.reset(0);
    assert_eq!(one.later(Duration::seconds(1)).0, ["mutating"]);
    assert!(one.is_taken());
    one.api.reset(0);
    let (did, until) = one.later(Duration::seconds(1));
    assert_eq!((did, until), (vec![], one.now + Duration::seconds(2)));
    assert_eq!(one.later(Duration::seconds(2)).0, ["mutating"]);
    // What did not get through does not count.
    one.api.reset(0);
    one.keeper.was_late(0);
    assert_eq!(one.act().0, ["mutating"]);
}

#[test]
fn an_authority_that_nobody_accounts_for_leaves_a_bundle_slowly_and_anything_else_at_once() {
    let mut one = One::new(Api::new());
    one.act();
    one.later(lives().settle);
    let right = one.api.bundle(0);
    let stray = authority(0).certificate().pem();
    one.api.set(0, &(stray.clone() + "nonsense"));
    one.api
        .set(1, &(String::from_utf8(right.clone()).unwrap() + "nonsense"));
    assert_eq!(
        one.later(Duration::minutes(1)).0,
        ["mutating", "validating"]
    );
    assert_eq!(one.api.bundle(1), right);
    assert_eq!(one.api.bundle(0), [stray.as_bytes(), &right].concat());
    assert!(one.is_taken());
    assert_eq!(one.later(Duration::minutes(4)).0, [""; 0]);
    assert_eq!(one.later(Duration::minutes(1)).0, ["mutating"]);
    assert_eq!(one.api.bundle(0), right);
}

#[test]
fn a_secret_that_is_deleted_is_made_anew_and_the_old_authority_stays_in_the_bundle() {
    let mut one = One::new(Api::new());
    one.act();
    one.later(lives().settle);
    let before = one.api.bundle(0);
    one.now += Duration::minutes(1);
    one.api.put(None, one.now);
    assert_eq!(one.act().0, ["write", "mutating", "validating"]);
    let after = one.api.bundle(0);
    assert!(after.starts_with(&before) && after.len() > before.len());
    assert!(one.is_taken());
    assert_eq!(one.later(lives().settle).0, ["show"]);
    assert!(one.is_taken());
    let secret = one.api.secret().unwrap();
    assert_eq!(secret.content.previous.len(), 1);
    assert_eq!(
        one.later(lives().leaf + lives().skew).0.first(),
        Some(&"write")
    );
    assert!(one.api.secret().unwrap().content.previous.is_empty());
}

#[test]
fn what_cannot_be_written_keeps_nothing_else_from_being_done() {
    let mut api = Api::new();
    let mut first = One::new(api);
    first.act();
    first.later(lives().settle);
    // Long enough that the next authority is due, and the certificate too.
    first.now = at(250);
    let next = |one: &mut One, failed: &Failed| {
        let seen = Seen {
            registrations: one.api.registrations(),
            secret: one.api.secret(),
        };
        one.keeper.next(seen, failed, one.now).unwrap()
    };
    let mut failed = Failed::default();
    assert!(matches!(next(&mut first, &failed), Action::Write { .. }));
    failed.secret = true;
    first.api.reset(0);
    assert!(matches!(next(&mut first, &failed), Action::Show(_)));
    assert!(matches!(
        next(&mut first, &failed),
        Action::Trust { which: 0, .. }
    ));
    failed.registrations[0] = true;
    assert!(matches!(next(&mut first, &failed), Action::Rest(_)));
    api = first.api;
    // But a bundle is not made of a Secret that lacks something.
    let broken = json!({"metadata": {}, "data": {"ca.crt": "aGVsbG8="}});
    api.put(Some(broken), first.now);
    let mut other = One::new(api);
    other.now = first.now;
    assert!(matches!(next(&mut other, &failed), Action::Rest(_)));
}
