//! Events of events.k8s.io. kube's recorder counts a repeated event in a series, as kubectl shows it.

use k8s_openapi::api::core::v1::ObjectReference;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};

use super::client::Cluster;
use super::error::ClusterError;

/// An Event about an object, in the field names of events.k8s.io.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectEvent {
    /// The object's namespace.
    pub namespace: String,
    /// The object.
    pub regarding: Regarding,
    /// Type `Warning` instead of `Normal`.
    pub is_warning: bool,
    /// One word such as `FailedCreate`. Events with the same reason and action are a series.
    pub reason: &'static str,
    /// What was done, or would have been done.
    pub action: String,
    /// The text for people, at most 1,024 bytes.
    pub note: String,
}

/// The object that an Event is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Regarding {
    /// `apps/v1`.
    pub api_version: String,
    /// `ReplicaSet`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
}

/// Publishes Events.
pub struct EventRecorder {
    recorder: Recorder,
    cluster: Cluster,
}

impl EventRecorder {
    /// A recorder that reports as a controller such as `slicegate` and as an instance such as `slicegate-1`.
    pub fn new(cluster: &Cluster, controller: &str, instance: &str) -> Self {
        let reporter = Reporter {
            controller: controller.to_owned(),
            instance: Some(instance.to_owned()),
        };
        Self {
            recorder: Recorder::new(cluster.client.clone(), reporter),
            cluster: cluster.clone(),
        }
    }

    /// Publishes an Event.
    ///
    /// # Errors
    /// When the API server does not accept it.
    pub async fn publish(&self, event: ObjectEvent) -> Result<(), ClusterError> {
        let ObjectEvent {
            namespace,
            regarding,
            ..
        } = event;
        let (kind, name) = (&regarding.kind, &regarding.name);
        let action = format!("record an event of {kind} {namespace}/{name}");
        let reference = ObjectReference {
            api_version: Some(regarding.api_version),
            kind: Some(regarding.kind),
            name: Some(regarding.name),
            uid: Some(regarding.uid),
            namespace: Some(namespace),
            ..ObjectReference::default()
        };
        let event = Event {
            type_: if event.is_warning {
                EventType::Warning
            } else {
                EventType::Normal
            },
            reason: event.reason.to_owned(),
            note: Some(event.note),
            action: event.action,
            secondary: None,
        };
        let published = self.recorder.publish(&event, &reference).await;
        published.map_err(|e| ClusterError::request(self.cluster.describe(action), &e))
    }
}
