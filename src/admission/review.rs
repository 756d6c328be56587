//! The parts of `admission.k8s.io/v1` AdmissionReview that slicegate reads, borrowed from the body.

use serde::Deserialize;

use crate::facts::Pod;
use crate::facts::text::Text;

/// The only supported version. Kubernetes 1.22 removed `v1beta1`.
pub(super) const API_VERSION: &str = "admission.k8s.io/v1";

/// The body of a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionReview<'a> {
    /// `admission.k8s.io/v1`, which is also the default.
    #[serde(borrow, default)]
    pub api_version: Option<Text<'a>>,
    /// The request.
    #[serde(borrow)]
    pub request: AdmissionRequest<'a>,
}

/// `request` of an AdmissionReview.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionRequest<'a> {
    /// Repeated in the answer.
    #[serde(borrow)]
    pub uid: Text<'a>,
    /// The resource, after conversion to the version that the webhook registered.
    #[serde(borrow, default)]
    pub resource: Option<GroupVersionResource<'a>>,
    /// `ephemeralcontainers`, `status`, ... of a pod; none for the pod itself.
    #[serde(borrow, default)]
    pub sub_resource: Option<Text<'a>>,
    /// Use this one: the object's own may be empty.
    #[serde(borrow, default)]
    pub namespace: Option<Text<'a>>,
    /// `CREATE`, `UPDATE`, ...
    #[serde(borrow, default)]
    pub operation: Option<Text<'a>>,
    /// The user.
    #[serde(borrow, default)]
    pub user_info: Option<UserInfo<'a>>,
    /// The pod; null for DELETE.
    #[serde(borrow, default)]
    pub object: Option<Pod<'a>>,
    /// The pod before an update; null for CREATE.
    #[serde(borrow, default)]
    pub old_object: Option<Pod<'a>>,
    /// A dry run: no side effects are allowed.
    #[serde(default)]
    pub dry_run: Option<bool>,
}

impl AdmissionRequest<'_> {
    /// The namespace of the request, else the object's own, else `default`.
    pub fn namespace(&self) -> &str {
        let own = || {
            let metadata = self.object.as_ref()?.metadata.as_ref()?;
            metadata.namespace.as_deref()
        };
        let named = self.namespace.as_deref().or_else(own);
        named.unwrap_or("default")
    }

    /// `CREATE`, `UPDATE`, ...; `CREATE` by default.
    pub fn operation(&self) -> &str {
        self.operation.as_deref().unwrap_or("CREATE")
    }

    /// The operation on a pod; `Create` by default.
    pub(super) fn pod_operation(&self) -> PodOperation {
        let is_pod = match &self.resource {
            None => true,
            Some(resource) => {
                resource.group.as_deref().unwrap_or_default().is_empty()
                    && resource.resource.as_deref() == Some("pods")
            }
        };
        let part = self.sub_resource.as_deref().unwrap_or_default();
        match (is_pod, part, self.operation()) {
            (true, "", "CREATE") => PodOperation::Create,
            (true, "ephemeralcontainers", "UPDATE") => PodOperation::AddEphemeralContainers,
            (true, "" | "status", "UPDATE") => PodOperation::Update,
            _ => PodOperation::Other,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PodOperation {
    /// Its creation.
    Create,
    /// The addition of ephemeral containers.
    AddEphemeralContainers,
    /// An update of the pod or of its status. Both can change metadata.
    Update,
    /// Another operation, or another resource.
    Other,
}

/// `request.resource`.
#[derive(Debug, Default, Deserialize)]
pub struct GroupVersionResource<'a> {
    /// Empty for the core group.
    #[serde(borrow, default)]
    pub group: Option<Text<'a>>,
    /// The plural, such as `pods`.
    #[serde(borrow, default)]
    pub resource: Option<Text<'a>>,
}

/// `request.userInfo`.
#[derive(Debug, Default, Deserialize)]
pub struct UserInfo<'a> {
    /// `system:node:...` for kubelets.
    #[serde(borrow, default)]
    pub username: Option<Text<'a>>,
}

/// The fields that an answer needs, of a review with any object.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope<'a> {
    #[serde(borrow)]
    pub(super) request: EnvelopeRequest<'a>,
}

#[derive(Debug, Deserialize)]
pub(super) struct EnvelopeRequest<'a> {
    #[serde(borrow)]
    pub(super) uid: Text<'a>,
    #[serde(borrow, default)]
    pub(super) namespace: Option<Text<'a>>,
}
