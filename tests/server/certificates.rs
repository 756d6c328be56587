//! Certificates that change, that are bad, and those that clients show.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime};

use slicegate::certificates::generate;
use tempfile::TempDir;

use super::client::{Connection, Dialect, config};
use super::process::{Server, until};
use super::world::{self, pod, review};

/// A folder as the kubelet mounts a Secret: the files are links into a folder that is exchanged as a whole.
fn secret(folder: &Path, number: u32) {
    secret_for(folder, number, 30);
}

fn secret_for(folder: &Path, number: u32, days: u32) {
    let made = generate(&["localhost".to_owned()], &[], days).expect("a certificate");
    write(folder, number, &made.ca_pem, &made.cert_pem, &made.key_pem);
}

fn write(folder: &Path, number: u32, ca: &str, cert: &str, key: &str) {
    let data = folder.join(format!("..{number}"));
    fs::create_dir_all(&data).expect("a folder");
    for (name, text) in [("ca.crt", ca), ("tls.crt", cert), ("tls.key", key)] {
        fs::write(data.join(name), text).expect("a file");
        let link = folder.join(name);
        if !link.is_symlink() {
            symlink(Path::new("..data").join(name), link).expect("a link");
        }
    }
    let turned = folder.join("..data_tmp");
    symlink(data.file_name().expect("a name"), &turned).expect("a link");
    fs::rename(turned, folder.join("..data")).expect("a turned link");
}

fn serving(folder: TempDir, flags: &[&str]) -> Server {
    world::write(folder.path());
    let mut all = vec!["--tls-cert", "tls.crt", "--tls-key", "tls.key"];
    all.extend(flags);
    Server::in_folder(folder, &all)
}

fn connect(server: &Server) -> std::io::Result<Connection> {
    let config = config(&server.path("ca.crt"), Dialect::default());
    Connection::with(server.webhook, config)
}

#[test]
fn a_certificate_that_is_exchanged_counts_for_new_connections_and_no_request_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    secret(folder.path(), 1);
    let server = serving(folder, &[]);
    let mut before = connect(&server).expect("a connection");
    let first = before.certificate();
    secret(server.path("").as_path(), 2);
    let after = until(|| connect(&server).ok()).expect("the new one is served");
    assert_ne!(after.certificate(), first);
    let answer = before.review(&review("uid", "inference", &pod()));
    assert_eq!(
        answer["response"]["allowed"], true,
        "the old connection goes on"
    );
    server.logged("a new certificate is in force");
}

#[test]
fn a_bad_certificate_never_replaces_a_good_one() {
    let folder = tempfile::tempdir().expect("a folder");
    secret(folder.path(), 1);
    let server = serving(folder, &[]);
    let good = connect(&server).expect("a connection").certificate();
    let ca = fs::read_to_string(server.path("ca.crt")).expect("a file");
    let cert = fs::read_to_string(server.path("tls.crt")).expect("a file");
    let key = fs::read_to_string(server.path("tls.key")).expect("a file");
    let other = generate(&["localhost".to_owned()], &[], 30).expect("a certificate");
    let expired = expired();
    for (number, cert, key, why) in [
        (
            2,
            cert.as_str(),
            other.key_pem.as_str(),
            "does not go with the key",
        ),
        (3, "nothing", key.as_str(), "holds no certificate"),
        (4, cert.as_str(), "nothing", "holds no private key"),
        (5, &cert[..200], key.as_str(), "is no PEM"),
        (6, expired.as_str(), key.as_str(), "ended on"),
    ] {
        write(server.path("").as_path(), number, &ca, cert, key);
        let said = until(|| {
            let says = |line: &serde_json::Value| {
                line["problem"].as_str().is_some_and(|p| p.contains(why))
            };
            server.log().iter().any(says).then_some(())
        });
        assert!(said.is_some(), "{why}: {:#?}", server.log());
        assert_eq!(connect(&server).expect("a connection").certificate(), good);
    }
}

/// How often a new certificate was taken, or not.
fn reloads(server: &Server, result: &str) -> u64 {
    let page = super::client::get(server.admin, "/metrics").1;
    let name = format!("slicegate_certificate_reload_total{{result=\"{result}\"}} ");
    let count = page
        .lines()
        .find_map(|line| line.strip_prefix(name.as_str()));
    count.and_then(|count| count.parse().ok()).expect("a count")
}

