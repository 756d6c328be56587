//! A webhook configuration: which authorities the API server trusts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;

use crate::certificates::CaCertificate;
use crate::cluster::{Kind, ObjectRef};

/// The name of both configurations.
pub(super) const NAME: &str = "slicegate";

/// slicegate's webhooks. A configuration may hold others.
const OWN: [&str; 2] = ["mutate.slicegate.dev", "validate.slicegate.dev"];

/// Annotations that make cert-manager write caBundle.
const CERT_MANAGER_ANNOTATIONS: [&str; 3] = [
    "cert-manager.io/inject-ca-from",
    "cert-manager.io/inject-ca-from-secret",
    "cert-manager.io/inject-apiserver-ca",
];

pub(super) const KINDS: [Kind; 2] = [Kind::MUTATING_WEBHOOKS, Kind::VALIDATING_WEBHOOKS];

#[derive(Debug)]
pub(super) struct Registration {
    /// The index in [`KINDS`].
    pub(super) which: usize,
    version: String,
    /// slicegate's webhooks in it.
    pub(super) hooks: Vec<Hook>,
    /// The annotation that makes cert-manager write caBundle.
    pub(super) injected_by: Option<&'static str>,
    /// The last write of caBundle, from `managedFields`.
    pub(super) last_write: Option<LastWrite>,
}

/// The last write of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LastWrite {
    /// The field manager.
    pub(super) by: String,
    /// The time on the API server's clock.
    pub(super) at: OffsetDateTime,
}

/// One of slicegate's webhooks.
#[derive(Debug)]
pub(super) struct Hook {
    index: usize,
    name: String,
    /// Its caBundle, decoded.
    pub(super) bundle: Vec<u8>,
    /// The authorities in it.
    pub(super) trusted: Vec<CaCertificate>,
}

impl Registration {
    /// Reads a configuration; none for an invalid text.
    pub(super) fn read(which: usize, text: &str) -> Option<Self> {
        let object: Value = serde_json::from_str(text).ok()?;
        let version = object.pointer("/metadata/resourceVersion")?.as_str()?;
        let annotations = &object["metadata"]["annotations"];
        let mut injected_by = CERT_MANAGER_ANNOTATIONS.into_iter();
        let webhooks = object["webhooks"].as_array();
        let hooks = webhooks.into_iter().flatten().enumerate();
        Some(Self {
            which,
            version: version.to_owned(),
            hooks: hooks.filter_map(|(i, hook)| Hook::read(i, hook)).collect(),
            injected_by: injected_by.find(|key| annotations[*key].is_string()),
            last_write: last_write(&object),
        })
    }

    pub(super) fn object_ref(&self) -> ObjectRef<'static> {
        KINDS[self.which].named(NAME)
    }

    /// Whether every webhook trusts an authority.
    pub(super) fn trusts(&self, authority: &CaCertificate) -> bool {
        self.hooks.iter().all(|h| h.trusted.contains(authority))
    }

    /// A JSON patch that writes these bundles, if the object has not changed since it was read.
    pub(super) fn patch(&self, bundles: &[(&Hook, String)]) -> String {
        // The API server answers 409 if the written resourceVersion is not the stored one.
        let version =
            json!({"op": "replace", "path": "/metadata/resourceVersion", "value": self.version});
        let mut operations = vec![version];
        for (Hook { index, name, .. }, bundle) in bundles {
            let path = format!("/webhooks/{index}");
            operations.push(json!({"op": "test", "path": format!("{path}/name"), "value": name}));
            let path = format!("{path}/clientConfig/caBundle");
            let bundle = STANDARD.encode(bundle);
            operations.push(json!({"op": "add", "path": path, "value": bundle}));
        }
        Value::Array(operations).to_string()
    }
}

impl Hook {
    fn read(index: usize, hook: &Value) -> Option<Self> {
        let name = hook["name"].as_str().filter(|name| OWN.contains(name))?;
        let bundle = hook.pointer("/clientConfig/caBundle");
        let bundle = bundle.and_then(Value::as_str).unwrap_or_default();
        let bundle = STANDARD.decode(bundle).unwrap_or_default();
        // Other content than certificates of authorities is skipped.
        let certificates = CertificateDer::pem_slice_iter(&bundle).filter_map(Result::ok);
        Some(Self {
            index,
            name: name.to_owned(),
            trusted: certificates
                .filter_map(|c| CaCertificate::of(c).ok())
                .collect(),
            bundle,
        })
    }
}

