//! `POST /mutate` and `POST /validate`: from an HTTP request to the bytes of a review, and from an answer to an HTTP response.

mod answering;
mod deadline;
mod lookup;
mod refusal;

use std::sync::Arc;

use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::Response;
use hyper::body::{Body as _, Bytes, Incoming};
use tokio::sync::Semaphore;
use tokio::task::{spawn_blocking, yield_now};

use super::capacity::{LARGEST_BODY, ORDINARY_BODY, Room};
use super::listener::{Answers, Connection};
use super::shared::Shared;
use crate::admission::{Webhook, respond_observed};
use crate::engine::ClusterState;
use answering::answer;
use deadline::Deadline;
use refusal::Refusal;

pub(super) use lookup::Lookups;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// How often room is looked for again after somebody who had it for too long was sent away: connections end a few
/// turns later.
const TURNS: usize = 3;

/// The webhook's paths; two of them need no router, which every request would pay for.
#[derive(Clone)]
pub(super) struct Webhooks {
    shared: Arc<Shared>,
    /// Large bodies are decided about one after another, on a thread of their own: ordinary ones do not wait for them,
    /// and no two are in memory as what is made of them.
    large: Arc<Semaphore>,
}

impl Webhooks {
    /// Webhooks that judge by this.
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            large: Arc::new(Semaphore::new(1)),
        }
    }
}

impl Answers for Webhooks {
    async fn answer(
        &self,
        request: Request<Incoming>,
        connection: &Arc<Connection>,
    ) -> Response<Full<Bytes>> {
        let version = request.version();
        let reviewed = match webhook(&request) {
            Ok(webhook) => {
                let reviewed = self.review(webhook, request, connection).await;
                reviewed.inspect_err(|refusal| self.shared.metrics.rejected(refusal.rejection()))
            }
            Err(refusal) => Err(refusal),
        };
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
            Err(refusal) => refusal.response(self.shared.capacity.of_a_refusal(connection)),
        };
        // A client that keeps its connections has to look for another server; HTTP/2 has a frame for it.
        if version < Version::HTTP_2 && self.shared.is_draining() {
            response.headers_mut().insert(CONNECTION, CLOSE);
        }
        response
    }
}

impl Webhooks {
    async fn review(
        &self,
        webhook: Webhook,
        request: Request<Incoming>,
        connection: &Arc<Connection>,
    ) -> Result<Bytes, Refusal> {
        let deadline = Deadline::of(request.uri().query());
        let (head, body) = request.into_parts();
        is_json(&head.headers)?;
        let length = length(&head.headers);
        if length.is_some_and(|length| length > LARGEST_BODY) {
            return Err(Refusal::TooLarge);
        }
        // A body that does not say how long it is may be as long as any.
        let room = self.room(length.unwrap_or(LARGEST_BODY), connection);
        let room = room.await.ok_or(Refusal::Busy)?;
        let whole = whole(body, length.unwrap_or_default());
        let body = deadline.limit(whole).await.ok_or(Refusal::Slow)??;
        room.body_came();
        let answer = self.judge(webhook, body, deadline).await?;
        room.answer(answer).ok_or(Refusal::Busy)
    }

    async fn room(&self, bytes: usize, connection: &Arc<Connection>) -> Option<Room> {
        let capacity = &self.shared.capacity;
        for _ in 0..TURNS {
            if let Some(room) = capacity.room(bytes, connection) {
                return Some(room);
            }
            yield_now().await;
        }
        capacity.room(bytes, connection)
    }

    /// The answer to a body that is here, and gone after that.
    async fn judge(
        &self,
        webhook: Webhook,
        body: Bytes,
        deadline: Deadline,
    ) -> Result<Vec<u8>, Refusal> {
        let judged = match body.len() > ORDINARY_BODY {
            true => {
                self.judge_large(webhook, &body, self.world()?, deadline)
                    .await
            }
            false => {
                let world = self.shared.world();
                let world = world.as_ref().ok_or(Refusal::Starting)?;
                answer(respond_observed, &self.shared, world, webhook, &body)
            }
        };
        let Err(Refusal::Namespace(name)) = judged else {
            return judged;
        };
        let world = lookup::with_namespace(&self.shared, &*self.world()?, &name, deadline).await?;
        match body.len() > ORDINARY_BODY {
            true => {
                self.judge_large(webhook, &body, Arc::new(world), deadline)
                    .await
            }
            false => answer(respond_observed, &self.shared, &world, webhook, &body),
        }
    }

    fn world(&self) -> Result<Arc<ClusterState>, Refusal> {
        self.shared.world().clone().ok_or(Refusal::Starting)
    }

    async fn judge_large(
        &self,
        webhook: Webhook,
        body: &Bytes,
        world: Arc<ClusterState>,
        deadline: Deadline,
    ) -> Result<Vec<u8>, Refusal> {
        let turn = deadline
            .limit(Arc::clone(&self.large).acquire_owned())
            .await;
        let turn = turn.and_then(Result::ok).ok_or(Refusal::Busy)?;
        if deadline.is_over() {
            // Nobody waits for it any more.
            return Err(Refusal::Busy);
        }
        let (shared, body) = (Arc::clone(&self.shared), body.clone());
        let judged = spawn_blocking(move || {
            let judged = answer(respond_observed, &shared, &world, webhook, &body);
            drop(turn);
            judged
        });
        judged.await.unwrap_or(Err(Refusal::Failed))
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

fn is_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let written = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let written = String::from_utf8_lossy(written.unwrap_or_default());
    let media_type = written.split(';').next().unwrap_or_default().trim();
    match media_type.eq_ignore_ascii_case("application/json") {
        true => Ok(()),
        false => Err(Refusal::MediaType(written.chars().take(60).collect())),
    }
}

fn length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The whole body, as long as it is not too large. What comes in one piece, as most do, is not copied.
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
