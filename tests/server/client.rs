//! A client that writes HTTP/1.1 by hand, so that tests can be as slow, large or wrong as they like.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
    crypto::aws_lc_rs, version,
};

use super::process::Server;

/// What came back.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Head and all, in small letters.
    pub head: String,
    /// As text.
    pub body: String,
}

impl Response {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

/// How a client speaks TLS.
#[derive(Default)]
pub struct Dialect {
    /// Only this version; otherwise the newest both know.
    pub version: Option<&'static SupportedProtocolVersion>,
    /// Shows this certificate with this key, PEM.
    pub identity: Option<(String, String)>,
    /// Offers HTTP/2.
    pub http2: bool,
}

/// A TLS configuration that trusts the authority of a file.
pub fn config(ca: &Path, dialect: Dialect) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_file(ca).expect("an authority");
    roots.add(ca).expect("an authority");
    let versions = dialect.version.map_or_else(
        || vec![&version::TLS13, &version::TLS12],
        |version| vec![version],
    );
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&versions)
        .expect("versions")
        .with_root_certificates(roots);
    let mut config = match dialect.identity {
        None => builder.with_no_client_auth(),
        Some((cert, key)) => builder
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_slice(cert.as_bytes()).expect("a certificate")],
                PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key"),
            )
            .expect("an identity"),
    };
    if dialect.http2 {
        config.alpn_protocols = vec![b"h2".to_vec()];
    }
    config
}

/// An open connection.
pub struct Connection {
    stream: StreamOwned<ClientConnection, TcpStream>,
}

impl Connection {
    /// To a server that made its own certificate.
    pub fn to(server: &Server) -> Self {
        let config = config(&server.path("certificates/ca.crt"), Dialect::default());
        Self::with(server.webhook, config).expect("a connection")
    }

    /// With everything said.
    pub fn with(address: SocketAddr, config: ClientConfig) -> std::io::Result<Self> {
        let socket = TcpStream::connect(address)?;
        // A body that follows its head would wait for the acknowledgement of the head.
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(Duration::from_secs(20)))?;
        let name = ServerName::try_from("localhost").expect("a name");
        let client = ClientConnection::new(Arc::new(config), name).expect("a client");
        let mut stream = StreamOwned::new(client, socket);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self { stream })
    }

    /// The certificate the server showed.
    pub fn certificate(&self) -> Vec<u8> {
        let chain = self.stream.conn.peer_certificates().expect("certificates");
        chain[0].to_vec()
    }

    /// The TLS version both agreed on.
    pub fn version(&self) -> String {
        format!("{:?}", self.stream.conn.protocol_version().expect("one"))
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    /// Posts a body to `/mutate` and reads the answer.
    #[track_caller]
    pub fn post(&mut self, body: &[u8]) -> Response {
        self.request("POST /mutate?timeout=5s", "application/json", body)
    }

    /// Posts a review.
    #[track_caller]
    pub fn review(&mut self, review: &Value) -> Value {
        let response = self.post(review.to_string().as_bytes());
        assert_eq!(response.status, 200, "{response:?}");
        response.json()
    }

    /// Sends a whole request and reads the answer.
    #[track_caller]
    pub fn request(&mut self, line: &str, content_type: &str, body: &[u8]) -> Response {
        let answered = self.try_request(line, content_type, body);
        answered.expect("all of it is taken and answered")
    }

    /// The same, of a server that may end the connection.
    pub fn try_request(
        &mut self,
        line: &str,
        content_type: &str,
        body: &[u8],
    ) -> std::io::Result<Response> {
        let head = head(line, content_type, body.len());
        self.send(head.as_bytes())?;
        self.send(body)?;
        self.response()
    }

    /// Reads one answer.
    pub fn response(&mut self) -> std::io::Result<Response> {
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(end) = find(&bytes, b"\r\n\r\n") {
                break end;
            }
            self.more(&mut bytes)?;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok());
        let length = head
            .lines()
            .find_map(|l| l.strip_prefix("content-length: "));
        let length: usize = length.and_then(|l| l.parse().ok()).unwrap_or(0);
        let mut body = bytes.split_off(end + 4);
        while body.len() < length {
            self.more(&mut body)?;
        }
        Ok(Response {
            status: status.expect("a status"),
            head,
            body: String::from_utf8(body).expect("text"),
        })
    }

    fn more(&mut self, bytes: &mut Vec<u8>) -> std::io::Result<()> {
        let mut part = [0; 4096];
        match self.stream.read(&mut part)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            n => {
                bytes.extend_from_slice(&part[..n]);
                Ok(())
            }
        }
    }
}

/// The head of a request.
pub fn head(line: &str, content_type: &str, length: usize) -> String {
    format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
    )
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|w| w == what)
}

/// Gets a path of the admin port.
#[track_caller]
pub fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("the admin port");
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).expect("a status");
    (status.parse().expect("a status"), body.to_owned())
}
