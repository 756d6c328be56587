//! CONTRIBUTING.md says in five steps each how to add something, by an example. Every step is there to be copied.

use std::fs;
use std::path::Path;

const KINDS: [&str; 5] = [
    "A rule",
    "A shape of offer",
    "A framework",
    "A check of doctor",
    "A metric",
];

/// Each kind with its steps, a step as what stands between its backticks: a file first, words in that file last.
fn recipes(page: &str) -> Vec<(&str, Vec<Vec<&str>>)> {
    let mut sections = page.split("\n## ");
    let section = sections.find(|section| section.starts_with("How to add"));
    let recipes = section.expect("the section").split("\n### ").skip(1);
    let is_step = |line: &&str| line.starts_with(|c: char| c.is_ascii_digit());
    recipes
        .map(|recipe| {
            let title = recipe.lines().next().unwrap_or_default();
            (title, recipe.lines().filter(is_step).map(spans).collect())
        })
        .collect()
}

fn spans(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_step_of_how_to_add_something_is_there_for_its_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("CONTRIBUTING.md")).expect("the page");
    let recipes = recipes(&page);
    let titles: Vec<&str> = recipes.iter().map(|(title, _)| *title).collect();
    for (kind, title) in KINDS.iter().zip(&titles) {
        assert!(title.starts_with(kind), "{title} in place of {kind}");
    }
    assert_eq!(titles.len(), KINDS.len());
    for (title, steps) in recipes {
        assert_eq!(steps.len(), 5, "{title} has other than five steps");
        for step in steps {
            let [path, .., words] = step.as_slice() else {
                panic!("{title}: {step:?} names no file and words");
            };
            let text = fs::read_to_string(root.join(path));
            let text = text.unwrap_or_else(|problem| panic!("{title}: {path}: {problem}"));
            assert!(text.contains(words), "{title}: {path} has no {words}");
        }
    }
}
