//! `slicegate certs`: a certificate for clusters without cert-manager, and the webhooks that trust it.

use serde_json::{Value, json};

use super::args::{CertsArgs, ManifestFormat};
use super::{DONE, output};
use crate::certificates;
use crate::manifests::{self, Service, Trust};

/// Prints the objects and returns the exit status.
pub(crate) fn run(args: &CertsArgs) -> anyhow::Result<u8> {
    let service = Service {
        namespace: &args.namespace,
        name: &args.service,
    };
    let generated = certificates::generate(&service.dns_names(), &[], args.days)?;
    let trust = Trust::Authority(&generated.ca_pem);
    let objects = [
        manifests::tls_secret(service, &generated),
        manifests::mutating_webhook(service, trust),
        manifests::validating_webhook(service, trust),
    ];
    output::print(&text(&objects, args.output)?)?;
    Ok(DONE)
}

/// As `kubectl apply -f -` reads several objects.
fn text(objects: &[Value], format: ManifestFormat) -> anyhow::Result<String> {
    match format {
        ManifestFormat::Json => {
            output::json(&json!({"apiVersion": "v1", "kind": "List", "items": objects}))
        }
        ManifestFormat::Yaml => {
            let documents: Result<Vec<String>, _> = objects.iter().map(output::yaml).collect();
            Ok(documents?.join("---\n"))
        }
    }
}
