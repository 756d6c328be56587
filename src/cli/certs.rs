//! `slicegate certs`: a certificate for clusters without cert-manager, and the webhooks that trust it.

use super::args::CertsArgs;
use super::{DONE, output};
use crate::certificates;
use crate::engine::ExcludedNamespaces;
use crate::manifests::{self, CaBundleSource, Service};

pub(crate) fn run(args: &CertsArgs) -> anyhow::Result<u8> {
    let service = Service {
        namespace: &args.namespace,
        name: &args.service,
    };
    let generated = certificates::generate(&service.dns_names(), &[], args.days)?;
    let never = args.never_match.clone();
    let never = never.unwrap_or_else(|| ExcludedNamespaces::of_installation(&args.namespace));
    let trust = CaBundleSource::Authority(&generated.ca_pem);
    let objects = [
        manifests::tls_secret(service, &generated),
        manifests::mutating_webhook(service, trust, &never),
        manifests::validating_webhook(service, trust, &never),
    ];
    output::print(&output::manifests(&objects, args.output)?)?;
    Ok(DONE)
}
