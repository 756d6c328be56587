//! `POST /mutate` and `POST /validate`: from an HTTP request to the bytes of a review, and from an answer to an HTTP response.

mod answering;
mod deadline;
mod lookup;
mod refusal;

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Version};
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Bytes, Incoming};

use super::capacity::LARGEST_BODY;
use super::listener::Answers;
use super::shared::Shared;
use crate::admission::{Webhook, respond_seen};
use answering::answer;
use deadline::Deadline;
use refusal::Refusal;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// The webhook's paths; two of them need no router, which every request would pay for.
#[derive(Clone)]
pub(super) struct Webhooks(Arc<Shared>);

impl Webhooks {
    /// Webhooks that judge by this.
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }
}

impl Answers for Webhooks {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let Self(shared) = self;
        let version = request.version();
        let reviewed = match webhook(&request) {
            Ok(webhook) => review(shared, webhook, request)
                .await
                .inspect_err(|refusal| {
                    shared.metrics.rejected(refusal.rejection());
                }),
            Err(refusal) => Err(refusal),
        };
        if version < Version::HTTP_2 {
            // Whoever came at the same time is judged before any of them is answered, so that answers leave together
            // and wake a client once; HTTP/2 gathers them by itself.
            tokio::task::yield_now().await;
        }
        let mut response = match reviewed {
            Ok(answer) => ([(CONTENT_TYPE, JSON)], answer).into_response(),
            Err(refusal) => refusal.into_response(),
        };
        // A client that keeps its connections has to look for another server; HTTP/2 has a frame for it.
        if version < Version::HTTP_2 && shared.is_draining() {
            response.headers_mut().insert(CONNECTION, CLOSE);
        }
        response
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

async fn review(
    shared: &Shared,
    webhook: Webhook,
    request: Request<Incoming>,
) -> Result<Vec<u8>, Refusal> {
    let deadline = Deadline::of(request.uri().query());
    let (head, body) = request.into_parts();
    is_json(&head.headers)?;
    let length = length(&head.headers);
    if length.is_some_and(|length| length > LARGEST_BODY) {
        return Err(Refusal::TooLarge);
    }
    // A body that does not say how long it is may be as long as any.
    let room = shared.capacity.room(length.unwrap_or(LARGEST_BODY));
    let _room = room.ok_or(Refusal::Busy)?;
    let whole = whole(body, length.unwrap_or_default());
    let body = deadline.limit(whole).await.ok_or(Refusal::Slow)??;
    let world = shared.world();
    let world = world.as_ref().ok_or(Refusal::Starting)?;
    match answer(respond_seen, shared, world, webhook, &body) {
        Err(Refusal::Namespace(name)) => {
            let world = lookup::with_namespace(shared, world, &name, deadline).await?;
            answer(respond_seen, shared, &world, webhook, &body)
        }
        answered => answered,
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
