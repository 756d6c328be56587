//! When a watch last received bytes: an event, or a bookmark. The API server sends a bookmark about every minute.
//!
//! kube's watcher hides bookmarks and resumes silently. Its events alone cannot tell a quiet cluster from a dead
//! connection.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http::Response;
use http_body_util::BodyExt as _;
use hyper::body::Body;

/// When bytes last came.
#[derive(Clone, Debug)]
pub struct Heartbeat(Arc<Mutex<Instant>>);

impl Heartbeat {
    /// Last seen now.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    /// The time since bytes last came.
    pub fn age(&self) -> Duration {
        self.0.lock().map_or(Duration::ZERO, |last| last.elapsed())
    }

    /// Records every frame of a successful response. A refusal is not recorded: a watch that is answered 403 or 404
    /// again and again learns nothing about its objects.
    pub(super) fn observe<B: Body + Unpin>(
        &self,
        response: Response<B>,
    ) -> Response<impl Body<Data = B::Data, Error = B::Error> + use<B>> {
        let heartbeat = response.status().is_success().then(|| self.clone());
        response.map(|body| {
            body.map_frame(move |frame| {
                if let Some(heartbeat) = &heartbeat {
                    heartbeat.record();
                }
                frame
            })
        })
    }

    /// Records that it was seen now.
    pub fn record(&self) {
        if let Ok(mut last) = self.0.lock() {
            *last = Instant::now();
        }
    }
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self::new()
    }
}
