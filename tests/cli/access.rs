//! Which cluster the commands ask, and that one that says nothing is not waited for.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::{Run, command, finish};

/// The commands that ask a cluster.
const ASKING: [&[&str]; 4] = [
    &["audit"],
    &["adopt", "team"],
    &["doctor"],
    &["review", "--filename=manifests/slice.yaml"],
];

/// A kubeconfig with the contexts `quiet`, which is the current one, and `other`, each with its address.
fn kubeconfig(folder: &Path, quiet: &str, other: &str) -> PathBuf {
    let path = folder.join("kubeconfig");
    let cluster = |name: &str, server: &str| json!({"name": name, "cluster": {"server": server}});
    let context = |name: &str| json!({"name": name, "context": {"cluster": name, "user": name}});
    let user = |name: &str| json!({"name": name, "user": {"token": "t"}});
    let config = json!({"apiVersion": "v1", "kind": "Config", "current-context": "quiet",
        "clusters": [cluster("quiet", quiet), cluster("other", other)],
        "users": [user("quiet"), user("other")],
        "contexts": [context("quiet"), context("other")]});
    std::fs::write(&path, config.to_string()).expect("a file");
    path
}

fn run(path: &Path, arguments: &[&str], more: &[&str]) -> Run {
    let flag = format!("--kubeconfig={}", path.display());
    finish(&mut command(&[arguments, &[&flag], more].concat()))
}

#[test]
fn an_api_server_that_says_nothing_is_told_of_after_ten_seconds() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        let taken: Vec<_> = listener.incoming().collect();
        drop(taken);
    });
    let folder = tempfile::tempdir().expect("a folder");
    let path = kubeconfig(folder.path(), &address, "http://127.0.0.1:1");
    let words = format!("the API server at {address} did not answer in 10 s");
    thread::scope(|scope| {
        for arguments in ASKING {
            let (path, words) = (&path, &words);
            scope.spawn(move || {
                let began = Instant::now();
                let run = run(path, arguments, &[]);
                assert_eq!((run.status, run.out.as_str()), (2, ""), "{arguments:?}");
                assert!(run.err.contains(words), "{arguments:?}: {}", run.err);
                assert!(began.elapsed() < Duration::from_secs(20), "{arguments:?}");
            });
        }
    });
}

#[test]
fn a_context_that_is_named_is_asked_and_one_that_is_not_there_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = kubeconfig(folder.path(), "http://127.0.0.1:9", "http://127.0.0.1:1");
    for arguments in ASKING {
        let other = run(&path, arguments, &["--context=other"]);
        assert_eq!(other.status, 2, "{arguments:?}");
        let words = "at http://127.0.0.1:1 as user other (context other of ";
        assert!(other.err.contains(words), "{arguments:?}: {}", other.err);
        let nowhere = run(&path, arguments, &["--context=nowhere"]);
        assert_eq!(nowhere.status, 2, "{arguments:?}");
        let words = "has no context nowhere; it has quiet, other";
        assert!(
            nowhere.err.contains(words),
            "{arguments:?}: {}",
            nowhere.err
        );
    }
}
