//! Takes in what is new and puts a new world in force; requests go on meanwhile with the one before.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, watch};
use tracing::{error, info};

use super::Part;
use super::parts::{Change, Parts};
use super::records;
use crate::controllers::GuardInput;
use crate::engine::ClusterState;
use crate::server::shared::Shared;

/// How long more is waited for after something new: controllers change many objects at once.
const SETTLE: Duration = Duration::from_millis(20);
/// The longest such wait.
const LONGEST: Duration = Duration::from_secs(2);
/// A new world takes at most this part of the time.
const SHARE: u32 = 10;
/// How often it is looked whether nodes have been gone for long enough.
const FORGETTING: Duration = Duration::from_secs(1);

/// What is made known to others.
pub(in crate::server) struct Published {
    /// What the guard is made of.
    pub(in crate::server) guard_input: watch::Sender<Option<GuardInput>>,
    /// The nodes that are gone and still count, as text.
    pub(in crate::server) remembered: watch::Sender<Option<String>>,
}

impl Published {
    fn tell(&self, world: &ClusterState, parts: &Parts) {
        let guard_input = GuardInput {
            policy: Arc::clone(&world.policy),
            runtime_classes: Arc::clone(&world.runtime_classes),
        };
        self.guard_input.send_if_modified(|told| {
            let is_news = told
                .as_ref()
                .is_none_or(|told| !told.makes_same_guard(&guard_input));
            *told = Some(guard_input);
            is_news
        });
        let text = records::write(&parts.remembered());
        self.remembered.send_if_modified(|told| {
            let is_news = told.as_ref() != Some(&text);
            *told = Some(text);
            is_news
        });
    }
}

/// Never ends by itself.
pub(in crate::server) async fn keep(
    shared: Arc<Shared>,
    mut parts: Parts,
    mut changes: mpsc::Receiver<Change>,
    published: Published,
) {
    let mut settle = SETTLE;
    loop {
        shared.set_missing(parts.missing());
        let mut new: Vec<Change> = Vec::new();
        tokio::select! {
            change = changes.recv() => match change {
                Some(change) => new.push(change),
                None => return,
            },
            () = tokio::time::sleep(FORGETTING) => {}
        }
        if !new.is_empty() {
            tokio::time::sleep(settle).await;
        }
        while let Ok(change) = changes.try_recv() {
            new.push(change);
        }
        let forgotten = parts.forget(now());
        if new.is_empty() && !forgotten {
            continue;
        }
        // Thousands of nodes take a while, on another thread.
        let started = Instant::now();
        let built = tokio::task::spawn_blocking(move || {
            let news = News::of(new, forgotten, &mut parts);
            let is_needed = !news.is_empty() && parts.missing().is_empty();
            let world = is_needed.then(|| parts.world());
            (parts, news, world)
        });
        let Ok((kept, news, world)) = built.await else {
            error!("a new world could not be made; the one in force stays so until a restart");
            return;
        };
        parts = kept;
        let Some(world) = world.flatten() else {
            continue;
        };
        settle = (started.elapsed() * (SHARE - 1)).clamp(SETTLE, LONGEST);
        published.tell(&world, &parts);
        put_in_force(&shared, world, &news);
    }
}

/// What is new since the world in force was made.
struct News {
    taken: Vec<Part>,
    forgotten: bool,
}

impl News {
    fn of(changes: Vec<Change>, forgotten: bool, parts: &mut Parts) -> Self {
        let mut taken = Vec::new();
        for change in changes {
            let part = parts.apply(change, now());
            taken.extend(part.filter(|p| !taken.contains(p)));
        }
        Self { taken, forgotten }
    }

    fn is_empty(&self) -> bool {
        self.taken.is_empty() && !self.forgotten
    }

    fn words(&self) -> String {
        let parts = Part::ALL.into_iter().filter(|p| self.taken.contains(p));
        let words: Vec<&str> = parts.map(Part::word).collect();
        match words.is_empty() {
            true => "nodes that have been gone for long are forgotten".to_owned(),
            false => format!("new {} in force", words.join(" and ")),
        }
    }
}

fn put_in_force(shared: &Shared, world: ClusterState, news: &News) {
    let is_first = !shared.has_world();
    if !is_first && news.taken.contains(&Part::Policy) {
        shared.metrics.policy_reload(true);
    }
    shared.metrics.world(&world);
    let what = match is_first {
        true => "ready to judge".to_owned(),
        false => news.words(),
    };
    info!(
        policy = %world.policy.name,
        policy_hash = %world.policy.hash,
        mode = world.policy.mode.word(),
        gpu_nodes = world.supply.gpu_nodes(),
        "{what}"
    );
    let before = shared.set_world(world);
    tokio::task::spawn_blocking(move || drop(before));
    if news.taken.contains(&Part::Namespaces) {
        shared.lookups.forget();
    }
}

/// Seconds since 1970.
pub(in crate::server) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
