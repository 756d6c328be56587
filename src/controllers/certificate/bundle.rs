//! The caBundle of each configuration: what it has to hold, when it is written, and who else writes it.

use time::OffsetDateTime;
use tracing::warn;

use super::authorities::Authorities;
use super::lifetimes::Clock;
use super::registration::{Hook, Registration};
use crate::certificates::CaCertificate;

/// More resets within [`RESET_WINDOW`] are a fight with another writer.
const MAX_RESETS: usize = 3;
const RESET_WINDOW: time::Duration = time::Duration::minutes(10);

/// A replica's memory of the bundles.
#[derive(Debug, Default)]
pub(super) struct Bundles {
    /// Authorities in bundles that the Secret does not hold, and since when they are seen.
    unlisted: Vec<(CaCertificate, OffsetDateTime)>,
    by_kind: [Bundle; 2],
}

#[derive(Debug, Default)]
struct Bundle {
    /// The last correct bundle that was seen there.
    correct: Option<String>,
    last_write: Option<OffsetDateTime>,
    resets: Vec<OffsetDateTime>,
    is_injected: bool,
}

impl Bundles {
    /// Remembers what the bundles hold.
    pub(super) fn observe(
        &mut self,
        authorities: &Authorities,
        registrations: &[Registration],
        clock: Clock,
    ) {
        let hooks = registrations.iter().flat_map(|r| &r.hooks);
        let mut unlisted: Vec<(CaCertificate, OffsetDateTime)> = Vec::new();
        for authority in hooks.flat_map(|h| &h.trusted) {
            let is_listed = unlisted.iter().any(|(known, _)| known == authority);
            if is_listed || !authority.is_own() || authorities.trusted().any(|t| t == authority) {
                continue;
            }
            let before = self.unlisted.iter().find(|(known, _)| known == authority);
            let since = before.map_or(clock.now, |(_, since)| *since);
            unlisted.push((authority.clone(), since));
        }
        self.unlisted = unlisted;
        for registration in registrations {
            self.by_kind[registration.which].observe(registration, &exact(authorities), clock);
        }
    }

    /// The patch to write, or when to look again.
    pub(super) fn patch(
        &mut self,
        registration: &Registration,
        authorities: &Authorities,
        clock: Clock,
    ) -> Result<String, OffsetDateTime> {
        let mut wait = clock.after(clock.lifetimes.announce);
        if registration.injected_by.is_some() {
            return Err(wait);
        }
        let mut wrong = Vec::new();
        for hook in &registration.hooks {
            match self.bundle(hook, authorities, clock) {
                Ok(bundle) => wrong.push((hook, bundle)),
                Err(at) => wait = wait.min(at),
            }
        }
        if wrong.is_empty() {
            return Err(wait);
        }
        let bundle = &mut self.by_kind[registration.which];
        // If the clock was set back, do not wait.
        let last = bundle.last_write.filter(|write| *write <= clock.now);
        let next = last.map(|write| write.saturating_add(clock.lifetimes.gap));
        if let Some(at) = next.filter(|at| clock.now < *at) {
            return Err(at.min(wait));
        }
        bundle.last_write = Some(clock.now);
        Ok(registration.patch(&wrong))
    }

    /// A bundle was not written, because the configuration had changed. The next write need not wait.
    pub(super) fn not_written(&mut self, which: usize) {
        self.by_kind[which].last_write = None;
    }

    /// The bundle that a webhook has to get, or when to look again.
    ///
    /// An authority that the Secret does not hold stays for a while: a replica whose active certificate it signed puts
    /// it back into the Secret.
    fn bundle(
        &self,
        hook: &Hook,
        authorities: &Authorities,
        clock: Clock,
    ) -> Result<String, OffsetDateTime> {
        let announce = clock.lifetimes.announce;
        let unlisted = self.unlisted.iter();
        let staying = unlisted
            .map(|(known, since)| (known, since.saturating_add(announce)))
            .filter(|(known, end)| hook.trusted.contains(known) && clock.now < *end);
        let Some(wait) = staying.clone().map(|(_, end)| end).min() else {
            let exact = exact(authorities);
            if exact.as_bytes() == hook.bundle {
                return Err(clock.after(announce));
            }
            return Ok(exact);
        };
        if authorities.trusted().all(|t| hook.trusted.contains(t)) {
            return Err(wait);
        }
        let staying = staying.map(|(known, _)| known);
        let all = staying.chain(authorities.trusted());
        Ok(all.map(CaCertificate::pem).collect())
    }
}

/// The bundle of all authorities in the Secret.
fn exact(authorities: &Authorities) -> String {
    authorities.trusted().map(CaCertificate::pem).collect()
}

impl Bundle {
    fn observe(&mut self, registration: &Registration, exact: &str, clock: Clock) {
        let kind = registration.object_ref().kind.name;
        if let (Some(annotation), false) = (registration.injected_by, self.is_injected) {
            warn!(
                "the {kind} has the annotation {annotation}: cert-manager writes its caBundle, and API servers may not trust slicegate; remove the annotation, or run slicegate with --tls-cert and --tls-key"
            );
        }
        self.is_injected = registration.injected_by.is_some();
        let mut hooks = registration.hooks.iter();
        if hooks.all(|h| h.bundle == exact.as_bytes()) {
            self.correct = Some(exact.to_owned());
        } else if self.correct.as_deref() == Some(exact) && !self.is_injected {
            // It was correct, and the Secret has not changed since.
            self.correct = None;
            let writer = registration.last_write.as_ref().map(|w| w.by.as_str());
            self.reset(kind, writer.unwrap_or("somebody"), clock);
        }
    }

    fn reset(&mut self, kind: &str, writer: &str, clock: Clock) {
        if self.is_fight(clock.now) {
            let gap = clock.lifetimes.gap.whole_seconds();
            warn!(
                "{writer} keeps changing the caBundle of the {kind}, and slicegate puts it back every {gap} seconds; have it leave that field alone"
            );
        } else {
            warn!("{writer} changed the caBundle of the {kind}; it is put back");
        }
    }

    /// Whether there are too many resets. If so, counting starts again.
    fn is_fight(&mut self, now: OffsetDateTime) -> bool {
        self.resets.retain(|at| now - *at < RESET_WINDOW);
        self.resets.push(now);
        let is_fight = self.resets.len() > MAX_RESETS;
        if is_fight {
            self.resets.clear();
        }
        is_fight
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration, OffsetDateTime};

    use super::Bundle;

    #[test]
    fn four_resets_within_ten_minutes_are_a_fight_and_fewer_are_accidents() {
        let fights = |pause: Duration| -> Vec<bool> {
            let mut bundle = Bundle::default();
            let at = |reset: i32| OffsetDateTime::UNIX_EPOCH + pause * reset;
            (0..8).map(|reset| bundle.is_fight(at(reset))).collect()
        };
        let (no, yes) = (false, true);
        assert_eq!(fights(Duration::minutes(4)), [no; 8]);
        let often = fights(Duration::seconds(3));
        assert_eq!(often, [no, no, no, yes, no, no, no, yes]);
    }
}
