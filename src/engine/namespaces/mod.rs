//! What the administrators of namespaces declare: mode, tiers, boundary, and its members.

pub mod consent;
pub mod excluded;
pub mod quota;

use std::collections::HashMap;
use std::sync::Arc;

use crate::engine::namespaces::excluded::ExcludedNamespaces;
use crate::engine::namespaces::quota::QuotaView;
use crate::engine::vocabulary::{Mode, Policy, names};
use crate::facts::Namespace;

/// slicegate's annotations of one namespace, not validated, and its quotas on GPUs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceView {
    /// `slicegate.dev/mode` as written.
    pub mode: Option<String>,
    /// `slicegate.dev/tier`, none when empty.
    pub tier: Option<String>,
    /// `slicegate.dev/allowed-tiers` as a list.
    pub allowed_tiers: Option<Vec<String>>,
    /// `slicegate.dev/trust-boundary`, none when empty.
    pub trust_boundary: Option<String>,
    /// `slicegate.dev/boundary-members` as a list.
    pub boundary_members: Vec<String>,
    /// Its ResourceQuotas, as far as they count GPUs.
    pub quotas: Vec<QuotaView>,
}

impl NamespaceView {
    /// Reads the annotations of a Namespace object.
    pub fn of(namespace: &Namespace<'_>) -> Self {
        let annotations = namespace.metadata.annotations.as_ref();
        let get = |key| annotations.and_then(|a| a.get(key)).map(str::to_owned);
        let filled = |key| get(key).filter(|v: &String| !v.is_empty());
        let list = |text: String| -> Vec<String> {
            let entries = text.split(',').map(str::trim).filter(|e| !e.is_empty());
            entries.map(str::to_owned).collect()
        };
        Self {
            mode: get(names::MODE),
            tier: filled(names::TIER),
            allowed_tiers: get(names::ALLOWED_TIERS).map(list),
            trust_boundary: filled(names::TRUST_BOUNDARY),
            boundary_members: get(names::BOUNDARY_MEMBERS).map(list).unwrap_or_default(),
            quotas: Vec::new(),
        }
    }
}

/// How a namespace counts that is not described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undescribed {
    /// As the policy's `namespaceDefault`: all namespaces of the cluster are known, and this one has no annotations.
    PolicyDefault,
    /// As `enforce`: no namespaces were given, so a preview shows the whole effect.
    Enforce,
    /// It has to be looked up first: the cluster is watched, and this namespace may be newer than the last event.
    LookUp,
    /// It is not visible: the guard sees only the pod's own namespace.
    NotVisible,
}

/// All namespaces that are known.
#[derive(Debug)]
pub struct Namespaces {
    views: Arc<HashMap<String, NamespaceView>>,
    undescribed: Undescribed,
    /// By boundary, the namespaces that claim it.
    claimants: Arc<HashMap<String, Vec<String>>>,
    /// One that was looked up and is not among `views` yet.
    newest: Option<(String, Arc<NamespaceView>)>,
    excluded: ExcludedNamespaces,
}

impl Namespaces {
    /// No namespace is known; each counts as enforced.
    pub fn assumed() -> Self {
        Self::assumed_but(HashMap::new())
    }

    /// Only these namespaces are known; each other one counts as enforced.
    pub fn assumed_but(views: HashMap<String, NamespaceView>) -> Self {
        Self::of(views, Undescribed::Enforce)
    }

    /// The namespaces of a cluster.
    pub fn known(views: HashMap<String, NamespaceView>) -> Self {
        Self::of(views, Undescribed::PolicyDefault)
    }

    /// The namespaces of a watched cluster, where newer ones may exist.
    pub fn watched(views: HashMap<String, NamespaceView>) -> Self {
        Self::of(views, Undescribed::LookUp)
    }

    /// One namespace; the others are not visible.
    pub fn alone(name: &str, view: Option<NamespaceView>) -> Self {
        let views = view.map(|view| (name.to_owned(), view));
        Self::of(views.into_iter().collect(), Undescribed::NotVisible)
    }

    /// The same with one that was looked up.
    pub fn and(&self, name: &str, view: Arc<NamespaceView>) -> Self {
        Self {
            views: Arc::clone(&self.views),
            undescribed: self.undescribed,
            claimants: Arc::clone(&self.claimants),
            newest: Some((name.to_owned(), view)),
            excluded: self.excluded.clone(),
        }
    }

    /// Whether a namespace has to be looked up before its pods can be judged.
    pub fn is_missing(&self, name: &str) -> bool {
        self.undescribed == Undescribed::LookUp && self.view(name).is_none()
    }

    fn of(views: HashMap<String, NamespaceView>, undescribed: Undescribed) -> Self {
        let mut claimants: HashMap<String, Vec<String>> = HashMap::new();
        for (name, view) in &views {
            let claimed = view.trust_boundary.as_ref().unwrap_or(name);
            let claimants = claimants.entry(claimed.clone()).or_default();
            claimants.push(name.clone());
        }
        claimants
            .values_mut()
            .for_each(|names| names.sort_unstable());
        Self {
            views: Arc::new(views),
            undescribed,
            claimants: Arc::new(claimants),
            newest: None,
            excluded: ExcludedNamespaces::default(),
        }
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
        let (mode, misspelt) = match (written, self.undescribed) {
            // A misspelt mode must not disable enforcement.
            (Some(word), _) => {
                Mode::from_word(word).map_or((Mode::Enforce, true), |mode| (mode, false))
            }
            (None, Undescribed::Enforce) => (Mode::Enforce, false),
            (None, _) => (policy.namespace_default, false),
        };
        (mode.min(policy.mode), misspelt)
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

    /// Whether other namespaces are not visible, so that their consent is unknown.
    pub(super) fn is_isolated(&self) -> bool {
        self.undescribed == Undescribed::NotVisible
    }
}
