//! What `RuntimeDefault` stands for: the system calls that container runtimes allow where nobody says otherwise.

use std::fs;

use serde_json::{Value, json};

/// The profile that podman and CRI-O ship. It is written for many machines and many rights at once.
const PROFILE: &str = "/usr/share/containers/seccomp.json";

/// The part of it that holds on this machine for a container without any capability, as crun reads it.
#[track_caller]
pub fn runtime_default() -> Value {
    let text = fs::read_to_string(PROFILE).unwrap_or_else(|e| {
        panic!("{PROFILE}: {e}; on Debian: apt-get install golang-github-containers-common")
    });
    let profile: Value = serde_json::from_str(&text).expect("JSON");
    let (go, kernel) = match std::env::consts::ARCH {
        "x86_64" => ("amd64", "SCMP_ARCH_X86_64"),
        "aarch64" => ("arm64", "SCMP_ARCH_AARCH64"),
        other => panic!("nobody has said what {other} is called"),
    };
    let mut calls: Vec<Value> = profile["syscalls"].as_array().expect("calls").clone();
    calls.retain(|call| holds(call, go));
    for call in &mut calls {
        let call = call.as_object_mut().expect("an object");
        call.retain(|key, value| {
            ["names", "action", "args", "errnoRet"].contains(&key.as_str()) && !value.is_null()
        });
    }
    let maps = profile["archMap"].as_array().expect("architectures");
    let map = maps.iter().find(|map| map["architecture"] == kernel);
    let mut architectures = vec![json!(kernel)];
    let others = map.and_then(|map| map["subArchitectures"].as_array());
    architectures.extend(others.into_iter().flatten().cloned());
    json!({"defaultAction": profile["defaultAction"], "defaultErrnoRet": profile["defaultErrnoRet"],
        "architectures": architectures, "syscalls": calls})
}

/// Whether an entry is for such a container on such a machine.
fn holds(call: &Value, architecture: &str) -> bool {
    let list = |part: &str, key: &str| call[part][key].as_array().cloned().unwrap_or_default();
    let (only, but) = (list("includes", "arches"), list("excludes", "arches"));
    let is_here = (only.is_empty() || only.contains(&json!(architecture)))
        && !but.contains(&json!(architecture));
    is_here && list("includes", "caps").is_empty()
}
