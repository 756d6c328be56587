//! The words that every stage uses: names, quantities, strategies, the policy, and findings of rules.

pub mod capabilities;
pub mod findings;
pub mod fraction;
pub mod names;
pub mod policy;
pub mod printable;
pub mod quantity;
pub mod rule;
pub mod runtime_classes;
pub mod strategy;
pub(crate) mod suggest;
pub mod unique;
