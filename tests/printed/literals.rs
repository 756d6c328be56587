//! Finds commands in the string literals of the source and in the documents of the rules.

use std::fs;
use std::path::Path;

/// What a command begins with, and the words that may follow: the rest is talk about the program.
const PROGRAMS: [(&str, &[&str]); 3] = [
    (
        "kubectl ",
        &[
            "-n ", "annotate", "apply", "auth", "config", "cordon", "create", "debug", "delete",
            "describe", "diff", "drain", "edit", "exec", "explain", "get", "label", "logs",
            "patch", "replace", "rollout", "scale", "set", "taint", "top", "uncordon", "wait",
        ],
    ),
    (
        "slicegate ",
        &[
            "adopt",
            "advise",
            "audit",
            "catalog",
            "certs",
            "completions",
            "doctor",
            "explain",
            "guard",
            "policy",
            "review",
            "rules",
            "serve",
        ],
    ),
    ("helm ", &["install", "template", "uninstall", "upgrade"]),
];

/// Everything in the source that begins like a command, to the end of its line, and the file it is in.
pub fn printed() -> Vec<(String, String)> {
    let mut found = Vec::new();
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    found.sort();
    found.dedup_by(|a, b| a.1 == b.1);
    assert!(found.len() > 50, "only {} were found", found.len());
    found
}

fn walk(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("the folder can be listed") {
        let path = entry.expect("an entry").path();
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() && !name.ends_with("/tests") {
            walk(&path, found);
        } else if name.ends_with(".txt") {
            let text = fs::read_to_string(&path).expect("the file can be read");
            found.extend(commands(&text).into_iter().map(|c| (name.clone(), c)));
        } else if name.ends_with(".md") {
            let text = fs::read_to_string(&path).expect("the file can be read");
            let paragraphs = text.split("\n\n").map(|p| p.replace('\n', " "));
            found.extend(
                paragraphs
                    .flat_map(|p| commands(&p))
                    .map(|c| (name.clone(), c)),
            );
        } else if name.ends_with(".rs") && !name.ends_with("/tests.rs") {
            let text = fs::read_to_string(&path).expect("the file can be read");
            let code = text
                .split("#[cfg(test)]\nmod tests {")
                .next()
                .unwrap_or_default();
            for literal in literals(code) {
                found.extend(commands(&literal).into_iter().map(|c| (name.clone(), c)));
            }
        }
    }
}

/// The string literals of a file, as the program has them.
fn literals(code: &str) -> Vec<String> {
    let mut literals = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find(['"', '\'', '/']) {
        let (before, from) = rest.split_at(at);
        if let Some(comment) = from.strip_prefix("//") {
            rest = comment.split_once('\n').map_or("", |(_, rest)| rest);
        } else if let Some(quote) = from.strip_prefix("'\"'") {
            rest = quote;
        } else if let Some(raw) = from.strip_prefix('"').filter(|_| before.ends_with("r#")) {
            let (literal, after) = raw.split_once("\"#").unwrap_or((raw, ""));
            literals.push(literal.to_owned());
            rest = after;
        } else if let Some(text) = from.strip_prefix('"') {
            let (literal, after) = unescaped(text);
            literals.push(literal);
            rest = after;
        } else {
            rest = &from[1..];
        }
    }
    literals
}

/// A literal up to its closing quote, and what follows.
fn unescaped(text: &str) -> (String, &str) {
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\\']) {
        literal.push_str(&rest[..at]);
        if let Some(after) = rest[at..].strip_prefix('"') {
            return (literal, after);
        }
        rest = &rest[at + 1..];
        let escaped = rest.chars().next().unwrap_or_default();
        rest = &rest[escaped.len_utf8().min(rest.len())..];
        match escaped {
            'n' => literal.push('\n'),
            '\n' => rest = rest.trim_start(),
            other => literal.push(other),
        }
    }
    (literal, "")
}

/// The commands in a text: a pipeline is one.
fn commands(text: &str) -> Vec<String> {
    let joined = text.replace("{{", "{").replace("}}", "}");
    let continued = joined.split("\\\n").enumerate();
    let joined: String = continued
        .map(|(index, part)| if index == 0 { part } else { part.trim_start() })
        .collect();
    let mut found = Vec::new();
    for line in joined.lines() {
        let mut from = 0;
        while let Some((at, length)) = begins(&line[from..]) {
            found.push(line[from + at..].trim_end().to_owned());
            // What is piped into is part of it.
            from += at + length;
        }
    }
    found
}

fn begins(line: &str) -> Option<(usize, usize)> {
    let of = |(program, words): &(&str, &[&str])| {
        let found = line.match_indices(program).find(|(at, _)| {
            let rest = &line[at + program.len()..];
            let is_verb = |word: &&str| {
                let after = rest.strip_prefix(*word);
                after.is_some_and(|a| {
                    word.ends_with(' ')
                        || !a.starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '/')
                })
            };
            let is_word =
                !line[..*at].ends_with(|c: char| c.is_alphanumeric() || "-_/.".contains(c));
            is_word && words.iter().any(is_verb)
        });
        found.map(|(at, program)| (at, program.len()))
    };
    PROGRAMS.iter().filter_map(of).min()
}

#[test]
fn commands_are_found_in_literals_and_nowhere_else() {
    let code = "// kubectl get no\nlet a = \"see kubectl get nodes \\\n   -o yaml | slicegate guard\";\nlet c = '\"';\n\
        let b = r#\"kubectl get \"x\"\"#; let d = \"kubectl makes; slicegate adopted\";";
    let found: Vec<String> = literals(code).iter().flat_map(|l| commands(l)).collect();
    assert_eq!(
        found,
        [
            "kubectl get nodes -o yaml | slicegate guard",
            "slicegate guard",
            "kubectl get \"x\""
        ]
    );
}
