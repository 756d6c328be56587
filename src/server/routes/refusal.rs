//! The HTTP error for a request without a review: a status and a sentence.

use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;

use crate::admission::BadReview;
use crate::server::capacity::{LARGEST_BODY, Room};
use crate::server::log::shortened;
use crate::server::metrics::Rejection;

/// The longest sentence in bytes.
const LONGEST: usize = 1024;

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// Why a request is not answered with a review.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
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
    /// The metric's label.
    pub fn rejection(&self) -> Rejection {
        self.kind().1
    }

    const fn kind(&self) -> (StatusCode, Rejection) {
        match self {
            Self::Busy | Self::Starting | Self::Namespace(_) => {
                (StatusCode::TOO_MANY_REQUESTS, Rejection::Overload)
            }
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, Rejection::Oversize),
            Self::Path(_) => (StatusCode::NOT_FOUND, Rejection::Malformed),
            Self::Method(_) => (StatusCode::METHOD_NOT_ALLOWED, Rejection::Malformed),
            Self::MediaType(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, Rejection::Malformed),
            Self::Slow => (StatusCode::REQUEST_TIMEOUT, Rejection::Malformed),
            Self::Broken(_) | Self::NotAReview(_) => {
                (StatusCode::BAD_REQUEST, Rejection::Malformed)
            }
            Self::Failed => (StatusCode::INTERNAL_SERVER_ERROR, Rejection::Malformed),
        }
    }

    /// The HTTP response, which holds the room until it is read.
    pub fn response(self, room: Room) -> Response<Full<Bytes>> {
        let text = format!("slicegate: {self}");
        // It may quote the request.
        let text = shortened(&text, LONGEST).unwrap_or(&text);
        let answer = room.answer(format!("{text}\n").into_bytes());
        let mut response = Response::new(Full::new(answer.unwrap_or_default()));
        *response.status_mut() = self.kind().0;
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
