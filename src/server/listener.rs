//! The accept loop: a cap on connections, a limit on every wait, and an end that lets requests finish.

mod activity;
mod gathering;
mod handshake;

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use super::shared::Shared;
use activity::Activity;
use gathering::Gathering;

pub(super) use handshake::Complaints;

/// Connections at once; an API server keeps at most 25 idle ones (`MaxIdleConnsPerHost` of its webhook client).
const CONNECTIONS: usize = 1024;
/// Between HTTP/2 pings to a client that says nothing, and for its answer.
const PING: Duration = Duration::from_secs(30);
/// Requests at once on one HTTP/2 connection.
const STREAMS: u32 = 256;
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

/// What answers requests, each by itself.
pub(super) trait Answers: Clone + Send + 'static {
    /// The answer to one request, whatever it is.
    fn answer(&self, request: Request<Incoming>) -> impl Future<Output = Response<Body>> + Send;
}

/// Accepts until it is to close; connections go on by themselves and end after the request they are at.
pub(super) async fn accept(
    listener: TcpListener,
    acceptor: Acceptor,
    answers: impl Answers,
    closing: CancellationToken,
    connections: TaskTracker,
) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let mut backoff = BACKOFF.0;
    loop {
        let accepted = async {
            // Who comes while all places are taken waits in the kernel's queue.
            let place = Arc::clone(&room).acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            () = closing.cancelled() => return,
            accepted = accepted => accepted,
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
        let (acceptor, answers, closing) = (acceptor.clone(), answers.clone(), closing.clone());
        connections.spawn(async move {
            greet(stream, acceptor, answers, closing).await;
            drop(place);
        });
    }
}

async fn greet(
    stream: TcpStream,
    acceptor: Acceptor,
    answers: impl Answers,
    closing: CancellationToken,
) {
    // Answers are small and somebody waits for each.
    let _ = stream.set_nodelay(true);
    let shared = match acceptor {
        Acceptor::Plain => return speak(stream, false, answers, closing).await,
        Acceptor::Tls(shared) => shared,
    };
    let Some(stream) = handshake::greet(stream, &shared).await else {
        return;
    };
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    speak(stream, is_http2, answers, closing).await;
}

async fn speak<S>(stream: S, is_http2: bool, answers: impl Answers, closing: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let activity = Arc::new(Activity::new());
    let seen = Arc::clone(&activity);
    let service = service_fn(move |request| {
        seen.note();
        let answers = answers.clone();
        async move { Ok::<_, Infallible>(answers.answer(request).await) }
    });
    if is_http2 {
        let mut http = http2::Builder::new(TokioExecutor::new());
        http.timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING);
        let connection = http.serve_connection(TokioIo::new(Gathering::new(stream)), service);
        drive(connection, &activity, closing).await;
    } else {
        let mut http = http1::Builder::new();
        // hyper's own limit would set a timer anew for each request, which costs as much as deciding about a pod.
        http.timer(TokioTimer::new()).header_read_timeout(None);
        let connection = http.serve_connection(TokioIo::new(stream), service);
        drive(connection, &activity, closing).await;
    }
}

/// Until the connection ends, or nothing was asked for too long.
async fn drive<C>(connection: C, activity: &Activity, closing: CancellationToken)
where
    C: GracefulConnection,
    C::Error: std::fmt::Display,
{
    let mut connection = pin!(connection);
    let mut idle = pin!(sleep_until(activity.limit()));
    let mut is_closing = false;
    loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => {
                if let Err(problem) = ended {
                    debug!(%problem, "a connection ended");
                }
                return;
            }
            () = closing.cancelled(), if !is_closing => {
                is_closing = true;
                connection.as_mut().graceful_shutdown();
            }
            () = idle.as_mut() => {
                let limit = activity.limit();
                if limit <= Instant::now() {
                    return debug!("a connection was closed: nothing was asked on it");
                }
                idle.as_mut().reset(limit);
            }
        }
    }
}
