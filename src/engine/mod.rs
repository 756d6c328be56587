//! The decision: pure, synchronous, the same code for the server, the command line, the tests and the benchmark.
//!
//! Nothing in here reads a file, waits, logs or looks at a clock, and [`decide`] returns no error: whatever a pod
//! says, there is an answer to it.
//!
//! The stages, in the order of a decision: [`relevance`] (does the pod concern GPUs?), [`request`] (what does it ask for,
//! in which tier and boundary?), [`placement`] (which offers can serve it, and which is best?), [`edits`] (what changes in
//! the pod?). [`decide`](decide()) calls them one after the other; [`rules`] judge between them. [`line`] has the values
//! that one stage hands to the next. Below them all stand [`supply`] and [`namespaces`], what is known of nodes and
//! namespaces, [`profile`], what a pod says about its programs, and [`vocabulary`].

pub mod vocabulary;

pub mod namespaces;
pub mod node_terms;
pub mod profile;
pub mod supply;

pub mod line;

mod cluster_state;

mod decide;
pub mod edits;
pub mod placement;
pub mod relevance;
pub mod request;
pub mod rules;

pub mod audit;

pub use cluster_state::ClusterState;
pub use decide::ephemeral::{Stage, ephemeral};
pub use decide::oversize::unwritable;
pub use decide::unmanaged::unmanaged;
pub use decide::update::update;
pub use decide::{Explanation, decide, explain};
pub use edits::missing::missing_edits;
pub use line::{Decision, DecisionInput, MarkersReason, Outcome, Reason, Workload};
pub use namespaces::excluded::ExcludedNamespaces;
pub use namespaces::quota::{ClusterQuotaView, ProjectMetadata, QuotaView};
pub use namespaces::{NamespaceView, Namespaces};
pub use relevance::concerns_gpus;
pub use supply::Supply;
pub use vocabulary::{
    CoTenancy, Finding, Isolation, Mode, Policy, RuntimeClasses, Severity, Strategy,
};
