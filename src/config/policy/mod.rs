//! Reads a SharingPolicy, saying everything that is wrong with it at once, or hands out the built-in one.
//!
//! A field that is absent or `null` has the built-in policy's value. A document without `spec.tiers` has the
//! built-in tiers; an empty list means no tier. The same reader serves YAML and JSON, because JSON is YAML.

mod field;
mod hash;
mod limits;
mod names;
mod object;
mod openapi;
mod placement;
mod problem;
mod spec;
mod status;
mod suggest;
mod supply;
mod tier;
mod tree;
mod unique;
mod value;

use crate::engine::vocabulary::policy::Policy;

use field::Field;
use problem::Report;

pub use object::read_object;
pub use problem::{PolicyErrors, Problem};
pub use status::{Standing, status};

/// The built-in policy as text, comments and all.
pub const DEFAULT_TEXT: &str = include_str!("../default_policy.yaml");

/// Texts above this many bytes (1 MiB) are refused unread.
pub const MAX_BYTES: usize = 1 << 20;

/// The built-in policy.
///
/// # Errors
/// Only if [`DEFAULT_TEXT`] were broken, which the tests rule out.
pub fn built_in() -> Result<Policy, PolicyErrors> {
    read("built-in policy", DEFAULT_TEXT)
}

/// Reads one SharingPolicy from YAML or JSON; `source` is what errors call it, such as a file's name.
///
/// Labels, annotations and whatever else the API server adds to `metadata`, and `status`, mean nothing here.
///
/// # Errors
/// Everything that is wrong with the document, in its order. After a syntax error nothing else is looked at.
pub fn read(source: &str, text: &str) -> Result<Policy, PolicyErrors> {
    check(source, text).map(|(policy, _)| policy)
}

/// The same, with what is right in a file and would not count in a cluster, or be refused there.
///
/// # Errors
/// See [`read`].
pub fn check(source: &str, text: &str) -> Result<(Policy, Vec<Problem>), PolicyErrors> {
    let report = Report::default();
    let policy = policy(text, &report);
    report.finish(source, policy)
}

/// The OpenAPI schema by which an API server checks a SharingPolicy; see [`read`] for what is right.
///
/// # Errors
/// See [`built_in`], whose tiers are those of a policy that lists none.
pub fn schema() -> Result<serde_json::Value, PolicyErrors> {
    Ok(spec::schema(&built_in()?.tiers))
}

fn policy(text: &str, report: &Report) -> Option<Policy> {
    if text.len() > MAX_BYTES {
        let message = format!(
            "{} bytes; a policy has at most {MAX_BYTES} (1 MiB)",
            text.len()
        );
        report.add(None, "", message);
        return None;
    }
    let document = tree::parse(text, report)?;
    let mut policy = Field::root(report, &document).object(spec::policy)??;
    policy.hash = hash::hash(&policy);
    Some(policy)
}
