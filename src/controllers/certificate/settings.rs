//! The names of the serving certificate, and the Secret of its authority.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::lifetimes::Lifetimes;
use crate::manifests::Service;

/// The settings of the certificate controller.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The Secret's namespace.
    pub namespace: String,
    /// The Secret's name.
    pub secret: String,
    /// The server's DNS names.
    pub dns_names: Vec<String>,
    /// The server's addresses.
    pub ips: Vec<IpAddr>,
    /// How long certificates are valid and trusted.
    pub lifetimes: Lifetimes,
}

impl Settings {
    /// For a Service and a Secret in its namespace. The certificate also names the local machine.
    pub fn of(service: Service<'_>, secret: &str) -> Self {
        let mut dns_names = service.dns_names();
        dns_names.push("localhost".to_owned());
        Self {
            namespace: service.namespace.to_owned(),
            secret: secret.to_owned(),
            dns_names,
            ips: vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
            lifetimes: Lifetimes::default(),
        }
    }
}
