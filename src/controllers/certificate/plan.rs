//! The next step for the authorities in the Secret: a pure function of the Secret and the time.
//!
//! An authority is announced long before it signs, and trusted until everything that it signed has expired. So API
//! servers trust an authority before they see a certificate of it, and as long as they may see one.

use time::{Duration, OffsetDateTime};

use super::authorities::{Authorities, Fault, Previous};
use super::lifetimes::Lifetimes;
use crate::certificates::{Authority, CaCertificate, CertificateError};

/// The next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing until then.
    Wait(OffsetDateTime),
    /// Generate the first authority.
    Create,
    /// Generate the next authority. It does not sign yet.
    Announce,
    /// Sign with the next authority from now on.
    Promote,
    /// Remove an authority whose certificates have all expired.
    Drop,
    /// Keep what is valid, and generate what is missing.
    Repair(Vec<Fault>),
}

/// What matters besides the Secret.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PlanInput<'a> {
    /// Every webhook configuration that exists has the next authority in its caBundle.
    pub(super) is_next_trusted: bool,
    /// The authority of this replica's active certificate, while that is valid.
    pub(super) active: Option<&'a CaCertificate>,
}

/// Decides the next step.
pub(super) fn plan(
    authorities: &Authorities,
    input: PlanInput<'_>,
    now: OffsetDateTime,
    lifetimes: &Lifetimes,
) -> Step {
    let mut faults = authorities.faults.clone();
    faults.extend(authorities.ended(now));
    let is_missing = |active: &CaCertificate| authorities.trusted().all(|t| t != active);
    if input.active.is_some_and(is_missing) {
        faults.push(Fault::ActiveMissing);
    }
    match &authorities.current {
        None if faults.iter().all(|f| *f == Fault::ActiveMissing) => Step::Create,
        None => Step::Repair(faults),
        Some(_) if !faults.is_empty() => Step::Repair(faults),
        Some(current) => rotate(current, authorities, input, now, lifetimes),
    }
}

/// The rotation of a Secret without faults.
fn rotate(
    current: &Authority,
    authorities: &Authorities,
    input: PlanInput<'_>,
    now: OffsetDateTime,
    lifetimes: &Lifetimes,
) -> Step {
    let drops = authorities.previous.iter().map(Previous::end).min();
    if drops.is_some_and(|at| at <= now) {
        return Step::Drop;
    }
    let (due, step, is_possible) = match &authorities.next {
        None => (last_third(current.certificate()), Step::Announce, true),
        Some(next) => (
            announcement_end(next.certificate(), lifetimes),
            Step::Promote,
            input.is_next_trusted,
        ),
    };
    if due <= now && is_possible {
        return step;
    }
    // A watch reports when every configuration trusts the next authority. At the latest, the current one expires.
    let due = if is_possible {
        due
    } else {
        due.max(current.certificate().not_after())
    };
    Step::Wait(drops.map_or(due, |at| at.min(due)))
}

/// When an authority has been announced for long enough. It is announced when it is generated.
pub(super) fn announcement_end(
    certificate: &CaCertificate,
    lifetimes: &Lifetimes,
) -> OffsetDateTime {
    later(
        certificate.not_before(),
        lifetimes.skew + lifetimes.announce,
    )
}

fn last_third(certificate: &CaCertificate) -> OffsetDateTime {
    let life = certificate.not_after() - certificate.not_before();
    later(certificate.not_after(), -life / 3)
}

/// Applies a step. `bundled` are the authorities in caBundles, for a Secret that has lost them.
///
/// # Errors
/// When the library cannot generate an authority.
pub(super) fn apply(
    step: &Step,
    authorities: Authorities,
    (bundled, active): (&[CaCertificate], Option<&CaCertificate>),
    now: OffsetDateTime,
    lifetimes: &Lifetimes,
) -> Result<Authorities, CertificateError> {
    let mut authorities = Authorities {
        faults: Vec::new(),
        ..authorities
    };
    match step {
        Step::Wait(_) => {}
        Step::Announce => authorities.next = Some(generate(now, lifetimes)?),
        Step::Promote => {
            let before = std::mem::replace(&mut authorities.current, authorities.next.take());
            let before = before.iter().map(Authority::certificate);
            keep_trusting(&mut authorities.previous, before, now, lifetimes);
        }
        Step::Drop => authorities.previous.retain(|p| p.end() > now),
        Step::Create | Step::Repair(_) => {
            authorities = repair(authorities, bundled, now, lifetimes)?;
            keep_trusting(&mut authorities.previous, active, now, lifetimes);
        }
    }
    let Authorities { current, next, .. } = &authorities;
    let signing: Vec<CaCertificate> = [current, next]
        .into_iter()
        .flatten()
        .map(|a| a.certificate().clone())
        .collect();
    authorities
        .previous
        .retain(|p| !signing.contains(&p.certificate));
    Ok(authorities)
}

/// Ensures an authority that signs: the current one, else the announced one, else a new one.
fn repair(
    authorities: Authorities,
    bundled: &[CaCertificate],
    now: OffsetDateTime,
    lifetimes: &Lifetimes,
) -> Result<Authorities, CertificateError> {
    let Authorities {
        current,
        next,
        mut previous,
        keyless,
        ..
    } = authorities;
    previous.retain(|p| p.end() > now);
    keep_trusting(&mut previous, &keyless, now, lifetimes);
    let is_good = |authority: &Authority| authority.certificate().not_after() > now;
    let (current, next) = match (current.filter(is_good), next.filter(is_good)) {
        (Some(current), next) => (current, next),
        (None, next) => {
            // Which authorities signed the certificates of other replicas is unknown, but caBundles hold them.
            keep_trusting(&mut previous, bundled, now, lifetimes);
            (next.map_or_else(|| generate(now, lifetimes), Ok)?, None)
        }
    };
    Ok(Authorities {
        current: Some(current),
        next,
        previous,
        ..Authorities::default()
    })
}

fn generate(now: OffsetDateTime, lifetimes: &Lifetimes) -> Result<Authority, CertificateError> {
    Authority::generate(later(now, -lifetimes.skew), later(now, lifetimes.authority))
}

/// Keeps authorities trusted until everything that they have signed has expired.
fn keep_trusting<'t>(
    previous: &mut Vec<Previous>,
    certificates: impl IntoIterator<Item = &'t CaCertificate>,
    now: OffsetDateTime,
    lifetimes: &Lifetimes,
) {
    let until = later(now, lifetimes.serving + lifetimes.skew);
    for certificate in certificates {
        if certificate.not_after() <= now {
            continue;
        }
        match previous.iter_mut().find(|p| p.certificate == *certificate) {
            Some(previous) => previous.until = previous.until.max(until),
            None => previous.push(Previous {
                certificate: certificate.clone(),
                until,
            }),
        }
    }
}

impl Previous {
    /// When it may be removed. Clients reject its certificates after it has expired itself.
    pub(super) fn end(&self) -> OffsetDateTime {
        self.until.min(self.certificate.not_after())
    }
}

/// A later time, within the calendar.
pub(super) fn later(time: OffsetDateTime, by: Duration) -> OffsetDateTime {
    time.saturating_add(by)
}

/// For the log, after the step.
impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Wait(_) => f.write_str("nothing is to be done"),
            Self::Create => f.write_str("made an authority"),
            Self::Announce => f.write_str("made and announced the next authority"),
            Self::Promote => f.write_str("the next authority signs from now on"),
            Self::Drop => f.write_str("no longer trust an authority that signs no more"),
            Self::Repair(faults) => {
                let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
                write!(f, "repaired: {}", faults.join("; "))
            }
        }
    }
}
