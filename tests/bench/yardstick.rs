//! The yardstick: the least a webhook has to read of an AdmissionReview to decide anything, borrowed by serde_json.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use slicegate::facts::Pairs;

/// Reads one body and returns something of it, so that nothing is optimised away.
pub fn parse(body: &[u8]) -> usize {
    let review: Review<'_> = serde_json::from_slice(body).expect("a body of this benchmark");
    let request = &review.request;
    request.uid.len() + request.object.spec.containers.len()
}

#[derive(Deserialize)]
struct Review<'a> {
    #[serde(borrow)]
    request: Request<'a>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read only to be paid for")]
struct Request<'a> {
    #[serde(borrow)]
    uid: Cow<'a, str>,
    #[serde(borrow, default)]
    namespace: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    operation: Option<Cow<'a, str>>,
    #[serde(borrow)]
    object: Pod<'a>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read only to be paid for")]
struct Pod<'a> {
    #[serde(borrow)]
    metadata: Metadata<'a>,
    #[serde(borrow)]
    spec: Spec<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "read only to be paid for")]
struct Metadata<'a> {
    #[serde(borrow, default)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    generate_name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    labels: Pairs<'a>,
    #[serde(borrow, default)]
    annotations: Pairs<'a>,
    #[serde(borrow, default)]
    owner_references: Vec<Owner<'a>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read only to be paid for")]
struct Owner<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    uid: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "read only to be paid for")]
struct Spec<'a> {
    #[serde(borrow)]
    containers: Vec<Container<'a>>,
    #[serde(borrow, default)]
    init_containers: Vec<Container<'a>>,
    #[serde(borrow, default)]
    node_selector: Pairs<'a>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read only to be paid for")]
struct Container<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    resources: Resources<'a>,
    #[serde(borrow, default)]
    env: Vec<EnvVar<'a>>,
}

#[derive(Default, Deserialize)]
#[expect(dead_code, reason = "read only to be paid for")]
struct Resources<'a> {
    #[serde(borrow, default)]
    limits: Pairs<'a>,
    #[serde(borrow, default)]
    requests: Pairs<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "read only to be paid for")]
struct EnvVar<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    value: Option<Cow<'a, str>>,
    #[serde(default)]
    value_from: Option<IgnoredAny>,
}
