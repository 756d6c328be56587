//! What the documents name exists: files, places in other documents, flags, metrics; and what they say to run runs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const FOLDERS: [&str; 7] = [
    "src/",
    "tests/",
    "docs/",
    "examples/",
    "webhook-config/",
    "charts/",
    "certs/",
];

/// Flags of other programs that stand alone in a text.
const OF_OTHERS: [&str; 5] = [
    "--dry-run=server",
    "--force",
    "--force-conflicts",
    "--reset-then-reuse-values",
    "--reuse-values",
];

/// A document and its text.
pub struct Chapter {
    pub path: PathBuf,
    pub text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Everything that is written for people.
pub fn all() -> Vec<Chapter> {
    let mut paths = [
        "README.md",
        "CONTRIBUTING.md",
        "certs/README.md",
        "charts/slicegate/README.md",
    ]
    .map(|name| root().join(name))
    .to_vec();
    let docs = fs::read_dir(root().join("docs")).expect("the folder can be listed");
    paths.extend(docs.map(|entry| entry.expect("an entry").path()));
    let read = |path: PathBuf| Chapter {
        text: fs::read_to_string(&path).expect("the document can be read"),
        path,
    };
    paths.into_iter().map(read).collect()
}

/// What stands between backticks on one line, fences left out.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().filter(|line| !line.starts_with("```"));
    lines.flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// The targets of links.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1);
    let targets = targets.filter_map(|rest| Some(rest.split_once(')')?.0));
    targets.filter(|target| !target.contains("://"))
}

/// What a heading is called in links, as GitHub has it.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn anchors(text: &str) -> BTreeSet<String> {
    let mut is_code = false;
    let mut found = BTreeSet::new();
    for line in text.lines() {
        is_code ^= line.starts_with("```");
        if line.starts_with('#') && !is_code {
            found.insert(anchor(line));
        }
    }
    found
}

/// Commands in blocks, each on one line.
fn commands(text: &str) -> Vec<String> {
    let text = text.replace("\\\n", " ");
    let mut is_shell = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            is_shell = line == "```sh";
        } else if is_shell {
            let line = line.split(" #").next().unwrap_or(line);
            found.extend(line.split(" | ").map(|part| part.trim().to_owned()));
        }
    }
    found
}

fn slicegate(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slicegate"));
    command.args(arguments).current_dir(root());
    command.output().expect("the binary runs")
}

fn help(command: &str) -> String {
    let shown = slicegate(&[command, "--help"]);
    String::from_utf8(shown.stdout).expect("text")
}

fn has_flag(help: &str, flag: &str) -> bool {
    let flag = flag.split('=').next().unwrap_or(flag);
    let mut words = help.split(|c: char| c.is_whitespace() || ",=[]".contains(c));
    words.any(|word| word == flag)
}

