//! How much a server takes in at once; what is beyond is told to come back, before a byte of it is kept.

use tokio::sync::{Semaphore, SemaphorePermit};

/// The largest body. An API server's own limit is 3 MiB for a request, and a review can hold two objects and the
/// rest (controller-runtime's derivation, `pkg/webhook/admission/http.go`).
pub(super) const LARGEST_BODY: usize = 7 << 20;

/// Requests whose bodies are coming in or waiting.
const REQUESTS: usize = 256;
/// Bytes of their bodies.
const BYTES: usize = 64 << 20;

/// The room that is left.
pub(super) struct Capacity {
    requests: Semaphore,
    bytes: Semaphore,
}

/// Room for one request; gives it back when dropped.
pub(super) struct Room<'c> {
    _request: SemaphorePermit<'c>,
    _bytes: SemaphorePermit<'c>,
}

impl Capacity {
    /// All of it.
    pub(super) fn new() -> Self {
        Self {
            requests: Semaphore::new(REQUESTS),
            bytes: Semaphore::new(BYTES),
        }
    }

    /// Room for a body of so many bytes, if there is any.
    pub(super) fn room(&self, bytes: usize) -> Option<Room<'_>> {
        let bytes = u32::try_from(bytes).ok()?;
        Some(Room {
            _request: self.requests.try_acquire().ok()?,
            _bytes: self.bytes.try_acquire_many(bytes).ok()?,
        })
    }

    /// How many requests are inside.
    pub(super) fn in_flight(&self) -> usize {
        REQUESTS - self.requests.available_permits()
    }
}

#[cfg(test)]
mod tests {
    use super::{BYTES, Capacity, LARGEST_BODY, REQUESTS};

    #[test]
    fn what_is_beyond_the_count_or_the_bytes_finds_no_room_until_some_is_given_back() {
        let capacity = Capacity::new();
        let mut rooms: Vec<_> = (0..REQUESTS).filter_map(|_| capacity.room(1)).collect();
        assert_eq!((rooms.len(), capacity.in_flight()), (REQUESTS, REQUESTS));
        assert!(capacity.room(1).is_none());
        rooms.pop();
        assert!(capacity.room(1).is_some());
        rooms.clear();
        let large: Vec<_> = (0..REQUESTS)
            .filter_map(|_| capacity.room(LARGEST_BODY))
            .collect();
        assert_eq!(large.len(), BYTES / LARGEST_BODY);
    }
}
