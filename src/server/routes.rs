//! `POST /mutate` and `POST /validate`: from an HTTP request to the bytes of a review, and from an answer to an HTTP response.

mod answering;
mod deadline;
mod lookup;
mod refusal;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Version};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use http_body_util::BodyExt as _;

use super::capacity::LARGEST_BODY;
use super::shared::Shared;
use crate::admission::{Webhook, respond_seen};
use answering::answer;
use deadline::Deadline;
use refusal::Refusal;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// The webhook's paths.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/mutate", post(mutate))
        .route("/validate", post(validate))
        .method_not_allowed_fallback(other_method)
        .fallback(other_path)
        .with_state(shared)
}

async fn mutate(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    respond(&shared, Webhook::Mutate, request).await
}

async fn validate(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    respond(&shared, Webhook::Validate, request).await
}

async fn respond(shared: &Shared, webhook: Webhook, request: Request) -> Response {
    let version = request.version();
    let mut response = match review(shared, webhook, request).await {
        Ok(answer) => ([(CONTENT_TYPE, JSON)], answer).into_response(),
        Err(refusal) => {
            shared.metrics.rejected(refusal.rejection());
            refusal.into_response()
        }
    };
    // A client that keeps its connections has to look for another server; HTTP/2 has a frame for it.
    if version < Version::HTTP_2 && shared.is_draining() {
        response.headers_mut().insert(CONNECTION, CLOSE);
    }
    response
}

async fn review(shared: &Shared, webhook: Webhook, request: Request) -> Result<Vec<u8>, Refusal> {
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

/// The whole body, as long as it is not too large.
async fn whole(mut body: Body, length: usize) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::with_capacity(length);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|problem| Refusal::Broken(problem.to_string()))?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        if bytes.len() + data.len() > LARGEST_BODY {
            return Err(Refusal::TooLarge);
        }
        bytes.extend_from_slice(data);
    }
    Ok(bytes)
}

async fn other_method(request: Request) -> Response {
    Refusal::Method(request.method().to_string()).into_response()
}

async fn other_path(request: Request) -> Response {
    let path = request.uri().path();
    Refusal::Path(path.chars().take(60).collect()).into_response()
}
