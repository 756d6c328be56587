//! Collects findings with the severity the policy gives their rule.

use crate::engine::vocabulary::policy::Policy;
use crate::engine::vocabulary::rule::Rule;
use crate::engine::vocabulary::rule::Severity;

/// What was found and what is allowed, and what to do.
pub type Text = (String, String);

/// One thing a rule found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which rule.
    pub rule: &'static Rule,
    /// What it does here.
    pub severity: Severity,
    /// A JSON pointer into the pod, `""` for the pod as a whole.
    pub path: String,
    /// What was found and what is allowed.
    pub message: String,
    /// What to do.
    pub fix: String,
}

/// Findings in the making.
#[derive(Debug)]
pub struct Findings<'p> {
    policy: &'p Policy,
    /// Every rule denies, whatever the policy makes of it.
    strict: bool,
    list: Vec<Finding>,
}

impl<'p> Findings<'p> {
    /// None yet.
    pub fn new(policy: &'p Policy) -> Self {
        Self {
            policy,
            strict: false,
            list: Vec::new(),
        }
    }

    /// None yet, and all that are found count, for a rule that judges by what others look for.
    pub fn strict(policy: &'p Policy) -> Self {
        Self {
            strict: true,
            ..Self::new(policy)
        }
    }

    /// What a finding of this rule would do.
    pub fn severity(&self, rule: &Rule) -> Severity {
        match self.strict {
            true => Severity::Deny,
            false => self.policy.severity(rule),
        }
    }

    /// Adds a finding, unless the policy turned its rule off. The texts are made only if it counts.
    pub fn add(&mut self, rule: &'static Rule, path: impl Into<String>, text: Text) {
        self.at_most(Severity::Deny, rule, path, text);
    }

    /// Adds a finding of a case that never does more than warn.
    pub fn warn(&mut self, rule: &'static Rule, path: impl Into<String>, text: Text) {
        self.at_most(Severity::Warn, rule, path, text);
    }

    /// Adds a finding that refuses the pod whatever the policy says.
    pub fn refuse(&mut self, rule: &'static Rule, path: impl Into<String>, text: Text) {
        let (message, fix) = text;
        self.list.push(Finding {
            rule,
            severity: Severity::Deny,
            path: path.into(),
            message,
            fix,
        });
    }

    fn at_most(
        &mut self,
        most: Severity,
        rule: &'static Rule,
        path: impl Into<String>,
        (message, fix): Text,
    ) {
        let severity = self.severity(rule).min(most);
        if severity == Severity::Off {
            return;
        }
        self.list.push(Finding {
            rule,
            severity,
            path: path.into(),
            message,
            fix,
        });
    }

    /// Whether the pod is refused.
    pub fn deny(&self) -> bool {
        self.list.iter().any(|f| f.severity == Severity::Deny)
    }

    /// Whether a rule found something.
    pub fn has(&self, rule: &Rule) -> bool {
        self.list.iter().any(|f| f.rule.id == rule.id)
    }

    /// All of them.
    pub fn into_list(self) -> Vec<Finding> {
        self.list
    }
}
