//! `slicegate doctor`: judges what was gathered from a cluster, without asking the cluster itself.
//!
//! A check is a function of [`checks`] and a line of its table. What a check cannot see becomes a warning that says how
//! to grant access, so that nothing is skipped in silence.

mod assessment;
mod causes;
mod chain;
mod checks;
mod closed;
mod finding;
mod gathered;
mod grant;
mod objects;
mod plain;
mod policy;
mod probe;
mod rights;
mod settings;
#[cfg(test)]
mod tests;
mod text;
mod verdict;

pub use checks::examine;
pub use closed::{Closed, closed};
pub use finding::{Group, Line, Severity, Sight};
pub use gathered::{Clocks, Gathered, Observation, ProbeAnswer, ProbeResult, Right, Unseen};
pub use grant::{Grant, grant};
pub use probe::probes;
pub use rights::rights;
pub use settings::Settings;
pub use verdict::{Verdict, verdict};
