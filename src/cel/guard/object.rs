//! Builds a ValidatingAdmissionPolicy and its binding.

use serde_json::{Value, json};

use crate::engine::vocabulary::Mode;
use crate::engine::{ExcludedNamespaces, Policy};

/// `apiVersion` of everything here.
pub(super) const API_VERSION: &str = "admissionregistration.k8s.io/v1";
/// On every object: the policy it was generated for.
const POLICY: &str = "slicegate.dev/policy";
/// On every object: the hash of that policy.
const POLICY_HASH: &str = "slicegate.dev/policy-hash";

/// One ValidatingAdmissionPolicy.
pub(super) struct Admission {
    pub(super) name: &'static str,
    /// Operation and resources.
    pub(super) on: (&'static str, &'static [&'static str]),
    /// Also in excluded namespaces.
    pub(super) everywhere: bool,
    /// The least mode of the policy in which it refuses anything.
    pub(super) needs: Mode,
    /// Match conditions, names and expressions: all have to hold, or nothing else is evaluated.
    pub(super) conditions: Vec<Variable>,
    /// A variable may use those before it.
    pub(super) variables: Vec<Variable>,
    pub(super) validations: Vec<Validation>,
}

pub(super) type Variable = (&'static str, String);

pub(super) struct Validation {
    pub(super) holds: String,
    /// The message where the expression fails.
    pub(super) message: String,
    /// An expression of a message with names from the pod.
    pub(super) message_expression: Option<String>,
}

impl Validation {
    pub(super) fn new(holds: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            holds: holds.into(),
            message: message.into(),
            message_expression: None,
        }
    }

    fn object(self) -> Value {
        let mut object = json!({
            "expression": self.holds,
            "message": self.message,
            "reason": "Forbidden",
        });
        if let Some(expression) = self.message_expression {
            object["messageExpression"] = expression.into();
        }
        object
    }
}

impl Admission {
    /// The policy and its binding.
    pub(super) fn objects(self, policy: &Policy, excluded: &ExcludedNamespaces) -> [Value; 2] {
        let name = self.name;
        let mut binding = json!({"policyName": name, "validationActions": ["Deny"]});
        if !self.everywhere {
            binding["matchResources"] = json!({"namespaceSelector": {"matchExpressions": [{
                "key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": excluded.names(),
            }]}});
        }
        let spec = self.spec(policy);
        [
            object("ValidatingAdmissionPolicy", name, policy, &spec),
            object("ValidatingAdmissionPolicyBinding", name, policy, &binding),
        ]
    }

    fn spec(mut self, policy: &Policy) -> Value {
        // It exists even if it refuses nothing, so that applying it replaces a stricter one.
        let is_idle = policy.mode < self.needs || self.validations.is_empty();
        if is_idle {
            self.conditions = vec![("nothing-to-refuse", "false".to_owned())];
            self.variables.clear();
            self.validations = vec![Validation::new("true", "nothing is refused here")];
        }
        let named = |(name, expression)| json!({"name": name, "expression": expression});
        let list = |variables: Vec<Variable>| Value::from_iter(variables.into_iter().map(named));
        let (operation, resources) = self.on;
        let mut spec = json!({
            "failurePolicy": "Fail",
            "matchConstraints": constraints(operation, resources),
            "matchConditions": list(self.conditions),
        });
        if !self.variables.is_empty() {
            spec["variables"] = list(self.variables);
        }
        let validations = self.validations.into_iter();
        spec["validations"] = validations.map(Validation::object).collect();
        spec
    }
}

pub(super) fn constraints(operation: &str, resources: &[&str]) -> Value {
    json!({"resourceRules": [{
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": [operation],
        "resources": resources,
        "scope": "Namespaced",
    }]})
}

/// An object that says which policy it was generated for.
pub(super) fn object(kind: &str, name: &str, policy: &Policy, spec: &Value) -> Value {
    json!({
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {
            "name": name,
            "labels": {"app.kubernetes.io/name": "slicegate"},
            "annotations": {POLICY: policy.name, POLICY_HASH: policy.hash},
        },
        "spec": spec,
    })
}