#[test]
fn every_file_that_a_document_names_exists() {
    let mut faults = Vec::new();
    for Chapter { path, text } in all() {
        for span in spans(&text) {
            let is_path = FOLDERS.iter().any(|folder| span.starts_with(folder));
            let is_one = !span.contains(|c: char| c.is_whitespace() || "*<{".contains(c));
            if is_path && is_one && !root().join(span).exists() {
                faults.push(format!("{}: {span}", path.display()));
            }
        }
        for link in links(&text) {
            let (file, place) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => path.clone(),
                file => path.with_file_name("").join(file),
            };
            let is_there = target.exists();
            let known = || anchors(&fs::read_to_string(&target).unwrap_or_default());
            if !is_there || !place.is_empty() && !known().contains(place) {
                faults.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "not there:\n{}", faults.join("\n"));
}

#[test]
fn every_flag_that_a_document_gives_slicegate_is_one_of_its() {
    let helps = [
        "serve", "review", "audit", "adopt", "guard", "certs", "doctor",
    ]
    .map(help);
    let mut faults = Vec::new();
    for Chapter { path, text } in all() {
        let own = spans(&text).map(str::to_owned).chain(commands(&text));
        for command in own {
            let mut words = command.split_whitespace();
            let first = words.next().unwrap_or_default();
            let is_alone = first.starts_with("--") && !OF_OTHERS.contains(&first);
            if is_alone && !helps.iter().any(|help| has_flag(help, first)) {
                faults.push(format!("{}: {first}", path.display()));
            }
            let Some(name) = words.next().filter(|_| first == "slicegate") else {
                continue;
            };
            let help = help(name);
            for flag in words.filter(|word| word.starts_with("--")) {
                if !has_flag(&help, flag) {
                    faults.push(format!("{}: slicegate {name} {flag}", path.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "unknown:\n{}", faults.join("\n"));
}

#[test]
fn every_review_that_a_document_shows_can_be_repeated() {
    let mut repeated = 0;
    for Chapter { path, text } in all() {
        for command in commands(&text) {
            let words: Vec<&str> = command.split_whitespace().collect();
            let is_offline = words.starts_with(&["slicegate", "review"])
                || words.starts_with(&["slicegate", "policy", "check"]);
            let ours = |word: &&&str| FOLDERS.iter().any(|folder| word.starts_with(folder));
            if !is_offline || words.iter().filter(ours).count() == 0 {
                continue;
            }
            let output = slicegate(&words[1..]);
            let code = output.status.code();
            let said = String::from_utf8_lossy(&output.stderr);
            let place = path.display();
            assert!(matches!(code, Some(0 | 1)), "{place}: {command}\n{said}");
            repeated += 1;
        }
    }
    assert!(repeated > 8, "only {repeated} were found");
}

#[test]
fn the_first_command_of_the_readme_ends_well_on_one_screen_and_prints_what_stands_there() {
    let path = root().join("README.md");
    let text = fs::read_to_string(&path).expect("the document can be read");
    let all = commands(&text);
    let first = all.first().expect("a command");
    let words: Vec<&str> = first.split_whitespace().collect();
    assert_eq!(words[..4], ["cargo", "run", "--", "review"]);
    let run = slicegate(&words[3..]);
    let printed = String::from_utf8(run.stdout).expect("text");
    assert_eq!(run.status.code(), Some(0), "{printed}");
    assert!(printed.lines().count() <= 40, "{printed}");
    assert!(
        printed.lines().all(|line| line.chars().count() <= 100),
        "{printed}"
    );
    let (before, rest) = text.split_once("```text\n").expect("what it prints");
    let (shown, after) = rest.split_once("```\n").expect("its end");
    if std::env::var_os("SLICEGATE_BLESS").is_some() {
        let new = format!("{before}```text\n{printed}```\n{after}");
        fs::write(&path, new).expect("the document can be written");
    } else {
        assert_eq!(shown, printed, "SLICEGATE_BLESS=1 takes it over");
    }
}

/// Names that begin as slicegate's metrics do, without what their kind adds.
fn metrics(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_lowercase() || c == '_';
    let names = text.split(|c: char| !is_part(c));
    let names = names.filter(|name| name.starts_with("slicegate_"));
    let bare = |name: &str| {
        let cut = ["_total", "_bucket"]
            .iter()
            .find_map(|end| name.strip_suffix(end));
        cut.unwrap_or(name).to_owned()
    };
    names.map(bare).collect()
}

#[test]
fn the_metrics_of_the_document_are_those_of_the_server() {
    let read = |name: &str| fs::read_to_string(root().join(name)).expect("the file can be read");
    let source = read("src/server/metrics.rs");
    let source = source.replace("family(", "registered(");
    let registered = source.split("registered(").skip(1);
    let registered = registered.filter_map(|call| call.split(')').next()?.split('"').nth(1));
    let registered: BTreeSet<String> = registered.map(|n| format!("slicegate_{n}")).collect();
    assert!(registered.len() > 8, "{registered:?}");
    assert_eq!(metrics(&read("docs/operate.md")), registered);
    let alerted = metrics(&read("examples/alerts.yaml"));
    let unknown: Vec<&String> = alerted.difference(&registered).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    for Chapter { path, text } in all() {
        let unknown: Vec<String> = metrics(&text).difference(&registered).cloned().collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", path.display());
    }
}

#[test]
fn every_alert_of_the_document_is_in_the_rule_file_as_it_is() {
    let read = |name: &str| fs::read_to_string(root().join(name)).expect("the file can be read");
    let (document, rules) = (read("docs/operate.md"), read("examples/alerts.yaml"));
    let rows = document
        .lines()
        .filter(|line| line.starts_with("| `Slicegate"));
    let mut count = 0;
    for row in rows {
        let row = row.replace("\\|", "|");
        let cells: Vec<&str> = row.split('`').collect();
        // An Event has no expression.
        let [_, alert, " | ", expression, ..] = cells[..] else {
            continue;
        };
        let rule = format!("- alert: {alert}\n    expr: {expression}\n");
        assert!(rules.contains(&rule), "{rule}");
        count += 1;
    }
    assert!(count > 5, "{count}");
}

#[test]
fn headings_links_and_commands_are_found_as_they_are_written() {
    let text =
        "# A b, `c`?\n```sh\nslicegate review -f a \\\n  -o diff | less   # why\n```\n[x](y.md#z)";
    assert_eq!(anchors(text), ["a-b-c".to_owned()].into());
    assert_eq!(links(text).collect::<Vec<_>>(), ["y.md#z"]);
    assert_eq!(commands(text), ["slicegate review -f a    -o diff", "less"]);
    assert!(has_flag("  -f, --file <F>", "--file=x") && !has_flag("--files", "--file"));
}
