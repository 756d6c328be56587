//! The reconcile loop: observe, act, observe again, and wait until something changes or is due.

use std::hash::{BuildHasher as _, RandomState};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use time::OffsetDateTime;
use tokio::sync::{Notify, watch};
use tokio::time::sleep;
use tracing::{debug, info, warn};

use super::identity::ServerIdentity;
use super::plan::Step;
use super::registration::{KINDS, NAME, Registration};
use super::replica::{Action, Failures, Replica, Snapshot};
use super::secret::Secret;
use super::settings::Settings;
use crate::certificates::CertificateError;
use crate::cluster::{
    Cluster, ClusterError, DryRun, Heartbeat, Kind, ObjectRef, Patch, WatchEvent,
};

const SECRETS: Kind = Kind::new("", "v1", "Secret", "secrets");

/// The longest wait: a watch may miss a change, and machines sleep.
const RESYNC: Duration = Duration::from_secs(600);
/// The pause after a change: changes often come several at once.
const DEBOUNCE: Duration = Duration::from_millis(100);
/// The backoff after the first failure. Each further failure doubles it.
const MIN_BACKOFF: Duration = Duration::from_secs(1);
const MAX_BACKOFF: Duration = Duration::from_secs(30);
/// More actions than one reconciliation needs, even with a conflict every time.
const MAX_ACTIONS: usize = 30;

#[derive(Debug, thiserror::Error)]
enum ReconcileError {
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error("the API server's answer is no {0}")]
    Unreadable(&'static str),
    #[error("others keep changing the Secret or the webhook configurations")]
    Busy,
}

type IdentitySender = watch::Sender<Option<Arc<ServerIdentity>>>;

pub(super) async fn run(cluster: Cluster, settings: Settings, active: IdentitySender) {
    let changed = Notify::new();
    let Settings {
        namespace, secret, ..
    } = &settings;
    let [mutating, validating] = KINDS;
    tokio::join!(
        watch_object(&cluster, SECRETS.within(namespace, secret), &changed),
        watch_object(&cluster, mutating.named(NAME), &changed),
        watch_object(&cluster, validating.named(NAME), &changed),
        reconcile_loop(&cluster, &settings, &active, &changed),
    );
}

/// Notifies of every change of an object.
async fn watch_object(cluster: &Cluster, object_ref: ObjectRef<'_>, changed: &Notify) {
    let selector = format!("metadata.name={}", object_ref.name);
    let ObjectRef {
        kind, namespace, ..
    } = object_ref;
    let heartbeat = Heartbeat::new();
    loop {
        match cluster.watch(kind, namespace, Some(&selector), &heartbeat) {
            Ok(events) => {
                let mut events = pin!(events);
                let mut is_failing = false;
                while let Some(event) = events.next().await {
                    match &event {
                        WatchEvent::ListBegin => {}
                        WatchEvent::Failed(problem) if is_failing => debug!("{problem}"),
                        WatchEvent::Failed(problem) => warn!("{problem}"),
                        WatchEvent::Applied(_) | WatchEvent::ListEnd | WatchEvent::Deleted(_) => {
                            changed.notify_one();
                        }
                    }
                    is_failing = matches!(event, WatchEvent::Failed(_));
                }
            }
            Err(problem) => warn!("{problem}"),
        }
        sleep(MAX_BACKOFF).await;
    }
}

async fn reconcile_loop(
    cluster: &Cluster,
    settings: &Settings,
    active: &IdentitySender,
    changed: &Notify,
) {
    let mut replica = Replica::new(settings.clone());
    let mut failures = 0;
    loop {
        match reconcile(cluster, settings, &mut replica, active).await {
            Ok(until) => {
                failures = 0;
                let left = until - OffsetDateTime::now_utc();
                let left = Duration::try_from(left).unwrap_or_default();
                tokio::select! {
                    () = changed.notified() => {}
                    () = sleep(left.min(RESYNC)) => {}
                }
                sleep(DEBOUNCE).await;
            }
            Err(problem) => {
                let pause = backoff(failures);
                failures = failures.saturating_add(1);
                let seconds = pause.as_secs_f32().ceil();
                warn!("the certificate cannot be kept: {problem}; the next try is in {seconds} s");
                sleep(pause).await;
            }
        }
    }
}

