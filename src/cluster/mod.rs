//! The API server of a cluster, as an administrator's program reaches it: by a kubeconfig or from inside a pod.
//!
//! Objects stay the text they came as, so that the same types read them as anywhere else.

mod error;
mod events;
mod identity;
mod kind;
mod lease;
mod objects;
mod proxy;
mod pulse;
mod trial;
mod watch;

use std::time::Duration;

use http::{Method, Request};
use kube::{Client, Config};
use serde::Deserialize;

pub use error::ClusterError;
pub use events::{Note, Reference, Teller};
pub use identity::Access;
pub use kind::{Kind, Place};
pub use lease::Candidate;
pub use objects::{Patch, Really};
pub use pulse::Pulse;
pub use trial::Trial;
pub use watch::Event;

/// How many objects are asked for at once.
const PAGE: usize = 500;

/// How often a list that grew too old halfway is begun anew.
const ATTEMPTS: usize = 3;

/// A way to the API server of a cluster.
#[derive(Clone)]
pub struct Cluster {
    /// For what is read.
    client: Client,
    /// For what is written, which takes longer.
    writing: Client,
    /// For further connections.
    config: Config,
    /// Where it is.
    address: String,
    /// Who asks, in words.
    who: String,
    /// How long nothing may come of what is read.
    silence: Duration,
}

impl Cluster {
    /// A way to the cluster that is found like that.
    ///
    /// # Errors
    /// When nothing says where the API server is and who asks. Nothing is asked yet.
    pub async fn connect(access: Access<'_>) -> Result<Self, ClusterError> {
        let (config, who) = identity::find(access).await?;
        let address = config.cluster_url.to_string();
        let address = address.trim_end_matches('/').to_owned();
        let client = |config: Config| {
            Client::try_from(config).map_err(|problem| {
                let doing = "prepare the connection to the API server".to_owned();
                ClusterError::request(doing, &address, &who, &problem)
            })
        };
        let mut slow = config.clone();
        slow.read_timeout = Some(Access::WRITE);
        Ok(Self {
            client: client(config.clone())?,
            writing: client(slow)?,
            config,
            address,
            who,
            silence: access.silence,
        })
    }

    /// Where the API server is, for reports.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Who asks, for reports: `user dev (context work of /home/dev/.kube/config)`.
    pub fn who(&self) -> &str {
        &self.who
    }

    /// Whether an API server answers there, and not somebody in its place.
    pub async fn is_there(&self) -> bool {
        let version = self
            .read("/version", || "read the version".to_owned())
            .await;
        matches!(version, Ok(Some(text)) if text.contains("\"gitVersion\""))
    }

    /// All objects of a kind, page by page, each page a list as JSON.
    ///
    /// # Errors
    /// When a page cannot be had.
    pub async fn list(&self, kind: Kind) -> Result<Vec<String>, ClusterError> {
        self.read_pages(kind, None, |page| page).await
    }

    /// The same, of one namespace if one is named, and of each page only what is read of it.
    ///
    /// # Errors
    /// When a page cannot be had.
    pub async fn read_pages<T>(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        read: impl Fn(String) -> T,
    ) -> Result<Vec<T>, ClusterError> {
        let what = match namespace {
            None => kind.plural.to_owned(),
            Some(namespace) => format!("{} of namespace {namespace}", kind.plural),
        };
        self.pages(&what, &kind.path(namespace), &read).await
    }

    /// Those with a label such as `app.kubernetes.io/name=slicegate`, in one page.
    ///
    /// # Errors
    /// When they cannot be had; an API server that does not know the kind has none.
    pub async fn list_labelled(
        &self,
        kind: Kind,
        label: &str,
    ) -> Result<Option<String>, ClusterError> {
        let path = format!("{}?labelSelector={}", kind.path(None), escaped(label));
        self.read(&path, || format!("list {}", kind.plural)).await
    }

    /// Those of one namespace, likewise.
    ///
    /// # Errors
    /// When a page cannot be had.
    pub async fn list_of(&self, kind: Kind, namespace: &str) -> Result<Vec<String>, ClusterError> {
        self.read_pages(kind, Some(namespace), |page| page).await
    }

