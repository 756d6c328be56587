//! What a check found, and what to do about it.

use super::gathered::Unseen;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// As it should be.
    Ok,
    /// It works, and something is missing or could not be seen.
    Warn,
    /// It does not work, or does not hold.
    Fail,
}

impl Severity {
    /// The word reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What was found.
    pub message: String,
    /// What to do, in words.
    pub fix: Option<String>,
    /// A command that does it, or begins it.
    pub command: Option<String>,
    /// Whether what it is about could be seen at all.
    pub sight: Sight,
}

/// What a check found, at least one thing; or what it could not see.
pub(super) type Findings = Result<Vec<Finding>, Unseen>;

/// Whether something could be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// It was.
    Seen,
    /// Not by anybody, or not from here.
    Unseen,
    /// Not by who asks.
    Refused,
}

impl Finding {
    /// As it should be.
    pub(super) fn ok(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Ok,
            message: message.into(),
            fix: None,
            command: None,
            sight: Sight::Seen,
        }
    }

    /// Something is missing.
    pub(super) fn warn(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warn,
            fix: Some(fix.into()),
            ..Self::ok(message)
        }
    }

    /// It does not work.
    pub(super) fn fail(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            severity: Severity::Fail,
            ..Self::warn(message, fix)
        }
    }

    /// It could not be seen.
    pub(super) fn unseen(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            sight: Sight::Unseen,
            ..Self::warn(message, fix)
        }
    }

    /// With a command to copy.
    pub(super) fn run(self, command: impl Into<String>) -> Self {
        Self {
            command: Some(command.into()),
            ..self
        }
    }
}

/// What could not be seen is nothing that is well.
impl From<Unseen> for Finding {
    fn from(unseen: Unseen) -> Self {
        let sight = if unseen.is_refused {
            Sight::Refused
        } else {
            Sight::Unseen
        };
        Self {
            sight,
            ..Self::unseen(format!("not checked: {}", unseen.problem), unseen.fix)
        }
    }
}

/// What a check is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Whether slicegate is there and is asked.
    Installation,
    /// What it judges by.
    Policy,
    /// What holds without it.
    Guard,
    /// What the nodes hand out.
    Supply,
    /// Whether boundaries are kept apart.
    Boundary,
}

impl Group {
    /// In the order in which they are reported.
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

    /// The chapter about it.
    pub const fn chapter(self) -> &'static str {
        match self {
            Self::Installation => "docs/troubleshooting.md#slicegate-does-not-answer",
            Self::Policy => "docs/troubleshooting.md#the-policy",
            Self::Guard => "docs/troubleshooting.md#the-guard",
            Self::Supply => "docs/troubleshooting.md#the-gpus",
            Self::Boundary => "docs/troubleshooting.md#the-boundary",
        }
    }

    /// The word reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Installation => "installation",
            Self::Policy => "policy",
            Self::Guard => "guard",
            Self::Supply => "supply",
            Self::Boundary => "boundary",
        }
    }
}

/// One line of the report.
#[derive(Clone, Debug)]
pub struct Line {
    /// Which check said it.
    pub check: &'static str,
    /// What it is about.
    pub group: Group,
    /// The check in words.
    pub title: &'static str,
    /// What it found.
    pub finding: Finding,
    /// The title of the check that failed first, where this follows from it.
    pub follows: Option<&'static str>,
}
