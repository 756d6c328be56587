//! The serving certificate and the authorities of clients, as they are now.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{self, ServerConfig};

use super::error::TlsError;
use super::generated;
use super::pem::{PemFile, provider};
use crate::controllers::certificate::{ServerIdentity, Settings, controller};
use crate::manifests::Service;
use crate::server::error::StartError;
use crate::server::file::POLL;
use crate::server::settings::CertificateSource;
use crate::server::shared::Shared;

/// The serving certificate, and how clients are verified.
pub struct ServerCertificate {
    source: Source,
    client_ca: Option<PemFile>,
    /// Made of the last valid content of that file.
    verifier: Option<Arc<dyn ClientCertVerifier>>,
    /// Whether the verifier is made of the present content. An invalid one is tried again.
    is_verifier_current: bool,
    /// Whether the present content is in force. If not, it is tried again: it may become valid later, or one of two
    /// files may be written after the other.
    is_current: bool,
    /// When the certificate in force ends, in seconds since 1970.
    pub not_after: Option<i64>,
}

enum Source {
    /// Certificate and key.
    Files(Box<(PemFile, PemFile)>),
    Secret(watch::Receiver<Option<Arc<ServerIdentity>>>),
}

/// What new connections use.
pub struct Tls {
    pub config: Arc<ServerConfig>,
    /// When the certificate ends, in seconds since 1970.
    pub not_after: i64,
}

impl ServerCertificate {
    /// Files have to be valid now, and are in force at once. A Secret is read later, by a task.
    pub fn open(
        source: CertificateSource,
        client_ca: Option<PathBuf>,
        namespace: &str,
        shared: &Shared,
        tasks: &mut JoinSet<()>,
    ) -> Result<Self, StartError> {
        let files = |cert, key| Source::Files(Box::new((PemFile::new(cert), PemFile::new(key))));
        let source = match source {
            CertificateSource::Files { cert, key } => files(cert, key),
            CertificateSource::Generated(folder) => {
                let (cert, key) = generated::files(&folder)?;
                files(cert, key)
            }
            CertificateSource::Secret(secret) => {
                let cluster = shared.cluster.clone();
                let cluster = cluster.ok_or(StartError::NoCluster("--tls-secret"))?;
                let service = Service {
                    namespace,
                    ..Service::default()
                };
                let (active, reconciling) = controller(cluster, Settings::of(service, &secret));
                tasks.spawn(reconciling);
                Source::Secret(active)
            }
        };
        let mut certificate = Self {
            source,
            client_ca: client_ca.map(PemFile::new),
            verifier: None,
            is_verifier_current: true,
            is_current: false,
            not_after: None,
        };
        certificate.read()?;
        if let Some(tls) = certificate.refresh()? {
            shared.set_tls(tls.config, tls.not_after);
        }
        Ok(certificate)
    }

    /// Whether somebody else writes the certificate.
    pub fn is_from_files(&self) -> bool {
        matches!(self.source, Source::Files(_))
    }

    /// Reads everything again, and returns the TLS configuration if it is valid and not in force yet. Invalid
    /// authorities of clients are reported and hold back no certificate: the last valid ones stay in force.
    pub fn refresh(&mut self) -> Result<Option<Tls>, TlsError> {
        let read = self.read();
        if !self.is_current
            && let Some(tls) = self.tls()?
        {
            self.is_current = true;
            self.not_after = Some(tls.not_after);
            return Ok(Some(tls));
        }
        read.map(|()| None)
    }

    /// Reads every file, so that the valid ones are kept.
    fn read(&mut self) -> Result<(), TlsError> {
        let mut read = self.read_client_ca();
        if let Source::Files(files) = &mut self.source {
            for file in [&mut files.0, &mut files.1] {
                match file.read() {
                    Ok(is_new) => self.is_current &= !is_new,
                    Err(problem) => read = read.and(Err(problem)),
                }
            }
        }
        read
    }

    /// Waits until there may be something new.
    pub async fn changed(&mut self) {
        match &mut self.source {
            Source::Files(_) => sleep(POLL).await,
            Source::Secret(identity) => tokio::select! {
                Ok(()) = identity.changed() => self.is_current = false,
                () = sleep(POLL) => {}
            },
        }
    }

    fn read_client_ca(&mut self) -> Result<(), TlsError> {
        let Some(file) = &mut self.client_ca else {
            return Ok(());
        };
        self.is_verifier_current &= !file.read()?;
        if !self.is_verifier_current {
            self.verifier = Some(file.client_verifier()?);
            self.is_verifier_current = true;
            self.is_current = false;
        }
        Ok(())
    }

    fn tls(&self) -> Result<Option<Tls>, TlsError> {
        let (config, not_after) = match &self.source {
            Source::Files(files) => {
                let (cert, key) = &**files;
                let (chain, not_after) = cert.valid_chain()?;
                let config = self.config(chain, key.key()?);
                let config = config.map_err(|problem| TlsError::Pair {
                    cert: cert.path().to_owned(),
                    key: key.path().to_owned(),
                    problem,
                })?;
                (config, not_after)
            }
            Source::Secret(identity) => {
                let Some(identity) = identity.borrow().clone() else {
                    return Ok(None);
                };
                let config = self.config(identity.chain.clone(), identity.key.clone_key());
                (config.map_err(TlsError::Own)?, identity.not_after)
            }
        };
        let config = Arc::new(config);
        Ok(Some(Tls { config, not_after }))
    }

    fn config(
        &self,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<ServerConfig, rustls::Error> {
        let builder = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13, &TLS12])?;
        let builder = match &self.verifier {
            Some(verifier) => builder.with_client_cert_verifier(Arc::clone(verifier)),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}
