//! How much a server holds at once, of what comes in and of what goes out; who keeps it waiting does not keep others out.
//!
//! The bounds, for a process of 27 MB and 10 MB more with five thousand nodes:
//!
//! | what | at most |
//! |---|---|
//! | ordinary bodies | [`REQUESTS`] of [`ORDINARY_BODY`]: 16 MiB |
//! | large bodies | [`LARGE_BYTES`]: 28 MiB |
//! | ordinary answers | [`REQUESTS`] of [`ORDINARY_ANSWER`]: 8 MiB |
//! | large answers | [`LARGE_ANSWERS`]: 24 MiB |
//! | what is made of a large body while it is decided about | one at a time, see [`super::routes`] |
//! | connections | 512, with about 100 KiB of buffers each, see [`super::listener`]: 50 MiB |
//!
//! All at once that is about 200 MB, under a limit of 512Mi.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::body::Bytes;

use super::listener::Connection;

/// The largest body. An API server's own limit is 3 MiB for a request, and a review can hold two objects and the
/// rest (controller-runtime's derivation, `pkg/webhook/admission/http.go`).
pub(super) const LARGEST_BODY: usize = 7 << 20;
/// The largest body that is decided about where it comes in. Real ones have 5 to 30 KiB, and one of this size takes a
/// few hundred microseconds.
pub(super) const ORDINARY_BODY: usize = 64 << 10;

/// Requests from their head to the last byte of their answer.
const REQUESTS: usize = 256;
/// Those of them whose bodies are large, so that there is always room for others.
const LARGE_REQUESTS: usize = 64;
/// Bytes of large bodies: four of the largest.
const LARGE_BYTES: usize = 4 * LARGEST_BODY;
/// An answer with a patch has 2 KiB; one up to this size always goes out.
const ORDINARY_ANSWER: usize = 32 << 10;
/// Bytes of larger answers that are not written yet. The largest patch is a megabyte, in base64 a third more.
const LARGE_ANSWERS: usize = 24 << 20;

/// A client that takes so long to read an answer does not read.
const UNREAD: Duration = Duration::from_secs(10);
/// Where there is no room left, a client that has been waited for so long gives way. An API server sends its body and
/// reads its answer in milliseconds.
const PATIENCE: Duration = Duration::from_secs(2);

/// Everything that is held.
#[derive(Default)]
pub(super) struct Capacity(Mutex<Inside>);

#[derive(Default)]
struct Inside {
    /// The number of the next; they are in the order in which they came.
    next: u64,
    rooms: BTreeMap<u64, Held>,
    sums: Sums,
    /// Whether anything large was held since it was last asked whether that is over.
    was_large: bool,
}

/// What all rooms hold together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sums {
    requests: usize,
    large_requests: usize,
    large_bytes: usize,
    large_answers: usize,
}

/// What one room holds.
struct Held {
    connection: Arc<Connection>,
    /// Since when its client is waited for: for its body, and then until it has read its answer.
    waiting: Option<Instant>,
    is_answered: bool,
    size: Sums,
}

/// Room for one request and for its answer; gives it back when dropped.
pub(super) struct Room {
    capacity: Arc<Capacity>,
    number: u64,
}

impl Capacity {
    /// Room for a request with a body of so many bytes, if there is any. Who has been waited for too long loses its own
    /// then, which becomes free once its connection has ended.
    pub(super) fn room(self: &Arc<Self>, bytes: usize, of: &Arc<Connection>) -> Option<Room> {
        let is_large = bytes > ORDINARY_BODY;
        let size = Sums {
            requests: 1,
            large_requests: usize::from(is_large),
            large_bytes: if is_large { bytes } else { 0 },
            large_answers: 0,
        };
        let inside = self.inside();
        if !inside.sums.has_room_for(size) {
            inside.end_the_slowest(is_large, Instant::now());
            return None;
        }
        Some(self.hold(inside, size, of))
    }

    /// Room for an answer to a request that had none: it is seen that its client reads it.
    pub(super) fn of_a_refusal(self: &Arc<Self>, of: &Arc<Connection>) -> Room {
        self.hold(self.inside(), Sums::default(), of)
    }

    fn hold(
        self: &Arc<Self>,
        mut inside: MutexGuard<'_, Inside>,
        size: Sums,
        of: &Arc<Connection>,
    ) -> Room {
        let number = inside.next;
        inside.next += 1;
        inside.sums.add(size);
        inside.was_large |= size.is_large();
        of.begin();
        let held = Held {
            connection: Arc::clone(of),
            waiting: Some(Instant::now()),
            is_answered: size == Sums::default(),
            size,
        };
        inside.rooms.insert(number, held);
        let capacity = Arc::clone(self);
        Room { capacity, number }
    }

    /// How many requests are inside.
    pub(super) fn in_flight(&self) -> usize {
        self.inside().sums.requests
    }

