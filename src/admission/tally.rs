//! Findings grouped by rule, with counts.

use crate::engine::vocabulary::{Finding, Rule, Severity};

/// The findings of one rule with one severity.
#[derive(Debug)]
pub struct Tally<'f> {
    /// The rule.
    pub rule: &'static Rule,
    /// The severity.
    pub severity: Severity,
    /// The number of findings.
    pub count: usize,
    /// The first findings with distinct texts.
    pub distinct: Vec<Repeated<'f>>,
    /// The first few places of the others: JSON pointers of containers.
    pub other_places: Vec<&'f str>,
}

/// A finding, and how often its text occurs.
#[derive(Debug)]
pub struct Repeated<'f> {
    /// The first one.
    pub first: &'f Finding,
    /// The count, with the first one.
    pub times: usize,
}

/// Findings of one rule that are listed in full.
const MOST_DISTINCT: usize = 10;
/// Named places of the others.
const MOST_PLACES: usize = 3;

/// The rules with findings, in the order of the findings.
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
            distinct: Vec::new(),
            other_places: Vec::new(),
        };
        tally.add(finding);
        tally
    }

    fn add(&mut self, finding: &'f Finding) {
        self.count += 1;
        let is_equal = |repeated: &&mut Repeated<'_>| {
            repeated.first.message == finding.message && repeated.first.fix == finding.fix
        };
        if let Some(repeated) = self.distinct.iter_mut().find(is_equal) {
            repeated.times += 1;
        } else if self.distinct.len() < MOST_DISTINCT {
            self.distinct.push(Repeated {
                first: finding,
                times: 1,
            });
        } else {
            let place = place(&finding.path);
            if self.other_places.len() < MOST_PLACES && !self.other_places.contains(&place) {
                self.other_places.push(place);
            }
        }
    }

    /// How many findings are not listed in full.
    pub fn omitted(&self) -> usize {
        let listed: usize = self.distinct.iter().map(|repeated| repeated.times).sum();
        self.count - listed
    }
}

/// `/spec/containers/3` of `/spec/containers/3/env/5/name`.
fn place(path: &str) -> &str {
    let end = path.match_indices('/').nth(3).map(|(at, _)| at);
    &path[..end.unwrap_or(path.len())]
}

#[cfg(test)]
mod tests {
    use super::{MOST_DISTINCT, place, tally};
    use crate::engine::rules;
    use crate::engine::vocabulary::{Finding, Severity};

    #[test]
    fn each_rule_occurs_once_with_distinct_findings_and_places_of_the_rest() {
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
        assert_eq!(first.distinct.len(), MOST_DISTINCT);
        assert_eq!((first.distinct[0].times, first.distinct[1].times), (50, 1));
        assert_eq!(first.omitted(), 50 - (MOST_DISTINCT - 1));
        assert_eq!(
            first.other_places,
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
