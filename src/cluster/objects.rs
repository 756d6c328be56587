//! Single objects: read, create, replace, patch. Objects are JSON text in both directions.

use http::{Method, Request};

use super::client::Cluster;
use super::dry_run::DryRun;
use super::error::ClusterError;
use super::kind::ObjectRef;

/// The format of a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patch {
    /// RFC 7386: named fields are set, `null` removes a field.
    Merge,
    /// RFC 6902: a list of operations, `test` among them.
    Operations,
}

impl Patch {
    const fn media_type(self) -> &'static str {
        match self {
            Self::Merge => "application/merge-patch+json",
            Self::Operations => "application/json-patch+json",
        }
    }
}

const JSON: &str = "application/json";

/// slicegate's name in `managedFields`.
const MANAGER: &str = "slicegate";

impl Cluster {
    /// An object; none if there is no such object or no such kind.
    ///
    /// # Errors
    /// When it cannot be read for another reason.
    pub async fn get(&self, object_ref: ObjectRef<'_>) -> Result<Option<String>, ClusterError> {
        self.read(&object_ref.path(), || format!("read {object_ref}"))
            .await
    }

    /// Creates an object and returns it as stored.
    ///
    /// # Errors
    /// When it exists already ([`ClusterError::is_conflict`]) or cannot be created.
    pub async fn create(
        &self,
        object_ref: ObjectRef<'_>,
        object: String,
        dry_run: DryRun,
    ) -> Result<String, ClusterError> {
        let path = object_ref.kind.path(object_ref.namespace);
        let action = || format!("create {object_ref}");
        self.write(Method::POST, &path, JSON, object, dry_run, action)
            .await
    }

    /// Replaces an object. The new one names the resourceVersion that it was made from.
    ///
    /// # Errors
    /// When the object has changed since ([`ClusterError::is_conflict`]) or cannot be replaced.
    pub async fn replace(
        &self,
        object_ref: ObjectRef<'_>,
        object: String,
    ) -> Result<String, ClusterError> {
        let path = object_ref.path();
        let action = || format!("replace {object_ref}");
        self.write(Method::PUT, &path, JSON, object, DryRun::No, action)
            .await
    }

    /// Patches an object.
    ///
    /// # Errors
    /// When it is not changed.
    pub async fn patch(
        &self,
        object_ref: ObjectRef<'_>,
        patch: Patch,
        body: String,
        dry_run: DryRun,
    ) -> Result<String, ClusterError> {
        let path = object_ref.path();
        let action = || format!("change {object_ref}");
        let media_type = patch.media_type();
        self.write(Method::PATCH, &path, media_type, body, dry_run, action)
            .await
    }

    /// Patches an object's status.
    ///
    /// # Errors
    /// When it is not changed.
    pub async fn patch_status(
        &self,
        object_ref: ObjectRef<'_>,
        patch: Patch,
        body: String,
    ) -> Result<String, ClusterError> {
        let path = format!("{}/status", object_ref.path());
        let action = || format!("change the status of {object_ref}");
        let media_type = patch.media_type();
        self.write(Method::PATCH, &path, media_type, body, DryRun::No, action)
            .await
    }

    async fn write(
        &self,
        method: Method,
        path: &str,
        media_type: &str,
        body: String,
        dry_run: DryRun,
        action: impl Fn() -> String,
    ) -> Result<String, ClusterError> {
        let path = format!("{path}?fieldManager={MANAGER}{}", dry_run.query());
        let builder = Request::builder().method(method).uri(path);
        let builder = builder.header("Content-Type", media_type);
        let request = self.request(builder, body.into_bytes(), &action)?;
        self.send(request, action).await
    }
}
