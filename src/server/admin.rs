//! The second port: `/livez`, `/readyz` and `/metrics`, without TLS.

use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};

use super::listener::{Answers, Connection, Port, Silence};
use super::shared::Shared;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// Kubelets connect anew for each probe, and whoever collects metrics comes every few seconds. Nobody keeps a place.
pub(super) const PORT: Port = Port {
    connections: 64,
    silence: Silence {
        first: Duration::from_secs(5),
        next: Duration::from_secs(10),
    },
    keeps_alive: false,
};

/// The operators' paths.
#[derive(Clone)]
pub(super) struct Admin(Arc<Shared>);

impl Admin {
    /// What there is to say of this server.
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }
}

impl Answers for Admin {
    async fn answer(
        &self,
        request: Request<Incoming>,
        _: &Arc<Connection>,
    ) -> Response<Full<Bytes>> {
        let Self(shared) = self;
        let is_reading = matches!(*request.method(), Method::GET | Method::HEAD);
        let page = match request.uri().path() {
            "/livez" | "/readyz" | "/metrics" if !is_reading => Page {
                status: StatusCode::METHOD_NOT_ALLOWED,
                ..Page::text("only GET is answered here\n")
            },
            "/livez" => livez(shared),
            "/readyz" => readyz(shared),
            "/metrics" => metrics(shared),
            _ => Page {
                status: StatusCode::NOT_FOUND,
                ..Page::text("there are /livez, /readyz and /metrics\n")
            },
        };
        page.response()
    }
}

/// What is answered.
struct Page {
    status: StatusCode,
    kind: &'static str,
    text: String,
}

impl Page {
    fn text(text: impl Into<String>) -> Self {
        Self {
            status: StatusCode::OK,
            kind: TEXT,
            text: text.into(),
        }
    }

    fn unavailable(text: impl Into<String>) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            ..Self::text(text)
        }
    }

    fn response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::from(self.text));
        *response.status_mut() = self.status;
        let kind = HeaderValue::from_static(self.kind);
        response.headers_mut().insert(CONTENT_TYPE, kind);
        response
    }
}

/// Whoever answers lives, and so has the thread that answers the webhook to.
fn livez(shared: &Shared) -> Page {
    match shared.is_alive() {
        true => Page::text("ok\n"),
        false => Page::unavailable("the webhook's thread does not move any more\n"),
    }
}

/// Ready once policy, nodes, namespaces and certificate were there; what grows old later stays in force.
fn readyz(shared: &Shared) -> Page {
    if shared.is_ready() {
        Page::text("ok\n")
    } else if shared.is_draining() {
        Page::unavailable("shutting down\n")
    } else {
        let awaited = shared.awaited().join(", ");
        Page::unavailable(format!("starting, waiting for: {awaited}\n"))
    }
}

fn metrics(shared: &Shared) -> Page {
    match shared.metrics.text(shared.capacity.in_flight()) {
        Ok(text) => Page {
            kind: OPEN_METRICS,
            ..Page::text(text)
        },
        Err(problem) => Page {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            ..Page::text(problem.to_string())
        },
    }
}
