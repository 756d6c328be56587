//! `--tls-generate`: an authority and a certificate in a folder, for tries on one machine and for tests.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use tracing::info;

use super::TlsError;
use crate::certificates;
use crate::manifests::{NAMESPACE, Service};

/// Nobody renews it, because its authority's key is gone: ten years.
const DAYS: u32 = 3650;

const CA: &str = "ca.crt";
const CERT: &str = "tls.crt";
const KEY: &str = "tls.key";

/// Certificate and key in the folder; all three files are made where none of them is there.
pub(super) fn files(folder: &Path) -> Result<(PathBuf, PathBuf), TlsError> {
    let (found, missing): (Vec<&str>, Vec<&str>) = [CA, CERT, KEY]
        .into_iter()
        .partition(|name| folder.join(name).exists());
    if found.is_empty() {
        make(folder)?;
    } else if !missing.is_empty() {
        return Err(TlsError::Incomplete {
            folder: folder.to_owned(),
            found: found.join(" and "),
            missing: missing.join(" and "),
        });
    }
    Ok((folder.join(CERT), folder.join(KEY)))
}

fn make(folder: &Path) -> Result<(), TlsError> {
    let made = certificates::generate(&names(), &ADDRESSES, DAYS)?;
    fs::create_dir_all(folder).map_err(|problem| TlsError::Unwritable {
        path: folder.to_owned(),
        problem,
    })?;
    write(&folder.join(KEY), 0o600, &made.key_pem)?;
    write(&folder.join(CERT), 0o644, &made.cert_pem)?;
    write(&folder.join(CA), 0o644, &made.ca_pem)?;
    info!(folder = %folder.display(), "made {CA}, {CERT} and {KEY}");
    Ok(())
}

const ADDRESSES: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
];

/// What the server is called on its own machine, and as the Service `slicegate` of its namespace.
fn names() -> Vec<String> {
    // As a Deployment hands it down by convention (fieldRef: metadata.namespace).
    let namespace = std::env::var("POD_NAMESPACE").ok();
    let namespace = namespace.filter(|n| !n.is_empty());
    let namespace = namespace.as_deref().unwrap_or(NAMESPACE);
    let service = Service {
        namespace,
        ..Service::default()
    };
    let mut names = service.dns_names();
    names.push("localhost".to_owned());
    names
}

/// Writes under another name first, so that nobody reads half a file.
fn write(path: &Path, mode: u32, text: &str) -> Result<(), TlsError> {
    let half = path.with_extension("new");
    let write = || {
        let _ = fs::remove_file(&half);
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&half)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&half, path)
    };
    write().map_err(|problem| TlsError::Unwritable {
        path: path.to_owned(),
        problem,
    })
}