#[test]
fn a_certificate_whose_time_has_not_come_is_taken_when_it_has() {
    let folder = tempfile::tempdir().expect("a folder");
    secret(folder.path(), 1);
    let server = serving(folder, &[]);
    let first = connect(&server).expect("a connection").certificate();
    assert_eq!(
        (reloads(&server, "success"), reloads(&server, "failure")),
        (0, 0)
    );
    let begins = SystemTime::now() + Duration::from_secs(5);
    let (cert, key) = beginning(begins);
    let path = server.path("");
    write(&path, 2, &cert, &cert, &key);
    server.logged("the certificate was not taken");
    assert_eq!(
        (reloads(&server, "success"), reloads(&server, "failure")),
        (0, 1)
    );
    server.logged("a new certificate is in force");
    // Its own time is in whole seconds.
    assert!(SystemTime::now() + Duration::from_secs(1) >= begins);
    assert_ne!(connect(&server).expect("a connection").certificate(), first);
    assert_eq!(
        (reloads(&server, "success"), reloads(&server, "failure")),
        (1, 1)
    );
    let said = |l: &&serde_json::Value| l["message"].to_string().contains("was not taken");
    assert_eq!(
        server.log().iter().filter(said).count(),
        1,
        "it is said once"
    );
}

/// For localhost, self-signed, from then on.
fn beginning(at: SystemTime) -> (String, String) {
    use rcgen::{CertificateParams, KeyPair};
    let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    params.not_before = at.into();
    let key = KeyPair::generate().expect("a key");
    let cert = params.self_signed(&key).expect("a certificate");
    (cert.pem(), key.serialize_pem())
}

#[test]
fn certificate_and_key_may_be_written_one_after_the_other_and_be_away_meanwhile() {
    let folder = tempfile::tempdir().expect("a folder");
    let plain = |folder: &Path, name: &str, text: &str| {
        fs::write(folder.join(name), text).expect("a file");
    };
    let old = generate(&["localhost".to_owned()], &[], 30).expect("a certificate");
    for (name, text) in [
        ("ca.crt", &old.ca_pem),
        ("tls.crt", &old.cert_pem),
        ("tls.key", &old.key_pem),
    ] {
        plain(folder.path(), name, text);
    }
    let server = serving(folder, &[]);
    let first = connect(&server).expect("a connection").certificate();
    let path = server.path("");
    fs::remove_file(path.join("tls.key")).expect("a file");
    server.logged("the certificate was not taken");
    let new = generate(&["localhost".to_owned()], &[], 30).expect("a certificate");
    plain(&path, "tls.crt", &new.cert_pem);
    let mismatch = until(|| (reloads(&server, "failure") >= 2).then_some(()));
    assert!(mismatch.is_some(), "{:#?}", server.log());
    assert_eq!(connect(&server).expect("a connection").certificate(), first);
    plain(&path, "tls.key", &new.key_pem);
    server.logged("a new certificate is in force");
    plain(&path, "ca.crt", &new.ca_pem);
    assert_ne!(connect(&server).expect("a connection").certificate(), first);
}

#[test]
fn authorities_of_clients_that_were_bad_for_a_while_count_when_they_are_good() {
    let folder = tempfile::tempdir().expect("a folder");
    secret(folder.path(), 1);
    let (trusted, cert, key) = client_authority();
    fs::write(folder.path().join("clients.crt"), client_authority().0).expect("a file");
    let server = serving(folder, &["--tls-client-ca", "clients.crt"]);
    let is_answered = || {
        let dialect = Dialect {
            identity: Some((cert.clone(), key.clone())),
            ..Dialect::default()
        };
        let config = config(&server.path("ca.crt"), dialect);
        let answer = Connection::with(server.webhook, config).and_then(|mut connection| {
            let body = review("uid", "inference", &pod()).to_string();
            let head = super::client::head("POST /mutate", "application/json", body.len());
            connection.send(head.as_bytes())?;
            connection.send(body.as_bytes())?;
            connection.response()
        });
        answer.is_ok_and(|response| response.status == 200)
    };
    assert!(!is_answered(), "by another authority");
    fs::write(server.path("clients.crt"), "nothing").expect("a file");
    server.logged("the certificate was not taken");
    fs::write(server.path("clients.crt"), trusted).expect("a file");
    assert!(until(|| is_answered().then_some(())).is_some());
}

