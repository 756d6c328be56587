//! slicegate: an admission webhook that shares GPUs in Kubernetes, safely, on the stock scheduler and the stock
//! NVIDIA device plugin.
//!
//! One straight line does everything, and the server, the command line, the tests and the benchmark share it:
//!
//! ```text
//! bytes -> review -> facts -> intent -> decision -> edits -> patch -> response
//!          admission  facts    engine    engine      engine    admission  admission
//! ```
//!
//! Invariants:
//!
//! * [`engine`] does no IO, knows no clock and cannot fail: bad input is a decision, not an error.
//! * A [`engine::Policy`] and a [`engine::Supply`] are valid once constructed; nothing re-checks them.
//! * Patches are built, never diffed, so what slicegate does not know survives.
//! * Nothing a user can write is believed: labels, receipts and owner references are compared, never trusted.
//! * A second pass over slicegate's own output changes nothing.

#![warn(missing_docs)]
#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]
#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

pub mod admission;
pub mod cel;
pub mod certificates;
pub mod cli;
pub mod cluster;
pub mod config;
pub mod controllers;
pub mod doctor;
pub mod engine;
pub mod facts;
pub mod json;
pub mod manifests;
mod report;
pub mod server;
pub mod yaml;
