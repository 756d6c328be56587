//! Replicas with clocks that differ, which die, are cut off and see old things, while somebody damages the Secret: at
//! every instant every API server takes what every replica shows.

mod harm;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use super::super::keeper::{Action, Failed, Keeper, Seen};
use super::super::plan::Step;
use super::super::registration::Registration;
use super::super::{ServerIdentity, Settings};
use super::world::{Answer, Api, Chance};
use super::{at, lives};
use crate::manifests::Service;

const REPLICAS: usize = 4;
const SERVERS: usize = 2;
const HOUR: usize = 3_600_000;

enum Event {
    /// A replica reads the configurations.
    Look,
    /// It reads the Secret, and decides.
    Think(Vec<Registration>),
    /// It writes.
    Act(Action),
    /// It begins anew.
    Start,
    /// An API server hears of a bundle.
    Hear(usize, Vec<u8>),
    /// Something happens to somebody.
    Harm,
}

struct Replica {
    keeper: Option<Keeper>,
    /// By how much its clock is wrong.
    skew: Duration,
    shown: Option<Arc<ServerIdentity>>,
    failed: Failed,
    /// What belongs to another turn or life is not done any more.
    turn: u64,
    is_resting: bool,
    is_woken: bool,
    cut_off_until: OffsetDateTime,
}

struct World {
    chance: Chance,
    now: OffsetDateTime,
    queue: BTreeMap<(OffsetDateTime, u64), (usize, u64, Event)>,
    count: u64,
    api: Api,
    replicas: Vec<Replica>,
    /// What each API server has last heard of each configuration, and when it will have heard of all.
    heard: [[(Vec<u8>, OffsetDateTime); 2]; SERVERS],
    /// Whether bundles are reset too: then what is shown cannot be taken all the time.
    has_resets: bool,
    /// Since when no usable authority is in the Secret although somebody could put one there.
    poor: Option<OffsetDateTime>,
    steps: HashMap<&'static str, usize>,
    /// Certificates that were taken with a bundle, and when.
    checked: HashMap<(Vec<u8>, Vec<u8>), OffsetDateTime>,
    is_harmed: bool,
}

impl World {
    fn new(seed: u64, has_resets: bool) -> Self {
        let mut chance = Chance(seed);
        let now = at(0);
        let replica = |skew: usize| Replica {
            keeper: None,
            skew: Duration::milliseconds(i64::try_from(skew).unwrap() - 30_000),
            shown: None,
            failed: Failed::default(),
            turn: 0,
            is_resting: false,
            is_woken: false,
            cut_off_until: now,
        };
        let replicas = (0..REPLICAS).map(|_| replica(chance.below(60_000)));
        let mut world = Self {
            replicas: replicas.collect(),
            chance,
            now,
            queue: BTreeMap::new(),
            count: 0,
            api: Api::new(),
            heard: [(); SERVERS].map(|()| [(); 2].map(|()| (Vec::new(), now))),
            has_resets,
            poor: None,
            steps: HashMap::new(),
            checked: HashMap::new(),
            is_harmed: true,
        };
        for who in 0..REPLICAS {
            world.soon(who, (0, 90_000), Event::Start);
        }
        world.soon(0, (HOUR / 2, HOUR), Event::Harm);
        world
    }

    fn run(&mut self, until: OffsetDateTime) {
        while let Some(first) = self.queue.first_entry() {
            if first.key().0 > until {
                break;
            }
            let ((now, _), (who, turn, event)) = first.remove_entry();
            self.now = now;
            let is_of_now = self.replicas[who].turn == turn;
            match event {
                Event::Harm => self.harm(),
                Event::Hear(server, bundle) => self.heard[server][who].0 = bundle,
                Event::Start => self.start(who),
                Event::Look if is_of_now => self.look(who),
                Event::Think(seen) if is_of_now => self.think(who, seen),
                Event::Act(action) if is_of_now => self.act(who, action),
                Event::Look | Event::Think(_) | Event::Act(_) => {}
            }
            self.check();
        }
        self.now = until;
    }

    /// After so many milliseconds, at least and at most.
    fn soon(&mut self, who: usize, (from, to): (usize, usize), event: Event) {
        let after = self.chance.within(from, to);
        self.schedule(who, self.now + after, event);
    }

    fn schedule(&mut self, who: usize, time: OffsetDateTime, event: Event) {
        self.count += 1;
        let turn = self.replicas[who].turn;
        self.queue.insert((time, self.count), (who, turn, event));
    }

    fn start(&mut self, who: usize) {
        let replica = &mut self.replicas[who];
        if replica.keeper.is_some() {
            return;
        }
        let lives = lives();
        let settings = Settings::of(Service::default(), "slicegate-tls");
        replica.keeper = Some(Keeper::new(Settings { lives, ..settings }));
        replica.failed = Failed::default();
        replica.is_resting = false;
        self.soon(who, (0, 100), Event::Look);
    }

    fn kill(&mut self, who: usize, down: (usize, usize)) {
        let replica = &mut self.replicas[who];
        replica.turn += 1;
        (replica.keeper, replica.shown) = (None, None);
        self.soon(who, down, Event::Start);
    }

