//! What is answered where there is no review to answer: a status, and a sentence for whoever looks at it.

use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;

use crate::admission::BadReview;
use crate::server::capacity::{LARGEST_BODY, Room};
use crate::server::log::shortened;
use crate::server::metrics::Rejection;

/// Bytes of such a sentence.
const LONGEST: usize = 1024;

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

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

    /// As a response, which is to be read as any other.
    pub(super) fn response(self, room: Room) -> Response<Full<Bytes>> {
        let text = format!("slicegate: {self}");
        // It may quote what its sender wrote.
        let text = shortened(&text, LONGEST).unwrap_or(&text);
        let answer = room.answer(format!("{text}\n").into_bytes());
        let mut response = Response::new(Full::new(answer.unwrap_or_default()));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, TEXT);
        match self {
            // With it the API server tries again until the webhook's timeout; without it the create fails.
            Self::Busy | Self::Starting | Self::Namespace(_) => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            Self::Method(_) => {
                headers.insert(ALLOW, HeaderValue::from_static("POST"));
            }
            _ => {}
        }
        response
    }
}
