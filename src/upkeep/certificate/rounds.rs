//! The rounds: look, act, look again, and rest until something changes or is due.

use std::hash::{BuildHasher as _, RandomState};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use time::OffsetDateTime;
use tokio::sync::{Notify, watch};
use tokio::time::sleep;
use tracing::{debug, info, warn};

use super::keeper::{Action, Failed, Keeper, Seen};
use super::plan::Step;
use super::registration::{KINDS, NAME, Registration};
use super::secret::Secret;
use super::{ServerIdentity, Settings};
use crate::certificates::CertificateError;
use crate::cluster::{
    Cluster, ClusterError, DryRun, Heartbeat, Kind, ObjectRef, Patch, WatchEvent,
};

const SECRETS: Kind = Kind::new("", "v1", "Secret", "secrets");

/// A watch may miss something, and machines sleep: at least so often a look is taken.
const LONGEST: Duration = Duration::from_secs(600);
/// Changes often come several at once.
const BREATH: Duration = Duration::from_millis(100);
/// After a failure, doubled by each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// More turns than any round takes, even where others are faster every time.
const TURNS: usize = 30;

/// Why a round did not come to its end.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error("the API server's answer is no {0}")]
    Unreadable(&'static str),
    #[error("others keep changing the Secret or the webhook configurations")]
    Busy,
}

type Shown = watch::Sender<Option<Arc<ServerIdentity>>>;

/// Never ends.
pub(super) async fn run(cluster: Cluster, settings: Settings, shown: Shown) {
    let changed = Notify::new();
    let Settings {
        namespace, secret, ..
    } = &settings;
    let [mutating, validating] = KINDS;
    tokio::join!(
        listen(&cluster, SECRETS.within(namespace, secret), &changed),
        listen(&cluster, mutating.named(NAME), &changed),
        listen(&cluster, validating.named(NAME), &changed),
        rounds(&cluster, &settings, &shown, &changed),
    );
}

/// Tells of every change of an object.
async fn listen(cluster: &Cluster, place: ObjectRef<'_>, changed: &Notify) {
    let selector = format!("metadata.name={}", place.name);
    let heartbeat = Heartbeat::new();
    loop {
        match cluster.watch(place.kind, place.namespace, Some(&selector), &heartbeat) {
            Ok(events) => {
                let mut events = pin!(events);
                let mut is_failing = false;
                while let Some(event) = events.next().await {
                    match &event {
                        WatchEvent::ListBegin => {}
                        WatchEvent::Failed(problem) if is_failing => debug!("{problem}"),
                        WatchEvent::Failed(problem) => warn!("{problem}"),
                        WatchEvent::Applied(_) | WatchEvent::ListEnd | WatchEvent::Deleted(_) => {
                            changed.notify_one()
                        }
                    }
                    is_failing = matches!(event, WatchEvent::Failed(_));
                }
            }
            Err(problem) => warn!("{problem}"),
        }
        sleep(LONGEST_PAUSE).await;
    }
}

async fn rounds(cluster: &Cluster, settings: &Settings, shown: &Shown, changed: &Notify) {
    let mut keeper = Keeper::new(settings.clone());
    let mut failures = 0;
    loop {
        match round(cluster, settings, &mut keeper, shown).await {
            Ok(until) => {
                failures = 0;
                let left = until - OffsetDateTime::now_utc();
                let left = Duration::try_from(left).unwrap_or_default();
                tokio::select! {
                    () = changed.notified() => {}
                    () = sleep(left.min(LONGEST)) => {}
                }
                sleep(BREATH).await;
            }
            Err(problem) => {
                let pause = pause(failures);
                failures = failures.saturating_add(1);
                let seconds = pause.as_secs_f32().ceil();
                warn!("the certificate cannot be kept: {problem}; the next try is in {seconds} s");
                sleep(pause).await;
            }
        }
    }
}

