//! What a rule is: an id, a severity and an explanation. The rules themselves stand in `rules`.

/// A rule: what it is called, what it does by default, and the document that explains it.
#[derive(Debug)]
pub struct Rule {
    /// Stable: policies, reports and metrics name it.
    pub id: &'static str,
    /// What a finding does unless the policy says otherwise.
    pub default: Severity,
    /// Without this rule nothing sound can be decided, so a policy may not weaken it.
    pub always_denies: bool,
    /// The Markdown file beside its check; `rules::document` reads it.
    pub document: &'static str,
}

impl Rule {
    /// A rule that refuses pods unless the policy says otherwise.
    pub const fn denies(id: &'static str, document: &'static str) -> Self {
        Self {
            id,
            default: Severity::Deny,
            always_denies: false,
            document,
        }
    }

    /// A rule that warns unless the policy says otherwise.
    pub const fn warns(id: &'static str, document: &'static str) -> Self {
        Self {
            default: Severity::Warn,
            ..Self::denies(id, document)
        }
    }

    /// The same rule, which no policy may weaken.
    pub const fn always(self) -> Self {
        Self {
            always_denies: true,
            ..self
        }
    }
}

/// The effect of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It is not checked.
    Off,
    /// A warning; the pod is admitted.
    Warn,
    /// The pod is refused.
    Deny,
}

impl Severity {
    /// The word policies and reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }
}
