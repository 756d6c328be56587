//! One replica: its active certificate, its memory, and its next action, given a snapshot of the cluster.
//!
//! A replica observes again after every action, so that each action follows from the current state.

use std::sync::Arc;

use serde_json::Value;
use time::OffsetDateTime;

use super::authorities::Authorities;
use super::bundle::Bundles;
use super::identity::ServerIdentity;
use super::lifetimes::Clock;
use super::plan::{PlanInput, Step, announcement_end, apply, plan};
use super::registration::Registration;
use super::secret::{self, Secret};
use super::settings::Settings;
use crate::certificates::{Authority, CaCertificate, CertificateError};
use crate::cluster::ObjectRef;

/// What a replica read. It reads the configurations before the Secret: a change of both changes the Secret first, so
/// that a bundle made of this Secret is never older than the bundle that it replaces.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// The configurations that exist.
    pub(super) registrations: Vec<Registration>,
    /// The Secret, if it exists.
    pub(super) secret: Option<Secret>,
}

#[derive(Debug)]
pub(super) enum Action {
    /// Create or replace the Secret.
    WriteSecret {
        step: Step,
        object: Redacted,
        is_new: bool,
    },
    /// Serve with this certificate from now on.
    Activate(Arc<ServerIdentity>),
    /// Write the caBundle of a configuration.
    WriteBundle {
        /// The index in [`super::registration::KINDS`].
        which: usize,
        object_ref: ObjectRef<'static>,
        /// A JSON patch.
        patch: String,
    },
    /// Nothing until then, unless something changes.
    Wait(OffsetDateTime),
}

/// A text with keys, which no log shows.
pub(super) struct Redacted(pub(super) String);

impl std::fmt::Debug for Redacted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redacted")
    }
}

/// The actions that failed since the last wait. They are not tried again before the next one.
#[derive(Debug, Default)]
pub(super) struct Failures {
    pub(super) secret: bool,
    pub(super) registrations: [bool; 2],
}

#[derive(Debug)]
pub(super) struct Replica {
    settings: Settings,
    active: Option<ActiveCertificate>,
    /// The authority that signs, and since when all configurations trust it.
    trusted: Option<(CaCertificate, OffsetDateTime)>,
    bundles: Bundles,
}

#[derive(Debug)]
struct ActiveCertificate {
    authority: CaCertificate,
    renew: OffsetDateTime,
    ends: OffsetDateTime,
}

