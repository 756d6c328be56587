//! The connection to an API server: how requests are sent, and how failures are reported.

use std::time::Duration;

use http::{Method, Request};
use kube::{Client, Config};

use super::access::{self, Access};
use super::error::{self, ApiRequest, ClusterError};

/// A connection to the API server of a cluster.
#[derive(Clone)]
pub struct Cluster {
    /// For reads.
    pub(super) client: Client,
    /// For writes, which may take longer.
    write_client: Client,
    /// For further connections.
    pub(super) config: Config,
    /// The API server's URL.
    address: String,
    /// The user, in words.
    user: String,
    /// How long a read may wait for bytes.
    read_timeout: Duration,
}

impl Cluster {
    /// Prepares the connection. No request is sent yet.
    ///
    /// # Errors
    /// When no configuration names an API server and a user.
    pub async fn connect(access: Access<'_>) -> Result<Self, ClusterError> {
        let (config, user) = access::find(access).await?;
        let address = config.cluster_url.to_string();
        let address = address.trim_end_matches('/').to_owned();
        let preparation = ApiRequest {
            action: "prepare the connection to the API server".to_owned(),
            address: address.clone(),
            user: user.clone(),
        };
        let client = |config: Config| {
            Client::try_from(config).map_err(|e| ClusterError::request(preparation.clone(), &e))
        };
        let mut slow = config.clone();
        slow.read_timeout = Some(Access::WRITE_TIMEOUT);
        Ok(Self {
            client: client(config.clone())?,
            write_client: client(slow)?,
            config,
            address,
            user,
            read_timeout: access.read_timeout,
        })
    }

    /// The API server's URL, for reports.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The user, for reports: `user dev (context work of /home/dev/.kube/config)`.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Whether an API server answers at the address, and not a proxy or another server.
    pub async fn is_api_server(&self) -> bool {
        let version = self
            .read("/version", || "read the version".to_owned())
            .await;
        matches!(version, Ok(Some(text)) if text.contains("\"gitVersion\""))
    }

    /// The answer to a path such as `/version`; none for 404.
    ///
    /// # Errors
    /// When the API server does not answer, or refuses.
    pub async fn read(
        &self,
        path: &str,
        action: impl Fn() -> String,
    ) -> Result<Option<String>, ClusterError> {
        let request = self.request(Request::get(path), Vec::new(), &action)?;
        match self.send(request, action).await {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn request(
        &self,
        builder: http::request::Builder,
        body: Vec<u8>,
        action: impl Fn() -> String,
    ) -> Result<Request<Vec<u8>>, ClusterError> {
        let request = builder.body(body);
        request.map_err(|problem| self.unreadable(action(), &problem))
    }

    pub(super) async fn send(
        &self,
        request: Request<Vec<u8>>,
        action: impl Fn() -> String,
    ) -> Result<String, ClusterError> {
        let (client, timeout) = self.client_for(request.method());
        let answer = client.request_text(request).await;
        answer.map_err(|problem| self.failed(action(), timeout, &problem))
    }

    /// The client for a method, and its timeout.
    pub(super) fn client_for(&self, method: &Method) -> (&Client, Duration) {
        match *method {
            Method::GET => (&self.client, self.read_timeout),
            _ => (&self.write_client, Access::WRITE_TIMEOUT),
        }
    }

    pub(super) fn failed(
        &self,
        action: String,
        timeout: Duration,
        problem: &kube::Error,
    ) -> ClusterError {
        let request = self.describe(action);
        if error::is_timeout(problem) {
            ClusterError::timeout(request, timeout)
        } else {
            ClusterError::request(request, problem)
        }
    }

    pub(super) fn unreadable(
        &self,
        action: String,
        problem: &dyn std::error::Error,
    ) -> ClusterError {
        ClusterError::answer(self.describe(action), problem)
    }

    pub(super) fn describe(&self, action: String) -> ApiRequest {
        ApiRequest {
            action,
            address: self.address.clone(),
            user: self.user.clone(),
        }
    }
}
