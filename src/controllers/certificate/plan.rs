//! The next step for the authorities in the Secret: a pure function of the Secret and the time.
//!
//! An authority is announced long before it signs, and trusted until everything that it signed has expired. So API
//! servers trust an authority before they see a certificate of it, and as long as they may see one.

use time::OffsetDateTime;

use super::authorities::{Authorities, Fault, Previous};
use super::lifetimes::{Clock, Lifetimes};
use crate::certificates::{Authority, CaCertificate, CertificateError};

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

pub(super) fn plan(authorities: &Authorities, input: PlanInput<'_>, clock: Clock) -> Step {
    let mut faults = authorities.faults.clone();
    faults.extend(authorities.ended(clock.now));
    let is_missing = |active: &CaCertificate| authorities.trusted().all(|t| t != active);
    if input.active.is_some_and(is_missing) {
        faults.push(Fault::ActiveMissing);
    }
    match &authorities.current {
        None if faults.iter().all(|f| *f == Fault::ActiveMissing) => Step::Create,
        Some(current) if faults.is_empty() => rotate(current, authorities, input, clock),
        _ => Step::Repair(faults),
    }
}

/// The rotation of a Secret without faults.
fn rotate(
    current: &Authority,
    authorities: &Authorities,
    input: PlanInput<'_>,
    clock: Clock,
) -> Step {
    let drops = authorities.previous.iter().map(Previous::end).min();
    if drops.is_some_and(|at| at <= clock.now) {
        return Step::Drop;
    }
    let current = current.certificate();
    let (due, step, is_possible) = match &authorities.next {
        None => {
            let life = current.not_after() - current.not_before();
            let last_third = current.not_after().saturating_add(-life / 3);
            (last_third, Step::Announce, true)
        }
        Some(next) => {
            let due = announcement_end(next.certificate(), &clock.lifetimes);
            (due, Step::Promote, input.is_next_trusted)
        }
    };
    if due <= clock.now && is_possible {
        return step;
    }
    // A watch reports when every configuration trusts the next authority. At the latest, the current one expires.
    let due = if is_possible {
        due
    } else {
        due.max(current.not_after())
    };
    Step::Wait(drops.map_or(due, |at| at.min(due)))
}

/// When an authority has been announced for long enough. It is announced when it is generated.
pub(super) fn announcement_end(
    certificate: &CaCertificate,
    lifetimes: &Lifetimes,
) -> OffsetDateTime {
    let announcement = lifetimes.skew + lifetimes.announce;
    certificate.not_before().saturating_add(announcement)
}

/// Applies a step. `bundled` are the authorities in caBundles, for a Secret that has lost them.
///
/// # Errors
/// When the library cannot generate an authority.
pub(super) fn apply(
    step: &Step,
    mut authorities: Authorities,
    (bundled, active): (&[CaCertificate], Option<&CaCertificate>),
    clock: Clock,
) -> Result<Authorities, CertificateError> {
    authorities.faults.clear();
    match step {
        Step::Wait(_) => {}
        Step::Announce => authorities.next = Some(generate(clock)?),
        Step::Promote => {
            let before = std::mem::replace(&mut authorities.current, authorities.next.take());
            let before = before.iter().map(Authority::certificate);
            keep_trusting(&mut authorities.previous, before, clock);
        }
        Step::Drop => authorities.previous.retain(|p| p.end() > clock.now),
        Step::Create | Step::Repair(_) => {
            repair(&mut authorities, bundled, clock)?;
            keep_trusting(&mut authorities.previous, active, clock);
        }
    }
    let Authorities {
        current,
        next,
        previous,
        ..
    } = &mut authorities;
    let signing: Vec<&CaCertificate> = [current, next]
        .into_iter()
        .filter_map(|authority| Some(authority.as_ref()?.certificate()))
        .collect();
    previous.retain(|p| !signing.contains(&&p.certificate));
    Ok(authorities)
}

/// Ensures an authority that signs: the current one, else the announced one, else a new one.
fn repair(
    authorities: &mut Authorities,
    bundled: &[CaCertificate],
    clock: Clock,
) -> Result<(), CertificateError> {
    let Authorities {
        current,
        next,
        previous,
        keyless,
        ..
    } = authorities;
    previous.retain(|p| p.end() > clock.now);
    keep_trusting(previous, &std::mem::take(keyless), clock);
    for authority in [&mut *current, &mut *next] {
        authority.take_if(|a| a.certificate().not_after() <= clock.now);
    }
    if current.is_none() {
        // Which authorities signed the certificates of other replicas is unknown, but caBundles hold them.
        keep_trusting(previous, bundled, clock);
        *current = Some(next.take().map_or_else(|| generate(clock), Ok)?);
    }
    Ok(())
}

fn generate(clock: Clock) -> Result<Authority, CertificateError> {
    let Lifetimes {
        authority, skew, ..
    } = clock.lifetimes;
    Authority::generate(clock.after(-skew), clock.after(authority))
}

/// Keeps authorities trusted until everything that they have signed has expired.
fn keep_trusting<'t>(
    previous: &mut Vec<Previous>,
    certificates: impl IntoIterator<Item = &'t CaCertificate>,
    clock: Clock,
) {
    let until = clock.after(clock.lifetimes.serving + clock.lifetimes.skew);
    let certificates = certificates.into_iter();
    for certificate in certificates.filter(|c| c.not_after() > clock.now) {
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