    fn look(&mut self, who: usize) {
        let replica = &mut self.replicas[who];
        replica.turn += 1;
        replica.is_resting = false;
        replica.is_woken = false;
        if replica.keeper.is_none() {
            return;
        }
        if self.is_cut_off(who) {
            return self.pause(who);
        }
        let seen = self.api.registrations();
        self.soon(who, (1, 2000), Event::Think(seen));
    }

    fn think(&mut self, who: usize, registrations: Vec<Registration>) {
        if self.is_cut_off(who) {
            return self.pause(who);
        }
        let mut secret = self.api.secret();
        if self.chance.one_in(10) {
            let ago = self.chance.within(0, 20_000);
            secret = self.api.old_secret(self.now - ago);
        }
        let seen = Seen {
            registrations,
            secret,
        };
        let replica = &mut self.replicas[who];
        let clock = self.now + replica.skew;
        let keeper = replica.keeper.as_mut().unwrap();
        match keeper.next(seen, &replica.failed, clock).unwrap() {
            Action::Show(identity) => {
                replica.shown = Some(identity);
                self.soon(who, (1, 50), Event::Look);
            }
            Action::Rest(until) => {
                let has_failed =
                    replica.failed.secret || replica.failed.registrations != [false; 2];
                replica.failed = Failed::default();
                if has_failed || replica.is_woken {
                    return self.pause(who);
                }
                replica.is_resting = true;
                let left =
                    (until - clock).clamp(Duration::milliseconds(100), Duration::minutes(10));
                self.schedule(who, self.now + left, Event::Look);
            }
            action => {
                let longest = if self.chance.one_in(10) { 4000 } else { 50 };
                self.soon(who, (1, longest), Event::Act(action));
            }
        }
    }

    fn act(&mut self, who: usize, action: Action) {
        // Some requests fail before they are done, and of some the answer is lost.
        let is_lost = self.is_cut_off(who) || self.chance.one_in(20);
        let is_done = !is_lost || self.chance.one_in(2);
        let failed = &mut self.replicas[who].failed;
        match action {
            Action::Write {
                step,
                object,
                is_new,
            } => {
                failed.secret |= is_lost;
                if is_done && self.api.write(&object.0, is_new, self.now) == Answer::Done {
                    *self.steps.entry(word(&step)).or_default() += 1;
                    self.tell();
                }
            }
            Action::Trust { which, patch, .. } => {
                failed.registrations[which] |= is_lost;
                match is_done.then(|| self.api.patch(which, &patch, self.now)) {
                    Some(Answer::Done) => {
                        *self.steps.entry("trust").or_default() += 1;
                        self.publish(which);
                    }
                    Some(Answer::Conflict) if !is_lost => {
                        if let Some(keeper) = &mut self.replicas[who].keeper {
                            keeper.was_late(which);
                        }
                    }
                    _ => {}
                }
            }
            Action::Show(_) | Action::Rest(_) => {}
        }
        self.soon(who, (1, 50), Event::Look);
    }

    /// After a failure, or when something changed meanwhile.
    fn pause(&mut self, who: usize) {
        self.soon(who, (100, 30_000), Event::Look);
    }

    fn is_cut_off(&self, who: usize) -> bool {
        self.now < self.replicas[who].cut_off_until
    }

    /// Every watch tells of a change.
    fn tell(&mut self) {
        for who in 0..REPLICAS {
            let is_cut_off = self.is_cut_off(who);
            let replica = &mut self.replicas[who];
            replica.is_woken = true;
            if replica.keeper.is_some() && replica.is_resting && !is_cut_off {
                self.soon(who, (50, 2000), Event::Look);
            }
        }
    }

    /// Every API server hears of a bundle within three seconds, and of none before an older one.
    fn publish(&mut self, which: usize) {
        self.tell();
        for server in 0..SERVERS {
            let after = self.chance.within(0, 3000);
            let time = self.heard[server][which].1.max(self.now + after);
            self.heard[server][which].1 = time;
            let event = Event::Hear(server, self.api.bundle(which));
            self.schedule(which, time, event);
        }
    }
}

fn word(step: &Step) -> &'static str {
    match step {
        Step::Wait(_) => "wait",
        Step::Create => "create",
        Step::Announce => "announce",
        Step::Promote => "promote",
        Step::Drop => "drop",
        Step::Repair(_) => "repair",
    }
}

fn simulate(has_resets: bool) {
    let given = std::env::var("SLICEGATE_SEED").ok();
    let given: Option<u64> = given.and_then(|s| s.parse().ok());
    let mut steps: HashMap<&'static str, usize> = HashMap::new();
    for seed in given.map_or(1..=2, |seed| seed..=seed) {
        println!("SLICEGATE_SEED={seed} repeats this");
        let mut world = World::new(seed, has_resets);
        world.run(at(48 * 60));
        world.settle();
        println!(
            "events {}, checked {}, history {:?}",
            world.count,
            world.checked.len(),
            world.steps
        );
        for (word, count) in world.steps {
            *steps.entry(word).or_default() += count;
        }
    }
    println!("{steps:?}");
    if given.is_some() {
        return;
    }
    for word in ["create", "announce", "promote", "drop", "repair", "trust"] {
        assert!(steps.get(word).is_some_and(|n| *n > 5), "{word}: {steps:?}");
    }
}

#[test]
fn whatever_happens_every_api_server_takes_what_every_replica_shows() {
    simulate(false);
}

#[test]
fn where_bundles_are_reset_as_well_all_end_with_one_authority() {
    simulate(true);
}
