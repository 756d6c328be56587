//! Quotas of a namespace that count GPUs, or pods with affinity across namespaces.

mod project;
mod scope;
mod view;

pub use project::{ClusterQuotaView, ProjectMetadata};
pub use scope::QuotaPod;
pub use view::{Forbidden, QuotaView};