/// The last write of a caBundle of one of slicegate's webhooks.
fn last_write(object: &Value) -> Option<LastWrite> {
    let managers = object["metadata"]["managedFields"].as_array()?;
    let owns = |entry: &&Value| {
        let own = |name: &str| {
            let hook = &entry["fieldsV1"]["f:webhooks"][format!("k:{{\"name\":\"{name}\"}}")];
            !hook["f:clientConfig"]["f:caBundle"].is_null()
        };
        OWN.into_iter().any(own)
    };
    let writes = managers.iter().filter(owns).filter_map(|entry| {
        let time = entry["time"].as_str()?;
        Some(LastWrite {
            by: entry["manager"].as_str()?.to_owned(),
            at: OffsetDateTime::parse(time, &Rfc3339).ok()?,
        })
    });
    writes.max_by_key(|write| write.at)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::{Value, json};
    use time::{Duration, OffsetDateTime};

    use super::{CERT_MANAGER_ANNOTATIONS, Registration};
    use crate::certificates::Authority;
    use crate::engine::ExcludedNamespaces;
    use crate::manifests::{CaBundleSource, Service, mutating_webhook, validating_webhook};

    fn read(object: &Value) -> Registration {
        Registration::read(0, &object.to_string()).unwrap()
    }

    fn object() -> Value {
        let mut object = mutating_webhook(
            Service::default(),
            CaBundleSource::Authority(""),
            &ExcludedNamespaces::default(),
        );
        object["metadata"]["resourceVersion"] = "7".into();
        object
    }

    #[test]
    fn only_the_webhooks_of_the_manifests_are_found_by_name() {
        let mut object = object();
        let foreign = json!({"name": "other.example", "clientConfig": {"caBundle": "AAAA"}});
        let own = object["webhooks"][0].take();
        object["webhooks"] = json!([foreign, own]);
        let found = read(&object);
        assert_eq!(found.hooks.len(), 1);
        assert_eq!((found.hooks[0].index, found.injected_by), (1, None));
        let mut object = validating_webhook(
            Service::default(),
            CaBundleSource::Authority(""),
            &ExcludedNamespaces::default(),
        );
        assert!(Registration::read(1, &object.to_string()).is_none());
        object["metadata"]["resourceVersion"] = "7".into();
        assert_eq!(read(&object).hooks.len(), 1);
    }

    #[test]
    fn a_patch_changes_the_bundle_of_the_named_webhook_and_nothing_else() {
        let mut object = object();
        let foreign = json!({"name": "other.example", "clientConfig": {"caBundle": "AAAA"}});
        let own = object["webhooks"][0].take();
        object["webhooks"] = json!([foreign, own]);
        let found = read(&object);
        let patch = found.patch(&[(&found.hooks[0], "bundle".to_owned())]);
        let patch: json_patch::Patch = serde_json::from_str(&patch).unwrap();
        let mut patched = object.clone();
        json_patch::patch(&mut patched, &patch).unwrap();
        object["webhooks"][1]["clientConfig"]["caBundle"] = STANDARD.encode("bundle").into();
        assert_eq!(patched, object);
        object["webhooks"].as_array_mut().unwrap().reverse();
        assert!(json_patch::patch(&mut object, &patch).is_err());
    }

    #[test]
    fn authorities_are_found_between_other_text() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let make = || Authority::generate(now, now + Duration::days(1)).unwrap();
        let (one, other) = (make(), make());
        let pem = one.certificate().pem();
        let text = format!("hello\n{}\n{pem}and so on\n", one.key_pem());
        let mut object = object();
        for (bundle, trusts) in [
            (json!(STANDARD.encode(text)), true),
            (json!(STANDARD.encode("hello")), false),
            (json!("no base64"), false),
            (json!(null), false),
        ] {
            object["webhooks"][0]["clientConfig"]["caBundle"] = bundle;
            let found = read(&object);
            assert_eq!(found.trusts(one.certificate()), trusts, "{object}");
            assert!(!found.trusts(other.certificate()));
        }
    }

    #[test]
    fn cert_manager_and_the_last_writer_of_a_bundle_are_recognised() {
        for key in CERT_MANAGER_ANNOTATIONS {
            let mut object = object();
            object["metadata"]["annotations"] = json!({key: "a/b"});
            assert_eq!(read(&object).injected_by, Some(key));
        }
        let entry = |manager: &str, time: &str, hook: &str, field: &str| {
            let hook = format!("k:{{\"name\":\"{hook}\"}}");
            json!({"manager": manager, "time": time, "fieldsV1": {"f:webhooks":
                {hook: {"f:clientConfig": {field: {}}}}}})
        };
        let own = "mutate.slicegate.dev";
        let mut object = object();
        assert_eq!(read(&object).last_write, None);
        object["metadata"]["managedFields"] = json!([
            entry("early", "2026-01-01T00:00:00Z", own, "f:caBundle"),
            entry("late", "2026-01-02T00:00:00Z", own, "f:caBundle"),
            entry("other", "2026-01-03T00:00:00Z", own, "f:url"),
            entry(
                "foreign",
                "2026-01-04T00:00:00Z",
                "foreign.webhook.example",
                "f:caBundle"
            ),
        ]);
        let written = read(&object).last_write.unwrap();
        assert_eq!(written.by, "late");
        assert_eq!(written.at.unix_timestamp(), 1_767_312_000);
    }
}
