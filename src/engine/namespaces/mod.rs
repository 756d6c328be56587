//! What the administrators of namespaces declare: mode, tiers, boundary, and its members.

pub mod consent;
pub mod excluded;
mod known;
pub mod quota;
mod view;

pub use known::Namespaces;
pub use view::NamespaceView;
