//! The name of a kind in the API (group, version, kind, plural), and the reference to one object.

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

/// One object: kind, namespace and name.
#[derive(Clone, Copy, Debug)]
pub struct ObjectRef<'a> {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace; none for a cluster-scoped kind.
    pub namespace: Option<&'a str>,
    /// Its name.
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
    /// OpenShift's quotas over several namespaces. Other clusters do not serve this kind.
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

    /// The path of its collection, in one namespace or in all.
    pub fn path(self, namespace: Option<&str>) -> String {
        let root = match self.group {
            "" => format!("/api/{}", self.version),
            group => format!("/apis/{group}/{}", self.version),
        };
        match namespace {
            None => format!("{root}/{}", self.plural),
            Some(namespace) => format!("{root}/namespaces/{namespace}/{}", self.plural),
        }
    }

    /// A cluster-scoped object.
    pub const fn named(self, name: &str) -> ObjectRef<'_> {
        ObjectRef {
            kind: self,
            namespace: None,
            name,
        }
    }

    /// An object in a namespace.
    pub const fn within<'a>(self, namespace: &'a str, name: &'a str) -> ObjectRef<'a> {
        ObjectRef {
            kind: self,
            namespace: Some(namespace),
            name,
        }
    }
}

impl ObjectRef<'_> {
    /// Its path.
    pub fn path(&self) -> String {
        format!("{}/{}", self.kind.path(self.namespace), self.name)
    }
}

/// `Pod team-a/llm`, `Node n1`.
impl std::fmt::Display for ObjectRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, name) = (self.kind.name, self.name);
        match self.namespace {
            None => write!(f, "{kind} {name}"),
            Some(namespace) => write!(f, "{kind} {namespace}/{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn paths_are_those_of_the_api() {
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
