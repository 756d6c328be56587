//! The second port: `/livez`, `/readyz` and `/metrics`, without TLS.

use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};

use super::connection::{Connection, IdleTimeouts};
use super::listener::{Handler, Port};
use super::shared::Shared;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// Kubelets connect anew for each probe, and collectors of metrics come every few seconds. No connection stays open.
pub(super) const PORT: Port = Port {
    connections: 64,
    idle: IdleTimeouts {
        first: Duration::from_secs(5),
        next: Duration::from_secs(10),
    },
    keeps_alive: false,
};

/// Answers the second port.
#[derive(Clone)]
pub(super) struct AdminHandler(pub(super) Arc<Shared>);

impl Handler for AdminHandler {
    async fn handle(
        &self,
        request: Request<Incoming>,
        _: &Arc<Connection>,
    ) -> Response<Full<Bytes>> {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        let (status, media_type, text) = match request.uri().path() {
            "/livez" | "/readyz" | "/metrics" if !is_read => text(
                StatusCode::METHOD_NOT_ALLOWED,
                "only GET is answered here\n",
            ),
            "/livez" => livez(&self.0),
            "/readyz" => readyz(&self.0),
            "/metrics" => metrics(&self.0),
            _ => text(
                StatusCode::NOT_FOUND,
                "there are /livez, /readyz and /metrics\n",
            ),
        };
        let mut response = Response::new(Full::from(text));
        *response.status_mut() = status;
        let media_type = HeaderValue::from_static(media_type);
        response.headers_mut().insert(CONTENT_TYPE, media_type);
        response
    }
}

/// Status, media type and text of an answer.
type Page = (StatusCode, &'static str, String);

fn text(status: StatusCode, text: impl Into<String>) -> Page {
    (status, TEXT, text.into())
}

/// This thread answers, so it lives. The webhook's thread has to live too.
fn livez(shared: &Shared) -> Page {
    if shared.is_alive() {
        text(StatusCode::OK, "ok\n")
    } else {
        let problem = "the webhook's thread does not move any more\n";
        text(StatusCode::SERVICE_UNAVAILABLE, problem)
    }
}

/// Ready once policy, nodes, namespaces and certificate were known. An old state stays in force.
fn readyz(shared: &Shared) -> Page {
    if shared.is_draining() {
        text(StatusCode::SERVICE_UNAVAILABLE, "shutting down\n")
    } else if shared.is_ready() {
        text(StatusCode::OK, "ok\n")
    } else {
        let awaited = shared.awaited().join(", ");
        let starting = format!("starting, waiting for: {awaited}\n");
        text(StatusCode::SERVICE_UNAVAILABLE, starting)
    }
}

fn metrics(shared: &Shared) -> Page {
    match shared.metrics.text(shared.capacity.in_flight()) {
        Ok(metrics) => (StatusCode::OK, OPEN_METRICS, metrics),
        Err(problem) => text(StatusCode::INTERNAL_SERVER_ERROR, problem.to_string()),
    }
}