/// How long to wait after so many failures; never the same twice, so that replicas do not try at once.
fn pause(failures: u32) -> Duration {
    let whole = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(failures));
    about(whole.min(LONGEST_PAUSE))
}

/// Between half of it and all of it.
fn about(whole: Duration) -> Duration {
    // A hash under a key of its own is as random as need be.
    let random = RandomState::new().hash_one(0) % 1024;
    whole.mul_f64(0.5 + random as f64 / 2048.0)
}

/// Does what is to be done, and says when there will be something again.
async fn round(
    cluster: &Cluster,
    settings: &Settings,
    keeper: &mut Keeper,
    shown: &Shown,
) -> Result<OffsetDateTime, Problem> {
    let place = SECRETS.within(&settings.namespace, &settings.secret);
    let mut failed = Failed::default();
    let mut problem = None;
    for _ in 0..TURNS {
        let seen = see(cluster, place).await?;
        let (done, is_failed) = match keeper.next(seen, &failed, OffsetDateTime::now_utc())? {
            Action::Rest(until) => return problem.map_or(Ok(until), Err),
            Action::Show(identity) => {
                let not_after = identity.not_after;
                info!(not_after, "a new certificate is shown");
                shown.send_replace(Some(identity));
                continue;
            }
            Action::Write {
                step,
                object,
                is_new,
            } => {
                let done = match is_new {
                    true => cluster.create(place, object.0, DryRun::No).await,
                    false => cluster.replace(place, object.0).await,
                };
                tell(place, &step, done.is_ok());
                (done, &mut failed.secret)
            }
            Action::Trust {
                which,
                place,
                patch,
            } => {
                let patched = cluster.patch(place, Patch::Operations, patch, DryRun::No);
                let done = patched.await;
                match &done {
                    Ok(_) => info!("wrote caBundle of {place}"),
                    Err(error) if error.is_conflict() => keeper.was_late(which),
                    Err(_) => {}
                }
                (done, &mut failed.registrations[which])
            }
        };
        match done {
            Ok(_) => {}
            // Somebody was faster: what he made of it is used.
            Err(error) if error.is_conflict() => {
                debug!("{error}");
                sleep(about(BREATH)).await;
            }
            Err(error) => {
                *is_failed = true;
                problem = Some(error.into());
            }
        }
    }
    Err(Problem::Busy)
}

fn tell(place: ObjectRef<'_>, step: &Step, is_done: bool) {
    match step {
        // Said before it is known whether this replica or another one repairs it.
        Step::Repair(_) => warn!("{place} is not as it should be; {step}"),
        _ if is_done => info!("{place}: {step}"),
        _ => {}
    }
}

async fn see(cluster: &Cluster, secret: ObjectRef<'_>) -> Result<Seen, Problem> {
    let mut registrations = Vec::new();
    for (which, kind) in KINDS.into_iter().enumerate() {
        if let Some(text) = cluster.get(kind.named(NAME)).await? {
            let read = Registration::read(which, &text);
            registrations.push(read.ok_or(Problem::Unreadable(kind.name))?);
        }
    }
    let secret = match cluster.get(secret).await? {
        Some(text) => Some(Secret::read(&text).ok_or(Problem::Unreadable(SECRETS.name))?),
        None => None,
    };
    Ok(Seen {
        registrations,
        secret,
    })
}

#[cfg(test)]
mod tests {
    use super::{FIRST_PAUSE, LONGEST_PAUSE, pause};

    #[test]
    fn each_failure_makes_the_pause_longer_up_to_a_limit_and_no_two_are_the_same() {
        assert!(pause(0) >= FIRST_PAUSE / 2 && pause(0) <= FIRST_PAUSE);
        for failures in [6, 31, 32, u32::MAX] {
            let pause = pause(failures);
            assert!(pause >= LONGEST_PAUSE / 2 && pause <= LONGEST_PAUSE);
        }
        assert!((0..9).any(|_| pause(9) != pause(9)));
    }
}
