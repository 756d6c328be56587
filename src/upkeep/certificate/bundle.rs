//! What stands in caBundle and what should: when it is written, and when somebody else keeps writing it.

use time::OffsetDateTime;
use tracing::warn;

use super::Lives;
use super::content::Content;
use super::plan::later;
use super::registration::{Hook, Registration};
use crate::certificates::Trusted;

/// More resets than that within [`WHILE`] are a fight.
const PATIENCE: usize = 3;
const WHILE: time::Duration = time::Duration::minutes(10);

/// What a replica remembers of the bundles.
#[derive(Debug, Default)]
pub(super) struct Bundles {
    /// Authorities that the Secret does not hold, and since when they have been seen.
    leaving: Vec<(Trusted, OffsetDateTime)>,
    each: [Bundle; 2],
}

#[derive(Debug, Default)]
struct Bundle {
    /// What was right when it was right last.
    right: Option<String>,
    written: Option<OffsetDateTime>,
    resets: Vec<OffsetDateTime>,
    is_injected: bool,
}

impl Bundles {
    /// Takes note of what is there.
    pub(super) fn look(
        &mut self,
        content: &Content,
        registrations: &[Registration],
        now: OffsetDateTime,
        lives: &Lives,
    ) {
        let hooks = registrations.iter().flat_map(|r| &r.hooks);
        let mut leaving: Vec<(Trusted, OffsetDateTime)> = Vec::new();
        for found in hooks.flat_map(|h| &h.trusted) {
            let is_noted = leaving.iter().any(|(known, _)| known == found);
            if is_noted || !found.is_own() || content.trusted().any(|t| t == found) {
                continue;
            }
            let before = self.leaving.iter().find(|(known, _)| known == found);
            leaving.push((found.clone(), before.map_or(now, |(_, since)| *since)));
        }
        self.leaving = leaving;
        for registration in registrations {
            self.each[registration.which].look(registration, &exact(content), now, lives);
        }
    }

    /// What has to be changed, or when to look again.
    pub(super) fn patch(
        &mut self,
        registration: &Registration,
        content: &Content,
        now: OffsetDateTime,
        lives: &Lives,
    ) -> Result<String, OffsetDateTime> {
        let far = later(now, lives.announce);
        if registration.injected.is_some() {
            return Err(far);
        }
        let mut wrong = Vec::new();
        let mut rest = far;
        for hook in &registration.hooks {
            match self.bundle(hook, content, now, lives) {
                Ok(bundle) => wrong.push((hook, bundle)),
                Err(at) => rest = rest.min(at),
            }
        }
        if wrong.is_empty() {
            return Err(rest);
        }
        let bundle = &mut self.each[registration.which];
        // A clock that was put back is no reason to wait.
        let free = bundle.written.filter(|w| *w <= now);
        let free = free.map(|w| later(w, lives.gap));
        if let Some(at) = free.filter(|at| now < *at) {
            return Err(at.min(rest));
        }
        bundle.written = Some(now);
        Ok(registration.patch(&wrong))
    }

    /// What was to be written was not, because the object had changed: the next write need not wait.
    pub(super) fn not_written(&mut self, which: usize) {
        self.each[which].written = None;
    }

    /// What a webhook should have, where it has something else, or when to look again.
    ///
    /// An authority that nobody can account for goes only after a while: whoever shows a certificate of it puts it back
    /// into the Secret in the meantime.
    fn bundle(
        &self,
        hook: &Hook,
        content: &Content,
        now: OffsetDateTime,
        lives: &Lives,
    ) -> Result<String, OffsetDateTime> {
        let ends = |since: OffsetDateTime| later(since, lives.announce);
        let stays = self
            .leaving
            .iter()
            .filter(|(known, since)| hook.trusted.contains(known) && now < ends(*since));
        let stays: Vec<&(Trusted, OffsetDateTime)> = stays.collect();
        let Some(rest) = stays.iter().map(|(_, since)| ends(*since)).min() else {
            let exact = exact(content);
            return match exact.as_bytes() == hook.bundle {
                true => Err(later(now, lives.announce)),
                false => Ok(exact),
            };
        };
        match content.trusted().all(|t| hook.trusted.contains(t)) {
            true => Err(rest),
            false => {
                let stays = stays.iter().map(|(known, _)| known);
                Ok(stays.chain(content.trusted()).map(Trusted::pem).collect())
            }
        }
    }
}

/// The bundle that every replica writes.
fn exact(content: &Content) -> String {
    content.trusted().map(Trusted::pem).collect()
}

impl Bundle {
    fn look(
        &mut self,
        registration: &Registration,
        exact: &str,
        now: OffsetDateTime,
        lives: &Lives,
    ) {
        let kind = registration.place().kind.name;
        if let (Some(annotation), false) = (registration.injected, self.is_injected) {
            warn!(
                "the {kind} has the annotation {annotation}: cert-manager writes its caBundle, and API servers may not trust slicegate; remove the annotation, or run slicegate with --tls-cert and --tls-key"
            );
        }
        self.is_injected = registration.injected.is_some();
        let mut hooks = registration.hooks.iter();
        let is_right = hooks.all(|h| h.bundle == exact.as_bytes());
        if is_right {
            self.right = Some(exact.to_owned());
        } else if self.right.as_deref() == Some(exact) && !self.is_injected {
            // It was right, and what is right has not changed.
            self.right = None;
            let writer = registration.written.as_ref().map(|w| w.by.as_str());
            self.reset(kind, writer, now, lives);
        }
    }

    fn reset(&mut self, kind: &str, writer: Option<&str>, now: OffsetDateTime, lives: &Lives) {
        let writer = writer.unwrap_or("somebody");
        if self.is_fight(now) {
            let gap = lives.gap.whole_seconds();
            warn!(
                "{writer} keeps changing the caBundle of the {kind}, and slicegate puts it back every {gap} seconds; have it leave that field alone"
            );
        } else {
            warn!("{writer} changed the caBundle of the {kind}; it is put back");
        }
    }

    /// Whether this reset is one too many; the next ones are counted anew.
    fn is_fight(&mut self, now: OffsetDateTime) -> bool {
        self.resets.retain(|at| now - *at < WHILE);
        self.resets.push(now);
        let is_fight = self.resets.len() > PATIENCE;
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
