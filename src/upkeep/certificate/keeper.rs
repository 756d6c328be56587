//! One replica: what it shows, what it remembers, and what it does next, given what it sees.
//!
//! It acts once and then looks again, so that whatever it does follows from what was there a moment ago.

use std::sync::Arc;

use serde_json::Value;
use time::OffsetDateTime;

use super::bundle::Bundles;
use super::content::Content;
use super::plan::{Around, Step, carry_out, known, later, plan};
use super::registration::Registration;
use super::secret::{self, Secret};
use super::{ServerIdentity, Settings};
use crate::certificates::{Authority, CertificateError, Trusted};
use crate::cluster::ObjectRef;

/// What a replica saw. The configurations have to be read before the Secret: whoever changes both changes the Secret
/// first, so what is made of this Secret is never older than the bundle it replaces.
#[derive(Debug)]
pub(super) struct Seen {
    /// The configurations that are there.
    pub(super) registrations: Vec<Registration>,
    /// The Secret, if it is there.
    pub(super) secret: Option<Secret>,
}

/// What a replica does.
#[derive(Debug)]
pub(super) enum Action {
    /// Create or replace the Secret.
    Write {
        /// Why.
        step: Step,
        /// What.
        object: Private,
        /// It is not there.
        is_new: bool,
    },
    /// Show this certificate from now on.
    Show(Arc<ServerIdentity>),
    /// Change what a configuration trusts.
    Trust {
        /// Which of [`super::registration::KINDS`].
        which: usize,
        /// Where it is.
        place: ObjectRef<'static>,
        /// JSON patch.
        patch: String,
    },
    /// Nothing before then, unless something changes.
    Rest(OffsetDateTime),
}

/// A text with keys.
pub(super) struct Private(pub(super) String);

impl std::fmt::Debug for Private {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Private")
    }
}

/// What has failed since the last rest, and is not tried again before the next one.
#[derive(Debug, Default)]
pub(super) struct Failed {
    /// Writing the Secret.
    pub(super) secret: bool,
    /// Changing a configuration.
    pub(super) registrations: [bool; 2],
}

/// One replica.
#[derive(Debug)]
pub(super) struct Keeper {
    settings: Settings,
    shown: Option<Shown>,
    /// The authority that signs, and since when all configurations have been seen to trust it.
    trusted: Option<(Trusted, OffsetDateTime)>,
    bundles: Bundles,
}

#[derive(Debug)]
struct Shown {
    authority: Trusted,
    renew: OffsetDateTime,
    ends: OffsetDateTime,
}

