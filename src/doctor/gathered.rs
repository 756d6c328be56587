//! What a cluster says of itself, as far as it says it.

use serde_json::Value;

use super::probe::{self, Probe};
use super::rights::Right;

/// Something that was asked for, or why it could not be seen.
pub type Found<T> = Result<T, Unseen>;

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

/// Everything that was gathered. Objects are as the API server prints them, items of lists with their kind.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// slicegate's own namespace.
    pub namespace: String,
    /// Who asks, as the cluster calls it.
    pub user: Found<String>,
    /// The policy of a file that was named, and how it is called.
    pub policy_file: Option<(String, String)>,
    /// `/version`.
    pub version: Found<Value>,
    /// What the clocks say.
    pub clocks: Found<Clocks>,
    /// slicegate's own Namespace.
    pub own_namespace: Found<Option<Value>>,
    /// The Deployment `slicegate`.
    pub deployment: Found<Option<Value>>,
    /// PodDisruptionBudgets of slicegate's namespace.
    pub budgets: Found<Vec<Value>>,
    /// The Service `slicegate`.
    pub service: Found<Option<Value>>,
    /// EndpointSlices of slicegate's namespace.
    pub endpoints: Found<Vec<Value>>,
    /// The Secret with the certificate, as far as the Deployment names one.
    pub secret: Found<Option<Value>>,
    /// The ConfigMap with the policy, as far as the Deployment mounts one.
    pub policy_map: Found<Option<Value>>,
    /// All MutatingWebhookConfigurations.
    pub mutating: Found<Vec<Value>>,
    /// All ValidatingWebhookConfigurations.
    pub validating: Found<Vec<Value>>,
    /// Policies of the API server and their bindings, by kind; none where it does not know the kind.
    pub guard: Vec<(&'static str, Found<Option<Vec<Value>>>)>,
    /// SharingPolicies; none where the API server does not know the kind.
    pub policies: Found<Option<Vec<Value>>>,
    /// Namespaces.
    pub namespaces: Found<Vec<Value>>,
    /// ResourceQuotas.
    pub quotas: Found<Vec<Value>>,
    /// Nodes.
    pub nodes: Found<Vec<Value>>,
    /// RuntimeClasses.
    pub runtime_classes: Found<Vec<Value>>,
    /// Pods.
    pub pods: Found<Vec<Value>>,
    /// What slicegate's identity may do.
    pub rights: Vec<(Right, Found<bool>)>,
    /// What became of the pods that were tried.
    pub tried: Vec<Tried>,
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
pub struct Tried {
    /// What was tried.
    pub probe: Probe,
    /// What became of it.
    pub answer: Asked,
}

/// What an API server made of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It would have been created, with these warnings.
    Taken(Vec<String>),
    /// It was refused, in these words.
    Refused(String),
}

impl Tried {
    /// Whether the answer says more than that this namespace was no place to try it.
    pub fn is_telling(&self) -> bool {
        probe::is_telling(&self.answer)
    }
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
