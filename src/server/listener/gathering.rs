//! A stream that gathers what HTTP/2 writes until it is flushed, so that answers to many requests leave together.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, BufWriter, ReadBuf};

/// Two TLS records; every HTTP/2 connection holds this much.
const GATHERED: usize = 32 << 10;

/// The h2 crate writes each frame above a kilobyte by itself (256 bytes where writes are vectored; h2 0.4,
/// `codec/framed_write.rs`), and TLS makes a record and a system call of each write. It flushes once it has
/// nothing left to write, which is when all of it goes out here.
pub(super) struct Gathering<S>(BufWriter<S>);

impl<S: AsyncWrite> Gathering<S> {
    /// Nothing is gathered yet.
    pub(super) fn new(stream: S) -> Self {
        Self(BufWriter::with_capacity(GATHERED, stream))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Gathering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gathering<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
