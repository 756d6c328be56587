//! What is decided, as a table over time.

use super::super::content::{Content, Fault, Previous};
use super::super::plan::{Around, Step, carry_out, plan};
use super::{at, authority, content, lives};
use crate::certificates::{Authority, AuthorityError, Trusted};

/// What is decided so many minutes after the start, with all configurations in order.
fn decided(content: &Content, minutes: i64) -> Step {
    let around = Around {
        is_next_trusted: true,
        shown: None,
    };
    plan(content, around, at(minutes), &lives())
}

fn done(step: &Step, content: Content, minutes: i64) -> Content {
    carry_out(step, content, (&[], None), at(minutes), &lives()).unwrap()
}

fn certificate(authority: &Option<Authority>) -> &Trusted {
    authority.as_ref().unwrap().certificate()
}

#[test]
fn nothing_is_done_before_two_thirds_of_an_authoritys_life() {
    assert_eq!(decided(&Content::default(), 0), Step::Create);
    let first = done(&Step::Create, Content::default(), 0);
    let two_thirds = 360 - 362 / 3;
    let Step::Wait(due) = decided(&first, 0) else {
        panic!("there is nothing to do");
    };
    assert_eq!(
        due.unix_timestamp() / 60,
        at(two_thirds - 1).unix_timestamp() / 60
    );
    assert_eq!(decided(&first, two_thirds - 1), Step::Wait(due));
    assert_eq!(decided(&first, two_thirds), Step::Announce);
}

#[test]
fn the_next_authority_signs_once_everybody_has_heard_of_it() {
    let announced = content(0, Some(240));
    assert_eq!(decided(&announced, 244), Step::Wait(at(245)));
    assert_eq!(decided(&announced, 245), Step::Promote);
    assert_eq!(decided(&announced, 359), Step::Promote);
    let unheard = plan(&announced, Around::default(), at(245), &lives());
    assert_eq!(
        unheard,
        Step::Wait(at(360)),
        "some caBundle does not have it"
    );
}

#[test]
fn after_a_promotion_the_authority_before_is_trusted_for_as_long_as_what_it_signed_is_good() {
    let announced = content(0, Some(240));
    let (old, new) = (
        certificate(&announced.current).clone(),
        certificate(&announced.next).clone(),
    );
    let mut promoted = done(&Step::Promote, announced, 245);
    assert_eq!(*certificate(&promoted.current), new);
    assert!(promoted.next.is_none());
    let until = at(245 + 30 + 2);
    assert_eq!(
        promoted.previous,
        [Previous {
            certificate: old,
            until
        }]
    );
    assert_eq!(decided(&promoted, 276), Step::Wait(until));
    assert_eq!(decided(&promoted, 277), Step::Drop);
    promoted = done(&Step::Drop, promoted, 277);
    assert_eq!(promoted.previous, []);
}

#[test]
fn what_ended_while_nobody_was_there_is_replaced_by_the_best_there_is() {
    let ended = |key| move |end| Fault::Ended(key, end);
    let lonely = content(0, None);
    assert_eq!(
        decided(&lonely, 360),
        Step::Repair(vec![ended("ca.crt")(at(360))])
    );
    let announced = content(0, Some(240));
    let next = certificate(&announced.next).clone();
    let step = decided(&announced, 400);
    assert_eq!(step, Step::Repair(vec![ended("ca.crt")(at(360))]));
    let repaired = done(&step, announced, 400);
    assert_eq!(*certificate(&repaired.current), next, "it was announced");
    assert!(repaired.next.is_none() && repaired.previous.is_empty());
    let step = decided(&content(0, Some(240)), 700);
    let both = vec![ended("ca.crt")(at(360)), ended("next-ca.crt")(at(600))];
    assert_eq!(step, Step::Repair(both));
    let repaired = done(&step, content(0, Some(240)), 700);
    assert_eq!(certificate(&repaired.current).not_after(), at(700 + 360));
}

#[test]
fn an_authority_without_its_key_is_trusted_on_and_another_one_signs() {
    let fault = Fault::Bad("ca.key", AuthorityError::Key);
    let half = |next: Option<i64>| Content {
        current: None,
        next: next.map(authority),
        keyless: vec![authority(0).certificate().clone()],
        faults: vec![fault.clone()],
        ..Content::default()
    };
    for next in [None, Some(9)] {
        let broken = half(next);
        let announced = broken.next.as_ref().map(|n| n.certificate().clone());
        let lost = broken.keyless[0].clone();
        let elsewhere = authority(0).certificate().clone();
        let step = decided(&broken, 10);
        assert_eq!(step, Step::Repair(vec![fault.clone()]));
        let around = (&[lost.clone(), elsewhere.clone()][..], None);
        let repaired = carry_out(&step, broken, around, at(10), &lives()).unwrap();
        let signs = certificate(&repaired.current);
        assert!(announced.is_none_or(|a| a == *signs));
        let kept: Vec<&Trusted> = repaired.previous.iter().map(|p| &p.certificate).collect();
        assert_eq!(kept, [&lost, &elsewhere]);
        assert!(repaired.previous.iter().all(|p| p.until == at(10 + 32)));
        assert!(matches!(decided(&repaired, 10), Step::Wait(_)));
    }
}

#[test]
fn a_usable_authority_stays_whatever_is_wrong_beside_it() {
    let mut broken = content(0, None);
    let before = certificate(&broken.current).clone();
    broken.faults = vec![
        Fault::Missing("next-ca.key"),
        Fault::NoText("previous-ca.crt"),
    ];
    let step = decided(&broken, 10);
    assert_eq!(step, Step::Repair(broken.faults.clone()));
    let repaired = done(&step, broken, 10);
    assert_eq!(*certificate(&repaired.current), before);
    assert!(repaired.previous.is_empty());
}

#[test]
fn whose_certificate_is_shown_gets_back_into_the_secret() {
    let shown = authority(3).certificate().clone();
    let around = Around {
        is_next_trusted: true,
        shown: Some(&shown),
    };
    let step = plan(&content(0, None), around, at(10), &lives());
    assert_eq!(step, Step::Repair(vec![Fault::Forgotten]));
    for (step, before) in [(step, content(0, None)), (Step::Create, Content::default())] {
        let after = carry_out(&step, before, (&[], Some(&shown)), at(10), &lives()).unwrap();
        assert_eq!(after.previous.len(), 1);
        assert_eq!(after.previous[0].certificate, shown);
        let again = plan(&after, around, at(10), &lives());
        assert!(matches!(again, Step::Wait(_)), "{again:?}");
    }
    let empty = plan(&Content::default(), around, at(10), &lives());
    assert_eq!(empty, Step::Create);
}
