//! The webhook server: sockets, TLS, files that change, metrics and logs around [`crate::admission`].

mod admin;
mod capacity;
mod certificate;
mod channels;
mod clock;
mod connection;
mod controllers;
mod error;
mod events;
mod file;
mod listener;
mod log;
mod metrics;
mod routes;
mod settings;
mod shared;
mod signals;
mod sources;
mod start;
mod state;
mod webhook_thread;

pub use error::StartError;
pub use log::{LogFormat, start as start_logging};
pub use settings::{CertificateSource, ClusterSource, ControllerSettings, Settings};
pub use start::run;
