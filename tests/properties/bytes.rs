//! Whatever bytes come in, there is an answer or a refusal, never a panic; and every answer is a valid one.

use std::fmt;

use base64::Engine as _;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use slicegate::admission::respond;

use super::scene::{Scene, cases, scene};

/// An AdmissionReview as the API server sends it.
fn review(scene: &Scene, uid: &str) -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": uid,
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "name": "p",
            "namespace": scene.namespace(),
            "operation": "CREATE",
            "userInfo": {"username": "dev", "groups": ["system:authenticated"]},
            "object": scene.pod.0,
            "oldObject": null,
            "dryRun": false,
        },
    })
}

/// What may stand where something else did.
#[derive(Clone)]
struct Odd(Value);

impl fmt::Debug for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

fn oddity() -> impl Strategy<Value = Odd> {
    prop_oneof![
        select(vec![
            json!(null),
            json!(true),
            json!(0),
            json!(-1),
            json!(1e308),
            json!(u64::MAX),
            json!(i64::MIN),
            json!(0.1),
            json!(""),
            json!("0"),
            json!([]),
            json!({}),
            json!([null]),
            json!([[]]),
            json!({"": ""}),
            json!("\u{0}\u{7f}é\u{10ffff}"),
            json!("nvidia.com/gpu"),
            json!("{\"a\":"),
            json!("9".repeat(400)),
            json!("１"),
            json!("In"),
            json!([{}, {}]),
            json!({"nvidia.com/gpu": {"a": 1}}),
        ]),
        any::<String>().prop_map(Value::from),
        (1..140_usize).prop_map(|depth| (0..depth).fold(json!(1), |inner, _| json!([inner]))),
        (1..140_usize).prop_map(
            |depth| (0..depth).fold(json!(1), |inner, _| json!({"matchExpressions": inner}))
        ),
    ]
    .prop_map(Odd)
}

/// How many values a document has in it, itself included.
fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Object(map) => 1 + map.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

/// Changes the value at a position, counted from the top; returns what is left to count.
fn change(value: &mut Value, at: usize, turn: usize, odd: &Value) -> Result<(), usize> {
    if at == 0 {
        match (turn, &mut *value) {
            (0, Value::Array(items)) => items.clear(),
            (0, Value::Object(map)) => map.clear(),
            (1, Value::Array(items)) => items.push(items.first().cloned().unwrap_or_default()),
            (1, Value::Object(map)) => {
                map.insert("xUnknown".to_owned(), odd.clone());
            }
            // Marked here, doubled in the text.
            (2, Value::Object(map)) => {
                if let Some((key, _)) = map.iter().nth(odd.to_string().len() % map.len().max(1)) {
                    map.insert(format!("{DOUBLED}{key}"), odd.clone());
                }
            }
            _ => *value = odd.clone(),
        }
        return Ok(());
    }
    let mut left = at - 1;
    let inner: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(map) => map.values_mut().collect(),
        _ => return Err(left),
    };
    for value in inner {
        match change(value, left, turn, odd) {
            Ok(()) => return Ok(()),
            Err(more) => left = more,
        }
    }
    Err(left)
}

const DOUBLED: &str = "doubled-";

