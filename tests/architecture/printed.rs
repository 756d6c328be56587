//! Every command that slicegate prints is run by a test: `tests/kubernetes/printed.rs` runs the lines of the table.

use crate::commands::{TABLE, entry, is_filled_in, printed};

#[test]
fn every_command_that_is_printed_stands_in_the_table_of_those_that_are_run() {
    let mut unused: Vec<&str> = TABLE.iter().map(|(command, ..)| *command).collect();
    let mut unknown = Vec::new();
    for (file, text) in printed() {
        match entry(&text) {
            Some((command, ..)) => unused.retain(|c| c != command),
            None => unknown.push(format!("{file}: {text}")),
        }
    }
    assert!(
        unknown.is_empty(),
        "nobody runs these; give each a line in tests/printed/table.rs:\n{}",
        unknown.join("\n")
    );
    assert!(
        unused.is_empty(),
        "nobody prints these any more:\n{}",
        unused.join("\n")
    );
}

#[test]
fn what_is_run_is_what_is_printed() {
    let others: Vec<&str> = TABLE
        .iter()
        .filter(|(command, line, _)| !is_filled_in(command, line))
        .map(|(_, line, _)| *line)
        .collect();
    assert_eq!(others, [""; 0]);
    assert!(!is_filled_in(
        "kubectl -n {a} logs -l x",
        "kubectl logs -l x"
    ));
}
