//! A failed request to the API server: the action, the address, the user, and how to fix it.

use std::error::Error;
use std::io;
use std::iter::successors;
use std::time::Duration;

/// Why a request to the API server failed.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No configuration names an API server.
    #[error(
        "no cluster is known: {0}; name a kubeconfig with --kubeconfig or KUBECONFIG, or run this in a pod of the cluster"
    )]
    NotConfigured(String),
    /// A kubeconfig that cannot be used, and why.
    #[error("{0} cannot be used: {1}; kubectl config view shows what kubectl makes of it")]
    Kubeconfig(String, String),
    /// A kubeconfig without this context, and the contexts it has.
    #[error("{0} has no context {1}; it has {2}")]
    NoContext(String, String, String),
    /// No answer within these seconds.
    #[error(
        "the API server at {} did not answer in {} s: failed to {} as {}; see whether kubectl get nodes works from here",
        .0.address, .1, .0.action, .0.user
    )]
    Timeout(ApiRequest, u64),
    /// A refusal, a broken connection, or an unreadable answer.
    #[error("failed to {} at {} as {}: {}", .0.action, .0.address, .0.user, .1)]
    Request(ApiRequest, RequestProblem),
}

/// A request, for messages.
#[derive(Clone, Debug)]
pub struct ApiRequest {
    /// `list nodes`.
    pub(super) action: String,
    pub(super) address: String,
    pub(super) user: String,
}

/// What went wrong, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{text}; {fix}")]
pub struct RequestProblem {
    text: String,
    fix: &'static str,
    /// The HTTP status, if there was an answer.
    code: Option<u16>,
}

impl ClusterError {
    pub(super) fn timeout(request: ApiRequest, after: Duration) -> Self {
        Self::Timeout(request, after.as_secs())
    }

    /// An unreadable answer.
    pub(super) fn answer(request: ApiRequest, problem: &dyn Error) -> Self {
        let problem = RequestProblem {
            text: problem.to_string(),
            fix: "see whether something else than an API server answers there",
            code: None,
        };
        Self::Request(request, problem)
    }

    pub(super) fn request(request: ApiRequest, problem: &kube::Error) -> Self {
        let (text, code) = match problem {
            kube::Error::Api(status) => (status.message.clone(), Some(status.code)),
            // The outer error adds nothing to its cause.
            kube::Error::Service(cause) => (chain(cause.as_ref()), None),
            other => (chain(other), None),
        };
        let fix = fix(problem, code);
        Self::Request(request, RequestProblem { text, fix, code })
    }

    /// HTTP 404: the object does not exist.
    pub fn is_not_found(&self) -> bool {
        self.code() == Some(404)
    }

    /// HTTP 409: the object has changed since it was read.
    pub fn is_conflict(&self) -> bool {
        self.code() == Some(409)
    }

    /// An API server that accepts the credentials answered, so other requests may succeed.
    pub fn is_answered(&self) -> bool {
        self.code().is_some_and(|code| code != 401)
    }

    /// HTTP 403: RBAC or admission refuses the request.
    pub fn is_forbidden(&self) -> bool {
        self.code() == Some(403)
    }

    /// The action and the problem, without address and user.
    pub fn brief(&self) -> String {
        match self {
            Self::Request(request, problem) => {
                format!("failed to {}: {}", request.action, problem.text)
            }
            _ => self.to_string(),
        }
    }

    /// HTTP 410: the continue token of a list has expired.
    pub(super) fn is_gone(&self) -> bool {
        self.code() == Some(410)
    }

    fn code(&self) -> Option<u16> {
        match self {
            Self::Request(_, problem) => problem.code,
            _ => None,
        }
    }
}

fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    successors(Some(error), |&error| error.source())
}

/// Whether no bytes came within the timeout.
pub(super) fn is_timeout(problem: &kube::Error) -> bool {
    causes(problem)
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::TimedOut)
}

fn fix(problem: &kube::Error, code: Option<u16>) -> &'static str {
    match (problem, code) {
        (kube::Error::Auth(_), _) => {
            "see whether kubectl get nodes works as the same user: its credentials could not be had"
        }
        (_, Some(401)) => "log in again: the API server does not take these credentials",
        (_, Some(403)) => {
            "have that user granted it by RBAC (in webhook-config: 10-rbac.yaml for slicegate itself, 50-adopt-role.yaml for adopt, 55-audit-role.yaml for audit and review, 60-doctor-role.yaml for doctor)"
        }
        (_, Some(404)) => "see whether the name is right",
        (_, Some(_)) => "see what the API server says, and try again",
        (_, None) => "see whether kubectl get nodes works from here",
    }
}

/// An error and its causes, each text once.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    for cause in causes(error).map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}
