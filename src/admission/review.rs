//! AdmissionReview as `admission.k8s.io/v1` writes it: own small types, because the answer's patch has to be base64.

use serde::Deserialize;

use crate::facts::Pod;
use crate::facts::text::Text;

/// The body of a request.
#[derive(Debug, Deserialize)]
pub struct AdmissionReview<'a> {
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
    /// Nothing may have an effect.
    #[serde(default)]
    pub dry_run: Option<bool>,
}

/// `request.userInfo`.
#[derive(Debug, Default, Deserialize)]
pub struct UserInfo<'a> {
    /// `system:node:...` for kubelets.
    #[serde(borrow, default)]
    pub username: Option<Text<'a>>,
}
