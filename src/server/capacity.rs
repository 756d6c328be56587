//! Bounds the bodies and answers that a server holds at once. A slow client does not keep others out.
//!
//! The bounds, for a process of 34 MB and 10 MB more with five thousand nodes:
//!
//! | what | at most |
//! |---|---|
//! | ordinary bodies | [`REQUESTS`] of [`ORDINARY_BODY`]: 16 MiB |
//! | large bodies | [`LARGE_BYTES`]: 28 MiB |
//! | ordinary answers | [`REQUESTS`] of [`ORDINARY_ANSWER`]: 8 MiB |
//! | large answers | [`LARGE_ANSWERS`]: 24 MiB |
//! | the review of a large body | one at a time, see [`super::routes`] |
//! | connections | 512, with about 100 KiB of buffers each, see [`super::listener`]: 50 MiB |
//!
//! Together that is about 210 MB, under a limit of 512Mi.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connection::Connection;

/// The largest body. An API server's own limit is 3 MiB for a request, and a review can hold two objects and the
/// rest (controller-runtime's derivation, `pkg/webhook/admission/http.go`).
pub(super) const LARGEST_BODY: usize = 7 << 20;
/// The largest body that is decided on the webhook's thread. Real ones have 5 to 30 KiB, and one of this size takes a
/// few hundred microseconds.
pub(super) const ORDINARY_BODY: usize = 64 << 10;

/// Requests from their head to the last byte of their answer.
const REQUESTS: usize = 256;
/// Those of them with a large body, so that there is always room for others.
const LARGE_REQUESTS: usize = 64;
/// Bytes of large bodies: four of the largest.
const LARGE_BYTES: usize = 4 * LARGEST_BODY;
/// An answer with a patch has 2 KiB. Up to this size, there is always room for an answer.
const ORDINARY_ANSWER: usize = 32 << 10;
/// Bytes of larger answers that are not written yet. The largest patch is a megabyte, in base64 a third more.
const LARGE_ANSWERS: usize = 24 << 20;

/// A client that takes longer to read an answer does not read.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// If there is no room, a connection is closed whose client the server has waited for so long. An API server sends its
/// body and reads its answer in milliseconds.
const PATIENCE: Duration = Duration::from_secs(2);

/// The room for requests and answers.
pub(super) struct Capacity {
    requests: Arc<Semaphore>,
    large_requests: Arc<Semaphore>,
    large_bytes: Arc<Semaphore>,
    large_answers: Arc<Semaphore>,
    /// Whether anything large was held since [`Capacity::large_data_is_gone`] was last true.
    was_large: AtomicBool,
    exchanges: Mutex<Exchanges>,
}

/// The present requests and refusals by number, in the order in which they came.
#[derive(Default)]
struct Exchanges {
    next: u64,
    by_number: BTreeMap<u64, Exchange>,
}

struct Exchange {
    connection: Arc<Connection>,
    size: Size,
    phase: Phase,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Size {
    /// An answer to a request that got no room.
    Refusal,
    Ordinary,
    Large,
}

#[derive(Clone, Copy)]
enum Phase {
    /// The server has waited for the body since then.
    Body(Instant),
    Decision,
    /// The server has waited for the client to read its answer since then.
    Answer(Instant),
}

/// Room for one request and its answer; released when dropped.
pub(super) struct Room {
    capacity: Arc<Capacity>,
    number: u64,
    permits: Permits,
}

#[derive(Default)]
struct Permits {
    _request: Option<OwnedSemaphorePermit>,
    _large_request: Option<OwnedSemaphorePermit>,
    /// For the bytes of a large body, and then of a large answer.
    bytes: Option<OwnedSemaphorePermit>,
}

impl Default for Capacity {
    fn default() -> Self {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Self {
            requests: semaphore(REQUESTS),
            large_requests: semaphore(LARGE_REQUESTS),
            large_bytes: semaphore(LARGE_BYTES),
            large_answers: semaphore(LARGE_ANSWERS),
            was_large: AtomicBool::new(false),
            exchanges: Mutex::default(),
        }
    }
}

impl Capacity {
    /// Room for a request with a body of so many bytes. If there is none, the slowest client loses its connection, and
    /// its room is free once that has ended.
    pub(super) fn room(self: &Arc<Self>, bytes: usize, of: &Arc<Connection>) -> Option<Room> {
        let size = if bytes > ORDINARY_BODY {
            Size::Large
        } else {
            Size::Ordinary
        };
        let Some(permits) = self.permits(bytes, size) else {
            self.close_slowest(size, Instant::now());
            return None;
        };
        Some(self.begin(size, Phase::Body(Instant::now()), permits, of))
    }

