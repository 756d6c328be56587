//! The second port: `/livez`, `/readyz` and `/metrics`, without TLS.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use hyper::body::Incoming;
use tower::ServiceExt as _;

use super::listener::Answers;
use super::shared::Shared;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The operators' paths.
#[derive(Clone)]
pub(super) struct Admin(Router);

impl Admin {
    /// What there is to say of this server.
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let router = Router::new()
            .route("/livez", get(livez))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics))
            .fallback(nothing)
            .with_state(shared);
        Self(router)
    }
}

impl Answers for Admin {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let Ok(response) = self.0.clone().oneshot(request).await;
        response
    }
}

/// Whoever answers lives.
async fn livez() -> &'static str {
    "ok\n"
}

/// Ready once policy, nodes, namespaces and certificate were there; what grows old later stays in force.
async fn readyz(State(shared): State<Arc<Shared>>) -> (StatusCode, String) {
    if shared.is_ready() {
        (StatusCode::OK, "ok\n".to_owned())
    } else if shared.is_draining() {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "shutting down\n".to_owned(),
        )
    } else {
        let awaited = shared.awaited().join(", ");
        (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("starting, waiting for: {awaited}\n"),
        )
    }
}

async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    match shared.metrics.text(shared.capacity.in_flight()) {
        Ok(page) => ([(CONTENT_TYPE, OPEN_METRICS)], page).into_response(),
        Err(problem) => (StatusCode::INTERNAL_SERVER_ERROR, problem.to_string()).into_response(),
    }
}

async fn nothing() -> (StatusCode, &'static str) {
    (
        StatusCode::NOT_FOUND,
        "there are /livez, /readyz and /metrics\n",
    )
}
