//! What a check finds, and how to mend it.

use serde::Serialize;

use super::gathered::Unseen;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// As it should be.
    Ok,
    /// It works, and something is missing or could not be seen.
    Warn,
    /// It does not work, or a promise does not hold.
    Fail,
}

impl Severity {
    /// The word in texts.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One thing that a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    pub message: String,
    /// What to do, in words.
    pub fix: Option<String>,
    /// A command that does it, or its first step.
    pub command: Option<String>,
    pub sight: Sight,
}

/// Whether the subject of a finding could be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    Seen,
    /// Nobody can see it from here.
    Unseen,
    /// This user is not allowed to see it.
    Refused,
}

/// How to mend a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What to do, in words.
    pub text: String,
    /// A command that does it, or its first step.
    pub command: Option<String>,
}

impl Fix {
    pub(super) fn by(text: impl Into<String>, command: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            command: Some(command.into()),
        }
    }
}

impl<T: Into<String>> From<T> for Fix {
    fn from(text: T) -> Self {
        Self {
            text: text.into(),
            command: None,
        }
    }
}

impl Finding {
    pub(super) fn ok(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Ok,
            message: message.into(),
            fix: None,
            command: None,
            sight: Sight::Seen,
        }
    }

    pub(super) fn warn(message: impl Into<String>, fix: impl Into<Fix>) -> Self {
        let Fix { text, command } = fix.into();
        Self {
            severity: Severity::Warn,
            fix: Some(text),
            command,
            ..Self::ok(message)
        }
    }

    pub(super) fn fail(message: impl Into<String>, fix: impl Into<Fix>) -> Self {
        Self {
            severity: Severity::Fail,
            ..Self::warn(message, fix)
        }
    }

    /// A warning that the subject of the check could not be seen.
    pub(super) fn unseen(message: impl Into<String>, fix: impl Into<Fix>) -> Self {
        Self {
            sight: Sight::Unseen,
            ..Self::warn(message, fix)
        }
    }
}

/// These findings, or that all is well if there is none.
pub(super) fn or_ok(mut findings: Vec<Finding>, message: impl Into<String>) -> Vec<Finding> {
    if findings.is_empty() {
        findings.push(Finding::ok(message));
    }
    findings
}

impl From<Unseen> for Finding {
    fn from(unseen: Unseen) -> Self {
        let mut finding = Self::unseen(format!("not checked: {}", unseen.problem), unseen.fix);
        if unseen.is_refused {
            finding.sight = Sight::Refused;
        }
        finding
    }
}

/// The subject of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// slicegate runs and the API server asks it.
    Installation,
    /// The policy and what namespaces ask for.
    Policy,
    /// The admission policies that hold without slicegate.
    Guard,
    /// GPUs of the nodes.
    Supply,
    /// The separation of trust boundaries.
    Boundary,
}

impl Group {
    /// All groups in the order of the report.
    pub const ALL: [Self; 5] = [
        Self::Installation,
        Self::Policy,
        Self::Guard,
        Self::Supply,
        Self::Boundary,
    ];

    /// The heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Installation => "Installation",
            Self::Policy => "Policy",
            Self::Guard => "Guard in the API server",
            Self::Supply => "GPUs",
            Self::Boundary => "Trust boundary",
        }
    }

    /// The chapter of the documents.
    pub const fn chapter(self) -> &'static str {
        match self {
            Self::Installation => "docs/troubleshooting.md#slicegate-does-not-answer",
            Self::Policy => "docs/troubleshooting.md#the-policy",
            Self::Guard => "docs/troubleshooting.md#the-guard",
            Self::Supply => "docs/troubleshooting.md#the-gpus",
            Self::Boundary => "docs/troubleshooting.md#the-boundary",
        }
    }
}

/// One line of the report.
#[derive(Clone, Debug)]
pub struct Line {
    /// The id of the check.
    pub check: &'static str,
    pub group: Group,
    /// The check's title.
    pub title: &'static str,
    pub finding: Finding,
    /// The title of the failed check that causes this finding.
    pub follows: Option<&'static str>,
}
