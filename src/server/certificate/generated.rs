//! `--tls-generate`: an authority and a certificate in a folder, for a single machine and for tests.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use tracing::info;

use super::error::TlsError;
use crate::certificates;
use crate::manifests::{NAMESPACE, Service};

/// Ten years: nobody can renew it, because its authority's key is not kept.
const DAYS: u32 = 3650;

const CA: &str = "ca.crt";
const CERT: &str = "tls.crt";
const KEY: &str = "tls.key";

/// The paths of certificate and key in the folder. Generates all three files if none exists.
pub fn files(folder: &Path) -> Result<(PathBuf, PathBuf), TlsError> {
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
    let created = fs::create_dir_all(folder);
    created.map_err(|problem| TlsError::Unwritable(folder.to_owned(), problem))?;
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

/// The names of the Service `slicegate` in its namespace, and `localhost`.
fn names() -> Vec<String> {
    // A Deployment passes its namespace in this variable by convention (fieldRef: metadata.namespace).
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

/// Writes to another name first, so that nobody reads half a file.
fn write(path: &Path, mode: u32, text: &str) -> Result<(), TlsError> {
    let half = path.with_extension("new");
    let write = || {
        let _ = fs::remove_file(&half);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&half)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&half, path)
    };
    write().map_err(|problem| TlsError::Unwritable(path.to_owned(), problem))
}
