//! A failed request to the API server: the action, the address, the user, and how to fix it.

use std::error::Error;
use std::io;
use std::time::Duration;

use kube::config::KubeconfigError;

/// Why a request to the API server failed.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No configuration names an API server.
    #[error(
        "no cluster is known: {problem}; name a kubeconfig with --kubeconfig or KUBECONFIG, or run this in a pod of the cluster"
    )]
    NotConfigured {
        /// What is wrong with the kubeconfig.
        problem: String,
    },
    /// A kubeconfig that cannot be used.
    #[error(
        "{place} cannot be used: {problem}; kubectl config view shows what kubectl makes of it"
    )]
    Kubeconfig {
        /// The file.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A context that the kubeconfig does not have.
    #[error("{place} has no context {context}; it has {known}")]
    NoContext {
        /// The file.
        place: String,
        /// The requested context.
        context: String,
        /// The contexts it has.
        known: String,
    },
    /// No answer in time.
    #[error(
        "the API server at {address} did not answer in {seconds} s: failed to {action} as {user}; see whether kubectl get nodes works from here"
    )]
    Timeout {
        /// What the request was for.
        action: String,
        /// The API server.
        address: String,
        /// The user.
        user: String,
        /// The timeout.
        seconds: u64,
    },
    /// A refusal, a broken connection, or an unreadable answer.
    #[error("failed to {action} at {address} as {user}: {problem}; {fix}")]
    Request {
        /// What the request was for.
        action: String,
        /// The API server.
        address: String,
        /// The user.
        user: String,
        /// What went wrong.
        problem: String,
        /// What to do.
        fix: &'static str,
        /// The HTTP status, if there was an answer.
        code: Option<u16>,
    },
}

impl ClusterError {
    pub(super) fn not_configured(problem: &KubeconfigError) -> Self {
        let problem = chain(problem);
        Self::NotConfigured { problem }
    }

    pub(super) fn kubeconfig(place: &str, problem: &KubeconfigError) -> Self {
        Self::Kubeconfig {
            place: place.to_owned(),
            problem: chain(problem),
        }
    }

    pub(super) fn no_context(place: &str, context: &str, known: &[&str]) -> Self {
        let known = if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        };
        Self::NoContext {
            place: place.to_owned(),
            context: context.to_owned(),
            known,
        }
    }

    pub(super) fn timeout(action: String, address: &str, user: &str, after: Duration) -> Self {
        Self::Timeout {
            action,
            address: address.to_owned(),
            user: user.to_owned(),
            seconds: after.as_secs(),
        }
    }

    /// An unreadable answer.
    pub(super) fn answer(action: String, address: &str, user: &str, problem: String) -> Self {
        Self::Request {
            action,
            address: address.to_owned(),
            user: user.to_owned(),
            problem,
            fix: "see whether something else than an API server answers there",
            code: None,
        }
    }

    pub(super) fn request(
        action: String,
        address: &str,
        user: &str,
        problem: &kube::Error,
    ) -> Self {
        let (text, code) = match problem {
            kube::Error::Api(status) => (status.message.clone(), Some(status.code)),
            // The outer error adds nothing to its cause.
            kube::Error::Service(cause) => (chain(cause.as_ref()), None),
            other => (chain(other), None),
        };
        Self::Request {
            action,
            address: address.to_owned(),
            user: user.to_owned(),
            problem: text,
            fix: fix(problem, code),
            code,
        }
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
            Self::Request {
                action, problem, ..
            } => format!("failed to {action}: {problem}"),
            _ => self.to_string(),
        }
    }

    /// HTTP 410: the continue token of a list has expired.
    pub(super) fn is_gone(&self) -> bool {
        self.code() == Some(410)
    }

    fn code(&self) -> Option<u16> {
        match self {
            Self::Request { code, .. } => *code,
            _ => None,
        }
    }
}

/// Whether no bytes came within the timeout.
pub(super) fn is_timeout(problem: &kube::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(problem);
    while let Some(error) = cause {
        if error
            .downcast_ref::<io::Error>()
            .is_some_and(|e| e.kind() == io::ErrorKind::TimedOut)
        {
            return true;
        }
        cause = error.source();
    }
    false
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
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let cause_text = next.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        cause = next.source();
    }
    text
}
