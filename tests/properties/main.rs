//! Properties of the decision over random fleets, policies and pods, against truths that the product never sees.

mod api;
mod arguments;
mod boundaries;
mod bytes;
mod exact;
mod fleet;
mod forged;
#[path = "../guard_twin/mod.rs"]
mod guard_twin;
mod guarded;
mod hardware;
mod idempotent;
mod mps;
mod places;
mod pods;
mod policies;
mod reach;
mod reaching;
mod scene;
mod scheduler;
mod selectors;
mod shapes;
mod sound;
mod survive;
mod touching;
mod truth;
mod wants;
