//! The places of a port: who holds one and says nothing loses it to who comes when all are taken.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::connection::Connection;

/// Who asked something so short a time ago keeps its place: it is likely to ask again.
const RECENT: Duration = Duration::from_secs(1);

/// The connections of a port.
pub(super) struct Places {
    most: usize,
    taken: Mutex<Taken>,
    /// Told when a place is given back.
    left: Notify,
}

#[derive(Default)]
struct Taken {
    /// The number of the next; they are in the order in which they came.
    next: u64,
    by: BTreeMap<u64, Arc<Connection>>,
}

/// A place of one connection; given back when dropped.
pub(super) struct Place {
    places: Arc<Places>,
    number: u64,
}

impl Places {
    /// So many.
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            taken: Mutex::default(),
            left: Notify::new(),
        }
    }

    /// A place for one more connection. It is waited for only while every other one is at a request or was a moment
    /// ago.
    pub(super) async fn take(self: &Arc<Self>, connection: &Arc<Connection>) -> Place {
        loop {
            if let Some(number) = self.try_take(connection) {
                let places = Arc::clone(self);
                return Place { places, number };
            }
            // Whoever gives a place back leaves word, also if nobody waits yet; the second look is for those that
            // were not silent for long enough at the first.
            let _ = tokio::time::timeout(RECENT, self.left.notified()).await;
        }
    }

    fn try_take(&self, connection: &Arc<Connection>) -> Option<u64> {
        let mut taken = self.taken();
        if taken.by.len() >= self.most {
            let number = taken.silent(Instant::now())?;
            let silent = taken.by.remove(&number)?;
            silent.end();
        }
        let number = taken.next;
        taken.next += 1;
        taken.by.insert(number, Arc::clone(connection));
        Some(number)
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// The one that is missed least: the first of those that never asked anything, else the one that has been silent
    /// for longest.
    fn silent(&self, now: Instant) -> Option<u64> {
        let idle = self.by.iter().filter(|(_, c)| !c.is_busy());
        let longest = idle.min_by_key(|(number, c)| (c.last_asked(), **number))?;
        let (number, connection) = longest;
        let asked = connection.last_asked();
        let is_recent = asked.is_some_and(|asked| now.duration_since(asked) < RECENT);
        (!is_recent).then_some(*number)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken().by.remove(&self.number);
        self.places.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::super::connection::{Connection, Silence};
    use super::{Places, RECENT};

    fn connection() -> Arc<Connection> {
        Arc::new(Connection::new(Silence {
            first: Duration::from_secs(10),
            next: Duration::from_secs(10),
        }))
    }

    #[test]
    fn who_never_asked_gives_way_first_and_who_is_at_something_never() {
        let places = Arc::new(Places::new(3));
        let [busy, silent, asked, more] = [(); 4].map(|()| connection());
        busy.begin();
        asked.note();
        let numbers = [&busy, &silent, &asked].map(|c| places.try_take(c));
        assert_eq!(numbers, [Some(0), Some(1), Some(2)]);
        assert_eq!(
            places.try_take(&more),
            Some(3),
            "in the place of the silent one"
        );
        more.begin();
        let taken: Vec<u64> = places.taken().by.keys().copied().collect();
        assert_eq!(taken, [0, 2, 3]);
        assert_eq!(
            places.try_take(&more),
            None,
            "the one that is left asked just now"
        );
        std::thread::sleep(RECENT);
        assert_eq!(places.try_take(&more), Some(4));
    }
}
