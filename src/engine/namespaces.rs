//! What the administrators of namespaces said: mode, tiers, boundary, and who agreed to share a boundary.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::never::NeverMatched;
use super::policy::{Mode, Policy};
use super::quota::QuotaView;
use super::words;
use crate::facts::Namespace;

/// slicegate's annotations of one namespace, unjudged, and its quotas on GPUs.
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
    /// Its ResourceQuotas, as far as they count GPUs.
    pub quotas: Vec<QuotaView>,
}

impl NamespaceView {
    /// The administrator's word in a Namespace object.
    pub fn of(namespace: &Namespace<'_>) -> Self {
        let annotations = namespace.metadata.annotations.as_ref();
        let get = |key| annotations.and_then(|a| a.get(key)).map(str::to_owned);
        let filled = |key| get(key).filter(|v: &String| !v.is_empty());
        let list = |text: String| {
            let entries = text.split(',').map(str::trim).filter(|e| !e.is_empty());
            entries.map(str::to_owned).collect()
        };
        Self {
            mode: get(words::MODE),
            tier: filled(words::TIER),
            allowed_tiers: get(words::ALLOWED_TIERS).map(list),
            trust_boundary: filled(words::TRUST_BOUNDARY),
            quotas: Vec::new(),
        }
    }
}

/// What a namespace that nobody described gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undescribed {
    /// The policy's `namespaceDefault`: the namespaces of the cluster are known, this one said nothing.
    PolicyDefault,
    /// `enforce`: nobody said anything about namespaces, so a preview shows the whole effect.
    Enforce,
    /// Nothing before it is asked for: the cluster is watched, and this one may be too new to have been seen.
    Ask,
}

/// All namespaces that are known.
#[derive(Debug)]
pub struct Namespaces {
    views: Arc<HashMap<String, NamespaceView>>,
    undescribed: Undescribed,
    in_use: Arc<HashSet<String>>,
    /// One that is not among them yet.
    newest: Option<(String, Arc<NamespaceView>)>,
    never: NeverMatched,
}

impl Namespaces {
    /// No namespace is known; each counts as enforced.
    pub fn assumed() -> Self {
        Self {
            views: Arc::default(),
            undescribed: Undescribed::Enforce,
            in_use: Arc::default(),
            newest: None,
            never: NeverMatched::default(),
        }
    }

    /// The namespaces of a cluster.
    pub fn known(views: HashMap<String, NamespaceView>) -> Self {
        Self::of(views, Undescribed::PolicyDefault)
    }

    /// The namespaces of a cluster that is watched, so that newer ones may be there.
    pub fn watched(views: HashMap<String, NamespaceView>) -> Self {
        Self::of(views, Undescribed::Ask)
    }

    /// The same, and one that was asked for.
    pub fn and(&self, name: &str, view: Arc<NamespaceView>) -> Self {
        Self {
            views: Arc::clone(&self.views),
            undescribed: self.undescribed,
            in_use: Arc::clone(&self.in_use),
            newest: Some((name.to_owned(), view)),
            never: self.never.clone(),
        }
    }

    /// Whether a namespace has to be asked for before anything can be said about its pods.
    pub fn is_missing(&self, name: &str) -> bool {
        self.undescribed == Undescribed::Ask && self.view(name).is_none()
    }

    fn of(views: HashMap<String, NamespaceView>, undescribed: Undescribed) -> Self {
        let in_use = views
            .iter()
            .map(|(name, view)| view.trust_boundary.clone().unwrap_or_else(|| name.clone()))
            .collect();
        Self {
            views: Arc::new(views),
            undescribed,
            in_use: Arc::new(in_use),
            newest: None,
            never: NeverMatched::default(),
        }
    }

    /// The same in an installation that never asks about these namespaces.
    pub fn with_never_matched(mut self, never: NeverMatched) -> Self {
        self.never = never;
        self
    }

    /// The namespaces that are never asked about.
    pub fn never_matched(&self) -> &NeverMatched {
        &self.never
    }

    /// What a namespace's administrator said, if it is known.
    pub fn view(&self, name: &str) -> Option<&NamespaceView> {
        let newest = self.newest.as_ref().filter(|(newest, _)| newest == name);
        let newest = newest.map(|(_, view)| &**view);
        newest.or_else(|| self.views.get(name))
    }

    /// The mode that applies in a namespace, and whether its annotation is a word nobody knows.
    pub fn mode(&self, name: &str, policy: &Policy) -> (Mode, bool) {
        if self.never.contains(name) {
            return (Mode::Off, false);
        }
        let written = self.view(name).and_then(|v| v.mode.as_deref());
        let (mode, misspelt) = match (written, self.undescribed) {
            // A misspelt switch must not leave the door open.
            (Some(word), _) => {
                Mode::from_word(word).map_or((Mode::Enforce, true), |mode| (mode, false))
            }
            (None, Undescribed::PolicyDefault | Undescribed::Ask) => {
                (policy.namespace_default, false)
            }
            (None, Undescribed::Enforce) => (Mode::Enforce, false),
        };
        (mode.min(policy.mode), misspelt)
    }

    /// The boundary a namespace claims: its annotation, or its own name.
    pub fn claimed_boundary<'n>(&'n self, name: &'n str) -> &'n str {
        let view = self.view(name);
        view.and_then(|v| v.trust_boundary.as_deref())
            .unwrap_or(name)
    }

    /// Why a namespace may not use the boundary it claims, if it may not.
    pub fn claim_problem(&self, name: &str, policy: &Policy) -> Option<ClaimProblem> {
        let claimed = self.claimed_boundary(name);
        if !words::is_dns_label(claimed) {
            return Some(ClaimProblem::NotALabel);
        }
        if let Some(named) = policy.boundaries.iter().find(|b| b.name == claimed) {
            let listed = named.namespaces.iter().any(|n| n == name);
            return (!listed).then_some(ClaimProblem::Reserved);
        }
        let bearer = self.view(claimed).filter(|_| claimed != name)?;
        let agreed = bearer.trust_boundary.as_deref() == Some(claimed);
        (!agreed).then_some(ClaimProblem::NoConsent)
    }

    /// Whether a name is a boundary of some namespace, or reserved by the policy.
    pub fn is_boundary_in_use(&self, name: &str, policy: &Policy) -> bool {
        let newest = self.newest.as_ref();
        let newest = newest.map(|(newest, _)| self.claimed_boundary(newest));
        self.in_use.contains(name)
            || newest == Some(name)
            || self.view(name).is_some()
            || policy.boundaries.iter().any(|b| b.name == name)
    }
}

/// Why a namespace may not use the boundary it claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimProblem {
    /// It is no DNS label.
    NotALabel,
    /// The policy's `boundaries` list other namespaces for it.
    Reserved,
    /// Another namespace bears that name and does not name it as its boundary.
    NoConsent,
}
