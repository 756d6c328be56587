//! Events of events.k8s.io about objects; the same one again is counted in a series, as kubectl shows it.

use k8s_openapi::api::core::v1::ObjectReference;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};

use super::{Cluster, ClusterError};

/// Something that is told of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The object's namespace.
    pub namespace: String,
    /// The object.
    pub about: Reference,
    /// Whether somebody should do something.
    pub is_warning: bool,
    /// Why, in one word such as `FailedCreate`. With `action` it tells a repetition from something new.
    pub reason: &'static str,
    /// What was done, or would have been.
    pub action: String,
    /// For people; at most 1,024 bytes.
    pub text: String,
}

/// An object, by whoever refers to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reference {
    /// `apps/v1`.
    pub api_version: String,
    /// `ReplicaSet`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
}

/// Who tells.
pub struct Teller {
    recorder: Recorder,
    cluster: Cluster,
}

impl Cluster {
    /// Somebody who tells under a name such as `slicegate` and as one of several such as `slicegate-1`.
    pub fn teller(&self, controller: &str, instance: &str) -> Teller {
        let reporter = Reporter {
            controller: controller.to_owned(),
            instance: Some(instance.to_owned()),
        };
        Teller {
            recorder: Recorder::new(self.client.clone(), reporter),
            cluster: self.clone(),
        }
    }
}

impl Teller {
    /// Tells it.
    ///
    /// # Errors
    /// When the API server does not take it.
    pub async fn tell(&self, note: &Note) -> Result<(), ClusterError> {
        let Note {
            namespace,
            about,
            is_warning,
            reason,
            action,
            text,
        } = note;
        let event = Event {
            type_: match is_warning {
                true => EventType::Warning,
                false => EventType::Normal,
            },
            reason: (*reason).to_owned(),
            note: Some(text.clone()),
            action: action.clone(),
            secondary: None,
        };
        let regarding = ObjectReference {
            api_version: Some(about.api_version.clone()),
            kind: Some(about.kind.clone()),
            name: Some(about.name.clone()),
            uid: Some(about.uid.clone()),
            namespace: Some(namespace.clone()),
            ..ObjectReference::default()
        };
        let told = self.recorder.publish(&event, &regarding).await;
        told.map_err(|problem| {
            let doing = format!("tell of {} {namespace}/{}", about.kind, about.name);
            let Cluster { address, who, .. } = &self.cluster;
            ClusterError::request(doing, address, who, &problem)
        })
    }
}