    /// Room for an answer to a request that got none, so that slow readers of such answers are known.
    pub(super) fn room_for_refusal(self: &Arc<Self>, of: &Arc<Connection>) -> Room {
        let phase = Phase::Answer(Instant::now());
        self.begin(Size::Refusal, phase, Permits::default(), of)
    }

    fn permits(&self, bytes: usize, size: Size) -> Option<Permits> {
        let mut permits = Permits {
            _request: Some(acquire(&self.requests, 1)?),
            ..Permits::default()
        };
        if size == Size::Large {
            permits._large_request = Some(acquire(&self.large_requests, 1)?);
            permits.bytes = Some(acquire(&self.large_bytes, bytes)?);
            self.was_large.store(true, Ordering::Relaxed);
        }
        Some(permits)
    }

    fn begin(
        self: &Arc<Self>,
        size: Size,
        phase: Phase,
        permits: Permits,
        of: &Arc<Connection>,
    ) -> Room {
        of.add_pending();
        let exchange = Exchange {
            connection: Arc::clone(of),
            size,
            phase,
        };
        let mut exchanges = self.exchanges();
        let number = exchanges.next;
        exchanges.next += 1;
        exchanges.by_number.insert(number, exchange);
        Room {
            capacity: Arc::clone(self),
            number,
            permits,
        }
    }

    pub(super) fn in_flight(&self) -> usize {
        REQUESTS - self.requests.available_permits()
    }

    /// Closes the connections of clients that do not read. To be called regularly.
    pub(super) fn close_slow_readers(&self) {
        let now = Instant::now();
        for exchange in self.exchanges().by_number.values() {
            if matches!(exchange.phase, Phase::Answer(_)) && exchange.waited(now) > READ_TIMEOUT {
                exchange.connection.close();
            }
        }
    }

    /// Whether everything large that was held is gone; true once after each time.
    pub(super) fn large_data_is_gone(&self) -> bool {
        self.large_requests.available_permits() == LARGE_REQUESTS
            && self.large_answers.available_permits() == LARGE_ANSWERS
            && self.was_large.swap(false, Ordering::Relaxed)
    }

    fn close_slowest(&self, size: Size, now: Instant) {
        let exchanges = self.exchanges();
        let alike = exchanges.by_number.values().filter(|exchange| match size {
            Size::Large => exchange.size == Size::Large,
            Size::Ordinary | Size::Refusal => exchange.size != Size::Refusal,
        });
        let slowest = alike.max_by_key(|exchange| exchange.waited(now));
        if let Some(exchange) = slowest.filter(|exchange| exchange.waited(now) > PATIENCE) {
            exchange.connection.close();
        }
    }

    fn set_phase(&self, number: u64, phase: Phase) {
        if let Some(exchange) = self.exchanges().by_number.get_mut(&number) {
            exchange.phase = phase;
        }
    }

    fn exchanges(&self) -> MutexGuard<'_, Exchanges> {
        let exchanges = self.exchanges.lock();
        exchanges.unwrap_or_else(PoisonError::into_inner)
    }
}

fn acquire(semaphore: &Arc<Semaphore>, count: usize) -> Option<OwnedSemaphorePermit> {
    let count = u32::try_from(count).ok()?;
    Arc::clone(semaphore).try_acquire_many_owned(count).ok()
}

impl Exchange {
    /// How long the server has waited for the client.
    fn waited(&self, now: Instant) -> Duration {
        match self.phase {
            Phase::Body(since) | Phase::Answer(since) => now.saturating_duration_since(since),
            Phase::Decision => Duration::ZERO,
        }
    }
}

impl Room {
    /// The body is complete. The server does not wait for the client until there is an answer.
    pub(super) fn body_is_complete(&self) {
        self.capacity.set_phase(self.number, Phase::Decision);
    }

