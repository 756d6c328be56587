//! The steps over time.

use super::super::authorities::{Authorities, Fault, Previous};
use super::super::plan::{PlanInput, Step, apply, plan};
use super::{at, authorities, authority, clock};
use crate::certificates::{Authority, AuthorityError, CaCertificate};

/// The step so many minutes after the start, with the next authority in every caBundle.
fn decided(authorities: &Authorities, minutes: i64) -> Step {
    let input = PlanInput {
        is_next_trusted: true,
        active: None,
    };
    plan(authorities, input, clock(minutes))
}

fn done(step: &Step, authorities: Authorities, minutes: i64) -> Authorities {
    apply(step, authorities, (&[], None), clock(minutes)).unwrap()
}

fn certificate(authority: &Option<Authority>) -> &CaCertificate {
    authority.as_ref().unwrap().certificate()
}

#[test]
fn nothing_happens_in_the_first_two_thirds_of_an_authoritys_life() {
    assert_eq!(decided(&Authorities::default(), 0), Step::Create);
    let first = done(&Step::Create, Authorities::default(), 0);
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
fn the_next_authority_signs_after_its_announcement() {
    let announced = authorities(0, Some(240));
    assert_eq!(decided(&announced, 244), Step::Wait(at(245)));
    assert_eq!(decided(&announced, 245), Step::Promote);
    assert_eq!(decided(&announced, 359), Step::Promote);
    let unheard = plan(&announced, PlanInput::default(), clock(245));
    assert_eq!(
        unheard,
        Step::Wait(at(360)),
        "some caBundle does not have it"
    );
}

#[test]
fn after_a_promotion_the_previous_authority_is_trusted_until_its_certificates_have_expired() {
    let announced = authorities(0, Some(240));
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
fn an_expired_authority_is_replaced_by_the_announced_one_or_by_a_new_one() {
    let ended = |key| move |end| Fault::Ended(key, end);
    let lonely = authorities(0, None);
    assert_eq!(
        decided(&lonely, 360),
        Step::Repair(vec![ended("ca.crt")(at(360))])
    );
    let announced = authorities(0, Some(240));
    let next = certificate(&announced.next).clone();
    let step = decided(&announced, 400);
    assert_eq!(step, Step::Repair(vec![ended("ca.crt")(at(360))]));
    let repaired = done(&step, announced, 400);
    assert_eq!(*certificate(&repaired.current), next, "it was announced");
    assert!(repaired.next.is_none() && repaired.previous.is_empty());
    let step = decided(&authorities(0, Some(240)), 700);
    let both = vec![ended("ca.crt")(at(360)), ended("next-ca.crt")(at(600))];
    assert_eq!(step, Step::Repair(both));
    let repaired = done(&step, authorities(0, Some(240)), 700);
    assert_eq!(certificate(&repaired.current).not_after(), at(700 + 360));
}

#[test]
fn an_authority_without_its_key_stays_trusted_and_another_one_signs() {
    let fault = Fault::Bad("ca.key", AuthorityError::Key);
    let half = |next: Option<i64>| Authorities {
        current: None,
        next: next.map(authority),
        keyless: vec![authority(0).certificate().clone()],
        faults: vec![fault.clone()],
        ..Authorities::default()
    };
    for next in [None, Some(9)] {
        let broken = half(next);
        let announced = broken.next.as_ref().map(|n| n.certificate().clone());
        let lost = broken.keyless[0].clone();
        let elsewhere = authority(0).certificate().clone();
        let step = decided(&broken, 10);
        assert_eq!(step, Step::Repair(vec![fault.clone()]));
        let input = (&[lost.clone(), elsewhere.clone()][..], None);
        let repaired = apply(&step, broken, input, clock(10)).unwrap();
        let signs = certificate(&repaired.current);
        assert!(announced.is_none_or(|a| a == *signs));
        let kept: Vec<&CaCertificate> = repaired.previous.iter().map(|p| &p.certificate).collect();
        assert_eq!(kept, [&lost, &elsewhere]);
        assert!(repaired.previous.iter().all(|p| p.until == at(10 + 32)));
        assert!(matches!(decided(&repaired, 10), Step::Wait(_)));
    }
}

#[test]
fn a_valid_authority_stays_whatever_else_is_faulty() {
    let mut broken = authorities(0, None);
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
fn the_authority_of_the_active_certificate_returns_to_the_secret() {
    let active = authority(3).certificate().clone();
    let input = PlanInput {
        is_next_trusted: true,
        active: Some(&active),
    };
    let step = plan(&authorities(0, None), input, clock(10));
    assert_eq!(step, Step::Repair(vec![Fault::ActiveMissing]));
    for (step, before) in [
        (step, authorities(0, None)),
        (Step::Create, Authorities::default()),
    ] {
        let after = apply(&step, before, (&[], Some(&active)), clock(10)).unwrap();
        assert_eq!(after.previous.len(), 1);
        assert_eq!(after.previous[0].certificate, active);
        let again = plan(&after, input, clock(10));
        assert!(matches!(again, Step::Wait(_)), "{again:?}");
    }
    let empty = plan(&Authorities::default(), input, clock(10));
    assert_eq!(empty, Step::Create);
}
