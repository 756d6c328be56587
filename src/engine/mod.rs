//! The decision: pure, synchronous, the same code for the server, the command line, the tests and the benchmark.
//!
//! Nothing in here reads a file, waits, logs or looks at a clock, and [`decide`] returns no error: whatever a pod
//! says, there is an answer to it.

pub mod ask;
pub mod audit;
pub mod capabilities;
pub mod case;
pub mod choose;
pub mod consent;
pub mod considered;
mod decide;
pub mod decision;
mod draft;
mod ephemeral;
pub mod findings;
pub mod foreign;
pub mod fraction;
pub mod guarded;
pub mod injecting;
pub mod keep;
pub mod namespaces;
pub mod never;
mod once;
mod outsider;
pub mod plan;
pub mod policy;
pub mod quantity;
pub mod question;
pub mod quota;
pub mod receipt;
pub mod roads;
pub mod rule;
pub mod rules;
pub mod runtime_classes;
pub mod share;
pub mod shown;
pub mod size;
pub mod strategy;
pub(crate) mod suggest;
pub mod supply;
pub mod tenancy;
pub mod terms;
pub mod touches;
mod undone;
mod update;
pub mod want;
pub mod words;

pub use decide::{Explanation, decide, explain};
pub use decision::{Decision, Outcome, Reason, StampReason};
pub use ephemeral::{Stage, ephemeral};
pub use findings::Finding;
pub use guarded::guarded;
pub use namespaces::{NamespaceView, Namespaces};
pub use never::NeverMatched;
pub use outsider::outsider;
pub use policy::{Mode, Policy};
pub use question::{Question, Workload};
pub use quota::{ClusterQuotaView, Marks, QuotaView};
pub use rule::Severity;
pub use runtime_classes::RuntimeClasses;
pub use strategy::{CoTenancy, Isolation, Strategy};
pub use supply::Supply;
pub use touches::touches_gpu;
pub use undone::undone;
pub use update::update;
