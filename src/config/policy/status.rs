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
        let conditions = object
            .pointer("/status/conditions")
            .and_then(Value::as_array);
        let mut conditions = conditions.into_iter().flatten();
        Self {
            name: object
                .pointer("/metadata/name")
                .and_then(Value::as_str)
                .unwrap_or_default(),
            generation: object
                .pointer("/metadata/generation")
                .and_then(Value::as_i64),
            condition: conditions.find(|c| c["type"] == ACCEPTED),
        }
    }

    /// Whether this is the policy that counts.
    pub fn counts(&self) -> bool {
        self.name == DEFAULT_NAME
    }
}

/// The `status` to write after [`super::read`] at a time, as RFC 3339 says it; none where the same is there already.
///
/// Whoever writes it has taken the policy into force where it was read and [`PolicyObject::counts`].
pub fn status(
    standing: PolicyObject<'_>,
    read: Result<&Policy, &PolicyErrors>,
    now: &str,
) -> Option<Value> {
    let (status, reason, message) = verdict(standing, read);
    let before = standing.condition;
    let since = before
        .filter(|c| c["status"] == status)
        .and_then(|c| c["lastTransitionTime"].as_str());
    let mut condition = json!({
        "type": ACCEPTED,
        "status": status,
        "reason": reason,
        "message": shortened(message),
        "lastTransitionTime": since.unwrap_or(now),
    });
    if let Some(generation) = standing.generation {
        condition["observedGeneration"] = generation.into();
    }
    (before != Some(&condition)).then(|| json!({"conditions": [condition]}))
}

/// Status, reason and message.
fn verdict(
    standing: PolicyObject<'_>,
    read: Result<&Policy, &PolicyErrors>,
) -> (&'static str, &'static str, String) {
    let problems = read.err().map(problems);
    match (standing.counts(), problems, read) {
        (true, None, Ok(policy)) => {
            let message = format!("in force, with hash {}", policy.hash);
            ("True", "InForce", message)
        }
        (true, problems, _) => {
            let problems = problems.unwrap_or_default();
            let message = format!("not taken; the last good policy stays in force\n{problems}");
            ("False", "Invalid", message)
        }
        (false, problems, _) => {
            let otherwise = match problems {
                None => "; under that name it would be taken".to_owned(),
                Some(problems) => format!("; under that name it would not be taken\n{problems}"),
            };
            let message = format!("only the SharingPolicy named {DEFAULT_NAME} counts{otherwise}");
            ("False", "NotDefault", message)
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
    if message.chars().count() <= LONGEST_MESSAGE {
        return message;
    }
    const MORE: &str = "\nand more; slicegate policy check says all of it";
    let room = LONGEST_MESSAGE - MORE.len();
    let end = message.char_indices().nth(room).map_or(0, |(end, _)| end);
    let cut = &message[..end];
    let whole = cut.rfind('\n').unwrap_or(end);
    format!("{}{MORE}", &cut[..whole])
}
