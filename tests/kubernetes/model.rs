//! The generators and the scheduler of `tests/properties`, to be held against the real one.
#![allow(dead_code)]

#[path = "../properties/api.rs"]
pub mod api;
#[path = "../properties/exact.rs"]
pub mod exact;
#[path = "../properties/fleet.rs"]
pub mod fleet;
#[path = "../properties/hardware.rs"]
pub mod hardware;
#[path = "../properties/places.rs"]
pub mod places;
#[path = "../properties/pods.rs"]
pub mod pods;
#[path = "../properties/policies.rs"]
pub mod policies;
#[path = "../properties/scene.rs"]
pub mod scene;
#[path = "../properties/scheduler.rs"]
pub mod scheduler;
#[path = "../properties/shapes.rs"]
pub mod shapes;
#[path = "../properties/truth.rs"]
pub mod truth;
#[path = "../properties/wants.rs"]
pub mod wants;
