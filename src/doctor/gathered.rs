//! What was read from a cluster, as far as it could be seen.

use std::fmt::Display;

use serde_json::Value;

/// Something that was read, or why it could not be seen.
pub type Observation<T> = Result<T, Unseen>;

/// Why something could not be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unseen {
    pub problem: String,
    pub fix: String,
    /// The user is not allowed to see it.
    pub is_refused: bool,
}

impl Unseen {
    pub fn new(problem: impl Into<String>, fix: &str) -> Self {
        Self {
            problem: problem.into(),
            fix: fix.to_owned(),
            is_refused: false,
        }
    }

    /// It was never read.
    pub fn unasked(what: &str) -> Self {
        let fix = "run slicegate doctor against the cluster";
        Self::new(format!("{what} was not asked for"), fix)
    }

    /// An API server would not print this.
    pub fn unusable(problem: impl Display) -> Self {
        let fix = "see whether something else than an API server answers there";
        Self::new(problem.to_string(), fix)
    }
}

/// For `?` on a borrowed [`Observation`].
impl From<&Self> for Unseen {
    fn from(unseen: &Self) -> Self {
        unseen.clone()
    }
}

/// Everything that was gathered. Objects are as the API server prints them, items of lists with their kind.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// slicegate's own namespace.
    pub namespace: String,
    /// The user who runs doctor, as the cluster calls them.
    pub user: Observation<String>,
    /// A policy file that the user named: its path and its text.
    pub policy_file: Option<(String, String)>,
    /// `/version`.
    pub version: Observation<Value>,
    pub clocks: Observation<Clocks>,
    /// slicegate's own Namespace.
    pub own_namespace: Observation<Option<Value>>,
    /// The Deployment `slicegate`.
    pub deployment: Observation<Option<Value>>,
    /// PodDisruptionBudgets of slicegate's namespace.
    pub budgets: Observation<Vec<Value>>,
    /// The Service `slicegate`.
    pub service: Observation<Option<Value>>,
    /// EndpointSlices of slicegate's namespace.
    pub endpoints: Observation<Vec<Value>>,
    /// The Secret with the certificate, if the Deployment names one.
    pub secret: Observation<Option<Value>>,
    /// The ConfigMap with the policy, if the Deployment mounts one.
    pub policy_map: Observation<Option<Value>>,
    /// All MutatingWebhookConfigurations.
    pub mutating: Observation<Vec<Value>>,
    /// All ValidatingWebhookConfigurations.
    pub validating: Observation<Vec<Value>>,
    /// Admission policies and their bindings, by kind; none if the API server does not know the kind.
    pub guard: Vec<(&'static str, Observation<Option<Vec<Value>>>)>,
    /// SharingPolicies; none if the API server does not know the kind.
    pub policies: Observation<Option<Vec<Value>>>,
    pub namespaces: Observation<Vec<Value>>,
    /// ResourceQuotas.
    pub quotas: Observation<Vec<Value>>,
    pub nodes: Observation<Vec<Value>>,
    pub runtime_classes: Observation<Vec<Value>>,
    pub pods: Observation<Vec<Value>>,
    /// Whether slicegate's ServiceAccount has each right that it needs.
    pub rights: Vec<(Right, Observation<bool>)>,
    /// Probes and their answers.
    pub tried: Vec<ProbeResult>,
}

/// Two clocks at the same moment, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// The API server's.
    pub server: i64,
    /// This machine's.
    pub here: i64,
}

/// A probe and its answer.
#[derive(Clone, Debug)]
pub struct ProbeResult {
    pub probe: Probe,
    pub answer: ProbeAnswer,
}

/// How an API server answers a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeAnswer {
    /// It would create the pod, with these warnings.
    Taken(Vec<String>),
    /// It refuses the pod with this message.
    Refused(String),
}

/// What a probe shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// Whether the API server asks slicegate.
    Webhook,
    /// Whether the guard is in force.
    Guard,
}

/// A pod that is created as a dry run.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    pub aim: Aim,
    pub namespace: String,
    pub pod: Value,
}

/// A right that slicegate needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Right {
    /// Empty for the core group.
    pub group: &'static str,
    /// As in paths, with a subresource behind a slash.
    pub resource: &'static str,
    /// On one object only.
    pub name: Option<&'static str>,
    /// In slicegate's own namespace only.
    pub own_namespace: bool,
    pub verb: &'static str,
    /// What slicegate needs it for.
    pub why: &'static str,
}
