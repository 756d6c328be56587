//! Lists and counts in messages.

/// `a, b, c and 4 more`.
pub(super) fn some<S: AsRef<str>>(names: &[S]) -> String {
    const MOST: usize = 3;
    let shown: Vec<&str> = names.iter().take(MOST).map(AsRef::as_ref).collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// `1 node`, `2 nodes`.
pub(super) fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// `1 node (a)`, `2 nodes (a, b)`.
pub(super) fn counted_names<S: AsRef<str>>(names: &[S], what: &str) -> String {
    format!("{} ({})", counted(names.len(), what), some(names))
}

#[cfg(test)]
mod tests {
    use super::some;

    #[test]
    fn of_many_names_a_few_are_said() {
        assert_eq!(some(&["a"]), "a");
        assert_eq!(some(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
    }
}
