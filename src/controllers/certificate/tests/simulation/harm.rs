//! The failures of the simulation, and what has to hold nevertheless.

use time::{Duration, OffsetDateTime};

use super::super::api::accepts;
use super::{Event, HOUR, REPLICAS, Simulation};
use crate::certificates::Authority;

impl Simulation {
    pub(super) fn harm(&mut self) {
        if !self.is_harmed {
            return;
        }
        let who = self.random.below(REPLICAS);
        match self.random.below(20) {
            0..=2 => self.kill(who, (1000, HOUR / 3)),
            3 => self.kill(who, (HOUR, 12 * HOUR)),
            4 => (0..REPLICAS).for_each(|who| self.kill(who, (1000, 300_000))),
            5 => {
                let least = self.random.below(10 * HOUR);
                (0..REPLICAS).for_each(|who| self.kill(who, (least, least + 60_000)));
            }
            6..=8 => {
                let until = self.now + self.random.within(1000, 180_000);
                self.replicas[who].cut_off_until = until;
                self.schedule(who, until, Event::Look);
            }
            9..=12 if self.has_resets => {
                let which = self.random.below(2);
                self.api.reset(which);
                self.publish(which);
            }
            9..=17 => {}
            _ => {
                self.api.damage(&mut self.random, self.now);
                self.tell();
            }
        }
        self.soon(0, (1000, HOUR / 2), Event::Harm);
    }

    pub(super) fn check(&mut self) {
        let now = self.now;
        let clock = Duration::seconds(30);
        // A replica that read a stale object looks again after ten minutes at the latest.
        let is_rich = self.api.ends.is_some_and(|end| end + clock > now);
        let mut can = (0..REPLICAS).filter(|r| !self.is_cut_off(*r));
        let can = can.any(|r| self.replicas[r].process.is_some());
        let since = self.poor.unwrap_or(now);
        self.poor = (!is_rich && can).then_some(since);
        assert!(
            now - since < Duration::minutes(12),
            "no authority since {since}, {now}"
        );
        if self.has_resets {
            return;
        }
        for (who, replica) in self.replicas.iter().enumerate() {
            let Some(active) = &replica.active else {
                continue;
            };
            for (server, heard) in self.heard.iter().enumerate() {
                for (bundle, _) in heard {
                    let pair = (active.chain[0].to_vec(), bundle.clone());
                    let is_checked = |then: &OffsetDateTime| now - *then < Duration::minutes(1);
                    if self.checked.get(&pair).is_some_and(is_checked) {
                        continue;
                    }
                    assert!(
                        accepts(bundle, active, now),
                        "API server {server} does not take what {who} shows at {now}"
                    );
                    self.checked.insert(pair, now);
                }
            }
        }
    }

    /// No more failures.
    pub(super) fn settle(&mut self) {
        self.is_harmed = false;
        for who in 0..REPLICAS {
            self.replicas[who].cut_off_until = self.now;
            self.soon(who, (0, 1000), Event::Start);
        }
        self.run(self.now + Duration::hours(1));
        let secret = self.api.secret().expect("a Secret");
        assert_eq!(secret.authorities.faults, []);
        let signs = secret
            .authorities
            .current
            .as_ref()
            .map(Authority::certificate);
        let signs = signs.expect("an authority").pem();
        for (who, replica) in self.replicas.iter().enumerate() {
            let active = replica.active.as_ref().expect("a certificate");
            assert!(
                accepts(signs.as_bytes(), active, self.now),
                "{who} shows another's"
            );
        }
        let trusted: String = secret.authorities.trusted().map(|t| t.pem()).collect();
        for which in 0..2 {
            let bundle = String::from_utf8(self.api.bundle(which)).unwrap();
            // An authority that has just left the Secret may come before.
            assert!(bundle.ends_with(&trusted), "{bundle}");
        }
    }
}