/// The pause after so many failures, with jitter, so that replicas do not try at the same time.
fn backoff(failures: u32) -> Duration {
    let whole = MIN_BACKOFF.saturating_mul(2_u32.saturating_pow(failures));
    jittered(whole.min(MAX_BACKOFF))
}

/// Between half of a duration and all of it.
fn jittered(whole: Duration) -> Duration {
    // The hasher has a random key, so its hash is random enough.
    let random = RandomState::new().hash_one(0) % 1024;
    whole.mul_f64(0.5 + random as f64 / 2048.0)
}

/// Acts until the replica waits, and returns until when.
async fn reconcile(
    cluster: &Cluster,
    settings: &Settings,
    replica: &mut Replica,
    active: &IdentitySender,
) -> Result<OffsetDateTime, ReconcileError> {
    let secret = SECRETS.within(&settings.namespace, &settings.secret);
    let mut failures = Failures::default();
    let mut problem = None;
    for _ in 0..MAX_ACTIONS {
        let snapshot = observe(cluster, secret).await?;
        let action = replica.next(snapshot, &failures, OffsetDateTime::now_utc())?;
        let (done, has_failed) = match action {
            Action::Wait(until) => return problem.map_or(Ok(until), Err),
            Action::Activate(identity) => {
                let not_after = identity.not_after;
                info!(not_after, "a new certificate is active");
                active.send_replace(Some(identity));
                continue;
            }
            Action::WriteSecret {
                step,
                object,
                is_new,
            } => {
                let done = if is_new {
                    cluster.create(secret, object.0, DryRun::No).await
                } else {
                    cluster.replace(secret, object.0).await
                };
                log_step(secret, &step, done.is_ok());
                (done, &mut failures.secret)
            }
            Action::WriteBundle {
                which,
                object_ref,
                patch,
            } => {
                let patched = cluster.patch(object_ref, Patch::Operations, patch, DryRun::No);
                let done = patched.await;
                match &done {
                    Ok(_) => info!("wrote caBundle of {object_ref}"),
                    Err(error) if error.is_conflict() => replica.had_conflict(which),
                    Err(_) => {}
                }
                (done, &mut failures.registrations[which])
            }
        };
        match done {
            Ok(_) => {}
            // Another replica was faster. Its result is used.
            Err(error) if error.is_conflict() => {
                debug!("{error}");
                sleep(jittered(DEBOUNCE)).await;
            }
            Err(error) => {
                *has_failed = true;
                problem = Some(error.into());
            }
        }
    }
    Err(ReconcileError::Busy)
}

fn log_step(secret: ObjectRef<'_>, step: &Step, is_done: bool) {
    match step {
        // Logged even if another replica repairs it first.
        Step::Repair(_) => warn!("{secret} is not as it should be; {step}"),
        _ if is_done => info!("{secret}: {step}"),
        _ => {}
    }
}

async fn observe(cluster: &Cluster, secret: ObjectRef<'_>) -> Result<Snapshot, ReconcileError> {
    let mut registrations = Vec::new();
    for (which, kind) in KINDS.into_iter().enumerate() {
        if let Some(text) = cluster.get(kind.named(NAME)).await? {
            let read = Registration::read(which, &text);
            registrations.push(read.ok_or(ReconcileError::Unreadable(kind.name))?);
        }
    }
    let secret = match cluster.get(secret).await? {
        Some(text) => Some(Secret::read(&text).ok_or(ReconcileError::Unreadable(SECRETS.name))?),
        None => None,
    };
    Ok(Snapshot {
        registrations,
        secret,
    })
}

#[cfg(test)]
mod tests {
    use super::{MAX_BACKOFF, MIN_BACKOFF, backoff};

    #[test]
    fn each_failure_doubles_the_backoff_up_to_a_limit_with_jitter() {
        assert!(backoff(0) >= MIN_BACKOFF / 2 && backoff(0) <= MIN_BACKOFF);
        for failures in [6, 31, 32, u32::MAX] {
            let pause = backoff(failures);
            assert!(pause >= MAX_BACKOFF / 2 && pause <= MAX_BACKOFF);
        }
        assert!((0..9).any(|_| backoff(9) != backoff(9)));
    }
}