/// For localhost, of one day in the year 2000.
fn expired() -> String {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};
    let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(2000, 1, 2);
    let key = KeyPair::generate().expect("a key");
    params.self_signed(&key).expect("a certificate").pem()
}

#[test]
fn where_clients_are_checked_only_those_of_the_authority_are_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    secret(folder.path(), 1);
    let trusted = client_authority();
    fs::write(folder.path().join("clients.crt"), &trusted.0).expect("a file");
    let server = serving(folder, &["--tls-client-ca", "clients.crt"]);
    let ask = |identity: Option<(String, String)>| {
        let dialect = Dialect {
            identity,
            ..Dialect::default()
        };
        let config = config(&server.path("ca.crt"), dialect);
        let mut connection = Connection::with(server.webhook, config)?;
        let body = review("uid", "inference", &pod()).to_string();
        let head = super::client::head("POST /mutate", "application/json", body.len());
        connection.send(head.as_bytes())?;
        connection.send(body.as_bytes())?;
        connection.response()
    };
    assert!(ask(None).is_err());
    server.logged("--tls-client-ca is set, and the client shows no certificate");
    let stranger = client_authority();
    assert!(ask(Some((stranger.1, stranger.2))).is_err());
    let response = ask(Some((trusted.1, trusted.2))).expect("an answer");
    assert_eq!(response.status, 200);
}

/// An authority's certificate, and a client's certificate and key by it.
fn client_authority() -> (String, String, String) {
    use rcgen::{
        BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    };
    let ca_key = KeyPair::generate().expect("a key");
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_pem = ca.self_signed(&ca_key).expect("an authority").pem();
    let key = KeyPair::generate().expect("a key");
    let mut client = CertificateParams::default();
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let client = client
        .signed_by(&key, &Issuer::new(ca, ca_key))
        .expect("a client");
    (ca_pem, client.pem(), key.serialize_pem())
}

#[test]
fn what_is_generated_is_for_nobody_elses_eyes_and_used_again() {
    let server = Server::start();
    let mode = |name: &str| {
        let path = server.path("certificates").join(name);
        fs::metadata(path).expect("a file").permissions().mode() & 0o777
    };
    assert_eq!(
        (mode("tls.key"), mode("tls.crt"), mode("ca.crt")),
        (0o600, 0o644, 0o644)
    );
    let key = fs::read(server.path("certificates/tls.key")).expect("a key");
    let copy = tempfile::tempdir().expect("a folder");
    world::write(copy.path());
    fs::create_dir(copy.path().join("certificates")).expect("a folder");
    for name in ["ca.crt", "tls.crt", "tls.key"] {
        let from = server.path("certificates").join(name);
        fs::copy(from, copy.path().join("certificates").join(name)).expect("a copy");
    }
    let again = Server::in_folder(copy, &[]);
    assert_eq!(
        fs::read(again.path("certificates/tls.key")).expect("a key"),
        key
    );
    let answer = Connection::to(&again).review(&review("uid", "inference", &pod()));
    assert_eq!(answer["response"]["allowed"], true);
}

#[test]
fn an_api_server_that_does_not_trust_the_certificate_is_told_of_in_the_log_and_not_for_each_pod() {
    let folder = tempfile::tempdir().expect("a folder");
    secret(folder.path(), 1);
    let server = serving(folder, &[]);
    let stranger = tempfile::tempdir().expect("a folder");
    secret(stranger.path(), 1);
    for _ in 0..5 {
        let config = config(&stranger.path().join("ca.crt"), Dialect::default());
        assert!(Connection::with(server.webhook, config).is_err());
    }
    server.logged("caBundle of the webhooks is not the authority");
    let said = server.log().iter().filter(|l| l["level"] == "WARN").count();
    assert_eq!(said, 1);
}

#[test]
fn a_certificate_that_ends_soon_is_told_of_in_the_log() {
    let folder = tempfile::tempdir().expect("a folder");
    secret_for(folder.path(), 1, 3);
    let server = serving(folder, &[]);
    let line = server.logged("the certificate ends soon");
    assert!(matches!(line["days"].as_u64(), Some(2 | 3)), "{line}");
    secret(server.path("").as_path(), 2);
    server.logged("a new certificate is in force");
    let said = |l: &&serde_json::Value| l["message"].to_string().contains("ends soon");
    assert_eq!(server.log().iter().filter(said).count(), 1);
}
