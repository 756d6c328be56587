//! slicegate: an admission webhook that shares GPUs in Kubernetes, safely, on the stock scheduler and the stock
//! NVIDIA device plugin.
//!
//! The decision is one line of steps, which the server, the command line, the tests and the benchmark share:
//!
//! ```text
//! bytes -> review -> facts -> request -> placement -> edits -> patch -> answer
//!       admission   facts   engine     engine       engine   admission
//! ```
//!
//! Invariants:
//!
//! * [`engine`] does no IO, reads no clock and returns no error: invalid input leads to a decision too.
//! * A [`engine::Policy`] and an [`engine::Supply`] are valid by construction. Nothing checks them again.
//! * Patches are built, never diffed, so that unknown fields survive.
//! * Users can write labels, receipts and owner references. slicegate compares them and never trusts them.
//! * A second pass over slicegate's output changes nothing.

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
mod doctor;
pub mod engine;
pub mod facts;
pub mod json;
pub mod manifests;
mod report;
pub mod server;
pub mod simulate;
pub mod yaml;
