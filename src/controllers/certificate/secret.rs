//! The Secret as an API object.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::authorities::{Authorities, Data};

pub(super) struct Secret {
    object: Value,
    /// The authorities in it.
    pub(super) authorities: Authorities,
}

/// Omits the data.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secret").finish_non_exhaustive()
    }
}

impl Secret {
    /// Reads a Secret; none for an invalid text. No error quotes the text, which may hold a key.
    pub(super) fn read(text: &str) -> Option<Self> {
        let object: Value = serde_json::from_str(text).ok()?;
        object.pointer("/metadata/resourceVersion")?.as_str()?;
        let values = object["data"].as_object();
        let mut data = Data::new();
        for (key, value) in values.into_iter().flatten() {
            let bytes = STANDARD.decode(value.as_str().unwrap_or_default());
            data.insert(key.clone(), bytes.ok()?);
        }
        let authorities = Authorities::read(&data);
        Some(Self {
            object,
            authorities,
        })
    }

    /// The Secret with these authorities, as text. It names the resourceVersion that it replaces.
    pub(super) fn with(mut object: Value, authorities: &Authorities) -> String {
        let mut data = match object["data"].take() {
            Value::Object(data) => data,
            _ => Map::new(),
        };
        for (key, value) in authorities.write() {
            match value {
                Some(text) => data.insert(key.to_owned(), STANDARD.encode(text).into()),
                None => data.shift_remove(key),
            };
        }
        object["data"] = data.into();
        object.to_string()
    }

    /// The object and its authorities.
    pub(super) fn split(self) -> (Value, Authorities) {
        (self.object, self.authorities)
    }
}

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
