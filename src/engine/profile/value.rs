//! The value of a setting, and its expansion by variables.

use super::scan::{SettingForm, is_inner, scan, word};
use crate::facts::pod::{ArgumentList, Container, EnvVar};

/// The value of a flag or variable. It is parsed on use.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// JSON text that starts with the value.
    Text(&'a str),
    /// A variable of the container.
    Variable(&'a EnvVar<'a>),
}

/// A value after the expansion of its variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expansion<'a> {
    /// The word.
    Word(&'a str),
    /// It comes from a source that the container names, such as a field or a ConfigMap.
    FromSource,
    /// Only the shell, the image or a script knows it.
    Unknown,
}

impl<'a> Value<'a> {
    /// The word as it is written; none if it comes from a source.
    pub fn word(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(word(text)),
            Self::Variable(variable) => variable.literal(),
        }
    }

    /// The word after the expansion of `$(NAME)`, `$NAME`, `${NAME}` or `${NAME:-default}` at its start.
    pub fn expanded(self, container: &'a Container<'a>) -> Expansion<'a> {
        /// A variable may refer to another variable.
        const DEEPEST: usize = 4;
        let mut value = self;
        for _ in 0..DEEPEST {
            let Some(word) = value.word() else {
                return Expansion::FromSource;
            };
            let Some((name, default)) = reference(word) else {
                let is_known = !word.contains('$');
                return if is_known {
                    Expansion::Word(word)
                } else {
                    Expansion::Unknown
                };
            };
            let Some(next) = lookup(container, name) else {
                return default.map_or(Expansion::Unknown, Expansion::Word);
            };
            value = next;
        }
        Expansion::Unknown
    }
}

/// The last variable of that name, else its first assignment in the command line.
fn lookup<'a>(container: &'a Container<'a>, name: &str) -> Option<Value<'a>> {
    let mut variables = container.env().iter().rev();
    if let Some(variable) = variables.find(|variable| variable.name() == name) {
        return Some(Value::Variable(variable));
    }
    let lists = ArgumentList::BOTH.into_iter();
    let mut written = lists.flat_map(|list| scan(container.json(list)));
    let assigned = written.find(|found| found.form == SettingForm::Variable && found.name == name);
    assigned.map(|found| Value::Text(found.after))
}

/// The name of a variable at the beginning of a word, and its default.
fn reference(word: &str) -> Option<(&str, Option<&str>)> {
    let rest = word.strip_prefix('$')?;
    let closed = rest.strip_prefix(['(', '{']);
    let inner = closed.unwrap_or(rest);
    let end = inner.bytes().position(|b| !is_inner(b));
    let (name, after) = inner.split_at(end.unwrap_or(inner.len()));
    let default = after.strip_prefix(":-").or(after.strip_prefix(":="));
    let default = default.filter(|_| closed.is_some());
    let default = default.and_then(|d| d.split(['}', '$']).next());
    (!name.is_empty()).then_some((name, default))
}

#[cfg(test)]
mod tests {
    use super::super::SettingForm;
    use super::{Expansion, Value};
    use crate::engine::profile::scan::scan;
    use crate::facts::pod::{ArgumentList, Container};

    #[test]
    fn variables_are_looked_up_in_the_container_and_in_its_command_line() {
        let container = r#"{"env": [{"name": "TP", "value": "1"}, {"name": "TP", "value": "$(N)"},
            {"name": "N", "value": "4"}, {"name": "ME", "valueFrom": {"fieldRef": {}}},
            {"name": "LOOP", "value": "$(LOOP)"}],
            "args": ["M=8; run --a $(TP) --b $TP --c ${TP} --d ${X:-7} --e $X --f $(ME):1 --g $(LOOP) --h $M --i 3"]}"#;
        let container: Container<'_> = serde_json::from_str(container).unwrap();
        let expected = [
            ("a", Expansion::Word("4")),
            ("b", Expansion::Word("4")),
            ("c", Expansion::Word("4")),
            ("d", Expansion::Word("7")),
            ("e", Expansion::Unknown),
            ("f", Expansion::FromSource),
            ("g", Expansion::Unknown),
            ("h", Expansion::Word("8")),
            ("i", Expansion::Word("3")),
        ];
        let written = scan(container.json(ArgumentList::Args));
        let found: Vec<(&str, Expansion<'_>)> = written
            .filter(|found| found.form == SettingForm::Flag)
            .map(|found| (found.name, Value::Text(found.after).expanded(&container)))
            .collect();
        assert_eq!(found, expected);
    }
}
