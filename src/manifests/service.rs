//! The Service by which the API server reaches slicegate.

/// The Service of the webhooks.
#[derive(Clone, Copy, Debug)]
pub struct Service<'a> {
    /// slicegate's namespace.
    pub namespace: &'a str,
    /// The Service's name.
    pub name: &'a str,
}

impl Default for Service<'_> {
    fn default() -> Self {
        Self {
            namespace: NAMESPACE,
            name: "slicegate",
        }
    }
}

impl Service<'_> {
    /// The Service's DNS names inside its cluster.
    pub fn dns_names(&self) -> Vec<String> {
        let Self { namespace, name } = self;
        vec![
            (*name).to_owned(),
            format!("{name}.{namespace}"),
            format!("{name}.{namespace}.svc"),
            format!("{name}.{namespace}.svc.cluster.local"),
        ]
    }
}

/// slicegate's namespace by default.
pub const NAMESPACE: &str = "slicegate-system";
/// The Secret that the Deployment mounts.
pub const TLS_SECRET: &str = "slicegate-tls";
