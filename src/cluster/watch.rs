//! Watches: the objects of a kind, and every change of them.
//!
//! kube's watcher does the work: pages, bookmarks, expired lists, backoff.

use std::borrow::Cow;
use std::fmt;
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::stream::iter;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::client::ClientBuilder;
use kube::core::DynamicResourceScope;
use kube::runtime::watcher::{self, Config};
use kube::runtime::{WatchStreamExt as _, watcher as watch};
use kube::{Api, Resource};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use tower::util::MapResponseLayer;

use super::client::Cluster;
use super::error::{ApiRequest, ClusterError};
use super::heartbeat::Heartbeat;
use super::kind::Kind;

/// A watch without bytes for so long is started again. Bookmarks come about every minute.
const READ_TIMEOUT: Duration = Duration::from_secs(100);

/// An event of a watch.
#[derive(Debug)]
pub enum WatchEvent {
    /// A complete list follows, each object as [`WatchEvent::Applied`]. Objects that are not in it are deleted.
    ListBegin,
    /// The current state of an object.
    Applied(String),
    /// The list is complete.
    ListEnd,
    /// The last state of a deleted object.
    Deleted(String),
    /// A failed request; the watch tries again.
    Failed(ClusterError),
}

impl Cluster {
    /// Watches all objects of a kind, or those that a field selector such as `metadata.name=default` selects.
    ///
    /// # Errors
    /// When the connection cannot be prepared. Later failures are events.
    pub fn watch(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        field_selector: Option<&str>,
        heartbeat: &Heartbeat,
    ) -> Result<impl Stream<Item = WatchEvent> + Send + use<>, ClusterError> {
        let request = self.describe(format!("watch {}", kind.plural));
        let api = self.watch_api(kind, namespace, heartbeat);
        let api = api.map_err(|e| ClusterError::request(request.clone(), &e))?;
        let config = Config {
            field_selector: field_selector.map(str::to_owned),
            ..Config::default()
        };
        // The watcher reports the begin of a list before it requests the list. The backoff would take that for a
        // success and start again at its shortest pause. So the begin is held back until the next event.
        let began = Arc::new(AtomicBool::new(false));
        let begins = Arc::clone(&began);
        let events = watch(api, config)
            .try_filter(move |event| {
                let is_beginning = matches!(event, watcher::Event::Init);
                begins.fetch_or(is_beginning, Ordering::Relaxed);
                ready(!is_beginning)
            })
            .default_backoff();
        Ok(events.flat_map(move |event| {
            let event = match event {
                Ok(watcher::Event::InitApply(object) | watcher::Event::Apply(object)) => {
                    WatchEvent::Applied(object.text)
                }
                Ok(watcher::Event::Delete(object)) => WatchEvent::Deleted(object.text),
                Ok(watcher::Event::Init | watcher::Event::InitDone) => WatchEvent::ListEnd,
                Err(problem) => {
                    let failed = failure(request.clone(), problem);
                    return iter(None.into_iter().chain([WatchEvent::Failed(failed)]));
                }
            };
            let begins = began.swap(false, Ordering::Relaxed);
            let begin = begins.then_some(WatchEvent::ListBegin);
            iter(begin.into_iter().chain([event]))
        }))
    }

    /// A connection of its own, whose bytes the heartbeat records.
    fn watch_api(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        heartbeat: &Heartbeat,
    ) -> kube::Result<Api<Object>> {
        let mut config = self.config.clone();
        config.read_timeout = Some(READ_TIMEOUT);
        let heartbeat = heartbeat.clone();
        let observe = MapResponseLayer::new(move |response| heartbeat.observe(response));
        let client = ClientBuilder::try_from(config)?
            .with_layer(&observe)
            .build();
        Ok(match namespace {
            None => Api::all_with(client, &kind),
            Some(namespace) => Api::namespaced_with(client, namespace, &kind),
        })
    }
}

fn failure(request: ApiRequest, problem: watcher::Error) -> ClusterError {
    use watcher::Error;
    let cause = match problem {
        Error::InitialListFailed(cause)
        | Error::WatchStartFailed(cause)
        | Error::WatchFailed(cause) => cause,
        Error::WatchError(status) => kube::Error::Api(status),
        Error::NoResourceVersion => return ClusterError::answer(request, &problem),
    };
    ClusterError::request(request, &cause)
}

/// An object of any kind: its text, and the metadata that the watcher needs.
#[derive(Clone)]
struct Object {
    meta: ObjectMeta,
    text: String,
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Head {
            metadata: Metadata,
        }
        // ObjectMeta has more fields, which would all be read.
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Metadata {
            name: Option<String>,
            namespace: Option<String>,
            resource_version: Option<String>,
        }
        let text = String::from(Box::<str>::from(Box::<RawValue>::deserialize(
            deserializer,
        )?));
        let head: Head = serde_json::from_str(&text).map_err(D::Error::custom)?;
        let Metadata {
            name,
            namespace,
            resource_version,
        } = head.metadata;
        let meta = ObjectMeta {
            name,
            namespace,
            resource_version,
            ..ObjectMeta::default()
        };
        Ok(Self { meta, text })
    }
}

/// Shows the name alone, because the text may be a Secret's.
impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Object").field(&self.meta.name).finish()
    }
}

impl Resource for Object {
    type DynamicType = Kind;
    type Scope = DynamicResourceScope;

    fn kind(kind: &Kind) -> Cow<'_, str> {
        kind.name.into()
    }

    fn group(kind: &Kind) -> Cow<'_, str> {
        kind.group.into()
    }

    fn version(kind: &Kind) -> Cow<'_, str> {
        kind.version.into()
    }

    fn plural(kind: &Kind) -> Cow<'_, str> {
        kind.plural.into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.meta
    }
}
