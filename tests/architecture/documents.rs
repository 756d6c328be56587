//! What the documents name as proof exists: each `tests/...` is a file or a folder, and each test in it a function. What they
//! compute is right.

use std::fs;
use std::path::Path;

use crate::chapters::{self, Chapter};

/// Those that rest on tests.
const PROOFS: [&str; 2] = ["docs/architecture.md", "docs/security.md"];

/// A file or folder below `tests`, and the functions named after it.
#[derive(Debug, PartialEq)]
struct Reference {
    path: String,
    names: Vec<String>,
}

/// Finds `` `tests/a.rs`: `name`, `other` `` and a bare `` `tests/cases/folder` ``.
fn references(text: &str) -> Vec<Reference> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("`tests/") {
        let (path, after) = quoted(&rest[at..]);
        rest = after;
        let mut names = Vec::new();
        let mut between = ": ";
        while let Some(next) = rest.strip_prefix(between).filter(|n| n.starts_with('`')) {
            let (name, after) = quoted(next);
            if !is_name(name) {
                break;
            }
            names.push(name.to_owned());
            rest = after;
            between = ", ";
        }
        found.push(Reference {
            path: path.to_owned(),
            names,
        });
    }
    found
}

/// What stands between the backticks a text begins with, and what follows.
fn quoted(text: &str) -> (&str, &str) {
    text[1..].split_once('`').unwrap_or((&text[1..], ""))
}

fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// What is wrong with a reference.
fn fault(reference: &Reference) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&reference.path);
    if !path.exists() {
        return Some(format!("{} is not there", reference.path));
    }
    if reference.names.is_empty() {
        return None;
    }
    let text = fs::read_to_string(&path).unwrap_or_default();
    let is_missing = |name: &&String| !text.contains(&format!("fn {name}("));
    let missing: Vec<&String> = reference.names.iter().filter(is_missing).collect();
    (!missing.is_empty()).then(|| format!("{} has no {missing:?}", reference.path))
}

#[test]
fn every_test_that_a_document_names_exists() {
    for Chapter { path, text } in chapters::all() {
        let document = path.display();
        let references = references(&text);
        let named: usize = references.iter().map(|r| r.names.len()).sum();
        let is_proof = PROOFS.iter().any(|proof| path.ends_with(proof));
        assert!(!is_proof || named > 10, "{document} names {named} tests");
        let faults: Vec<String> = references.iter().filter_map(fault).collect();
        assert!(faults.is_empty(), "{document}:\n{}", faults.join("\n"));
    }
}

#[test]
fn a_reference_is_a_path_and_the_names_that_follow_it() {
    let reference = |path: &str, names: &[&str]| Reference {
        path: path.to_owned(),
        names: names.iter().map(|n| (*n).to_owned()).collect(),
    };
    let text = "see `tests/a.rs`: `one`, `two_b`; `tests/cases/c` (`no`) and `src/d.rs`: `e` | `tests/f/`: `g h`";
    assert_eq!(
        references(text),
        [
            reference("tests/a.rs", &["one", "two_b"]),
            reference("tests/cases/c", &[]),
            reference("tests/f/", &[]),
        ]
    );
    assert!(fault(&reference("tests/nowhere.rs", &[])).is_some());
    let here = "tests/architecture/documents.rs";
    assert_eq!(fault(&reference(here, &["fault"])), None);
    let missing = ["no", "such", "test"].join("_");
    assert!(fault(&reference(here, &[&missing])).is_some());
}

/// The chapter about nodes computes shares as the engine does: rounded down, and one more replica would be too many.
#[test]
fn the_replicas_that_the_chapter_about_nodes_gives_are_the_most_for_nine_gibibytes() {
    const LEAST: u64 = 9 * 1024;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/nodes.md");
    let text = fs::read_to_string(path).expect("the chapter can be read");
    let number = |cell: &str| -> Option<u64> {
        let digits = cell.replace([',', ' '], "").replace("MiB", "");
        digits.parse().ok()
    };
    let rows = text.lines().filter(|line| line.matches("MiB").count() == 2);
    let mut tried = 0;
    for row in rows.filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        let [_, memory, replicas, share] = cells.as_slice() else {
            panic!("{row}");
        };
        let of = |cell: &str| number(cell).unwrap_or_else(|| panic!("{row}"));
        let (memory, replicas, share) = (of(memory), of(replicas), of(share));
        assert_eq!(memory / replicas, share, "{row}");
        assert!(share >= LEAST && memory / (replicas + 1) < LEAST, "{row}");
        tried += 1;
    }
    assert!(tried >= 5, "{tried} rows");
}
