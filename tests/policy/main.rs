//! The policy reader: what it accepts, what it makes of it, and the exact lines it refuses the rest with.

mod accepted;
mod documents;
mod hash;
mod refused;
mod schema;
mod status;
mod tables;

use slicegate::config::policy::read;
use slicegate::engine::vocabulary::Policy;

fn accepted(text: &str) -> Policy {
    read("p", text).unwrap_or_else(|errors| panic!("{errors}\nin\n{text}"))
}

/// The lines a text is refused with.
fn refused(text: &str) -> Vec<String> {
    match read("p", text) {
        Ok(policy) => panic!("accepted {policy:?}\nfrom\n{text}"),
        Err(errors) => errors.to_string().lines().map(str::to_owned).collect(),
    }
}

/// Checks a table of texts, each with the only line it has to be refused with below it; `wrap` makes a policy of a text, `start` is how every line begins.
fn check(table: &str, start: &str, wrap: impl Fn(&str) -> String) {
    let lines: Vec<&str> = table.lines().filter(|line| !line.is_empty()).collect();
    let (rows, rest) = lines.as_chunks();
    assert!(!rows.is_empty() && rest.is_empty(), "{rest:?}");
    for [text, line] in rows {
        let expected = format!("{start}{}", line.trim_start());
        assert_eq!(refused(&wrap(text)), [expected], "{text}");
    }
}
