//! Why a request gets no decision.

use crate::json;

/// Why a body is not an AdmissionReview that gets a decision.
#[derive(Debug, thiserror::Error)]
pub enum BadReview {
    /// Not UTF-8.
    #[error("the body is not UTF-8: {0}")]
    NotUtf8(#[from] std::str::Utf8Error),
    /// Not JSON, or not an AdmissionReview.
    #[error("the body is no AdmissionReview with a pod: {0}")]
    NotAReview(String),
    /// Another API version.
    #[error("the body is of {0}; only admission.k8s.io/v1 is answered")]
    Version(String),
    /// A uid longer than an API server's.
    #[error("the request's uid has {0} bytes; the API server's have 36")]
    Uid(usize),
    /// The annotations of its namespace are not known yet. The caller reads the namespace and asks again.
    #[error("namespace {0} is not known yet")]
    Namespace(String),
}

impl From<serde_json::Error> for BadReview {
    fn from(problem: serde_json::Error) -> Self {
        Self::NotAReview(json::said(&problem))
    }
}

/// Why a request got no decision.
#[derive(Debug)]
pub enum NoDecision<'w> {
    /// Its object cannot be read as a pod.
    Unreadable(&'w BadReview),
    /// slicegate panicked.
    Failed,
}
