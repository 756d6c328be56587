//! `slicegate doctor`: from what was gathered of a cluster to what is wrong there, without asking anybody anything.
//!
//! A check is a function of [`checks`] and a line of its table; what it cannot see becomes a warning that says what to
//! grant, so that nothing is passed over in silence.

mod advice;
mod alike;
mod assessment;
mod causes;
mod chain;
mod checks;
mod closed;
mod finding;
mod gathered;
mod grant;
mod plain;
mod policy;
mod probe;
mod rights;
mod settings;
#[cfg(test)]
mod tests;
mod verdict;

pub use closed::{Closed, closed};
pub use finding::{Finding, Group, Line, Severity, Sight};
pub use gathered::{
    Aim, Clocks, Gathered, Observation, Probe, ProbeAnswer, ProbeResult, Right, Unseen,
};
pub use grant::Grant;
pub use settings::Settings;
pub use verdict::{Boundary, Verdict};

use assessment::Assessment;

/// The pods that show who answers, in the order in which to try them.
pub fn probes(gathered: &Gathered) -> Vec<Probe> {
    probe::all(&Assessment::of(gathered))
}

/// What slicegate's identity has to be allowed, as it is set up.
pub fn rights(gathered: &Gathered) -> Vec<Right> {
    rights::needed(&Assessment::of(gathered))
}

/// Every check, in the order of the groups.
pub fn examine(gathered: &Gathered) -> Vec<Line> {
    let assessment = Assessment::of(gathered);
    let run = |check: &checks::Check| {
        let findings = (check.run)(&assessment).unwrap_or_else(|unseen| vec![unseen.into()]);
        let line = |finding| Line {
            check: check.id,
            group: check.group,
            title: check.title,
            finding,
            follows: None,
        };
        findings.into_iter().map(line).collect::<Vec<Line>>()
    };
    // Of what is not there nothing is to be said.
    let is_here = !checks::is_not_here(&assessment);
    let asked = |check: &&checks::Check| is_here || checks::WITHOUT.contains(&check.id);
    let mut lines: Vec<Line> = checks::ALL.iter().filter(asked).flat_map(run).collect();
    causes::trace(&assessment, &mut lines);
    lines
}

/// What who asks has to be granted to see what was refused; none where nothing was.
pub fn grant(gathered: &Gathered, lines: &[Line]) -> Option<Grant> {
    grant::of(gathered, lines)
}

/// What all lines come to.
pub fn verdict(lines: &[Line]) -> Verdict {
    verdict::of(lines)
}
