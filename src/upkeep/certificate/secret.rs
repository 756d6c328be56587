//! The Secret as an object of the API.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::content::{Content, Data};

/// A Secret that is there, with everything in it that is not slicegate's.
pub(super) struct Secret {
    object: Value,
    /// What it holds.
    pub(super) content: Content,
}

/// Not what it holds.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secret").finish_non_exhaustive()
    }
}

impl Secret {
    /// Reads one; none where the text is no object. It says nothing of what is wrong, which might be a key.
    pub(super) fn read(text: &str) -> Option<Self> {
        let object: Value = serde_json::from_str(text).ok()?;
        object.pointer("/metadata/resourceVersion")?.as_str()?;
        let values = object["data"].as_object();
        let mut data = Data::new();
        for (key, value) in values.into_iter().flatten() {
            let bytes = STANDARD.decode(value.as_str().unwrap_or_default());
            data.insert(key.clone(), bytes.ok()?);
        }
        let content = Content::read(&data);
        Some(Self { object, content })
    }

    /// What it has to be replaced by to hold that; it names the version it was made from.
    pub(super) fn with(mut object: Value, content: &Content) -> String {
        let data = &mut object["data"];
        if !data.is_object() {
            *data = Value::Object(Map::new());
        }
        for (key, value) in content.write() {
            match (value, data.as_object_mut()) {
                (Some(text), _) => data[key] = STANDARD.encode(text).into(),
                (None, Some(values)) => {
                    values.shift_remove(key);
                }
                (None, None) => {}
            }
        }
        object.to_string()
    }

    /// The object and what it holds.
    pub(super) fn split(self) -> (Value, Content) {
        (self.object, self.content)
    }
}

/// A Secret that holds nothing yet.
pub(super) fn new(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"app.kubernetes.io/name": "slicegate"},
        },
        "type": "Opaque",
    })
}
