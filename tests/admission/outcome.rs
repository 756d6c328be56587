//! What came out of a case, as the plain value that `expected.yaml` holds.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use slicegate::admission::{patch, respond};
use slicegate::engine::{ClusterState, DecisionInput, Mode, explain};
use slicegate::facts::Pod;

use super::case::Case;

/// One decision, rendered.
pub struct Judged {
    /// `rewritten`, `untouched` or `denied`.
    pub outcome: &'static str,
    /// With message and fix.
    pub findings: Vec<Value>,
    /// RFC 6902.
    pub patch: Value,
    fields: Map<String, Value>,
    considered: Vec<Value>,
}

/// Decides about a pod.
pub fn judge(case: &Case, pod: &Value, world: &ClusterState) -> Judged {
    let text = pod.to_string();
    let pod: Pod<'_> = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", case.name));
    let question = DecisionInput {
        workload: case.workload,
        user: case.user.as_deref(),
        ..world.input(&case.namespace, &pod)
    };
    let (decision, explanation) = explain(&question);
    let mut fields = Map::new();
    if decision.mode != Mode::Enforce {
        fields.insert("mode".to_owned(), decision.mode.word().into());
    }
    let said = [
        ("tier", decision.tier),
        ("boundary", decision.boundary.as_deref()),
        ("strategy", decision.strategy.map(|s| s.word())),
    ];
    for (key, value) in said {
        if let Some(value) = value {
            fields.insert(key.to_owned(), value.into());
        }
    }
    let findings = decision.findings.iter().map(|f| {
        json!({
            "rule": f.rule.id,
            "severity": f.severity.word(),
            "path": f.path,
            "says": format!("{}; {}", f.message, f.fix),
        })
    });
    let considered = explanation
        .candidates
        .iter()
        .map(|c| json!({"strategy": c.strategy.word(), "offer": c.offer, "verdict": c.verdict}));
    let patch = patch::write(&pod, &decision.edits).expect("a patch");
    Judged {
        outcome: decision.outcome.word(),
        findings: findings.collect(),
        patch: serde_json::from_str(&patch).expect("a patch is JSON"),
        fields,
        considered: considered.collect(),
    }
}

/// Everything a case is compared by.
pub fn of(case: &Case) -> Value {
    if let Some(body) = &case.request {
        return answer(case, body);
    }
    let judged = judge(case, &case.pod, &case.world);
    let mut value = Map::new();
    value.insert("outcome".to_owned(), judged.outcome.into());
    value.extend(judged.fields);
    value.insert("findings".to_owned(), judged.findings.into());
    value.insert("patch".to_owned(), without_hash(&judged.patch, case));
    value.insert("considered".to_owned(), judged.considered.into());
    Value::Object(value)
}

/// The answer to a request: texts are reduced to the rules they name, the patch is decoded.
fn answer(case: &Case, body: &str) -> Value {
    let bytes = respond(&case.world, body.as_bytes()).expect("the request can be read");
    let review: Value = serde_json::from_slice(&bytes).expect("the answer is JSON");
    let mut response = review["response"].clone();
    if let Some(patch) = response.get("patch").and_then(Value::as_str) {
        let patch = STANDARD.decode(patch).expect("the patch is base64");
        let patch: Value = serde_json::from_slice(&patch).expect("the patch is JSON");
        response["patch"] = without_hash(&patch, case);
    }
    if let Some(message) = response.pointer("/status/message").and_then(Value::as_str) {
        let mut lines = message.lines();
        let summary = lines.next().unwrap_or_default();
        assert!(
            summary.chars().count() <= 200,
            "{}: a summary of more than 200 characters",
            case.name
        );
        let rules: Vec<&str> = lines
            .filter_map(|l| l.strip_prefix('[')?.split(']').next())
            .collect();
        response["status"]["message"] = json!(rules);
    }
    if let Some(warnings) = response.get("warnings").and_then(Value::as_array) {
        // What no rule says is kept as it is.
        let rule = |w: &Value| {
            let text = w.as_str()?;
            let rule = text.strip_prefix("slicegate ")?.split(':').next();
            rule.map(str::to_owned)
        };
        let rule = |w: &Value| rule(w).or_else(|| w.as_str().map(str::to_owned));
        response["warnings"] = json!(warnings.iter().filter_map(rule).collect::<Vec<_>>());
    }
    response
}

/// The hash says only that the policy is another one, so it is left out of what is compared.
fn without_hash(patch: &Value, case: &Case) -> Value {
    let text = patch.to_string().replace(&case.world.policy.hash, "HASH");
    serde_json::from_str(&text).expect("still JSON")
}

/// What is written to `expected.yaml`: texts and candidates stay only where the case asked for them before.
pub fn as_expected(mut got: Value, before: Option<&Value>) -> Value {
    let asked = |key: &str| before.is_some_and(|b| b.get(key).is_some());
    if !asked("considered")
        && let Some(fields) = got.as_object_mut()
    {
        fields.remove("considered");
    }
    let said = before.and_then(|b| b.get("findings")?.as_array());
    if let Some(findings) = got.get_mut("findings").and_then(Value::as_array_mut) {
        for (index, finding) in findings.iter_mut().enumerate() {
            let words = said.and_then(|f| f.get(index)?.get("says"));
            match (words.cloned(), finding.as_object_mut()) {
                (Some(words), Some(finding)) => finding.insert("says".to_owned(), words),
                (None, Some(finding)) => finding.remove("says"),
                (_, None) => None,
            };
        }
    }
    got
}

/// What stands in the pod before and no longer, or not as it was, after: nothing but GPU resources and what is
/// slicegate's own to write may be in it.
pub fn lost(before: &Value, after: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    compare("", before, after, &mut faults);
    faults
}

fn compare(path: &str, before: &Value, after: &Value, faults: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in before {
                let path = format!("{path}/{key}");
                match after.get(key) {
                    _ if is_ours(&path) => {}
                    Some(now) => compare(&path, value, now, faults),
                    None => faults.push(format!("{path} is gone")),
                }
            }
        }
        // Node selector terms are multiplied by ours, so each has to stand in one of those that came out.
        (Value::Array(before), Value::Array(after)) if path.ends_with("/nodeSelectorTerms") => {
            for now in after {
                let from = before.iter().any(|term| contains(term, now));
                if !from {
                    faults.push(format!("{path}: {now} holds none of the user's terms"));
                }
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            for (index, value) in before.iter().enumerate() {
                let path = format!("{path}/{index}");
                match after.get(index) {
                    Some(now) => compare(&path, value, now, faults),
                    None => faults.push(format!("{path} is gone")),
                }
            }
        }
        // A field that is there and null is made, like one that is absent.
        (Value::Null, _) => {}
        _ if before == after => {}
        _ => faults.push(format!("{path} was {before} and is {after}")),
    }
}

fn contains(term: &Value, in_term: &Value) -> bool {
    let Some(term) = term.as_object() else {
        return false;
    };
    term.iter().all(|(key, list)| {
        let list = list.as_array().into_iter().flatten();
        let now = in_term.get(key).and_then(Value::as_array);
        list.into_iter()
            .all(|entry| now.is_some_and(|now| now.contains(entry)))
    })
}

fn is_ours(path: &str) -> bool {
    let resource = path.contains("/resources/") && path.contains("/nvidia.com/");
    resource || path == "/metadata/annotations/slicegate.dev/decision"
}
