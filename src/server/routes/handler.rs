//! From an HTTP request to the bytes of a review, and from an answer to an HTTP response.

use std::sync::Arc;

use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::Response;
use hyper::body::{Body as _, Bytes, Incoming};
use tokio::sync::Semaphore;
use tokio::task::{spawn_blocking, yield_now};

use super::answering::answer;
use super::deadline::Deadline;
use super::refusal::Refusal;
use crate::admission::{Webhook, respond_observed};
use crate::engine::ClusterState;
use crate::server::capacity::{LARGEST_BODY, ORDINARY_BODY, Room};
use crate::server::connection::Connection;
use crate::server::listener::Handler;
use crate::server::shared::Shared;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// How often a request tries again to get room after a slow client lost its connection, which ends a few turns later.
const ROOM_RETRIES: usize = 3;

/// Answers the webhook's paths. Two paths need no router, whose cost every request would bear.
#[derive(Clone)]
pub struct WebhookHandler {
    shared: Arc<Shared>,
    /// Large bodies are decided one after another on another thread, so that ordinary ones do not wait for them, and
    /// only one large review is in memory.
    large: Arc<Semaphore>,
}

impl Handler for WebhookHandler {
    async fn handle(
        &self,
        request: Request<Incoming>,
        connection: &Arc<Connection>,
    ) -> Response<Full<Bytes>> {
        let version = request.version();
        let reviewed = self.review(request, connection).await;
        if version < Version::HTTP_2 {
            // Requests that came together are decided before any of them is answered, so that the client reads their
            // answers together. API servers call webhooks with HTTP/1.1 only (apiserver, `util/webhook/client.go`), and
            // with eight connections that are never idle this saves a quarter of the CPU of each request: 46 of 60 µs
            // remain.
            yield_now().await;
        }
        let mut response = match reviewed {
            Ok(answer) => {
                let mut response = Response::new(Full::new(answer));
                response.headers_mut().insert(CONTENT_TYPE, JSON);
                response
            }
            Err(refusal) => {
                self.shared.metrics.rejected(refusal.rejection());
                refusal.response(self.shared.capacity.room_for_refusal(connection))
            }
        };
        // A client that keeps connections open has to find another server. HTTP/2 has a frame for that.
        if version < Version::HTTP_2 && self.shared.is_draining() {
            response.headers_mut().insert(CONNECTION, CLOSE);
        }
        response
    }
}

impl WebhookHandler {
    pub fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            large: Arc::new(Semaphore::new(1)),
        }
    }

    async fn review(
        &self,
        request: Request<Incoming>,
        connection: &Arc<Connection>,
    ) -> Result<Bytes, Refusal> {
        let webhook = webhook(&request)?;
        let deadline = Deadline::of(request.uri().query());
        let (head, body) = request.into_parts();
        check_media_type(&head.headers)?;
        let length = length(&head.headers);
        if length.is_some_and(|length| length > LARGEST_BODY) {
            return Err(Refusal::TooLarge);
        }
        // A body of unknown length may have any.
        let room = self.room(length.unwrap_or(LARGEST_BODY), connection);
        let room = room.await.ok_or(Refusal::Busy)?;
        let whole = whole(body, length.unwrap_or_default());
        let body = deadline.limit(whole).await.ok_or(Refusal::Slow)??;
        room.body_is_complete();
        let answer = self.decide(webhook, body, deadline).await?;
        room.answer(answer).ok_or(Refusal::Busy)
    }

    async fn room(&self, bytes: usize, connection: &Arc<Connection>) -> Option<Room> {
        let capacity = &self.shared.capacity;
        for _ in 0..ROOM_RETRIES {
            if let Some(room) = capacity.room(bytes, connection) {
                return Some(room);
            }
            yield_now().await;
        }
        capacity.room(bytes, connection)
    }

    /// The answer to a body, which is dropped.
    async fn decide(
        &self,
        webhook: Webhook,
        body: Bytes,
        deadline: Deadline,
    ) -> Result<Vec<u8>, Refusal> {
        let state = self.shared.state().ok_or(Refusal::Starting)?;
        let answered = self.answer(webhook, &body, state, deadline).await;
        let Err(Refusal::Namespace(name)) = answered else {
            return answered;
        };
        let state = self.shared.state().ok_or(Refusal::Starting)?;
        let view = self.shared.lookups.view(&name, deadline).await;
        let view = view.ok_or_else(|| Refusal::Namespace(name.chars().take(63).collect()))?;
        let namespaces = state.namespaces.and(&name, view).into();
        let state = Arc::new(ClusterState {
            namespaces,
            ..(*state).clone()
        });
        self.answer(webhook, &body, state, deadline).await
    }

    async fn answer(
        &self,
        webhook: Webhook,
        body: &Bytes,
        state: Arc<ClusterState>,
        deadline: Deadline,
    ) -> Result<Vec<u8>, Refusal> {
        if body.len() <= ORDINARY_BODY {
            return answer(respond_observed, &self.shared, &state, webhook, body);
        }
        let permit = Arc::clone(&self.large).acquire_owned();
        let permit = deadline.limit(permit).await.and_then(Result::ok);
        // After the deadline nobody waits for the answer.
        let Some(permit) = permit.filter(|_| !deadline.is_over()) else {
            return Err(Refusal::Busy);
        };
        let (shared, body) = (Arc::clone(&self.shared), body.clone());
        let answered = spawn_blocking(move || {
            let answered = answer(respond_observed, &shared, &state, webhook, &body);
            drop(permit);
            answered
        });
        answered.await.unwrap_or(Err(Refusal::Failed))
    }
}

fn webhook(request: &Request<Incoming>) -> Result<Webhook, Refusal> {
    let webhook = match request.uri().path() {
        "/mutate" => Webhook::Mutate,
        "/validate" => Webhook::Validate,
        other => return Err(Refusal::Path(other.chars().take(60).collect())),
    };
    match request.method() {
        &Method::POST => Ok(webhook),
        other => Err(Refusal::Method(other.to_string())),
    }
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let written = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let written = String::from_utf8_lossy(written.unwrap_or_default());
    let media_type = written.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(Refusal::MediaType(written.chars().take(60).collect()));
    }
    Ok(())
}

fn length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The whole body, unless it is too large. A body in one piece, as most are, is not copied.
async fn whole(mut body: Incoming, length: usize) -> Result<Bytes, Refusal> {
    let first = piece(&mut body).await?.unwrap_or_default();
    if body.is_end_stream() && first.len() <= LARGEST_BODY {
        return Ok(first);
    }
    let mut bytes = Vec::with_capacity(length);
    let mut next = Some(first);
    while let Some(data) = next {
        if bytes.len() + data.len() > LARGEST_BODY {
            return Err(Refusal::TooLarge);
        }
        bytes.extend_from_slice(&data);
        next = piece(&mut body).await?;
    }
    Ok(bytes.into())
}

/// The next piece of a body; none at its end.
async fn piece(body: &mut Incoming) -> Result<Option<Bytes>, Refusal> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|problem| Refusal::Broken(problem.to_string()))?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}
