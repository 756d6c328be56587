//! Objects of a kind as they are and as they change, for as long as somebody listens.
//!
//! kube's watcher does the work: pages, bookmarks, lists that grew too old, waiting longer from failure to failure.

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

use super::{Cluster, ClusterError, Kind, Pulse};

/// How long nothing may come of a watch before it is begun anew. Bookmarks come about every minute.
const SILENCE: Duration = Duration::from_secs(100);

/// What a watch says.
#[derive(Debug)]
pub enum Event {
    /// Everything there is follows, each as [`Event::Is`]; what was known before and does not follow is gone.
    Begin,
    /// An object as it is now.
    Is(String),
    /// All of it was said.
    End,
    /// An object as it was last; it is gone.
    Gone(String),
    /// It does not get through; it goes on trying.
    Failed(ClusterError),
}

impl Cluster {
    /// Watches all objects of a kind, or those that a field selector such as `metadata.name=default` takes.
    ///
    /// # Errors
    /// When no connection can be prepared; later failures are events.
    pub fn watch(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        fields: Option<&str>,
        pulse: &Pulse,
    ) -> Result<impl Stream<Item = Event> + Send + use<>, ClusterError> {
        let doing = format!("watch {}", kind.plural);
        let (address, who) = (self.address.clone(), self.who.clone());
        let api = self.watched(kind, namespace, pulse);
        let api = api.map_err(|e| ClusterError::request(doing.clone(), &address, &who, &e))?;
        let config = Config {
            field_selector: fields.map(str::to_owned),
            ..Config::default()
        };
        // The watcher says that a list begins before it has asked for it. That is no success after which the next
        // failure would be waited for as shortly as the first one, so it is held back until something came.
        let began = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&began);
        let events = watch(api, config)
            .try_filter(move |event| {
                let is_beginning = matches!(event, watcher::Event::Init);
                noted.fetch_or(is_beginning, Ordering::Relaxed);
                ready(!is_beginning)
            })
            .default_backoff();
        Ok(events.flat_map(move |event| {
            let event = match event {
                Ok(watcher::Event::InitApply(object) | watcher::Event::Apply(object)) => {
                    Event::Is(object.text)
                }
                Ok(watcher::Event::Delete(object)) => Event::Gone(object.text),
                Ok(watcher::Event::Init | watcher::Event::InitDone) => Event::End,
                Err(problem) => {
                    let failed = failure(doing.clone(), &address, &who, problem);
                    return iter(None.into_iter().chain([Event::Failed(failed)]));
                }
            };
            let begins = began.swap(false, Ordering::Relaxed);
            iter(begins.then_some(Event::Begin).into_iter().chain([event]))
        }))
    }

    /// A connection of its own, which tells when bytes came.
    fn watched(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        pulse: &Pulse,
    ) -> kube::Result<Api<Object>> {
        let mut config = self.config.clone();
        config.read_timeout = Some(SILENCE);
        let pulse = pulse.clone();
        let listen = MapResponseLayer::new(move |response| pulse.listen(response));
        let client = ClientBuilder::try_from(config)?.with_layer(&listen).build();
        Ok(match namespace {
            None => Api::all_with(client, &kind),
            Some(namespace) => Api::namespaced_with(client, namespace, &kind),
        })
    }
}

fn failure(doing: String, address: &str, who: &str, problem: watcher::Error) -> ClusterError {
    use watcher::Error;
    let cause = match problem {
        Error::InitialListFailed(cause)
        | Error::WatchStartFailed(cause)
        | Error::WatchFailed(cause) => cause,
        Error::WatchError(status) => kube::Error::Api(status),
        Error::NoResourceVersion => {
            return ClusterError::answer(doing, address, who, problem.to_string());
        }
    };
    ClusterError::request(doing, address, who, &cause)
}

/// An object of any kind as its text, with as much of its metadata as the watcher asks for.
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

/// Its name; the text may be a Secret's.
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
