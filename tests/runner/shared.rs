//! Files that are no part of this repository: acceptance cases, and other people's manifests.
//!
//! They lie in the folder that `SLICEGATE_SHARED` names, or in `../shared` beside the checkout.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Missing;

/// Set to 1 where they have to be there, such as in continuous integration.
const REQUIRE: &str = "SLICEGATE_REQUIRE_SHARED";

/// A file or a folder of theirs.
///
/// # Errors
/// Where it is not here.
pub fn find(part: &str) -> Result<PathBuf, Missing> {
    let given = std::env::var_os("SLICEGATE_SHARED").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let path = given.clone().unwrap_or_else(beside).join(part);
    if path.exists() {
        return Ok(path);
    }
    let why = match given {
        Some(folder) => format!("SLICEGATE_SHARED is {}, which has no {part}", folder.display()),
        // Whoever has them knows where.
        None => "acceptance cases and other people's manifests, which are not published with this repository".to_owned(),
    };
    Err(missing(why))
}

/// The folder of the acceptance cases, where they can be run.
///
/// # Errors
/// What is not here.
pub fn acceptance() -> Result<PathBuf, Missing> {
    let folder = find("acceptance")?;
    let python = Command::new("python3")
        .args(["-c", "import yaml, jsonpatch"])
        .output();
    if python.is_ok_and(|output| output.status.success()) {
        return Ok(folder);
    }
    let why = "no python3 with pyyaml and jsonpatch: pip install pyyaml jsonpatch";
    Err(missing(why.to_owned()))
}

fn missing(why: String) -> Missing {
    Missing {
        why,
        require: REQUIRE,
    }
}
