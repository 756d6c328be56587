//! The namespaces that are known, and how others count.

use std::collections::HashMap;
use std::sync::Arc;

use super::excluded::ExcludedNamespaces;
use super::view::NamespaceView;
use crate::engine::vocabulary::{Mode, Policy};

/// How a namespace counts that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unknown {
    /// As the policy's `namespaceDefault`: all namespaces of the cluster are known, and this one has no annotations.
    PolicyDefault,
    /// As `enforce`: no namespaces were given, so a preview shows the whole effect.
    Enforce,
    /// It has to be looked up first: the cluster is watched, and this namespace may be newer than the last event.
    LookUp,
}

/// All namespaces that are known.
#[derive(Clone, Debug)]
pub struct Namespaces {
    views: Arc<HashMap<String, NamespaceView>>,
    unknown: Unknown,
    /// By boundary, the namespaces that claim it.
    claimants: Arc<HashMap<String, Vec<String>>>,
    /// One that was looked up and is not among `views` yet.
    newest: Option<(String, Arc<NamespaceView>)>,
    excluded: ExcludedNamespaces,
}

impl Namespaces {
    /// Only these namespaces are known; each other one counts as enforced.
    pub fn assumed(views: HashMap<String, NamespaceView>) -> Self {
        Self::of(views, Unknown::Enforce)
    }

    /// The namespaces of a cluster.
    pub fn known(views: HashMap<String, NamespaceView>) -> Self {
        Self::of(views, Unknown::PolicyDefault)
    }

    /// The namespaces of a watched cluster, where newer ones may exist.
    pub fn watched(views: HashMap<String, NamespaceView>) -> Self {
        Self::of(views, Unknown::LookUp)
    }

    fn of(views: HashMap<String, NamespaceView>, unknown: Unknown) -> Self {
        let mut claimants: HashMap<String, Vec<String>> = HashMap::new();
        for (name, view) in &views {
            let claimed = view.trust_boundary.as_ref().unwrap_or(name);
            let claimants = claimants.entry(claimed.clone()).or_default();
            claimants.push(name.clone());
        }
        for names in claimants.values_mut() {
            names.sort_unstable();
        }
        Self {
            views: Arc::new(views),
            unknown,
            claimants: Arc::new(claimants),
            newest: None,
            excluded: ExcludedNamespaces::default(),
        }
    }

    /// The same with one that was looked up.
    pub fn and(&self, name: &str, view: Arc<NamespaceView>) -> Self {
        Self {
            newest: Some((name.to_owned(), view)),
            ..self.clone()
        }
    }

    /// Whether a namespace has to be looked up before its pods can be judged.
    pub fn is_missing(&self, name: &str) -> bool {
        self.unknown == Unknown::LookUp && self.view(name).is_none()
    }

    /// The same with other excluded namespaces.
    pub fn with_excluded_namespaces(mut self, excluded: ExcludedNamespaces) -> Self {
        self.excluded = excluded;
        self
    }

    /// The excluded namespaces.
    pub fn excluded_namespaces(&self) -> &ExcludedNamespaces {
        &self.excluded
    }

    /// The names of the known namespaces, sorted.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.views.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// A namespace's annotations and quotas, if it is known.
    pub fn view(&self, name: &str) -> Option<&NamespaceView> {
        let newest = self.newest.as_ref().filter(|(newest, _)| newest == name);
        let newest = newest.map(|(_, view)| &**view);
        newest.or_else(|| self.views.get(name))
    }

    /// The mode that applies in a namespace, and whether its annotation is misspelt.
    pub fn mode(&self, name: &str, policy: &Policy) -> (Mode, bool) {
        if self.excluded.contains(name) {
            return (Mode::Off, false);
        }
        let written = self.view(name).and_then(|v| v.mode.as_deref());
        let known = written.map(Mode::from_word);
        let mode = match known {
            // A misspelt mode must not disable enforcement.
            Some(mode) => mode.unwrap_or(Mode::Enforce),
            None if self.unknown == Unknown::Enforce => Mode::Enforce,
            None => policy.namespace_default,
        };
        (mode.min(policy.mode), known == Some(None))
    }

    /// The boundary a namespace claims: its annotation, or its own name.
    pub fn claimed_boundary<'n>(&'n self, name: &'n str) -> &'n str {
        let view = self.view(name);
        view.and_then(|v| v.trust_boundary.as_deref())
            .unwrap_or(name)
    }

    /// The namespaces that claim a boundary, sorted; a namespace that was looked up comes last.
    pub fn claimants(&self, boundary: &str) -> impl Iterator<Item = &str> {
        let claimants = self.claimants.get(boundary).into_iter().flatten();
        let newest = self.newest.as_ref().map(|(name, _)| name.as_str());
        let newest = newest.filter(|name| self.claimed_boundary(name) == boundary);
        claimants.map(String::as_str).chain(newest)
    }
}
