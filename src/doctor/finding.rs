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
        let sight = match unseen.is_refused {
            true => Sight::Refused,
            false => Sight::Unseen,
        };
        Self {
            sight,
            ..Self::unseen(format!("not checked: {}", unseen.problem), unseen.fix)
        }
    }
}
