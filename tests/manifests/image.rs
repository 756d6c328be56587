//! The Dockerfile makes what the manifests run. tests/kubernetes/image.rs runs an image that its last stage made.

use std::fs;

use super::{file, objects, one};

fn dockerfile() -> String {
    fs::read_to_string(file("Dockerfile")).expect("text")
}

/// What follows a word at the beginning of a line, once or several times.
fn lines<'t>(text: &'t str, word: &str) -> Vec<&'t str> {
    let after = |line: &'t str| line.strip_prefix(word)?.strip_prefix(' ');
    text.lines().filter_map(after).collect()
}

#[test]
fn the_image_runs_as_the_user_and_listens_where_the_deployment_says() {
    let text = dockerfile();
    let deployment = one(&objects("webhook-config"), "Deployment", "slicegate");
    let spec = &deployment["spec"]["template"]["spec"];
    let context = &spec["securityContext"];
    let user = format!("{}:{}", context["runAsUser"], context["runAsGroup"]);
    assert_eq!(lines(&text, "USER"), [user]);
    let container = &spec["containers"][0];
    let ports = container["ports"].as_array().expect("ports");
    let ports: Vec<String> = ports
        .iter()
        .map(|p| p["containerPort"].to_string())
        .collect();
    assert_eq!(lines(&text, "EXPOSE"), [ports.join(" ")]);
    // The Deployment gives arguments and no command.
    let entry = lines(&text, "ENTRYPOINT");
    assert_eq!(entry, [r#"["/usr/local/bin/slicegate"]"#]);
    let files = fs::read_to_string(file("image/files")).expect("text");
    assert!(files.contains("\"$folder/usr/local/bin/slicegate\"\n"));
    assert!(container["command"].is_null());
}

#[test]
fn the_image_has_the_programs_version_and_a_compiler_that_is_new_enough() {
    let text = dockerfile();
    let version = format!("image.version=\"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(text.contains(&version), "{version}");
    let image = lines(&text, "FROM").remove(0);
    let rust = image.split("rust:").nth(1).expect("Rust");
    let number = |text: &str, at: usize| -> u32 {
        let part = text.split(['.', '-']).nth(at);
        part.and_then(|p| p.parse().ok()).expect("a whole version")
    };
    let needed = env!("CARGO_PKG_RUST_VERSION");
    assert!(number(rust, 1) >= number(needed, 1), "{rust} < {needed}");
    number(rust, 2);
}

#[test]
fn what_is_copied_into_the_image_is_not_ignored_and_all_else_is() {
    let ignored = fs::read_to_string(file(".dockerignore")).expect("text");
    let ignored = ignored.lines().filter(|line| !line.starts_with('#'));
    let mut kept = Vec::new();
    for line in ignored {
        match line.strip_prefix('!') {
            Some(name) => kept.push(name.to_owned()),
            None => assert_eq!(line, "*"),
        }
    }
    let text = dockerfile();
    let copied = lines(&text, "COPY")
        .into_iter()
        .filter(|c| !c.starts_with("--from"));
    let mut sources: Vec<String> = copied
        .flat_map(|c| c.split(' ').rev().skip(1))
        .map(str::to_owned)
        .collect();
    sources.sort();
    kept.sort();
    assert_eq!(sources, kept);
    assert!(sources.iter().all(|source| file(source).exists()));
}
