//! Sockets and HTTP.

mod accept;
mod handshake;
mod slots;

pub(super) use accept::{Acceptor, Handler, Port, accept};
pub(super) use handshake::Handshakes;
