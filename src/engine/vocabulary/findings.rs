//! Collects findings, with the severity that the policy gives to their rule.

use crate::engine::vocabulary::{Policy, Rule, Severity};

/// The message (what was found and what is allowed) and the fix.
pub type Text = (String, String);

/// One finding of a rule.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// Its effect.
    pub severity: Severity,
    /// A JSON pointer into the pod, `""` for the pod as a whole.
    pub path: String,
    /// What was found and what is allowed.
    pub message: String,
    /// What to do.
    pub fix: String,
}

/// A collector of findings.
#[derive(Debug)]
pub struct Findings<'p> {
    policy: &'p Policy,
    /// Every rule denies, regardless of the policy.
    strict: bool,
    list: Vec<Finding>,
}

impl<'p> Findings<'p> {
    /// An empty collector.
    pub fn new(policy: &'p Policy) -> Self {
        Self {
            policy,
            strict: false,
            list: Vec::new(),
        }
    }

    /// An empty collector that keeps all findings as denials, for a rule that is built from the checks of others.
    pub fn strict(policy: &'p Policy) -> Self {
        Self {
            strict: true,
            ..Self::new(policy)
        }
    }

    /// The effect of a finding of this rule.
    pub fn severity(&self, rule: &Rule) -> Severity {
        if self.strict {
            Severity::Deny
        } else {
            self.policy.severity(rule)
        }
    }

    /// Adds a finding, unless the policy turns its rule off.
    pub fn add(
        &mut self,
        rule: &'static Rule,
        path: impl Into<String>,
        (message, fix): (impl Into<String>, impl Into<String>),
    ) {
        let severity = self.severity(rule);
        self.push(rule, severity, path.into(), (message.into(), fix.into()));
    }

    /// Adds a finding that is at most a warning.
    pub fn warn(
        &mut self,
        rule: &'static Rule,
        path: impl Into<String>,
        (message, fix): (impl Into<String>, impl Into<String>),
    ) {
        let severity = self.severity(rule).min(Severity::Warn);
        self.push(rule, severity, path.into(), (message.into(), fix.into()));
    }

    /// Adds a finding that denies the pod, regardless of the policy.
    pub fn refuse(&mut self, rule: &'static Rule, path: impl Into<String>, text: Text) {
        self.push(rule, Severity::Deny, path.into(), text);
    }

    fn push(&mut self, rule: &'static Rule, severity: Severity, path: String, text: Text) {
        let (message, fix) = text;
        if severity != Severity::Off {
            self.list.push(Finding {
                rule,
                severity,
                path,
                message,
                fix,
            });
        }
    }

    /// Whether the pod is denied.
    pub fn deny(&self) -> bool {
        self.list.iter().any(|f| f.severity == Severity::Deny)
    }

    /// Whether a rule has a finding.
    pub fn has(&self, rule: &Rule) -> bool {
        self.list.iter().any(|f| f.rule.id == rule.id)
    }

    /// All findings.
    pub fn into_list(self) -> Vec<Finding> {
        self.list
    }
}
