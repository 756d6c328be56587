//! `slicegate serve`: the webhook.

use std::{fs, process};

use anyhow::bail;

use super::DONE;
use super::args::{LogFormat, ServeArgs};
use crate::engine::ExcludedNamespaces;
use crate::server::{self, CertificateSource, ClusterSource, ControllerSettings, Settings};

pub(crate) fn run(args: ServeArgs) -> anyhow::Result<u8> {
    let certificate = match (args.tls_cert, args.tls_key, args.tls_generate) {
        (Some(cert), Some(key), None) => CertificateSource::Files { cert, key },
        (None, None, Some(folder)) => CertificateSource::Generated(folder),
        _ => match args.tls_secret {
            Some(secret) => CertificateSource::Secret(secret),
            None => bail!(
                "a certificate is needed: --tls-cert FILE and --tls-key FILE, --tls-generate DIR, or --tls-secret SECRET in a cluster"
            ),
        },
    };
    let is_alone = args.nodes.is_some() && args.namespaces.is_some() && args.kubeconfig.is_none();
    let excluded_namespaces = args.never_match;
    let excluded_namespaces =
        excluded_namespaces.unwrap_or_else(|| ExcludedNamespaces::of_installation(&args.namespace));
    let settings = Settings {
        listen: args.listen,
        admin_listen: args.admin_listen,
        certificate,
        client_ca: args.tls_client_ca,
        policy: args.policy,
        nodes: args.nodes,
        namespaces: args.namespaces,
        cluster: (!is_alone).then_some(ClusterSource {
            kubeconfig: args.kubeconfig,
        }),
        controllers: ControllerSettings {
            guard: args.keep_guard,
            events: args.events,
            records: args.keep_records,
            namespace: args.namespace,
            identity: args.identity.unwrap_or_else(identity),
        },
        excluded_namespaces,
    };
    let _logging = server::start_logging(match args.log_format {
        LogFormat::Text => server::LogFormat::Text,
        LogFormat::Json => server::LogFormat::Json,
    });
    server::run(settings)?;
    Ok(DONE)
}

/// The host's name, and what tells two processes of one host apart.
fn identity() -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = match host.trim() {
        "" => "slicegate",
        host => host,
    };
    format!("{host}-{}", process::id())
}
