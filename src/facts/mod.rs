//! Kubernetes objects as plain borrowed data: pods, nodes, namespaces and RuntimeClasses, not validated.
//!
//! These types are read once from JSON and do not change. Strings stay borrowed from the body
//! unless they hold an escape, because reading a pod is most of what an admission request costs. For this,
//! `bound = "'de: 'a"` is in place of `borrow` on each field.

pub mod affinity;
pub mod node;
pub mod objects;
pub mod owner;
pub mod pod;
pub mod quota;
pub mod receipt;
pub mod running;
pub mod text;
pub mod workload;

pub use node::Node;
pub use objects::{Namespace, RuntimeClass};
pub use pod::Pod;
pub use quota::{ClusterResourceQuota, ResourceQuota};
pub use running::Running;
pub use text::{Pairs, Text};