impl Replica {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            active: None,
            trusted: None,
            bundles: Bundles::default(),
        }
    }

    /// The first action to take.
    ///
    /// # Errors
    /// When a certificate cannot be generated.
    pub(super) fn next(
        &mut self,
        snapshot: Snapshot,
        failures: &Failures,
        now: OffsetDateTime,
    ) -> Result<Action, CertificateError> {
        let clock = Clock {
            now,
            lifetimes: self.settings.lifetimes,
        };
        let Snapshot {
            registrations,
            secret,
        } = snapshot;
        let (object, authorities) = secret.map(Secret::split).unzip();
        let authorities = authorities.unwrap_or_default();
        let step = self.step(&authorities, &registrations, clock);
        let mut wait = match step {
            Step::Wait(at) => at,
            _ if !failures.secret => {
                return self.write_secret(step, object, authorities, &registrations, clock);
            }
            _ => clock.after(clock.lifetimes.announce),
        };
        let Some(current) = &authorities.current else {
            return Ok(Action::Wait(wait));
        };
        match self.serving_certificate(current, &registrations, clock)? {
            Ok(identity) => return Ok(Action::Activate(identity)),
            Err(at) => wait = wait.min(at),
        }
        // A Secret that could not be repaired may lack the authority of another replica's certificate.
        if matches!(step, Step::Create | Step::Repair(_)) {
            return Ok(Action::Wait(wait));
        }
        self.bundles.observe(&authorities, &registrations, clock);
        for registration in &registrations {
            let which = registration.which;
            if failures.registrations[which] {
                continue;
            }
            match self.bundles.patch(registration, &authorities, clock) {
                Ok(patch) => {
                    return Ok(Action::WriteBundle {
                        which,
                        object_ref: registration.object_ref(),
                        patch,
                    });
                }
                Err(at) => wait = wait.min(at),
            }
        }
        Ok(Action::Wait(wait))
    }

    /// A bundle was not written, because the configuration had changed.
    pub(super) fn had_conflict(&mut self, which: usize) {
        self.bundles.not_written(which);
    }

    fn step(
        &self,
        authorities: &Authorities,
        registrations: &[Registration],
        clock: Clock,
    ) -> Step {
        let next = authorities.next.as_ref().map(Authority::certificate);
        let input = PlanInput {
            is_next_trusted: next.is_some_and(|n| registrations.iter().all(|r| r.trusts(n))),
            active: self.active_authority(clock),
        };
        plan(authorities, input, clock)
    }

    /// The authority of the active certificate, while that is valid.
    fn active_authority(&self, clock: Clock) -> Option<&CaCertificate> {
        let active = self.active.as_ref().filter(|a| a.ends > clock.now);
        active.map(|a| &a.authority)
    }

    fn write_secret(
        &self,
        step: Step,
        object: Option<Value>,
        authorities: Authorities,
        registrations: &[Registration],
        clock: Clock,
    ) -> Result<Action, CertificateError> {
        let hooks = registrations.iter().flat_map(|r| &r.hooks);
        let bundled: Vec<CaCertificate> = hooks.flat_map(|h| h.trusted.clone()).collect();
        let others = (bundled.as_slice(), self.active_authority(clock));
        let authorities = apply(&step, authorities, others, clock)?;
        let is_new = object.is_none();
        let Settings {
            namespace, secret, ..
        } = &self.settings;
        let object = object.unwrap_or_else(|| secret::new(namespace, secret));
        Ok(Action::WriteSecret {
            step,
            object: Redacted(Secret::with(object, &authorities)),
            is_new,
        })
    }

    /// A new serving certificate, or when to look again.
    fn serving_certificate(
        &mut self,
        current: &Authority,
        registrations: &[Registration],
        clock: Clock,
    ) -> Result<Result<Arc<ServerIdentity>, OffsetDateTime>, CertificateError> {
        let authority = current.certificate();
        let due = match &self.active {
            // Clients that trust the old certificate trust the new one.
            Some(active) if active.authority == *authority => active.renew,
            _ => self.trusted_from(authority, registrations, clock),
        };
        if clock.now < due {
            return Ok(Err(due));
        }
        let Settings { dns_names, ips, .. } = &self.settings;
        let begins = clock.after(-clock.lifetimes.skew);
        let ends = clock.after(clock.lifetimes.serving);
        let ends = ends.min(authority.not_after());
        let serving = current.sign((dns_names, ips), begins, ends)?;
        self.active = Some(ActiveCertificate {
            authority: authority.clone(),
            renew: ends.saturating_add(-(ends - clock.now) / 3),
            ends,
        });
        Ok(Ok(Arc::new(ServerIdentity {
            chain: vec![serving.certificate],
            key: serving.key,
            not_after: ends.unix_timestamp(),
        })))
    }

    /// From when on a certificate of another authority may become active.
    fn trusted_from(
        &mut self,
        authority: &CaCertificate,
        registrations: &[Registration],
        clock: Clock,
    ) -> OffsetDateTime {
        let lifetimes = &clock.lifetimes;
        if registrations.iter().all(|r| r.hooks.is_empty()) {
            // No API server calls the webhooks.
            return clock.now;
        }
        if !registrations.iter().all(|r| r.trusts(authority)) {
            self.trusted = None;
            return clock.after(lifetimes.announce);
        }
        // A replica that starts need not wait if nothing has changed for long enough.
        let is_old = |r: &Registration| match &r.last_write {
            Some(write) => write.at.saturating_add(lifetimes.announce) <= clock.now,
            None => r.hooks.is_empty(),
        };
        let is_announced = announcement_end(authority, lifetimes) <= clock.now;
        let is_starting = self.active_authority(clock).is_none();
        if is_announced && is_starting && registrations.iter().all(is_old) {
            return clock.now;
        }
        let known = self
            .trusted
            .as_ref()
            .filter(|(known, _)| known == authority);
        let since = known.map_or(clock.now, |(_, since)| *since);
        self.trusted = Some((authority.clone(), since));
        since.saturating_add(lifetimes.settle)
    }
}
