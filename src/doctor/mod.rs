//! `slicegate doctor`: from what was gathered of a cluster to what is wrong there, without asking anybody anything.
//!
//! A check is a function of [`checks`] and a line of its table; what it cannot see becomes a warning that says what to
//! grant, so that nothing is passed over in silence.

mod advice;
mod alike;
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
mod scene;
mod settings;
#[cfg(test)]
mod tests;
mod verdict;

pub use closed::{Closed, closed};
pub use finding::{Finding, Severity, Sight};
pub use gathered::{Asked, Clocks, Found, Gathered, Tried, Unseen};
pub use grant::Grant;
pub use probe::{Aim, Probe};
pub use rights::Right;
pub use settings::Settings;
pub use verdict::{Boundary, Verdict};

/// What a check is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Whether slicegate is there and is asked.
    Installation,
    /// What it judges by.
    Policy,
    /// What holds without it.
    Guard,
    /// What the nodes hand out.
    Supply,
    /// Whether boundaries are kept apart.
    Boundary,
}

impl Group {
    /// In the order in which they are reported.
    pub const ALL: [Self; 5] = [
        Self::Installation,
        Self::Policy,
        Self::Guard,
        Self::Supply,
        Self::Boundary,
    ];

    /// The heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Installation => "Installation",
            Self::Policy => "Policy",
            Self::Guard => "Guard in the API server",
            Self::Supply => "GPUs",
            Self::Boundary => "Trust boundary",
        }
    }

    /// The chapter about it.
    pub const fn chapter(self) -> &'static str {
        match self {
            Self::Installation => "docs/troubleshooting.md#slicegate-does-not-answer",
            Self::Policy => "docs/troubleshooting.md#the-policy",
            Self::Guard => "docs/troubleshooting.md#the-guard",
            Self::Supply => "docs/troubleshooting.md#the-gpus",
            Self::Boundary => "docs/troubleshooting.md#the-boundary",
        }
    }

    /// The word reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Installation => "installation",
            Self::Policy => "policy",
            Self::Guard => "guard",
            Self::Supply => "supply",
            Self::Boundary => "boundary",
        }
    }
}

/// One line of the report.
#[derive(Clone, Debug)]
pub struct Line {
    /// Which check said it.
    pub check: &'static str,
    /// What it is about.
    pub group: Group,
    /// The check in words.
    pub title: &'static str,
    /// What it found.
    pub finding: Finding,
    /// The title of the check that failed first, where this follows from it.
    pub follows: Option<&'static str>,
}

/// The pods that show who answers, in the order in which to try them.
pub fn probes(gathered: &Gathered) -> Vec<Probe> {
    probe::all(&scene::Scene::of(gathered))
}

/// What slicegate's identity has to be allowed, as it is set up.
pub fn rights(gathered: &Gathered) -> Vec<Right> {
    rights::needed(&scene::Scene::of(gathered))
}

/// Every check, in the order of the groups.
pub fn examine(gathered: &Gathered) -> Vec<Line> {
    let scene = scene::Scene::of(gathered);
    let run = |check: &checks::Check| {
        let findings = (check.run)(&scene).unwrap_or_else(|unseen| vec![unseen.into()]);
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
    let is_here = !checks::is_not_here(&scene);
    let asked = |check: &&checks::Check| is_here || checks::WITHOUT.contains(&check.id);
    let mut lines: Vec<Line> = checks::ALL.iter().filter(asked).flat_map(run).collect();
    causes::trace(&scene, &mut lines);
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
