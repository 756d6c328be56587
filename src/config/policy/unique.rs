//! What may stand in a list only once.

use std::collections::HashMap;

use super::field::Field;
use super::problem::shown;

/// What was seen so far, and where.
#[derive(Default)]
pub(super) struct Unique {
    seen: HashMap<String, String>,
}

impl Unique {
    /// Reports a text that was there before.
    pub fn check(&mut self, field: &Field<'_>, text: &str) {
        if let Some(first) = self.seen.get(text) {
            field.problem(format!(
                "{} is at {first} already; rename or remove one",
                shown(text)
            ));
            return;
        }
        self.seen.insert(text.to_owned(), field.path.clone());
    }
}

/// The items, each read by `read` and none twice.
pub(super) fn distinct<'a, T>(
    items: &[Field<'a>],
    read: impl Fn(&Field<'a>) -> Option<T>,
) -> Vec<T> {
    let mut unique = Unique::default();
    let items = items.iter().filter_map(|item| {
        let value = read(item)?;
        unique.check(item, item.text()?);
        Some(value)
    });
    items.collect()
}
