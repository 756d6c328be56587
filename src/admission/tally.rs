//! Findings by rule: each rule once, with what it found and how often, however often that is.

use crate::engine::vocabulary::findings::Finding;
use crate::engine::vocabulary::rule::{Rule, Severity};

/// What a rule found, with one severity.
#[derive(Debug)]
pub struct Tally<'f> {
    /// The rule.
    pub rule: &'static Rule,
    /// What it does here.
    pub severity: Severity,
    /// How often it found something.
    pub count: usize,
    /// The first that say different things.
    pub different: Vec<Same<'f>>,
    /// Where the others are: containers, by their pointers, the first few.
    pub elsewhere: Vec<&'f str>,
}

/// A finding, and how often it says the same.
#[derive(Debug)]
pub struct Same<'f> {
    /// The first that says so.
    pub first: &'f Finding,
    /// With that one.
    pub times: usize,
}

/// What of one rule is said in full; more of a kind helps nobody.
const MOST_DIFFERENT: usize = 10;
/// Places that are named of the others.
const MOST_PLACES: usize = 3;

/// Each rule that found something, in the order of the findings.
pub fn tally(findings: &[Finding]) -> Vec<Tally<'_>> {
    let mut rules: Vec<Tally<'_>> = Vec::new();
    for finding in findings {
        let is_its = |t: &Tally<'_>| t.rule.id == finding.rule.id && t.severity == finding.severity;
        match rules.iter_mut().find(|t| is_its(t)) {
            Some(tally) => tally.add(finding),
            None => rules.push(Tally::of(finding)),
        }
    }
    rules
}

impl<'f> Tally<'f> {
    fn of(finding: &'f Finding) -> Self {
        let mut tally = Self {
            rule: finding.rule,
            severity: finding.severity,
            count: 0,
            different: Vec::new(),
            elsewhere: Vec::new(),
        };
        tally.add(finding);
        tally
    }

    fn add(&mut self, finding: &'f Finding) {
        self.count += 1;
        let says = |same: &&mut Same<'_>| {
            same.first.message == finding.message && same.first.fix == finding.fix
        };
        if let Some(same) = self.different.iter_mut().find(says) {
            same.times += 1;
        } else if self.different.len() < MOST_DIFFERENT {
            self.different.push(Same {
                first: finding,
                times: 1,
            });
        } else {
            let place = place(&finding.path);
            if self.elsewhere.len() < MOST_PLACES && !self.elsewhere.contains(&place) {
                self.elsewhere.push(place);
            }
        }
    }

    /// How many are not among those that are said in full.
    pub fn unsaid(&self) -> usize {
        let said: usize = self.different.iter().map(|same| same.times).sum();
        self.count - said
    }
}

/// `/spec/containers/3` of `/spec/containers/3/env/5/name`.
fn place(path: &str) -> &str {
    let end = path.match_indices('/').nth(3).map(|(at, _)| at);
    &path[..end.unwrap_or(path.len())]
}

#[cfg(test)]
mod tests {
    use super::{MOST_DIFFERENT, place, tally};
    use crate::engine::rules;
    use crate::engine::vocabulary::findings::Finding;
    use crate::engine::vocabulary::rule::Severity;

    #[test]
    fn each_rule_is_there_once_with_what_differs_and_where_the_rest_is() {
        let finding = |rule: usize, path: String, message: String| Finding {
            rule: rules::ALL[rule],
            severity: Severity::Deny,
            path,
            message,
            fix: "mend it".to_owned(),
        };
        let at =
            |container: usize, entry: usize| format!("/spec/containers/{container}/env/{entry}");
        let alike = (0..50).map(|n| finding(0, at(0, n), "the same".to_owned()));
        let different = (0..50).map(|n| finding(0, at(n, 0), format!("number {n}")));
        let other = finding(1, String::new(), "another".to_owned());
        let findings: Vec<Finding> = alike.chain([other]).chain(different).collect();
        let tallies = tally(&findings);
        let counts: Vec<_> = tallies.iter().map(|t| (t.rule.id, t.count)).collect();
        assert_eq!(counts, [(rules::ALL[0].id, 100), (rules::ALL[1].id, 1)]);
        let first = &tallies[0];
        assert_eq!(first.different.len(), MOST_DIFFERENT);
        assert_eq!(
            (first.different[0].times, first.different[1].times),
            (50, 1)
        );
        assert_eq!(first.unsaid(), 50 - (MOST_DIFFERENT - 1));
        assert_eq!(
            first.elsewhere,
            [
                "/spec/containers/9",
                "/spec/containers/10",
                "/spec/containers/11"
            ]
        );
    }

    #[test]
    fn a_place_is_a_container() {
        for (path, expected) in [
            ("/spec/containers/3/env/5/name", "/spec/containers/3"),
            ("/spec/nodeName", "/spec/nodeName"),
            ("", ""),
        ] {
            assert_eq!(place(path), expected);
        }
    }
}
