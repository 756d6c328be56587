//! Reads the document of a rule: what it refuses, cause, risk, fix and two examples. Only pages and commands that
//! explain a rule read it, never a decision.

use crate::engine::vocabulary::Rule;

/// The parts of a rule's document. A part that is missing is empty; a test holds that none is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// What the rule refuses or warns of, in one line.
    pub refuses: &'static str,
    /// When it fires and why.
    pub cause: String,
    /// What could happen without the rule.
    pub risk: String,
    /// What to do about a finding.
    pub fix: String,
    /// A manifest it fires on, as YAML.
    pub bad: &'static str,
    /// The same need, met.
    pub good: &'static str,
}

impl Document {
    /// The document of a rule.
    pub fn of(rule: &Rule) -> Self {
        let title = rule.document.lines().next().unwrap_or_default();
        Self {
            refuses: title.split_once(": ").unwrap_or_default().1,
            cause: prose(rule, "Cause"),
            risk: prose(rule, "Risk"),
            fix: prose(rule, "Fix"),
            bad: example(rule, "Fires on"),
            good: example(rule, "Does not fire on"),
        }
    }
}

fn section(rule: &Rule, heading: &str) -> &'static str {
    let mut sections = rule.document.split("\n## ");
    let text = sections.find_map(|section| section.strip_prefix(heading)?.strip_prefix('\n'));
    text.unwrap_or_default()
}

/// A paragraph as one line.
fn prose(rule: &Rule, heading: &str) -> String {
    let words: Vec<&str> = section(rule, heading).split_whitespace().collect();
    words.join(" ")
}

fn example(rule: &Rule, heading: &str) -> &'static str {
    let code = section(rule, heading).split_once("```yaml\n");
    code.and_then(|(_, rest)| rest.split_once("```"))
        .unwrap_or_default()
        .0
}
