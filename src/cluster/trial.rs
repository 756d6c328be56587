//! What an answer says beside its object: the time, and warnings. For looking at a cluster, not for changing it.

use http::{Request, Response, header};
use http_body_util::BodyExt as _;
use k8s_openapi::jiff::fmt::rfc2822;
use kube::client::Body;
use kube::core::Status;

use super::{Access, Cluster, ClusterError, Kind};

/// What became of an object that was offered and not created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trial {
    /// It would have been created, with these warnings.
    Taken(Vec<String>),
    /// It was refused: the status, and in which words.
    Refused(u16, String),
}

impl Cluster {
    /// The API server's clock, in whole seconds since 1970; none where it does not say.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn clock(&self) -> Result<Option<i64>, ClusterError> {
        let request = Request::get("/version");
        let answer = self.answer(request, String::new(), "read the time").await?;
        let date = answer.headers().get(header::DATE);
        let date = date.and_then(|date| date.to_str().ok());
        let time = date.and_then(|date| rfc2822::parse(date).ok());
        Ok(time.map(|time| time.timestamp().as_second()))
    }

    /// Offers an object to be created, and has the API server create nothing.
    ///
    /// # Errors
    /// When there is no answer that says whether it would be created.
    pub async fn try_create(
        &self,
        kind: Kind,
        namespace: &str,
        object: String,
    ) -> Result<Trial, ClusterError> {
        let path = format!("{}?dryRun=All", kind.path(Some(namespace)));
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        let doing = format!("try a {} in namespace {namespace}", kind.name);
        let answer = self.answer(request, object, &doing).await?;
        let (parts, body) = answer.into_parts();
        if parts.status.is_success() {
            let all = parts.headers.get_all(header::WARNING).iter();
            let texts = all.filter_map(|w| w.to_str().ok());
            return Ok(Trial::Taken(texts.filter_map(warning).collect()));
        }
        let code = parts.status.as_u16();
        let body = body.collect().await;
        let body = body.map_err(|e| self.failed(doing, Access::WRITE, &e))?;
        let bytes = body.to_bytes();
        let status: Option<Status> = serde_json::from_slice(&bytes).ok();
        let text = status
            .map(|status| status.message)
            .filter(|m| !m.is_empty());
        let text = text.unwrap_or_else(|| String::from_utf8_lossy(&bytes).into_owned());
        Ok(Trial::Refused(code, text))
    }

    async fn answer(
        &self,
        request: http::request::Builder,
        body: String,
        doing: &str,
    ) -> Result<Response<Body>, ClusterError> {
        let request = self.request(request, body.into_bytes(), || doing.to_owned())?;
        let (client, silence) = self.way(request.method());
        let answer = client.send(request.map(Body::from)).await;
        answer.map_err(|problem| self.failed(doing.to_owned(), silence, &problem))
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
    fn a_warning_is_what_stands_in_quotes() {
        let text = warning(r#"299 - "slicegate a: say \"b\"""#);
        assert_eq!(text.as_deref(), Some("slicegate a: say \"b\""));
        assert_eq!(warning("299"), None);
    }
}
