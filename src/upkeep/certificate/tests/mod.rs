//! The plan as tables, the Secret's forms, and replicas against everything that may happen to them.

mod content;
mod keeper;
mod plan;
mod simulation;
mod world;

use time::{Duration, OffsetDateTime};

use super::Lives;
use super::content::Content;
use crate::certificates::Authority;

/// So many minutes after some day.
fn at(minutes: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_800_000_000 + 60 * minutes).unwrap()
}

/// An authority of a day, of which three rotations fit into a test.
fn lives() -> Lives {
    Lives {
        authority: Duration::minutes(360),
        leaf: Duration::minutes(30),
        announce: Duration::minutes(5),
        settle: Duration::seconds(10),
        skew: Duration::minutes(2),
        gap: Duration::seconds(3),
    }
}

/// One that was made then.
fn authority(made: i64) -> Authority {
    let Lives {
        authority, skew, ..
    } = lives();
    Authority::generate(at(made) - skew, at(made) + authority).unwrap()
}

/// One that signs, and maybe one that is announced, which were made then.
fn content(current: i64, next: Option<i64>) -> Content {
    Content {
        current: Some(authority(current)),
        next: next.map(authority),
        ..Content::default()
    }
}
