//! What a rule is: an id, a severity and an explanation. The rules themselves stand in `rules`.

/// A rule: what it is called, what it does by default and how it is explained.
#[derive(Debug)]
pub struct Rule {
    /// Stable: policies, reports and metrics name it.
    pub id: &'static str,
    /// What a finding does unless the policy says otherwise.
    pub default: Severity,
    /// Without this rule nothing sound can be decided, so a policy may not weaken it.
    pub always_denies: bool,
    /// What it refuses or warns of, in one line.
    pub refuses: &'static str,
    /// When it fires and why that is so.
    pub cause: &'static str,
    /// What could happen if it did not.
    pub risk: &'static str,
    /// What to do about it.
    pub fix: &'static str,
    /// A manifest it fires on, as YAML.
    pub bad: &'static str,
    /// The same need, met.
    pub good: &'static str,
}

/// What a finding does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Not looked for.
    Off,
    /// Said, and the pod goes on.
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
