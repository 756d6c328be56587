//! The accept loop: a cap on connections, a limit on every wait, and an end that lets requests finish.

mod connection;
mod handshake;
mod places;

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

use super::shared::Shared;
use places::Places;

pub(super) use connection::{Connection, Silence};
pub(super) use handshake::Complaints;

/// Between HTTP/2 pings to a client that says nothing, and for its answer.
const PING: Duration = Duration::from_secs(30);
/// Requests at once on one HTTP/2 connection. Each costs about 3 KiB while it is open, so that all of all connections
/// are below 200 MB.
const STREAMS: u32 = 128;
/// What may come of a body before it is read, of one and of all on an HTTP/2 connection. They are read at once, so this
/// is rather what may be on the way.
const WINDOWS: (u32, u32) = (256 << 10, 1 << 20);
/// The head of a request; an API server's has a few hundred bytes.
const LARGEST_HEAD: u32 = 16 << 10;
/// What an HTTP/1.1 connection reads and writes at a time; the head has to fit.
const BUFFER: usize = 64 << 10;
/// Waits after a failed accept: at first, and at most. Without it a lack of file descriptors is a busy loop.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// What a connection begins with.
#[derive(Clone)]
pub(super) enum Acceptor {
    /// HTTP at once.
    Plain,
    /// TLS, with the certificate in force.
    Tls(Arc<Shared>),
}

/// What may happen on a port.
#[derive(Clone, Copy)]
pub(super) struct Port {
    /// Connections at once.
    pub(super) connections: usize,
    /// How long each may be silent.
    pub(super) silence: Silence,
    /// Whether a connection goes on after an answer.
    pub(super) keeps_alive: bool,
}

/// What answers requests, each by itself.
pub(super) trait Answers: Clone + Send + 'static {
    /// The answer to one request, whatever it is.
    fn answer(
        &self,
        request: Request<Incoming>,
        connection: &Arc<Connection>,
    ) -> impl Future<Output = Response<Full<Bytes>>> + Send;
}

/// Accepts until it is to close; connections go on by themselves and end after the request they are at.
pub(super) async fn accept(
    listener: TcpListener,
    port: Port,
    acceptor: Acceptor,
    answers: impl Answers,
    closing: CancellationToken,
    connections: TaskTracker,
) {
    let places = Arc::new(Places::new(port.connections));
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
        let connection = Arc::new(Connection::new(port.silence));
        let place = tokio::select! {
            () = closing.cancelled() => return,
            place = places.take(&connection) => place,
        };
        let served = Served {
            answers: answers.clone(),
            connection: Arc::clone(&connection),
            keeps_alive: port.keeps_alive,
            closing: closing.clone(),
        };
        let acceptor = acceptor.clone();
        let task = connections.spawn(async move {
            greet(stream, acceptor, served).await;
            drop(place);
        });
        connection.is_served_by(task.abort_handle());
    }
}

/// A connection, and what answers on it.
struct Served<A> {
    answers: A,
    connection: Arc<Connection>,
    keeps_alive: bool,
    closing: CancellationToken,
}

async fn greet(stream: TcpStream, acceptor: Acceptor, served: Served<impl Answers>) {
    // Answers are small and somebody waits for each.
    let _ = stream.set_nodelay(true);
    let shared = match acceptor {
        Acceptor::Plain => return speak(stream, false, served).await,
        Acceptor::Tls(shared) => shared,
    };
    let Some(stream) = handshake::greet(stream, &shared).await else {
        return;
    };
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    speak(stream, is_http2, served).await;
}

async fn speak<S>(stream: S, is_http2: bool, served: Served<impl Answers>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Served {
        answers,
        connection,
        keeps_alive,
        closing,
    } = served;
    let of = Arc::clone(&connection);
    let service = service_fn(move |request| {
        of.note();
        let (answers, of) = (answers.clone(), Arc::clone(&of));
        async move { Ok::<_, Infallible>(answers.answer(request, &of).await) }
    });
    if is_http2 {
        let mut http = http2::Builder::new(TokioExecutor::new());
        http.timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .initial_stream_window_size(WINDOWS.0)
            .initial_connection_window_size(WINDOWS.1)
            .max_header_list_size(LARGEST_HEAD)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING);
        let http = http.serve_connection(TokioIo::new(stream), service);
        drive(http, &connection, closing).await;
    } else {
        let mut http = http1::Builder::new();
        // `drive` limits how long a head may take, as it limits every silence.
        http.timer(TokioTimer::new())
            .header_read_timeout(None)
            .keep_alive(keeps_alive)
            .max_buf_size(BUFFER);
        let http = http.serve_connection(TokioIo::new(stream), service);
        drive(http, &connection, closing).await;
    }
}

/// Until the connection ends, or nothing was asked for too long.
async fn drive<C>(http: C, connection: &Connection, closing: CancellationToken)
where
    C: GracefulConnection,
    C::Error: std::fmt::Display,
{
    let mut http = pin!(http);
    let mut idle = pin!(sleep_until(connection.limit()));
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
                let limit = connection.limit();
                if limit <= Instant::now() {
                    return debug!("a connection was closed: nothing was asked on it");
                }
                idle.as_mut().reset(limit);
            }
        }
    }
}
