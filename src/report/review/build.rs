//! Judges objects one after the other and collects the report.

use std::collections::HashSet;

use serde_json::Value;

use super::groups::Groups;
use super::judge;
use super::model::{Item, Member, Origin, ReviewReport, RunningPod, Summary};
use super::notes::Notes;
use crate::engine::ClusterState;
use crate::facts::workload::Manifest;
use crate::report::API_VERSION;

/// How objects are judged.
#[derive(Clone, Copy)]
pub struct Settings<'s> {
    pub state: &'s ClusterState,
    /// The namespace of objects that name none.
    pub namespace: &'s str,
    /// The tier that the namespaces are assumed to have.
    pub tier: Option<&'s str>,
    pub detail: Detail,
}

/// How much of each object the report keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// One item for each object.
    Items,
    /// One item for similar objects.
    Groups,
    /// One item for each object, with the object as read.
    Objects,
}

/// A report in progress.
pub struct Review<'s> {
    settings: Settings<'s>,
    kind: &'static str,
    /// Files with more than one document.
    several: HashSet<String>,
    items: Vec<Item>,
    groups: Groups,
    summary: Summary,
    notes: Notes,
    unreadable: Vec<String>,
}

impl<'s> Review<'s> {
    /// A review of objects. `several` are the files with more than one document.
    pub fn of_objects(settings: Settings<'s>, several: HashSet<String>) -> Self {
        Self {
            settings,
            kind: "ReviewReport",
            several,
            items: Vec::new(),
            groups: Groups::default(),
            summary: Summary::default(),
            notes: Notes::default(),
            unreadable: Vec::new(),
        }
    }

    /// A review of running pods.
    pub fn of_running_pods(settings: Settings<'s>) -> Self {
        Self {
            kind: "AuditReport",
            ..Self::of_objects(settings, HashSet::new())
        }
    }

    pub fn add(&mut self, origin: Origin, object: Value) {
        let manifest = Manifest::of(&object);
        let namespace = manifest.namespace.as_deref();
        let namespace = namespace.unwrap_or(self.settings.namespace);
        let place = origin.place(self.several.contains(&origin.source));
        let mut item = Item::skipped(origin, &manifest.kind, namespace, &manifest.name);
        let judged = judge::object(self.settings.state, &mut item, &manifest, &object);
        let pods = manifest.pods();
        if self.settings.detail == Detail::Objects {
            item.preview.object = object;
        }
        self.collect(judged.map(|()| item), place, pods);
    }

    /// Judges a running pod as if it were created now.
    pub fn add_running(&mut self, origin: Origin, pod: &RunningPod<'_>) {
        let mut item = Item::skipped(origin, "Pod", pod.namespace, pod.name);
        let judged = judge::running(self.settings.state, &mut item, pod);
        self.collect(judged.map(|()| item), String::new(), 1);
    }

    /// The report, with what the reader of the input reported.
    pub fn finish(self, mut unreadable: Vec<String>, warnings: Vec<String>) -> ReviewReport {
        unreadable.extend(self.unreadable);
        let (assumed, hint) = match self.settings.tier {
            Some(tier) => (Some(self.notes.assumed(tier)), None),
            None => (None, self.notes.hint(self.settings.state)),
        };
        ReviewReport {
            api_version: API_VERSION,
            kind: self.kind,
            summary: self.summary,
            items: match self.settings.detail {
                Detail::Groups => self.groups.into_items(),
                Detail::Items | Detail::Objects => self.items,
            },
            unreadable,
            warnings,
            assumptions: assumed.into_iter().collect(),
            hints: hint.into_iter().collect(),
        }
    }

    fn collect(&mut self, judged: Result<Item, String>, place: String, pods: u64) {
        let mut item = match judged {
            Ok(item) => item,
            Err(problem) => return self.unreadable.push(problem),
        };
        self.summary.count(&item);
        self.notes.see(&item);
        if self.settings.detail == Detail::Groups {
            let title = item.title();
            item.preview.objects.push(Member { title, place, pods });
            self.groups.add(item);
        } else {
            self.items.push(item);
        }
    }
}

impl Summary {
    fn count(&mut self, item: &Item) {
        match item.outcome {
            "rewritten" => self.rewritten += 1,
            "denied" => self.denied += 1,
            "skipped" => self.skipped += 1,
            _ => self.untouched += 1,
        }
        if item.outcome != "skipped" {
            self.pods += 1;
        }
        if let Some(gpus) = item.gpus {
            self.gpus.add(gpus);
        }
    }
}

impl Item {
    /// An object without a decision.
    fn skipped(origin: Origin, kind: &str, namespace: &str, name: &str) -> Self {
        Self {
            origin,
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            outcome: "skipped",
            patch: Value::Array(Vec::new()),
            ..Self::default()
        }
    }
}
