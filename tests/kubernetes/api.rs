//! A client of the API server: JSON over one TLS connection that is kept.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::certificates::{Authority, Identity};

/// Longer than any request to a healthy API server takes.
const LIMIT: Duration = Duration::from_secs(60);

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What the API server answered.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The object, or the Status that says what was wrong.
    pub body: Value,
    /// The warnings a client shows.
    pub warnings: Vec<String>,
}

impl Answer {
    /// Whether the request was granted.
    pub fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// What a Status says.
    pub fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }
}

/// A client with an identity. It connects when it is first used.
pub struct Api {
    port: u16,
    tls: Arc<ClientConfig>,
    line: Mutex<Line>,
}

struct Line {
    runtime: Runtime,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Api {
    /// For the API server on a port of this machine.
    pub fn new(port: u16, authority: &str, who: &Identity) -> Self {
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(authority.as_bytes()).expect("a certificate");
        roots.add(root).expect("a root");
        let own = CertificateDer::from_pem_slice(who.pem.as_bytes()).expect("a certificate");
        let key = PrivateKeyDer::from_pem_slice(who.key.as_bytes()).expect("a key");
        let tls = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![own], key)
            .expect("a client's configuration");
        Self::with(port, Arc::new(tls))
    }

    /// Where the server is.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The same client on a connection of its own.
    pub fn another(&self) -> Self {
        Self::with(self.port, Arc::clone(&self.tls))
    }

    /// A client of the same server for somebody else.
    pub fn with_identity(&self, authority: &Authority, who: &Identity) -> Self {
        Self::new(self.port, &authority.pem, who)
    }

    fn with(port: u16, tls: Arc<ClientConfig>) -> Self {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let sender = None;
        Self {
            port,
            tls,
            line: Mutex::new(Line { runtime, sender }),
        }
    }

    /// Sends a request. A connection that was closed meanwhile is opened again.
    ///
    /// # Errors
    /// When there is no connection, or no answer in time.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, String> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let Line { runtime, sender } = &mut *line;
        let exchange = async {
            if sender.as_mut().is_none_or(|s| s.is_closed()) {
                *sender = Some(connect(self.port, Arc::clone(&self.tls)).await?);
            }
            let sender = sender.as_mut().ok_or("no connection")?;
            sender.ready().await?;
            exchange(sender, request(self.port, method, path, body)?).await
        };
        let answer = match runtime.block_on(async { tokio::time::timeout(LIMIT, exchange).await }) {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} s", LIMIT.as_secs()),
        };
        *sender = None;
        Err(format!("{method} {path}: {answer}"))
    }

    /// The same, where there has to be an answer.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.try_send(method, path, body)
            // The server may have closed a connection that nobody used for a while.
            .or_else(|_| self.try_send(method, path, body))
            .unwrap_or_else(|error| panic!("{error}"))
    }
}

async fn connect(port: u16, tls: Arc<ClientConfig>) -> Result<SendRequest<Full<Bytes>>, Failure> {
    let tcp = TcpStream::connect(("127.0.0.1", port)).await?;
    tcp.set_nodelay(true)?;
    let name = ServerName::try_from("127.0.0.1")?;
    let stream = TlsConnector::from(tls).connect(name, tcp).await?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

fn request(
    port: u16,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Result<Request<Full<Bytes>>, Failure> {
    let kind = match method {
        "PATCH" => "application/merge-patch+json",
        _ => "application/json",
    };
    let body = body.map(Value::to_string).unwrap_or_default();
    Ok(Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, format!("127.0.0.1:{port}"))
        .header(header::CONTENT_TYPE, kind)
        .header(header::ACCEPT, "application/json")
        .body(Full::new(Bytes::from(body)))?)
}

async fn exchange(
    sender: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> Result<Answer, Failure> {
    let answer = sender.send_request(request).await?;
    let status = answer.status().as_u16();
    let warnings = answer.headers().get_all(header::WARNING).iter();
    let warnings = warnings
        .filter_map(|w| Some(w.to_str().ok()?.split_once('"')?.1.trim_end_matches('"')))
        .map(str::to_owned)
        .collect();
    let bytes = answer.into_body().collect().await?.to_bytes();
    let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
    let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| text());
    Ok(Answer {
        status,
        body,
        warnings,
    })
}
