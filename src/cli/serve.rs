//! `slicegate serve`: the webhook.

use anyhow::bail;

use super::DONE;
use super::args::{LogFormat, ServeArgs};
use crate::server::{self, CertificateSource, Settings};

/// Runs until it is told to stop and returns the exit status.
pub(crate) fn run(args: ServeArgs) -> anyhow::Result<u8> {
    let certificate = match (args.tls_cert, args.tls_key, args.tls_generate) {
        (Some(cert), Some(key), None) => CertificateSource::Files { cert, key },
        (None, None, Some(folder)) => CertificateSource::Generated(folder),
        _ => bail!(
            "a certificate is needed: --tls-cert FILE and --tls-key FILE, or --tls-generate DIR"
        ),
    };
    let settings = Settings {
        listen: args.listen,
        admin_listen: args.admin_listen,
        certificate,
        client_ca: args.tls_client_ca,
        policy: args.policy,
        nodes: args.nodes,
        namespaces: args.namespaces,
        never_matched: args.never_match.unwrap_or_default(),
    };
    let _logging = server::start_logging(match args.log_format {
        LogFormat::Text => server::LogFormat::Text,
        LogFormat::Json => server::LogFormat::Json,
    });
    server::run(settings)?;
    Ok(DONE)
}
