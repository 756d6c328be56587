//! What a cluster says of itself, as far as it says it.

use serde_json::Value;

/// Something that was asked for, or why it could not be seen.
pub type Observation<T> = Result<T, Unseen>;

/// Why something could not be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// What was in the way.
    pub problem: String,
    /// What would open it.
    pub fix: String,
    /// Who asks is not allowed to see it.
    pub is_refused: bool,
}

impl Unseen {
    /// Nobody has asked for it.
    pub fn unasked(what: &str) -> Self {
        Self {
            problem: format!("{what} was not asked for"),
            fix: "run slicegate doctor against the cluster".to_owned(),
            is_refused: false,
        }
    }
}

/// What was found, or why it was not, for `?`.
pub(super) fn seen<T>(found: &Observation<T>) -> Result<&T, Unseen> {
    found.as_ref().map_err(Clone::clone)
}

/// What an API server would not print.
pub(super) fn unusable(problem: impl std::fmt::Display) -> Unseen {
    Unseen {
        problem: problem.to_string(),
        fix: "see whether something else than an API server answers there".to_owned(),
        is_refused: false,
    }
}

/// Everything that was gathered. Objects are as the API server prints them, items of lists with their kind.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// slicegate's own namespace.
    pub namespace: String,
    /// Who asks, as the cluster calls it.
    pub user: Observation<String>,
    /// The policy of a file that was named, and how it is called.
    pub policy_file: Option<(String, String)>,
    /// `/version`.
    pub version: Observation<Value>,
    /// What the clocks say.
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
    /// The Secret with the certificate, as far as the Deployment names one.
    pub secret: Observation<Option<Value>>,
    /// The ConfigMap with the policy, as far as the Deployment mounts one.
    pub policy_map: Observation<Option<Value>>,
    /// All MutatingWebhookConfigurations.
    pub mutating: Observation<Vec<Value>>,
    /// All ValidatingWebhookConfigurations.
    pub validating: Observation<Vec<Value>>,
    /// Policies of the API server and their bindings, by kind; none where it does not know the kind.
    pub guard: Vec<(&'static str, Observation<Option<Vec<Value>>>)>,
    /// SharingPolicies; none where the API server does not know the kind.
    pub policies: Observation<Option<Vec<Value>>>,
    /// Namespaces.
    pub namespaces: Observation<Vec<Value>>,
    /// ResourceQuotas.
    pub quotas: Observation<Vec<Value>>,
    /// Nodes.
    pub nodes: Observation<Vec<Value>>,
    /// RuntimeClasses.
    pub runtime_classes: Observation<Vec<Value>>,
    /// Pods.
    pub pods: Observation<Vec<Value>>,
    /// What slicegate's identity may do.
    pub rights: Vec<(Right, Observation<bool>)>,
    /// What became of the pods that were tried.
    pub tried: Vec<ProbeResult>,
}

/// Two clocks, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// The API server's.
    pub server: i64,
    /// That of this machine, at the same time.
    pub here: i64,
}

/// A pod that was offered to the API server, which was told to create nothing.
#[derive(Clone, Debug)]
pub struct ProbeResult {
    /// What was tried.
    pub probe: Probe,
    /// What became of it.
    pub answer: ProbeAnswer,
}

/// What an API server made of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeAnswer {
    /// It would have been created, with these warnings.
    Taken(Vec<String>),
    /// It was refused, in these words.
    Refused(String),
}

/// What a probe is to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// Whether the API server asks slicegate.
    Webhook,
    /// Whether the guard is in force.
    Guard,
}

/// A pod to try.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// What it is to show.
    pub aim: Aim,
    /// Where.
    pub namespace: String,
    /// The pod.
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
    /// One verb.
    pub verb: &'static str,
    /// What it is for.
    pub why: &'static str,
}

impl Gathered {
    /// Nothing yet.
    pub fn nothing(namespace: &str) -> Self {
        let unasked = Unseen::unasked;
        Self {
            namespace: namespace.to_owned(),
            user: Err(unasked("who asks")),
            policy_file: None,
            version: Err(unasked("the version")),
            clocks: Err(unasked("the time")),
            own_namespace: Err(unasked("slicegate's namespace")),
            deployment: Err(unasked("the Deployment")),
            budgets: Err(unasked("the PodDisruptionBudget")),
            service: Err(unasked("the Service")),
            endpoints: Err(unasked("the EndpointSlices")),
            secret: Err(unasked("the Secret with the certificate")),
            policy_map: Err(unasked("the ConfigMap with the policy")),
            mutating: Err(unasked("the mutating webhooks")),
            validating: Err(unasked("the validating webhooks")),
            guard: Vec::new(),
            policies: Err(unasked("the SharingPolicies")),
            namespaces: Err(unasked("the namespaces")),
            quotas: Err(unasked("the quotas")),
            nodes: Err(unasked("the nodes")),
            runtime_classes: Err(unasked("the RuntimeClasses")),
            pods: Err(unasked("the pods")),
            rights: Vec::new(),
            tried: Vec::new(),
        }
    }
}
