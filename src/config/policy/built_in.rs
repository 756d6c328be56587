//! The built-in policy: a policy has its values where it gives none.

use std::sync::LazyLock;

use serde_json::Value;

/// The built-in policy as text, comments and all.
pub const DEFAULT_TEXT: &str = include_str!("../default_policy.yaml");

static SPEC: LazyLock<Value> = LazyLock::new(|| {
    let mut policy: Value = serde_saphyr::from_str(DEFAULT_TEXT).unwrap_or_default();
    policy["spec"].take()
});

/// The names of its tiers.
pub(super) fn tier_names() -> Vec<&'static str> {
    let tiers = SPEC["tiers"].as_array().into_iter().flatten();
    tiers.filter_map(|tier| tier["name"].as_str()).collect()
}

/// A `spec` with the values of the built-in policy where it has none. A list counts as a whole.
pub(super) fn filled(spec: Value) -> Value {
    let mut filled = SPEC.clone();
    overwrite(&mut filled, spec);
    filled
}

fn overwrite(base: &mut Value, value: Value) {
    match (base, value) {
        (Value::Object(base), Value::Object(fields)) => {
            for (name, value) in fields {
                overwrite(base.entry(name).or_insert(Value::Null), value);
            }
        }
        (base, value) => *base = value,
    }
}
