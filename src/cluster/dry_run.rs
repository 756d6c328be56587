//! Requests that need the response's headers: a dry run with its warnings, and the API server's clock.

use http::{Request, Response, header};
use http_body_util::BodyExt as _;
use k8s_openapi::jiff::fmt::rfc2822;
use kube::client::Body;
use kube::core::Status;

use super::access::Access;
use super::client::Cluster;
use super::error::ClusterError;
use super::kind::Kind;

/// Whether the API server persists a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DryRun {
    /// It does.
    No,
    /// `dryRun=All`: it runs admission and persists nothing.
    All,
}

impl DryRun {
    pub(super) const fn query(self) -> &'static str {
        match self {
            Self::No => "",
            Self::All => "&dryRun=All",
        }
    }
}

/// The answer to a dry run of a creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DryRunResult {
    /// Accepted, with these warnings.
    Accepted(Vec<String>),
    /// Refused, with this HTTP status and message.
    Refused(u16, String),
}

impl Cluster {
    /// The API server's clock, in seconds since 1970, from the `Date` header; none if the header is missing.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub async fn clock(&self) -> Result<Option<i64>, ClusterError> {
        let request = Request::get("/version");
        let answer = self.answer(request, String::new(), "read the time").await?;
        let date = answer.headers().get(header::DATE);
        let date = date.and_then(|date| date.to_str().ok());
        let time = date.and_then(|date| rfc2822::parse(date).ok());
        Ok(time.map(|time| time.timestamp().as_second()))
    }

    /// Creates an object in a dry run.
    ///
    /// # Errors
    /// When no answer says whether the object is accepted.
    pub async fn dry_run_create(
        &self,
        kind: Kind,
        namespace: &str,
        object: String,
    ) -> Result<DryRunResult, ClusterError> {
        let path = format!("{}?dryRun=All", kind.path(Some(namespace)));
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        let action = format!("try a {} in namespace {namespace}", kind.name);
        let answer = self.answer(request, object, &action).await?;
        let (parts, body) = answer.into_parts();
        if parts.status.is_success() {
            let all = parts.headers.get_all(header::WARNING).iter();
            let texts = all.filter_map(|w| w.to_str().ok());
            return Ok(DryRunResult::Accepted(texts.filter_map(warning).collect()));
        }
        let code = parts.status.as_u16();
        let body = body.collect().await;
        let body = body.map_err(|e| self.failed(action, Access::WRITE_TIMEOUT, &e))?;
        let bytes = body.to_bytes();
        let message = match serde_json::from_slice::<Status>(&bytes) {
            Ok(status) if !status.message.is_empty() => status.message,
            _ => String::from_utf8_lossy(&bytes).into_owned(),
        };
        Ok(DryRunResult::Refused(code, message))
    }

    async fn answer(
        &self,
        request: http::request::Builder,
        body: String,
        action: &str,
    ) -> Result<Response<Body>, ClusterError> {
        let request = self.request(request, body.into_bytes(), || action.to_owned())?;
        let (client, timeout) = self.client_for(request.method());
        let answer = client.send(request.map(Body::from)).await;
        answer.map_err(|problem| self.failed(action.to_owned(), timeout, &problem))
    }
}

/// The text of `299 - "text"`.
fn warning(header: &str) -> Option<String> {
    let (_, quoted) = header.split_once('"')?;
    let text = quoted.strip_suffix('"')?;
    Some(text.replace("\\\"", "\"").replace("\\\\", "\\"))
}

#[cfg(test)]
mod tests {
    use super::warning;

    #[test]
    fn a_warning_is_the_quoted_text_of_the_header() {
        let text = warning(r#"299 - "slicegate a: say \"b\"""#);
        assert_eq!(text.as_deref(), Some("slicegate a: say \"b\""));
        assert_eq!(warning("299"), None);
    }
}
