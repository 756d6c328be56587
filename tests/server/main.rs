//! The server as an API server meets it: the real binary, real TLS, real sockets.

mod answers;
mod certificates;
mod client;
mod cluster;
mod drain;
mod limits;
mod operators;
mod pressure;
mod process;
mod readers;
mod reload;
mod start;
mod validate;
mod world;
