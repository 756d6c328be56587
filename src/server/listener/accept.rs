//! The accept loop: a bound on connections, a timeout for every wait, and an end that lets requests finish.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use super::handshake::Handshakes;
use super::slots::Slots;
use crate::server::connection::{Connection, IdleTimeouts};

/// The pause between two HTTP/2 pings to an idle client, and the timeout of its answer.
const PING: Duration = Duration::from_secs(30);
/// Requests at once on one HTTP/2 connection. Each costs about 3 KiB while it is open, so that all of all connections
/// are below 200 MB.
const STREAMS: u32 = 128;
/// The bytes of bodies that may come before they are read, of one request and of all on an HTTP/2 connection. Bodies
/// are read at once, so this bounds what is on the way.
const WINDOWS: (u32, u32) = (256 << 10, 1 << 20);
/// The head of a request; an API server's has a few hundred bytes.
const LARGEST_HEAD: u32 = 16 << 10;
/// The bytes that an HTTP/1.1 connection reads and writes at a time; the head has to fit.
const BUFFER: usize = 64 << 10;
/// The first and the longest pause after a failed accept. Without it, a lack of file descriptors is a busy loop.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// How a connection begins.
#[derive(Clone)]
pub enum Acceptor {
    /// With HTTP.
    Plain,
    /// With a TLS handshake.
    Tls(Arc<Handshakes>),
}

/// The bounds of a port.
#[derive(Clone, Copy)]
pub struct Port {
    /// Connections at once.
    pub connections: usize,
    /// How long each may be idle.
    pub idle: IdleTimeouts,
    /// Whether a connection stays open after an answer.
    pub keeps_alive: bool,
}

pub trait Handler: Clone + Send + 'static {
    fn handle(
        &self,
        request: Request<Incoming>,
        connection: &Arc<Connection>,
    ) -> impl Future<Output = Response<Full<Bytes>>> + Send;
}

/// Accepts connections until `closing` is cancelled. Then each connection ends after its present request.
pub async fn accept(
    listener: TcpListener,
    port: Port,
    acceptor: Acceptor,
    handler: impl Handler,
    closing: CancellationToken,
    connections: TaskTracker,
) {
    let slots = Arc::new(Slots::new(port.connections));
    let mut backoff = BACKOFF.0;
    loop {
        let accepted = tokio::select! {
            () = closing.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(problem) => {
                warn!(%problem, "a connection could not be accepted");
                sleep(backoff).await;
                backoff = (backoff * 2).min(BACKOFF.1);
                continue;
            }
        };
        backoff = BACKOFF.0;
        let connection = Arc::new(Connection::new(port.idle));
        let slot = tokio::select! {
            () = closing.cancelled() => return,
            slot = slots.take(&connection) => slot,
        };
        let accepted = Accepted {
            handler: handler.clone(),
            connection: Arc::clone(&connection),
            keeps_alive: port.keeps_alive,
            closing: closing.clone(),
        };
        let acceptor = acceptor.clone();
        connections.spawn(async move {
            connection.serve(accepted.serve(stream, acceptor)).await;
            drop(slot);
        });
    }
}

struct Accepted<H> {
    handler: H,
    connection: Arc<Connection>,
    keeps_alive: bool,
    closing: CancellationToken,
}

impl<H: Handler> Accepted<H> {
    async fn serve(self, stream: TcpStream, acceptor: Acceptor) {
        // Answers are small, and a client waits for each.
        let _ = stream.set_nodelay(true);
        let Acceptor::Tls(handshakes) = acceptor else {
            return self.serve_http(stream, false).await;
        };
        if let Some(stream) = handshakes.accept(stream).await {
            let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            self.serve_http(stream, is_http2).await;
        }
    }

    async fn serve_http<S>(self, stream: S, is_http2: bool)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (handler, connection) = (self.handler, Arc::clone(&self.connection));
        let service = service_fn(move |request| {
            connection.record_request();
            let (handler, connection) = (handler.clone(), Arc::clone(&connection));
            async move { Ok::<_, Infallible>(handler.handle(request, &connection).await) }
        });
        let stream = TokioIo::new(stream);
        if is_http2 {
            let mut http = http2::Builder::new(TokioExecutor::new());
            http.timer(TokioTimer::new())
                .max_concurrent_streams(STREAMS)
                .initial_stream_window_size(WINDOWS.0)
                .initial_connection_window_size(WINDOWS.1)
                .max_header_list_size(LARGEST_HEAD)
                .keep_alive_interval(PING)
                .keep_alive_timeout(PING);
            let http = http.serve_connection(stream, service);
            drive(http, &self.connection, self.closing).await;
        } else {
            let mut http = http1::Builder::new();
            // `drive` limits the time of a head, as of every wait.
            http.timer(TokioTimer::new())
                .header_read_timeout(None)
                .keep_alive(self.keeps_alive)
                .max_buf_size(BUFFER);
            let http = http.serve_connection(stream, service);
            drive(http, &self.connection, self.closing).await;
        }
    }
}

/// Drives a connection until it ends or is idle for too long.
async fn drive<C>(http: C, connection: &Connection, closing: CancellationToken)
where
    C: GracefulConnection,
    C::Error: std::fmt::Display,
{
    let mut http = pin!(http);
    let mut idle = pin!(sleep_until(connection.idle_deadline()));
    let mut is_closing = false;
    loop {
        tokio::select! {
            biased;
            ended = http.as_mut() => {
                if let Err(problem) = ended {
                    debug!(%problem, "a connection ended");
                }
                return;
            }
            () = closing.cancelled(), if !is_closing => {
                is_closing = true;
                http.as_mut().graceful_shutdown();
            }
            () = idle.as_mut() => {
                let deadline = connection.idle_deadline();
                if deadline <= Instant::now() {
                    return debug!("a connection was closed: nothing was asked on it");
                }
                idle.as_mut().reset(deadline);
            }
        }
    }
}
