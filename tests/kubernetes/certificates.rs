//! The cluster's authority, the certificates it signs, and the kubeconfigs that hold them.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};

/// A certificate authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate.
    pub pem: String,
}

/// A certificate with its key.
pub struct Identity {
    /// The certificate.
    pub pem: String,
    /// The key, PKCS 8.
    pub key: String,
}

impl Authority {
    /// A new one.
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params
            .distinguished_name
            .push(DnType::CommonName, "authority of a test");
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self {
            pem: certificate.pem(),
            issuer: Issuer::new(params, key),
        }
    }

    /// For a server on the loopback address.
    pub fn server(&self) -> Identity {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        params
            .subject_alt_names
            .push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.sign(params, "localhost")
    }

    /// For a client: `user`, and the group if there is one.
    pub fn client(&self, user: &str, group: Option<&str>) -> Identity {
        let mut params = CertificateParams::default();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        if let Some(group) = group {
            params
                .distinguished_name
                .push(DnType::OrganizationName, group);
        }
        self.sign(params, user)
    }

    fn sign(&self, mut params: CertificateParams, name: &str) -> Identity {
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Identity {
            pem: certificate.pem(),
            key: key.serialize_pem(),
        }
    }
}

/// Writes a key for the tokens of service accounts: the private part, and the public one beside it.
pub fn service_account_key(folder: &Path) -> (PathBuf, PathBuf) {
    let key = KeyPair::generate().expect("a key");
    (
        write(folder, "sa.key", &key.serialize_pem()),
        write(folder, "sa.pub", &key.public_key_pem()),
    )
}

/// Writes a kubeconfig for a client of the API server on that port.
pub fn kubeconfig(
    folder: &Path,
    port: u16,
    authority: &Authority,
    name: &str,
    who: &Identity,
) -> PathBuf {
    let certificate = write(folder, &format!("{name}.crt"), &who.pem);
    let key = write(folder, &format!("{name}.key"), &who.key);
    let ca = write(folder, "ca.crt", &authority.pem);
    let text = format!(
        "apiVersion: v1
kind: Config
clusters:
- name: test
  cluster: {{server: 'https://127.0.0.1:{port}', certificate-authority: '{}'}}
users:
- name: test
  user: {{client-certificate: '{}', client-key: '{}'}}
contexts:
- name: test
  context: {{cluster: test, user: test}}
current-context: test
",
        ca.display(),
        certificate.display(),
        key.display()
    );
    write(folder, &format!("{name}.kubeconfig"), &text)
}

/// Writes a file of that name.
pub fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    path
}
