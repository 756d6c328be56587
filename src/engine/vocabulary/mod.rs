//! The words that every stage uses: names, quantities, strategies, the policy, and findings of rules.

mod capabilities;
mod findings;
mod fraction;
pub mod names;
pub mod pod_limits;
pub mod policy;
mod printable;
mod quantity;
mod rule;
pub mod runtime_classes;
mod strategy;
pub(crate) mod suggest;
pub(crate) mod unique;

pub use capabilities::Capabilities;
pub use findings::{Finding, Findings, Text};
pub use fraction::{Fraction, MAX_DECIMALS, NotAFraction};
pub use policy::{
    BoundaryNames, BoundaryPlacement, Declared, ForeignSystem, Mode, NamedBoundary, Outsiders,
    PlacementPolicy, Policy, PolicyToleration, Pool, Share, SupplyPolicy, Tier, Unlabelled, Vgpu,
};
pub use printable::{is_visible, listed, quoted, shown, shown_lines};
pub use quantity::{NotAQuantity, Quantity};
pub use rule::{Rule, Severity};
pub use runtime_classes::RuntimeClasses;
pub use strategy::{CoTenancy, Isolation, Strategy};