    async fn pages<T>(
        &self,
        what: &str,
        path: &str,
        read: &impl Fn(String) -> T,
    ) -> Result<Vec<T>, ClusterError> {
        let mut attempt = 1;
        loop {
            match self.all_pages(what, path, read).await {
                // The list is older than what the API server still has; its pages do not fit new ones.
                Err(error) if error.is_gone() && attempt < ATTEMPTS => attempt += 1,
                done => return done,
            }
        }
    }

    async fn all_pages<T>(
        &self,
        what: &str,
        path: &str,
        read: &impl Fn(String) -> T,
    ) -> Result<Vec<T>, ClusterError> {
        let doing = || format!("list {what}");
        let mut pages = Vec::new();
        let mut rest = String::new();
        loop {
            let path = format!("{path}?limit={PAGE}{rest}");
            let request = self.request(Request::get(path), Vec::new(), doing)?;
            let page = self.ask(request, doing).await?;
            let next = next(&page).map_err(|e| {
                ClusterError::answer(doing(), &self.address, &self.who, e.to_string())
            })?;
            pages.push(read(page));
            match next {
                Some(token) => rest = format!("&continue={token}"),
                None => return Ok(pages),
            }
        }
    }

    fn request(
        &self,
        builder: http::request::Builder,
        body: Vec<u8>,
        doing: impl Fn() -> String,
    ) -> Result<Request<Vec<u8>>, ClusterError> {
        let wrong =
            |e: http::Error| ClusterError::answer(doing(), &self.address, &self.who, e.to_string());
        builder.body(body).map_err(wrong)
    }

    async fn ask(
        &self,
        request: Request<Vec<u8>>,
        doing: impl Fn() -> String,
    ) -> Result<String, ClusterError> {
        let (client, silence) = self.way(request.method());
        let answer = client.request_text(request).await;
        answer.map_err(|problem| self.failed(doing(), silence, &problem))
    }

    /// Who sends a request, and how long nothing may come of it.
    fn way(&self, method: &Method) -> (&Client, Duration) {
        match *method {
            Method::GET => (&self.client, self.silence),
            _ => (&self.writing, Access::WRITE),
        }
    }

    fn failed(&self, doing: String, silence: Duration, problem: &kube::Error) -> ClusterError {
        match error::is_silence(problem) {
            true => ClusterError::silent(doing, &self.address, &self.who, silence),
            false => ClusterError::request(doing, &self.address, &self.who, problem),
        }
    }
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    metadata: ListMetadata,
}

#[derive(Default, Deserialize)]
struct ListMetadata {
    #[serde(default, rename = "continue")]
    next: Option<String>,
}

/// Where the list goes on, ready for a URL; none at its end.
fn next(page: &str) -> Result<Option<String>, serde_json::Error> {
    let list: List = serde_json::from_str(page)?;
    let token = list.metadata.next.filter(|t| !t.is_empty());
    Ok(token.map(|token| escaped(&token)))
}

/// A text as a value in a query: the API server's tokens are base64, whose signs mean something there.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                escaped.push(char::from(byte));
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{escaped, next};

    #[test]
    fn a_list_goes_on_where_its_metadata_says() {
        let token = |metadata: &str| next(&format!(r#"{{"metadata":{metadata},"items":[]}}"#));
        assert_eq!(
            token(r#"{"continue":"a+b="}"#).unwrap().as_deref(),
            Some("a%2Bb%3D")
        );
        assert_eq!(token(r#"{"continue":""}"#).unwrap(), None);
        assert_eq!(token(r#"{"resourceVersion":"1"}"#).unwrap(), None);
        assert!(next("no list").is_err());
    }

    #[test]
    fn what_means_something_in_a_query_is_escaped() {
        assert_eq!(escaped("aZ09-_.~ /&=+é"), "aZ09-_.~%20%2F%26%3D%2B%C3%A9");
    }
}
