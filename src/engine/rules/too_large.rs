//! `too-large`: refuses a pod that says more than any pod sensibly says.

use crate::engine::line::decision::{Decision, Outcome, Reason};
use crate::engine::relevance::pod_limits::{Excess, LIMITS, Limit, PATCH};
use crate::engine::vocabulary::findings::{Finding, Findings};
use crate::engine::vocabulary::policy::{Mode, Policy};
use crate::engine::vocabulary::rule::{Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule::denies("too-large", include_str!("too_large.md")).always();

/// The limits, one a line.
pub fn limits() -> Vec<String> {
    let line = |limit: &&Limit| format!("{} {}", limit.most, limit.of);
    LIMITS.iter().map(line).collect()
}

/// Refuses a pod, whatever the policy says.
pub fn refuse(excess: Excess, findings: &mut Findings<'_>) {
    findings.refuse(&RULE, excess.limit.path, text(excess));
}

/// The decision about a pod of which nothing more is looked at.
pub fn decision<'a>(excess: Excess, policy: &Policy, mode: Mode) -> Decision<'a> {
    let mut findings = Findings::new(policy);
    refuse(excess, &mut findings);
    Decision {
        outcome: Outcome::Denied,
        mode,
        tier: None,
        boundary: None,
        strategy: None,
        allocator: None,
        findings: findings.into_list(),
        edits: Vec::new(),
        reason: Reason::Findings,
    }
}

/// The same decision, refused because what would have to be written is too much.
pub fn unwritable<'a>(decision: Decision<'a>, bytes: usize) -> Decision<'a> {
    let excess = Excess {
        limit: &PATCH,
        found: Some(bytes),
    };
    let (message, fix) = text(excess);
    let mut findings = decision.findings;
    findings.push(Finding {
        rule: &RULE,
        severity: Severity::Deny,
        path: String::new(),
        message,
        fix,
    });
    Decision {
        outcome: Outcome::Denied,
        findings,
        edits: Vec::new(),
        strategy: None,
        allocator: None,
        reason: Reason::Findings,
        ..decision
    }
}

fn text(excess: Excess) -> (String, String) {
    let Excess { limit, found } = excess;
    let found = match found {
        Some(found) => found.to_string(),
        None => format!("more than {}", limit.most),
    };
    (
        format!("{found} {}; at most {} are read", limit.of, limit.most),
        "say less, or split the pod; slicegate explain too-large lists the limits".to_owned(),
    )
}
