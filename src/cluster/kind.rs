//! What an object is called in the API: its group, version and plural, and where a single one stands.

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Kind {
    /// Empty for the core group.
    pub group: &'static str,
    /// `v1`.
    pub version: &'static str,
    /// As in manifests: `Node`.
    pub name: &'static str,
    /// As in paths: `nodes`.
    pub plural: &'static str,
}

/// One object.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// What it is.
    pub kind: Kind,
    /// Where it is, for kinds that stand in namespaces.
    pub namespace: Option<&'a str>,
    /// What it is called.
    pub name: &'a str,
}

impl Kind {
    /// Nodes.
    pub const NODES: Self = Self::new("", "v1", "Node", "nodes");
    /// Namespaces.
    pub const NAMESPACES: Self = Self::new("", "v1", "Namespace", "namespaces");
    /// Pods.
    pub const PODS: Self = Self::new("", "v1", "Pod", "pods");
    /// ResourceQuotas.
    pub const QUOTAS: Self = Self::new("", "v1", "ResourceQuota", "resourcequotas");
    /// OpenShift's quotas over several namespaces, which other clusters do not know.
    pub const CLUSTER_QUOTAS: Self = Self::new(
        "quota.openshift.io",
        "v1",
        "ClusterResourceQuota",
        "clusterresourcequotas",
    );

    /// RuntimeClasses.
    pub const RUNTIME_CLASSES: Self =
        Self::new("node.k8s.io", "v1", "RuntimeClass", "runtimeclasses");

    /// ConfigMaps.
    pub const CONFIG_MAPS: Self = Self::new("", "v1", "ConfigMap", "configmaps");
    /// MutatingWebhookConfigurations.
    pub const MUTATING_WEBHOOKS: Self = Self::admission(
        "MutatingWebhookConfiguration",
        "mutatingwebhookconfigurations",
    );
    /// ValidatingWebhookConfigurations.
    pub const VALIDATING_WEBHOOKS: Self = Self::admission(
        "ValidatingWebhookConfiguration",
        "validatingwebhookconfigurations",
    );
    /// ValidatingAdmissionPolicies.
    pub const VALIDATING_POLICIES: Self =
        Self::admission("ValidatingAdmissionPolicy", "validatingadmissionpolicies");
    /// Their bindings.
    pub const VALIDATING_BINDINGS: Self = Self::admission(
        "ValidatingAdmissionPolicyBinding",
        "validatingadmissionpolicybindings",
    );
    /// MutatingAdmissionPolicies, from Kubernetes 1.36 on.
    pub const MUTATING_POLICIES: Self =
        Self::admission("MutatingAdmissionPolicy", "mutatingadmissionpolicies");
    /// Their bindings.
    pub const MUTATING_BINDINGS: Self = Self::admission(
        "MutatingAdmissionPolicyBinding",
        "mutatingadmissionpolicybindings",
    );

    const fn admission(name: &'static str, plural: &'static str) -> Self {
        Self::new("admissionregistration.k8s.io", "v1", name, plural)
    }

    /// A kind.
    pub const fn new(
        group: &'static str,
        version: &'static str,
        name: &'static str,
        plural: &'static str,
    ) -> Self {
        Self {
            group,
            version,
            name,
            plural,
        }
    }

    /// The path of its collection, in a namespace or in all of them.
    pub fn path(self, namespace: Option<&str>) -> String {
        let Self {
            group,
            version,
            plural,
            ..
        } = self;
        let root = match group {
            "" => format!("/api/{version}"),
            group => format!("/apis/{group}/{version}"),
        };
        match namespace {
            None => format!("{root}/{plural}"),
            Some(namespace) => format!("{root}/namespaces/{namespace}/{plural}"),
        }
    }

    /// One that stands in no namespace.
    pub const fn named(self, name: &str) -> Place<'_> {
        Place {
            kind: self,
            namespace: None,
            name,
        }
    }

    /// One of a namespace.
    pub const fn within<'a>(self, namespace: &'a str, name: &'a str) -> Place<'a> {
        Place {
            kind: self,
            namespace: Some(namespace),
            name,
        }
    }
}

impl Place<'_> {
    /// Its path.
    pub fn path(&self) -> String {
        format!("{}/{}", self.kind.path(self.namespace), self.name)
    }
}

/// `Pod team-a/llm`, `Node n1`.
impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            kind,
            namespace,
            name,
        } = self;
        match namespace {
            None => write!(f, "{} {name}", kind.name),
            Some(namespace) => write!(f, "{} {namespace}/{name}", kind.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn a_path_is_the_apis() {
        let leases = Kind::new("coordination.k8s.io", "v1", "Lease", "leases");
        for (path, is) in [
            (Kind::NODES.path(None), "/api/v1/nodes"),
            (
                Kind::PODS.within("a", "b").path(),
                "/api/v1/namespaces/a/pods/b",
            ),
            (leases.path(None), "/apis/coordination.k8s.io/v1/leases"),
            (
                leases.within("a", "b").path(),
                "/apis/coordination.k8s.io/v1/namespaces/a/leases/b",
            ),
        ] {
            assert_eq!(path, is);
        }
    }
}
