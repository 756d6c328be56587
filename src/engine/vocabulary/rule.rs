//! The type of a rule: an id, a severity and an explanation. The rules themselves are in `rules`.

/// A rule: its id, its default severity, and the document that explains it.
#[derive(Debug)]
pub struct Rule {
    /// Stable: policies, reports and metrics name it.
    pub id: &'static str,
    /// The effect of a finding, unless the policy sets another.
    pub default: Severity,
    /// Whether a policy may not weaken it, because no decision is safe without it.
    pub always_denies: bool,
    /// The Markdown file beside its check; `rules::document` reads it.
    pub document: &'static str,
}

impl Rule {
    /// A rule that denies pods by default.
    pub const fn denies(id: &'static str, document: &'static str) -> Self {
        Self {
            id,
            default: Severity::Deny,
            always_denies: false,
            document,
        }
    }

    /// A rule that warns by default.
    pub const fn warns(id: &'static str, document: &'static str) -> Self {
        Self {
            default: Severity::Warn,
            ..Self::denies(id, document)
        }
    }

    /// The same rule, but no policy may weaken it.
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
    /// The pod is denied.
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
