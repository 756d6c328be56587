//! The slots of a port: when all are taken, an idle connection loses its slot to a new one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use crate::server::connection::Connection;

/// A connection with so recent a request keeps its slot: another request is likely.
const RECENT: Duration = Duration::from_secs(1);

pub struct Slots {
    limit: usize,
    /// The connections in the order in which they came.
    taken: Mutex<Vec<Arc<Connection>>>,
    /// Notified when a slot is released.
    released: Notify,
}

/// The slot of one connection; released when dropped.
pub struct Slot {
    slots: Arc<Slots>,
    connection: Arc<Connection>,
}

impl Slots {
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            taken: Mutex::default(),
            released: Notify::new(),
        }
    }

    /// Takes a slot. Waits only while every other connection is busy or has a recent request.
    pub async fn take(self: &Arc<Self>, connection: &Arc<Connection>) -> Slot {
        while !self.try_take(connection) {
            // A release is also notified if nobody waits yet. The timeout is for connections that become idle.
            let _ = timeout(RECENT, self.released.notified()).await;
        }
        Slot {
            slots: Arc::clone(self),
            connection: Arc::clone(connection),
        }
    }

    fn try_take(&self, connection: &Arc<Connection>) -> bool {
        let mut taken = self.taken();
        if taken.len() >= self.limit {
            let Some(idle) = longest_idle(&taken) else {
                return false;
            };
            taken.remove(idle).close();
        }
        taken.push(Arc::clone(connection));
        true
    }

    fn taken(&self) -> MutexGuard<'_, Vec<Arc<Connection>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connection that is missed least: the first one without a request, or the one whose last request is the oldest.
fn longest_idle(taken: &[Arc<Connection>]) -> Option<usize> {
    let idle = taken.iter().enumerate().filter(|(_, c)| !c.is_busy());
    let idle = idle.map(|(index, connection)| (connection.last_request(), index));
    let (last_request, index) = idle.min()?;
    let is_recent = last_request.is_some_and(|at| at.elapsed() < RECENT);
    (!is_recent).then_some(index)
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.taken();
        taken.retain(|connection| !Arc::ptr_eq(connection, &self.connection));
        self.slots.released.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::{RECENT, Slots};
    use crate::server::connection::{Connection, IdleTimeouts};

    fn connection() -> Arc<Connection> {
        Arc::new(Connection::new(IdleTimeouts {
            first: Duration::from_secs(10),
            next: Duration::from_secs(10),
        }))
    }

    #[test]
    fn a_connection_without_a_request_loses_its_slot_first_and_a_busy_one_never() {
        let slots = Arc::new(Slots::new(3));
        let [busy, silent, asked, more, last] = [(); 5].map(|()| connection());
        busy.add_pending();
        asked.record_request();
        assert!([&busy, &silent, &asked].iter().all(|c| slots.try_take(c)));
        assert!(slots.try_take(&more), "in the slot of the silent one");
        more.add_pending();
        let are_taken = |expected: [&Arc<Connection>; 3]| {
            let taken = slots.taken();
            taken.iter().zip(expected).all(|(a, b)| Arc::ptr_eq(a, b))
        };
        assert!(are_taken([&busy, &asked, &more]));
        assert!(!slots.try_take(&last), "the idle one asked just now");
        std::thread::sleep(RECENT);
        assert!(slots.try_take(&last));
        assert!(are_taken([&busy, &more, &last]));
    }
}
