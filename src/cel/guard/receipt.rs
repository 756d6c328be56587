//! Removes the receipt from what users send: policies run before webhooks, so only the webhook can write it.

use serde_json::{Value, json};

use super::object::{constraints, object};
use crate::cel::expressions::quoted;
use crate::engine::Policy;
use crate::engine::vocabulary::Mode;
use crate::engine::vocabulary::names::DECISION;

const NAME: &str = "slicegate-receipt";

/// The MutatingAdmissionPolicy and its binding.
pub(super) fn objects(policy: &Policy) -> Vec<Value> {
    let key = quoted(DECISION);
    let is_there = if policy.mode == Mode::Off {
        "false".to_owned()
    } else {
        format!("{key} in object.metadata.?annotations.orValue({{}})")
    };
    let remove = format!(
        "[JSONPatch{{op: 'remove', path: '/metadata/annotations/' + jsonpatch.escapeKey({key})}}]"
    );
    let spec = json!({
        "failurePolicy": "Fail",
        // Not again after a webhook, which may have written it.
        "reinvocationPolicy": "Never",
        "matchConstraints": constraints("CREATE", &["pods"]),
        "matchConditions": [{"name": "has-a-receipt", "expression": is_there}],
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": remove}}],
    });
    let binding = json!({"policyName": NAME});
    vec![
        object("MutatingAdmissionPolicy", NAME, policy, &spec),
        object("MutatingAdmissionPolicyBinding", NAME, policy, &binding),
    ]
}
