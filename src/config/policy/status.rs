//! The status of a SharingPolicy in a cluster: the condition `Accepted`.

use serde_json::{Value, json};

use super::problem::PolicyErrors;
use super::spec::{DEFAULT_NAME, LONGEST_MESSAGE};
use crate::engine::Policy;

/// The condition's type.
const ACCEPTED: &str = "Accepted";

/// The parts of an object in a cluster that its status depends on, besides its `spec`.
#[derive(Clone, Copy, Debug)]
pub struct PolicyObject<'o> {
    /// `metadata.name`.
    pub name: &'o str,
    /// `metadata.generation`, which the API server counts up with each change of the `spec`.
    pub generation: Option<i64>,
    /// The condition that is there.
    pub condition: Option<&'o Value>,
}

impl<'o> PolicyObject<'o> {
    /// Of an object as an API server returns it.
    pub fn of(object: &'o Value) -> Self {
        let conditions = object["status"]["conditions"].as_array();
        Self {
            name: object["metadata"]["name"].as_str().unwrap_or_default(),
            generation: object["metadata"]["generation"].as_i64(),
            condition: conditions.and_then(|all| all.iter().find(|c| c["type"] == ACCEPTED)),
        }
    }

    /// Whether this is the policy that counts.
    pub fn counts(&self) -> bool {
        self.name == DEFAULT_NAME
    }
}

/// The `status` to write after [`super::read`] at a time, as RFC 3339 says it; none where the same is there already.
///
/// Call it after a policy that was read and [`PolicyObject::counts`] has come into force.
pub fn status(
    object: PolicyObject<'_>,
    read: Result<&Policy, &PolicyErrors>,
    now: &str,
) -> Option<Value> {
    let (status, reason, message) = verdict(object.counts(), read);
    let before = object.condition;
    let since = before.filter(|c| c["status"] == status);
    let since = since.and_then(|c| c["lastTransitionTime"].as_str());
    let mut condition = json!({
        "type": ACCEPTED,
        "status": status,
        "reason": reason,
        "message": shortened(message),
        "lastTransitionTime": since.unwrap_or(now),
    });
    if let Some(generation) = object.generation {
        condition["observedGeneration"] = generation.into();
    }
    (before != Some(&condition)).then(|| json!({"conditions": [condition]}))
}

fn verdict(
    counts: bool,
    read: Result<&Policy, &PolicyErrors>,
) -> (&'static str, &'static str, String) {
    if !counts {
        let otherwise = match read {
            Ok(_) => "be taken".to_owned(),
            Err(errors) => format!("not be taken\n{}", problems(errors)),
        };
        let message = format!(
            "only the SharingPolicy named {DEFAULT_NAME} counts; under that name it would {otherwise}"
        );
        return ("False", "NotDefault", message);
    }
    match read {
        Ok(policy) => {
            let message = format!("in force, with hash {}", policy.hash);
            ("True", "InForce", message)
        }
        Err(errors) => {
            let problems = problems(errors);
            let message = format!("not taken; the last good policy stays in force\n{problems}");
            ("False", "Invalid", message)
        }
    }
}

/// One line for each; lines of the text mean nothing, since nobody wrote what an API server returns.
fn problems(errors: &PolicyErrors) -> String {
    let lines: Vec<String> = errors.problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// The message as far as whole lines of it have room.
fn shortened(message: String) -> String {
    const MORE: &str = "\nand more; slicegate policy check says all of it";
    if message.chars().count() <= LONGEST_MESSAGE {
        return message;
    }
    let room = LONGEST_MESSAGE - MORE.len();
    let end = message.char_indices().nth(room).map_or(0, |(end, _)| end);
    let whole = message[..end].rfind('\n').unwrap_or(end);
    format!("{}{MORE}", &message[..whole])
}