/// Judges an answer to a body, where there is one.
fn is_valid(scene: &Scene, body: &[u8], uid: Option<&str>) -> Result<(), TestCaseError> {
    let Ok(answer) = respond(&scene.world(), body) else {
        return Ok(());
    };
    let answer: Value = serde_json::from_slice(&answer)
        .map_err(|e| TestCaseError::fail(format!("no JSON: {e}")))?;
    prop_assert_eq!(&answer["apiVersion"], "admission.k8s.io/v1");
    prop_assert_eq!(&answer["kind"], "AdmissionReview");
    let response = &answer["response"];
    let allowed = response["allowed"].as_bool();
    prop_assert!(
        allowed.is_some() && response["uid"].is_string(),
        "{}",
        answer
    );
    if let Some(uid) = uid {
        prop_assert_eq!(&response["uid"], uid);
    }
    prop_assert_eq!(
        response.get("patch").is_some(),
        response["patchType"] == "JSONPatch"
    );
    prop_assert!(
        allowed == Some(true)
            || response.get("patch").is_none() && response["status"]["code"] == 403,
        "{}",
        answer
    );
    for warning in response["warnings"].as_array().into_iter().flatten() {
        prop_assert!(
            warning
                .as_str()
                .is_some_and(|w| !w.contains(char::is_control)),
            "warning {warning}"
        );
    }
    let Some(patch) = response["patch"].as_str() else {
        return Ok(());
    };
    let patch = base64::engine::general_purpose::STANDARD
        .decode(patch)
        .unwrap();
    let patch: json_patch::Patch = serde_json::from_slice(&patch)
        .map_err(|e| TestCaseError::fail(format!("no patch: {e}")))?;
    prop_assert!(!patch.0.is_empty());
    if let Ok(mut review) = serde_json::from_slice::<Value>(body) {
        let object = &mut review["request"]["object"];
        // The API server sends no pod with a list where an object belongs.
        let misplaced = patch
            .0
            .iter()
            .any(|op| is_misplaced(object, op.path().as_str()));
        let applied = json_patch::patch(object, &patch);
        prop_assert!(applied.is_ok() || misplaced, "{:?}: {patch}", applied);
    }
    Ok(())
}

/// Whether a path names a member of what is a list.
fn is_misplaced(object: &Value, path: &str) -> bool {
    let mut value = object;
    for token in path.split('/').skip(1) {
        if value.is_array() && token != "-" && token.parse::<usize>().is_err() {
            return true;
        }
        let token = token.replace("~1", "/").replace("~0", "~");
        value = match value {
            Value::Array(items) => token
                .parse::<usize>()
                .ok()
                .and_then(|at| items.get(at))
                .unwrap_or(&Value::Null),
            _ => &value[&token],
        };
    }
    false
}

fn uid() -> impl Strategy<Value = String> {
    prop_oneof![3 => Just("705ab4f5-6393-11e8-b7cc-42010a800002".to_owned()), 1 => any::<String>()]
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn any_bytes(scene in scene(3), body in vec(any::<u8>(), 0..300)) {
        is_valid(&scene, &body, None)?;
    }

    /// The uid comes back, the patch applies, a denial has none.
    #[test]
    fn valid_reviews(scene in scene(6), uid in uid()) {
        let body = review(&scene, &uid).to_string();
        prop_assert!(respond(&scene.world(), body.as_bytes()).is_ok());
        is_valid(&scene, body.as_bytes(), Some(&uid))?;
    }

    /// Parts gone, doubled, or of another type.
    #[test]
    fn mangled_reviews(scene in scene(3), turns in vec((any::<u32>(), 0..6_usize, oddity()), 1..4), in_pod in any::<bool>()) {
        let mut review = review(&scene, "u");
        for (at, turn, odd) in &turns {
            let part = if in_pod { &mut review["request"]["object"] } else { &mut review };
            let most = count(part);
            let _ = change(part, *at as usize % most, *turn, &odd.0);
        }
        let text = review.to_string().replace(&format!("\"{DOUBLED}"), "\"");
        is_valid(&scene, text.as_bytes(), in_pod.then_some("u"))?;
    }

    /// Single bytes flipped, cut out or put in.
    #[test]
    fn flipped_reviews(scene in scene(3), flips in vec((any::<u32>(), any::<u8>(), 0..3_u8), 1..6)) {
        let mut body = review(&scene, "u").to_string().into_bytes();
        for (at, byte, turn) in flips {
            let at = at as usize % body.len().max(1);
            match turn {
                0 if !body.is_empty() => body[at] ^= byte,
                1 if !body.is_empty() => drop(body.remove(at)),
                _ => body.insert(at, byte),
            }
        }
        is_valid(&scene, &body, None)?;
    }
}
