//! Why an API server could not be asked: what was tried, where, as whom, and how to fix it.

use std::error::Error;
use std::io;
use std::time::Duration;

use kube::config::KubeconfigError;

/// Why an API server could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// Nothing says where the API server is.
    #[error(
        "no cluster is known: {problem}; name a kubeconfig with --kubeconfig or KUBECONFIG, or run this in a pod of the cluster"
    )]
    Nowhere {
        /// What was wrong with the kubeconfig.
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
        /// What was asked for.
        context: String,
        /// Those it has.
        known: String,
    },
    /// A request to which nothing came.
    #[error(
        "the API server at {address} did not answer in {seconds} s: failed to {doing} as {who}; see whether kubectl get nodes works from here"
    )]
    Silent {
        /// What was tried.
        doing: String,
        /// Where.
        address: String,
        /// As whom.
        who: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// A request that was not answered as it should be.
    #[error("failed to {doing} at {address} as {who}: {problem}; {fix}")]
    Request {
        /// What was tried.
        doing: String,
        /// Where.
        address: String,
        /// As whom.
        who: String,
        /// What went wrong.
        problem: String,
        /// What to do.
        fix: &'static str,
        /// The HTTP status, if there was an answer.
        code: Option<u16>,
    },
}

impl ClusterError {
    pub(super) fn nowhere(problem: &KubeconfigError) -> Self {
        let problem = chain(problem);
        Self::Nowhere { problem }
    }

    pub(super) fn kubeconfig(place: &str, problem: &KubeconfigError) -> Self {
        Self::Kubeconfig {
            place: place.to_owned(),
            problem: chain(problem),
        }
    }

    pub(super) fn no_context(place: &str, context: &str, known: &[&str]) -> Self {
        let known = match known.is_empty() {
            true => "none".to_owned(),
            false => known.join(", "),
        };
        Self::NoContext {
            place: place.to_owned(),
            context: context.to_owned(),
            known,
        }
    }

    pub(super) fn silent(doing: String, address: &str, who: &str, after: Duration) -> Self {
        Self::Silent {
            doing,
            address: address.to_owned(),
            who: who.to_owned(),
            seconds: after.as_secs(),
        }
    }

    /// An answer that makes no sense.
    pub(super) fn answer(doing: String, address: &str, who: &str, problem: String) -> Self {
        Self::Request {
            doing,
            address: address.to_owned(),
            who: who.to_owned(),
            problem,
            fix: "see whether something else than an API server answers there",
            code: None,
        }
    }

    pub(super) fn request(doing: String, address: &str, who: &str, problem: &kube::Error) -> Self {
        let (text, code) = match problem {
            kube::Error::Api(status) => (status.message.clone(), Some(status.code)),
            // Its own words are no news.
            kube::Error::Service(cause) => (chain(cause.as_ref()), None),
            other => (chain(other), None),
        };
        Self::Request {
            doing,
            address: address.to_owned(),
            who: who.to_owned(),
            problem: text,
            fix: fix(problem, code),
            code,
        }
    }

    /// The pod or the namespace is not there.
    pub fn is_not_found(&self) -> bool {
        self.code() == Some(404)
    }

    /// Somebody else changed the object since it was read.
    pub fn is_conflict(&self) -> bool {
        self.code() == Some(409)
    }

    /// There was an answer from an API server that knows who asks, so that others may be answered.
    pub fn is_answered(&self) -> bool {
        self.code().is_some_and(|code| code != 401)
    }

    /// Who asks is not allowed to, or what was sent is refused.
    pub fn is_forbidden(&self) -> bool {
        self.code() == Some(403)
    }

    /// What was tried and what went wrong, without where and as whom.
    pub fn brief(&self) -> String {
        match self {
            Self::Request { doing, problem, .. } => format!("failed to {doing}: {problem}"),
            _ => self.to_string(),
        }
    }

    /// The rest of a list is too old to be had.
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

/// Whether nothing came for as long as a connection may be silent.
pub(super) fn is_silence(problem: &kube::Error) -> bool {
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

/// An error and what caused it, each once.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let said = next.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = next.source();
    }
    text
}