    /// Ends the connections whose clients do not read. To be called again and again.
    pub(super) fn end_who_does_not_read(&self) {
        let now = Instant::now();
        for held in self.inside().rooms.values() {
            if held.is_answered && held.waited(now) > UNREAD {
                held.connection.end();
            }
        }
    }

    /// Whether something large was held, and nothing is any more; once for each time.
    pub(super) fn nothing_large_is_left(&self) -> bool {
        let mut inside = self.inside();
        let is_over = inside.was_large && !inside.sums.is_large();
        inside.was_large &= !is_over;
        is_over
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    fn end_the_slowest(&self, is_large: bool, now: Instant) {
        let alike = self.rooms.values();
        let alike = alike.filter(|held| held.size.requests > 0);
        let alike = alike.filter(|held| !is_large || held.size.large_requests > 0);
        let slowest = alike.max_by_key(|held| held.waited(now));
        if let Some(held) = slowest.filter(|held| held.waited(now) > PATIENCE) {
            held.connection.end();
        }
    }
}

impl Held {
    fn waited(&self, now: Instant) -> Duration {
        let since = self.waiting;
        since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }
}

impl Sums {
    fn has_room_for(self, size: Self) -> bool {
        self.requests + size.requests <= REQUESTS
            && (size.large_requests == 0 || self.large_requests < LARGE_REQUESTS)
            && (size.large_bytes == 0 || self.large_bytes + size.large_bytes <= LARGE_BYTES)
            && (size.large_answers == 0 || self.large_answers + size.large_answers <= LARGE_ANSWERS)
    }

    fn is_large(self) -> bool {
        self.large_requests > 0 || self.large_answers > 0
    }

    fn add(&mut self, size: Self) {
        self.requests += size.requests;
        self.large_requests += size.large_requests;
        self.large_bytes += size.large_bytes;
        self.large_answers += size.large_answers;
    }

    fn remove(&mut self, size: Self) {
        self.requests -= size.requests;
        self.large_requests -= size.large_requests;
        self.large_bytes -= size.large_bytes;
        self.large_answers -= size.large_answers;
    }
}

impl Room {
    /// The body is here, and nobody waits for the client before there is an answer.
    pub(super) fn body_came(&self) {
        if let Some(held) = self.capacity.inside().rooms.get_mut(&self.number) {
            held.waiting = None;
        }
    }

    /// An answer that holds this room until it is written or its connection has ended; none where there is no room
    /// for it. The body has to be gone.
    pub(super) fn answer(self, answer: Vec<u8>) -> Option<Bytes> {
        let large = match answer.len() > ORDINARY_ANSWER {
            true => answer.len(),
            false => 0,
        };
        self.holds_an_answer(large).then(|| {
            Bytes::from_owner(Unwritten {
                answer,
                _room: self,
            })
        })
    }

    fn holds_an_answer(&self, large: usize) -> bool {
        let mut inside = self.capacity.inside();
        let Inside {
            rooms,
            sums,
            was_large,
            ..
        } = &mut *inside;
        let Some(held) = rooms.get_mut(&self.number) else {
            return false;
        };
        let more = Sums {
            large_answers: large,
            ..Sums::default()
        };
        if !sums.has_room_for(more) {
            return false;
        }
        sums.remove(held.size);
        held.size.large_bytes = 0;
        held.size.large_answers = large;
        sums.add(held.size);
        *was_large |= more.is_large();
        held.waiting = Some(Instant::now());
        held.is_answered = true;
        true
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut inside = self.capacity.inside();
        if let Some(held) = inside.rooms.remove(&self.number) {
            inside.sums.remove(held.size);
            held.connection.finish();
        }
    }
}

/// Whatever writes an answer keeps parts of it until they are written, and so its room.
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
        ORDINARY_ANSWER, ORDINARY_BODY, REQUESTS, Room, Sums,
    };
    use crate::server::listener::Silence;

    fn connection() -> Arc<Connection> {
        Arc::new(Connection::new(Silence {
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
    fn what_is_beyond_the_count_finds_no_room_until_some_is_given_back() {
        let capacity = Arc::new(Capacity::default());
        let mut rooms = all(&capacity, 1);
        assert_eq!((rooms.len(), capacity.in_flight()), (REQUESTS, REQUESTS));
        rooms.pop();
        assert_eq!(all(&capacity, 1).len(), 1);
        rooms.clear();
        assert_eq!(capacity.inside().sums, Sums::default());
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
    fn an_answer_holds_its_room_until_the_last_part_of_it_is_gone_and_the_body_none() {
        let capacity = Arc::new(Capacity::default());
        let of = connection();
        let room = capacity.room(LARGEST_BODY, &of).unwrap();
        let answer = room.answer(vec![0; 1 << 20]).unwrap();
        let sums = capacity.inside().sums;
        assert_eq!((sums.large_bytes, sums.large_answers), (0, 1 << 20));
        let mut rest = answer;
        let part = rest.split_to(1 << 19);
        drop(rest);
        assert_eq!(capacity.in_flight(), 1);
        drop(part);
        assert_eq!(capacity.inside().sums, Sums::default());
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
