//! What is answered where there is no review to answer: a status, and a sentence for whoever looks at it.

use axum::http::StatusCode;
use axum::http::header::{ALLOW, RETRY_AFTER};
use axum::response::{IntoResponse, Response};

use crate::admission::BadReview;
use crate::server::capacity::LARGEST_BODY;
use crate::server::metrics::Rejection;

/// Why a request is not answered as a review.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("there is nothing at {0}; the webhooks are POST /mutate and POST /validate")]
    Path(String),
    #[error("{0} is not answered here; the webhooks are POST /mutate and POST /validate")]
    Method(String),
    #[error("Content-Type is {0:?}; an AdmissionReview is application/json")]
    MediaType(String),
    #[error("the body is larger than {LARGEST_BODY} bytes (7 MiB), which no API server sends")]
    TooLarge,
    #[error("too many requests at once; come again in a second")]
    Busy,
    #[error("slicegate is starting; come again in a second")]
    Starting,
    #[error("namespace {0} is new and could not be asked for; come again in a second")]
    Namespace(String),
    #[error("the body did not come within the time its sender allows")]
    Slow,
    #[error("the body broke off: {0}")]
    Broken(String),
    #[error("{0}")]
    NotAReview(BadReview),
    #[error("slicegate failed on this request, which is a fault in slicegate; its log says where")]
    Failed,
}

impl Refusal {
    /// What it is counted as.
    pub(super) const fn rejection(&self) -> Rejection {
        match self {
            Self::Busy | Self::Starting | Self::Namespace(_) => Rejection::Overload,
            Self::TooLarge => Rejection::Oversize,
            Self::Path(_)
            | Self::Method(_)
            | Self::MediaType(_)
            | Self::Slow
            | Self::Broken(_)
            | Self::NotAReview(_)
            | Self::Failed => Rejection::Malformed,
        }
    }

    const fn status(&self) -> StatusCode {
        match self {
            Self::Path(_) => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::MediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy | Self::Starting | Self::Namespace(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken(_) | Self::NotAReview(_) => StatusCode::BAD_REQUEST,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status(), format!("slicegate: {self}\n")).into_response();
        let header = match self {
            // With it the API server tries again until the webhook's timeout; without it the create fails.
            Self::Busy | Self::Starting | Self::Namespace(_) => (RETRY_AFTER, "1"),
            Self::Method(_) => (ALLOW, "POST"),
            _ => return response,
        };
        let (name, value) = header;
        response
            .headers_mut()
            .insert(name, axum::http::HeaderValue::from_static(value));
        response
    }
}
