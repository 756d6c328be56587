//! Single objects: read, create, replace, patch. What is sent and what comes back is JSON as text.

use http::Request;

use super::{Cluster, ClusterError, Place};

/// How an object is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patch {
    /// RFC 7386: what is named is set, `null` removes.
    Merge,
    /// RFC 6902: operations, which may begin with tests.
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

/// Whether the API server does it or only says whether it would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Really {
    /// It does.
    Yes,
    /// `dryRun=All`.
    No,
}

impl Really {
    const fn query(self) -> &'static str {
        match self {
            Self::Yes => "",
            Self::No => "&dryRun=All",
        }
    }
}

/// What slicegate is called in managed fields.
const MANAGER: &str = "slicegate";

impl Cluster {
    /// An object; none where there is no such object, or no such kind.
    ///
    /// # Errors
    /// When it cannot be had for another reason.
    pub async fn get(&self, place: Place<'_>) -> Result<Option<String>, ClusterError> {
        self.read(&place.path(), || format!("read {place}")).await
    }

    /// What the API server answers to a path such as `/version`; none where it knows no such path.
    ///
    /// # Errors
    /// When it does not answer, or refuses.
    pub async fn read(
        &self,
        path: &str,
        doing: impl Fn() -> String,
    ) -> Result<Option<String>, ClusterError> {
        let request = self.request(Request::get(path), Vec::new(), &doing)?;
        match self.ask(request, doing).await {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates an object, and returns what became of it.
    ///
    /// # Errors
    /// When it is there already ([`ClusterError::is_conflict`]), or cannot be created.
    pub async fn create(
        &self,
        place: Place<'_>,
        object: String,
        really: Really,
    ) -> Result<String, ClusterError> {
        let path = format!(
            "{}?fieldManager={MANAGER}{}",
            place.kind.path(place.namespace),
            really.query()
        );
        let builder = Request::post(path).header("Content-Type", "application/json");
        self.send(builder, object, || format!("create {place}"))
            .await
    }

    /// Replaces an object by one that names the version it was made from.
    ///
    /// # Errors
    /// When somebody else changed it since ([`ClusterError::is_conflict`]), or it cannot be replaced.
    pub async fn replace(&self, place: Place<'_>, object: String) -> Result<String, ClusterError> {
        let path = format!("{}?fieldManager={MANAGER}", place.path());
        let builder = Request::put(path).header("Content-Type", "application/json");
        self.send(builder, object, || format!("replace {place}"))
            .await
    }

    /// Changes an object.
    ///
    /// # Errors
    /// When it is not changed.
    pub async fn patch(
        &self,
        place: Place<'_>,
        patch: Patch,
        body: String,
        really: Really,
    ) -> Result<String, ClusterError> {
        self.change(&place.path(), patch, body, really, || {
            format!("change {place}")
        })
        .await
    }

    /// Changes an object's status.
    ///
    /// # Errors
    /// When it is not changed.
    pub async fn patch_status(
        &self,
        place: Place<'_>,
        patch: Patch,
        body: String,
    ) -> Result<String, ClusterError> {
        let path = format!("{}/status", place.path());
        let doing = || format!("change the status of {place}");
        self.change(&path, patch, body, Really::Yes, doing).await
    }

    async fn change(
        &self,
        path: &str,
        patch: Patch,
        body: String,
        really: Really,
        doing: impl Fn() -> String,
    ) -> Result<String, ClusterError> {
        let query = format!("fieldManager={MANAGER}{}", really.query());
        let builder = Request::patch(format!("{path}?{query}"));
        let builder = builder.header("Content-Type", patch.media_type());
        self.send(builder, body, doing).await
    }

    async fn send(
        &self,
        builder: http::request::Builder,
        body: String,
        doing: impl Fn() -> String,
    ) -> Result<String, ClusterError> {
        let request = self.request(builder, body.into_bytes(), &doing)?;
        self.ask(request, doing).await
    }
}
