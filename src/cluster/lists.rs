//! Lists of objects, page by page.

use http::Request;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde::Deserialize;

use super::client::Cluster;
use super::error::ClusterError;
use super::kind::Kind;

/// Objects of one page.
const PAGE: usize = 500;

/// How often a list is read whose continue token may expire halfway.
const ATTEMPTS: usize = 3;

impl Cluster {
    /// All objects of a kind; each page is a list as JSON.
    ///
    /// # Errors
    /// As [`Self::read_pages`].
    pub async fn list(&self, kind: Kind) -> Result<Vec<String>, ClusterError> {
        self.read_pages(kind, None, |page| page).await
    }

    /// All objects of a kind in one namespace.
    ///
    /// # Errors
    /// As [`Self::read_pages`].
    pub async fn list_in(&self, kind: Kind, namespace: &str) -> Result<Vec<String>, ClusterError> {
        self.read_pages(kind, Some(namespace), |page| page).await
    }

    /// The objects with a label such as `app.kubernetes.io/name=slicegate`, in one page; none if the API server does
    /// not serve the kind.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub async fn list_labelled(
        &self,
        kind: Kind,
        label: &str,
    ) -> Result<Option<String>, ClusterError> {
        let path = format!("{}?labelSelector={}", kind.path(None), escape(label));
        self.read(&path, || format!("list {}", kind.plural)).await
    }

    /// What `read` makes of each page, for one namespace or for all.
    ///
    /// # Errors
    /// When a page cannot be read.
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
        let path = kind.path(namespace);
        let mut attempt = 1;
        loop {
            match self.all_pages(&what, &path, &read).await {
                // The continue token has expired. Pages of the old list do not fit to pages of a new one.
                Err(error) if error.is_gone() && attempt < ATTEMPTS => attempt += 1,
                pages => return pages,
            }
        }
    }

    async fn all_pages<T>(
        &self,
        what: &str,
        path: &str,
        read: &impl Fn(String) -> T,
    ) -> Result<Vec<T>, ClusterError> {
        let action = || format!("list {what}");
        let mut pages = Vec::new();
        let mut continued = String::new();
        loop {
            let path = format!("{path}?limit={PAGE}{continued}");
            let request = self.request(Request::get(path), Vec::new(), action)?;
            let page = self.send(request, action).await?;
            let token = continue_token(&page).map_err(|e| self.unreadable(action(), &e))?;
            pages.push(read(page));
            match token {
                Some(token) => continued = format!("&continue={token}"),
                None => return Ok(pages),
            }
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
    token: Option<String>,
}

/// The token of the next page, escaped for a URL; none on the last page.
fn continue_token(page: &str) -> Result<Option<String>, serde_json::Error> {
    let list: List = serde_json::from_str(page)?;
    let token = list.metadata.token.filter(|t| !t.is_empty());
    // Tokens are base64, which has `+`, `/` and `=`.
    Ok(token.map(|token| escape(&token).to_string()))
}

fn escape(text: &str) -> PercentEncode<'_> {
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'~');
    utf8_percent_encode(text, RESERVED)
}

#[cfg(test)]
mod tests {
    use super::continue_token;

    #[test]
    fn a_list_continues_at_the_token_of_its_metadata() {
        let token =
            |metadata: &str| continue_token(&format!(r#"{{"metadata":{metadata},"items":[]}}"#));
        assert_eq!(
            token(r#"{"continue":"a+b="}"#).unwrap().as_deref(),
            Some("a%2Bb%3D")
        );
        assert_eq!(token(r#"{"continue":""}"#).unwrap(), None);
        assert_eq!(token(r#"{"resourceVersion":"1"}"#).unwrap(), None);
        assert!(continue_token("no list").is_err());
    }
}
