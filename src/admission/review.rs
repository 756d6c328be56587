//! AdmissionReview as `admission.k8s.io/v1` writes it: own small types, because the answer's patch has to be base64.

use serde::Deserialize;

use crate::facts::Pod;
use crate::facts::text::Text;

/// The only version this is written for; `v1beta1` was removed with Kubernetes 1.22.
pub(super) const API_VERSION: &str = "admission.k8s.io/v1";

/// The body of a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionReview<'a> {
    /// `admission.k8s.io/v1`; what has none is taken for it.
    #[serde(borrow, default)]
    pub api_version: Option<Text<'a>>,
    /// What is asked; a review without it is none.
    #[serde(borrow)]
    pub request: AdmissionRequest<'a>,
}

/// `request` of an AdmissionReview.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionRequest<'a> {
    /// Echoed in the answer.
    #[serde(borrow)]
    pub uid: Text<'a>,
    /// What is created or changed; after conversion, so always in the version that was asked for.
    #[serde(borrow, default)]
    pub resource: Option<GroupVersionResource<'a>>,
    /// `ephemeralcontainers`, `status`, ... of a pod; none for the pod itself.
    #[serde(borrow, default)]
    pub sub_resource: Option<Text<'a>>,
    /// Always use this, the object's own may be empty.
    #[serde(borrow, default)]
    pub namespace: Option<Text<'a>>,
    /// `CREATE`, `UPDATE`, ...
    #[serde(borrow, default)]
    pub operation: Option<Text<'a>>,
    /// Who asks.
    #[serde(borrow, default)]
    pub user_info: Option<UserInfo<'a>>,
    /// The pod; null for DELETE.
    #[serde(borrow, default)]
    pub object: Option<Pod<'a>>,
    /// The pod before an update; null for CREATE.
    #[serde(borrow, default)]
    pub old_object: Option<Pod<'a>>,
    /// Nothing may have an effect.
    #[serde(default)]
    pub dry_run: Option<bool>,
}

impl AdmissionRequest<'_> {
    /// The namespace of the request, or else the object's own; a pod always has one.
    pub fn namespace(&self) -> &str {
        let own = || {
            let metadata = self.object.as_ref()?.metadata.as_ref()?;
            metadata.namespace.as_deref()
        };
        let named = self.namespace.as_deref().or_else(own);
        named.unwrap_or("default")
    }

    /// `CREATE`, `UPDATE`, ...; what does not say is a creation.
    pub fn operation(&self) -> &str {
        self.operation.as_deref().unwrap_or("CREATE")
    }

    /// What is done to a pod; of a request that does not say, it is its creation.
    pub(super) fn act(&self) -> Act {
        let is_pod = match &self.resource {
            None => true,
            Some(resource) => {
                resource.group.as_deref().unwrap_or_default().is_empty()
                    && resource.resource.as_deref() == Some("pods")
            }
        };
        let part = self.sub_resource.as_deref().unwrap_or_default();
        match (is_pod, part, self.operation()) {
            (true, "", "CREATE") => Act::Create,
            (true, "ephemeralcontainers", "UPDATE") => Act::Debug,
            (true, "" | "status", "UPDATE") => Act::Update,
            _ => Act::Other,
        }
    }
}

/// What is done to a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// It is created.
    Create,
    /// Ephemeral containers are added to it.
    Debug,
    /// It, or its status, is changed while it lives; metadata can be changed by either.
    Update,
    /// Anything else, or to something else.
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

/// The little that an answer needs, of a review whose object may be anything.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope<'a> {
    #[serde(borrow)]
    pub(super) request: EnvelopeRequest<'a>,
}

/// `request` of an [`Envelope`].
#[derive(Debug, Deserialize)]
pub(super) struct EnvelopeRequest<'a> {
    #[serde(borrow)]
    pub(super) uid: Text<'a>,
    #[serde(borrow, default)]
    pub(super) namespace: Option<Text<'a>>,
}
