//! What is to be done with the authorities in the Secret: decided from what it holds and the time, without a state.
//!
//! An authority is announced long before it signs, and trusted until nothing that it signed is good any more. So
//! whoever verifies knows every authority before he sees a certificate of it, and after.

use time::{Duration, OffsetDateTime};

use super::Lives;
use super::content::{Content, Fault, Previous};
use crate::certificates::{Authority, CertificateError, Trusted};

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing before then.
    Wait(OffsetDateTime),
    /// The first authority.
    Create,
    /// The next authority, which does not sign yet.
    Announce,
    /// The next authority signs from now on.
    Promote,
    /// An authority whose certificates have all ended goes.
    Drop,
    /// What is good of it stays, what is missing is made.
    Repair(Vec<Fault>),
}

/// What there is besides the Secret.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Around<'a> {
    /// Every webhook configuration that is there has the next authority in its caBundle.
    pub(super) is_next_trusted: bool,
    /// Whose certificate this replica shows, while it is good.
    pub(super) shown: Option<&'a Trusted>,
}

/// Decides what is to be done.
pub(super) fn plan(
    content: &Content,
    around: Around<'_>,
    now: OffsetDateTime,
    lives: &Lives,
) -> Step {
    let mut faults = content.faults.clone();
    faults.extend(content.ended(now));
    let is_forgotten = |shown: &Trusted| content.trusted().all(|t| t != shown);
    if around.shown.is_some_and(is_forgotten) {
        faults.push(Fault::Forgotten);
    }
    match &content.current {
        None if faults.iter().all(|f| *f == Fault::Forgotten) => Step::Create,
        None => Step::Repair(faults),
        Some(_) if !faults.is_empty() => Step::Repair(faults),
        Some(current) => rotate(current, content, around, now, lives),
    }
}

/// The course of things, when nothing is wrong.
fn rotate(
    current: &Authority,
    content: &Content,
    around: Around<'_>,
    now: OffsetDateTime,
    lives: &Lives,
) -> Step {
    let drops = content.previous.iter().map(Previous::end).min();
    if drops.is_some_and(|at| at <= now) {
        return Step::Drop;
    }
    let (due, step, is_possible) = match &content.next {
        None => (last_third(current.certificate()), Step::Announce, true),
        Some(next) => (
            known(next.certificate(), lives),
            Step::Promote,
            around.is_next_trusted,
        ),
    };
    if due <= now && is_possible {
        return step;
    }
    // What is not possible becomes so by a change elsewhere, which is watched; at the latest the current one ends.
    let due = if is_possible {
        due
    } else {
        due.max(current.certificate().not_after())
    };
    Step::Wait(drops.map_or(due, |at| at.min(due)))
}

/// When an authority that was announced when it was made has been so for long enough.
pub(super) fn known(certificate: &Trusted, lives: &Lives) -> OffsetDateTime {
    later(certificate.not_before(), lives.skew + lives.announce)
}

fn last_third(certificate: &Trusted) -> OffsetDateTime {
    let life = certificate.not_after() - certificate.not_before();
    later(certificate.not_after(), -life / 3)
}

/// Does what was decided. `elsewhere` is what caBundles hold, for when the Secret has nothing of it any more.
///
/// # Errors
/// When the library cannot make an authority.
pub(super) fn carry_out(
    step: &Step,
    content: Content,
    (elsewhere, shown): (&[Trusted], Option<&Trusted>),
    now: OffsetDateTime,
    lives: &Lives,
) -> Result<Content, CertificateError> {
    let mut content = Content {
        faults: Vec::new(),
        ..content
    };
    match step {
        Step::Wait(_) => {}
        Step::Announce => content.next = Some(make(now, lives)?),
        Step::Promote => {
            let before = std::mem::replace(&mut content.current, content.next.take());
            let before = before.iter().map(Authority::certificate);
            keep(&mut content.previous, before, now, lives);
        }
        Step::Drop => content.previous.retain(|p| p.end() > now),
        Step::Create | Step::Repair(_) => {
            content = repair(content, elsewhere, now, lives)?;
            keep(&mut content.previous, shown, now, lives);
        }
    }
    let Content { current, next, .. } = &content;
    let signing: Vec<Trusted> = [current, next]
        .into_iter()
        .flatten()
        .map(|a| a.certificate().clone())
        .collect();
    content
        .previous
        .retain(|p| !signing.contains(&p.certificate));
    Ok(content)
}

/// With an authority that signs: the one that did, else the one that was announced, else a new one.
fn repair(
    content: Content,
    elsewhere: &[Trusted],
    now: OffsetDateTime,
    lives: &Lives,
) -> Result<Content, CertificateError> {
    let Content {
        current,
        next,
        mut previous,
        keyless,
        ..
    } = content;
    previous.retain(|p| p.end() > now);
    keep(&mut previous, &keyless, now, lives);
    let is_good = |authority: &Authority| authority.certificate().not_after() > now;
    let (current, next) = match (current.filter(is_good), next.filter(is_good)) {
        (Some(current), next) => (current, next),
        (None, next) => {
            // Nobody can say what others show; what they are trusted by is to be seen.
            keep(&mut previous, elsewhere, now, lives);
            (next.map_or_else(|| make(now, lives), Ok)?, None)
        }
    };
    Ok(Content {
        current: Some(current),
        next,
        previous,
        ..Content::default()
    })
}

fn make(now: OffsetDateTime, lives: &Lives) -> Result<Authority, CertificateError> {
    Authority::generate(later(now, -lives.skew), later(now, lives.authority))
}

/// Keeps authorities trusted until everything that they have signed by now has ended.
fn keep<'t>(
    previous: &mut Vec<Previous>,
    certificates: impl IntoIterator<Item = &'t Trusted>,
    now: OffsetDateTime,
    lives: &Lives,
) {
    let until = later(now, lives.leaf + lives.skew);
    for certificate in certificates {
        if certificate.not_after() <= now {
            continue;
        }
        match previous.iter_mut().find(|p| p.certificate == *certificate) {
            Some(known) => known.until = known.until.max(until),
            None => previous.push(Previous {
                certificate: certificate.clone(),
                until,
            }),
        }
    }
}

impl Previous {
    /// When it may go: nobody trusts what it signed after it has ended itself.
    pub(super) fn end(&self) -> OffsetDateTime {
        self.until.min(self.certificate.not_after())
    }
}

/// The calendar has an end.
pub(super) fn later(time: OffsetDateTime, by: Duration) -> OffsetDateTime {
    time.saturating_add(by)
}

/// For the log, after it was done.
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