impl Keeper {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            shown: None,
            trusted: None,
            bundles: Bundles::default(),
        }
    }

    /// What is to be done first.
    ///
    /// # Errors
    /// When a certificate cannot be made.
    pub(super) fn next(
        &mut self,
        seen: Seen,
        failed: &Failed,
        now: OffsetDateTime,
    ) -> Result<Action, CertificateError> {
        let Seen {
            registrations,
            secret,
        } = seen;
        let (object, content) = secret.map(Secret::split).unzip();
        let content = content.unwrap_or_default();
        let step = self.step(&content, &registrations, now);
        let mut rest = match step {
            Step::Wait(at) => at,
            _ if !failed.secret => return self.write(step, object, content, &registrations, now),
            _ => later(now, self.settings.lives.announce),
        };
        let Some(current) = &content.current else {
            return Ok(Action::Rest(rest));
        };
        match self.leaf(current, &registrations, now)? {
            Ok(identity) => return Ok(Action::Show(identity)),
            Err(at) => rest = rest.min(at),
        }
        // A Secret that could not be repaired may lack what others show.
        if matches!(step, Step::Create | Step::Repair(_)) {
            return Ok(Action::Rest(rest));
        }
        let lives = &self.settings.lives;
        self.bundles.look(&content, &registrations, now, lives);
        for registration in &registrations {
            if failed.registrations[registration.which] {
                continue;
            }
            match self.bundles.patch(registration, &content, now, lives) {
                Ok(patch) => {
                    return Ok(Action::Trust {
                        which: registration.which,
                        place: registration.place(),
                        patch,
                    });
                }
                Err(at) => rest = rest.min(at),
            }
        }
        Ok(Action::Rest(rest))
    }

    /// A configuration was not changed, because somebody else was faster.
    pub(super) fn was_late(&mut self, which: usize) {
        self.bundles.not_written(which);
    }

    fn step(&self, content: &Content, registrations: &[Registration], now: OffsetDateTime) -> Step {
        let next = content.next.as_ref().map(Authority::certificate);
        let around = Around {
            is_next_trusted: next.is_some_and(|n| registrations.iter().all(|r| r.trusts(n))),
            shown: self.shown(now),
        };
        plan(content, around, now, &self.settings.lives)
    }

    /// Whose certificate is shown, while it is good.
    fn shown(&self, now: OffsetDateTime) -> Option<&Trusted> {
        let shown = self.shown.as_ref().filter(|s| s.ends > now);
        shown.map(|s| &s.authority)
    }

    fn write(
        &self,
        step: Step,
        object: Option<Value>,
        content: Content,
        registrations: &[Registration],
        now: OffsetDateTime,
    ) -> Result<Action, CertificateError> {
        let Settings {
            namespace,
            secret: name,
            lives,
            ..
        } = &self.settings;
        let hooks = registrations.iter().flat_map(|r| &r.hooks);
        let elsewhere: Vec<Trusted> = hooks.flat_map(|h| h.trusted.clone()).collect();
        let around = (elsewhere.as_slice(), self.shown(now));
        let content = carry_out(&step, content, around, now, lives)?;
        let is_new = object.is_none();
        let object = object.unwrap_or_else(|| secret::new(namespace, name));
        Ok(Action::Write {
            step,
            object: Private(Secret::with(object, &content)),
            is_new,
        })
    }

    /// A new certificate, or when to look again.
    fn leaf(
        &mut self,
        current: &Authority,
        registrations: &[Registration],
        now: OffsetDateTime,
    ) -> Result<Result<Arc<ServerIdentity>, OffsetDateTime>, CertificateError> {
        let authority = current.certificate();
        let due = match &self.shown {
            // Whoever trusts the one trusts the other.
            Some(shown) if shown.authority == *authority => shown.renew,
            _ => self.is_trusted_from(authority, registrations, now),
        };
        if now < due {
            return Ok(Err(due));
        }
        let Settings {
            dns_names,
            ips,
            lives,
            ..
        } = &self.settings;
        let ends = later(now, lives.leaf).min(authority.not_after());
        let leaf = current.sign((dns_names, ips), later(now, -lives.skew), ends)?;
        self.shown = Some(Shown {
            authority: authority.clone(),
            renew: later(ends, -(ends - now) / 3),
            ends,
        });
        Ok(Ok(Arc::new(ServerIdentity {
            chain: vec![leaf.certificate],
            key: leaf.key,
            not_after: ends.unix_timestamp(),
        })))
    }

    /// When a certificate of another authority than before may be shown.
    fn is_trusted_from(
        &mut self,
        authority: &Trusted,
        registrations: &[Registration],
        now: OffsetDateTime,
    ) -> OffsetDateTime {
        let lives = &self.settings.lives;
        if registrations.iter().all(|r| r.hooks.is_empty()) {
            // Nobody calls.
            return now;
        }
        if !registrations.iter().all(|r| r.trusts(authority)) {
            self.trusted = None;
            return later(now, lives.announce);
        }
        // Where nothing is new there is nothing to wait for.
        let is_old = |r: &Registration| match &r.written {
            Some(written) => later(written.at, lives.announce) <= now,
            None => r.hooks.is_empty(),
        };
        let is_known = known(authority, lives) <= now && registrations.iter().all(is_old);
        if is_known && self.shown(now).is_none() {
            return now;
        }
        match &self.trusted {
            Some((known, since)) if known == authority => later(*since, lives.settle),
            _ => {
                self.trusted = Some((authority.clone(), now));
                later(now, lives.settle)
            }
        }
    }
}
