//! When a watch last showed a sign of life: any byte of it, an event or one of the bookmarks that come every minute.
//!
//! kube's watcher hides bookmarks, and resumes without a word, so that nothing it says tells a quiet cluster from a
//! dead connection.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http::Response;
use http_body_util::BodyExt as _;
use hyper::body::Body;

/// When bytes last came.
#[derive(Clone, Debug)]
pub struct Pulse(Arc<Mutex<Instant>>);

impl Pulse {
    /// As of now.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    /// How long ago that was.
    pub fn age(&self) -> Duration {
        self.0.lock().map_or(Duration::ZERO, |last| last.elapsed())
    }

    /// A response whose every piece counts as a sign of life, unless it is a refusal: what answers 403 or 404 again and
    /// again tells nothing of what is watched.
    pub(super) fn listen<B: Body + Unpin>(
        &self,
        response: Response<B>,
    ) -> Response<impl Body<Data = B::Data, Error = B::Error> + use<B>> {
        let pulse = response.status().is_success().then(|| self.clone());
        response.map(|body| {
            body.map_frame(move |frame| {
                if let Some(pulse) = &pulse {
                    pulse.beat();
                }
                frame
            })
        })
    }

    fn beat(&self) {
        if let Ok(mut last) = self.0.lock() {
            *last = Instant::now();
        }
    }
}

impl Default for Pulse {
    fn default() -> Self {
        Self::new()
    }
}