    /// An answer that holds this room until it is written or its connection has ended; none if there is no room for it.
    /// The body has to be dropped before.
    pub(super) fn answer(mut self, answer: Vec<u8>) -> Option<Bytes> {
        let capacity = &self.capacity;
        let bytes = if answer.len() > ORDINARY_ANSWER {
            let bytes = acquire(&capacity.large_answers, answer.len())?;
            capacity.was_large.store(true, Ordering::Relaxed);
            Some(bytes)
        } else {
            None
        };
        capacity.set_phase(self.number, Phase::Answer(Instant::now()));
        self.permits.bytes = bytes;
        let _room = self;
        Some(Bytes::from_owner(Unwritten { answer, _room }))
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let removed = self.capacity.exchanges().by_number.remove(&self.number);
        if let Some(exchange) = removed {
            exchange.connection.remove_pending();
        }
    }
}

/// An answer of which parts are not written yet.
struct Unwritten {
    answer: Vec<u8>,
    _room: Room,
}

impl AsRef<[u8]> for Unwritten {
    fn as_ref(&self) -> &[u8] {
        &self.answer
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::{
        Capacity, Connection, LARGE_ANSWERS, LARGE_BYTES, LARGE_REQUESTS, LARGEST_BODY,
        ORDINARY_ANSWER, ORDINARY_BODY, REQUESTS, Room,
    };
    use crate::server::connection::IdleTimeouts;

    fn connection() -> Arc<Connection> {
        Arc::new(Connection::new(IdleTimeouts {
            first: Duration::from_secs(1),
            next: Duration::from_secs(1),
        }))
    }

    /// As many rooms for bodies of that size as there are.
    fn all(capacity: &Arc<Capacity>, bytes: usize) -> Vec<Room> {
        let of = connection();
        (0..=REQUESTS)
            .map_while(|_| capacity.room(bytes, &of))
            .collect()
    }

    #[test]
    fn requests_beyond_the_bound_get_no_room_until_some_is_released() {
        let capacity = Arc::new(Capacity::default());
        let mut rooms = all(&capacity, 1);
        assert_eq!((rooms.len(), capacity.in_flight()), (REQUESTS, REQUESTS));
        rooms.pop();
        assert_eq!(all(&capacity, 1).len(), 1);
        rooms.clear();
        assert_eq!(capacity.in_flight(), 0);
    }

    #[test]
    fn however_many_large_bodies_come_there_is_room_for_others() {
        for (bytes, rooms) in [
            (LARGEST_BODY, LARGE_BYTES / LARGEST_BODY),
            (ORDINARY_BODY + 1, LARGE_REQUESTS),
        ] {
            let capacity = Arc::new(Capacity::default());
            let large = all(&capacity, bytes);
            assert_eq!(large.len(), rooms, "{bytes} bytes");
            assert_eq!(all(&capacity, ORDINARY_BODY).len(), REQUESTS - rooms);
        }
    }

    #[test]
    fn an_answer_holds_its_room_until_its_last_part_is_dropped_and_releases_the_bodys() {
        let capacity = Arc::new(Capacity::default());
        let of = connection();
        let room = capacity.room(LARGEST_BODY, &of).unwrap();
        let answer = room.answer(vec![0; 1 << 20]).unwrap();
        assert_eq!(capacity.large_bytes.available_permits(), LARGE_BYTES);
        let answers = capacity.large_answers.available_permits();
        assert_eq!(answers, LARGE_ANSWERS - (1 << 20));
        let mut rest = answer;
        let part = rest.split_to(1 << 19);
        drop(rest);
        assert_eq!(capacity.in_flight(), 1);
        drop(part);
        assert_eq!(capacity.in_flight(), 0);
    }

    #[test]
    fn answers_that_nobody_reads_leave_room_for_ordinary_ones() {
        let capacity = Arc::new(Capacity::default());
        let of = connection();
        let answer = |bytes| capacity.room(1, &of)?.answer(vec![0; bytes]);
        let large: Vec<_> = (0..REQUESTS).map_while(|_| answer(1 << 20)).collect();
        assert_eq!(large.len(), LARGE_ANSWERS >> 20);
        assert!(answer(ORDINARY_ANSWER + 1).is_none());
        assert!(answer(ORDINARY_ANSWER).is_some());
        assert_eq!(capacity.in_flight(), large.len());
    }
}
