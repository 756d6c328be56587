//! slicegate
pub mod admission;
pub mod cli;
pub mod config;
pub mod engine;
pub mod facts;
