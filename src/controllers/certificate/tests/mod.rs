//! The plan as tables, the forms of the Secret, and a simulation of replicas with failures.

mod api;
mod authorities;
mod plan;
mod replica;
mod simulation;

use time::{Duration, OffsetDateTime};

use super::authorities::Authorities;
use super::lifetimes::{Clock, Lifetimes};
use crate::certificates::Authority;

/// So many minutes after a fixed time.
fn at(minutes: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_800_000_000 + 60 * minutes).unwrap()
}

/// Lifetimes so short that three rotations fit into a test.
fn lifetimes() -> Lifetimes {
    Lifetimes {
        authority: Duration::minutes(360),
        serving: Duration::minutes(30),
        announce: Duration::minutes(5),
        settle: Duration::seconds(10),
        skew: Duration::minutes(2),
        gap: Duration::seconds(3),
    }
}

/// The clock so many minutes after a fixed time.
fn clock(minutes: i64) -> Clock {
    Clock {
        now: at(minutes),
        lifetimes: lifetimes(),
    }
}

/// An authority that was generated then.
fn authority(made: i64) -> Authority {
    let Lifetimes {
        authority, skew, ..
    } = lifetimes();
    Authority::generate(at(made) - skew, at(made) + authority).unwrap()
}

/// A current and maybe an announced authority, generated then.
fn authorities(current: i64, next: Option<i64>) -> Authorities {
    Authorities {
        current: Some(authority(current)),
        next: next.map(authority),
        ..Authorities::default()
    }
}
