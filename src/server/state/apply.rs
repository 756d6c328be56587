//! Applies updates and puts a new state in force. Until then, requests are decided against the one before.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tracing::{error, info};

use super::node_records;
use super::part::StatePart;
use super::parts::Parts;
use super::update::StateUpdate;
use crate::controllers::GuardInput;
use crate::engine::ClusterState;
use crate::server::channels::Channels;
use crate::server::clock::now;
use crate::server::shared::Shared;

/// The pause after an update for further ones: controllers change many objects at once.
const SETTLE: Duration = Duration::from_millis(20);
/// The longest such pause.
const LONGEST_SETTLE: Duration = Duration::from_secs(2);
/// Making states takes at most one part in so many of the time.
const SHARE: u32 = 10;
/// How often nodes that were deleted long ago are looked for.
const FORGET: Duration = Duration::from_secs(1);

pub async fn run(
    shared: Arc<Shared>,
    mut parts: Parts,
    mut updates: mpsc::Receiver<StateUpdate>,
    channels: Channels,
) {
    let mut settle = SETTLE;
    loop {
        shared.set_missing(parts.missing());
        let mut new: Vec<StateUpdate> = Vec::new();
        match timeout(FORGET, updates.recv()).await {
            Ok(Some(update)) => {
                new.push(update);
                sleep(settle).await;
            }
            Ok(None) => return,
            Err(_) => {}
        }
        while let Ok(update) = updates.try_recv() {
            new.push(update);
        }
        let now = now().unsigned_abs();
        let forgotten = parts.forget(now);
        if new.is_empty() && !forgotten {
            continue;
        }
        // Thousands of nodes take a while.
        let started = Instant::now();
        let applied = tokio::task::spawn_blocking(move || {
            let changed = new.into_iter();
            let changed = changed.filter_map(|update| parts.apply(update, now));
            let mut changed: Vec<StatePart> = changed.collect();
            changed.sort();
            changed.dedup();
            let is_new = forgotten || !changed.is_empty();
            let state = is_new.then(|| parts.state()).flatten();
            (parts, changed, state)
        });
        let Ok((applied, changed, state)) = applied.await else {
            error!("a new state could not be made; the one in force stays so until a restart");
            return;
        };
        parts = applied;
        if let Some(state) = state {
            settle = (started.elapsed() * (SHARE - 1)).clamp(SETTLE, LONGEST_SETTLE);
            publish(&channels, &state, &parts);
            put_in_force(&shared, state, &changed);
        }
    }
}

fn publish(channels: &Channels, state: &ClusterState, parts: &Parts) {
    let input = GuardInput {
        policy: Arc::clone(&state.policy),
        runtime_classes: Arc::clone(&state.runtime_classes),
    };
    channels.guard_input.send_if_modified(|published| {
        let before = published.replace(input.clone());
        before.is_none_or(|before| !before.makes_same_guard(&input))
    });
    let nodes = Some(node_records::write(&parts.deleted_nodes()));
    channels.deleted_nodes.send_if_modified(|published| {
        let before = std::mem::replace(published, nodes.clone());
        before != nodes
    });
}

fn put_in_force(shared: &Shared, state: ClusterState, changed: &[StatePart]) {
    let is_first = shared.state().is_none();
    if !is_first && changed.contains(&StatePart::Policy) {
        shared.metrics.policy_reload(true);
    }
    shared.metrics.state(&state);
    let words: Vec<&str> = changed.iter().map(|part| part.word()).collect();
    let message = if is_first {
        "ready to judge".to_owned()
    } else if words.is_empty() {
        "nodes that have been gone for long are forgotten".to_owned()
    } else {
        format!("new {} in force", words.join(" and "))
    };
    info!(
        policy = %state.policy.name,
        policy_hash = %state.policy.hash,
        mode = state.policy.mode.word(),
        gpu_nodes = state.supply.gpu_nodes(),
        "{message}"
    );
    let before = shared.set_state(state);
    tokio::task::spawn_blocking(move || drop(before));
    if changed.contains(&StatePart::Namespaces) {
        shared.lookups.forget_found();
    }
}
