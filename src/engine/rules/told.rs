//! What a container is told, for the rules that read it: its variables, and the flags and assignments of its command line.
//!
//! The command line is scanned as the JSON text it came as: most pods have none of the words, and reading every one of
//! every pod would cost more than the rest of the decision.

mod scan;

use crate::facts::pod::{Container, EnvVar};
use scan::{is_inner, program, scan, word};

/// One thing that a container is told.
#[derive(Clone, Copy)]
pub struct Told<'t> {
    /// As what.
    pub form: Form,
    /// A flag's name without its dashes, or a variable's.
    pub name: &'t str,
    /// What follows.
    pub value: Value<'t>,
    /// Where it stands in the command line, command before args; 0 for a variable of the container.
    pub at: usize,
}

/// As what something is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `--flag`.
    Flag,
    /// `-flag`.
    ShortFlag,
    /// A variable: of the container, or assigned in its command line.
    Variable,
}

/// What follows a flag or a variable's name; looked at only where somebody wants it.
#[derive(Clone, Copy)]
pub struct Value<'t>(Source<'t>);

#[derive(Clone, Copy)]
enum Source<'t> {
    /// JSON text that begins with it.
    Text(&'t str),
    /// A variable of the container.
    Variable(&'t EnvVar<'t>),
}

/// A value with its variables expanded, as far as they are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known<'t> {
    /// The word.
    Word(&'t str),
    /// It comes from a source that the container names, such as a field or a config map.
    FromSource,
    /// It is left to the shell, the image or a script.
    Unknown,
}

impl<'t> Told<'t> {
    /// As it is written.
    pub fn shown(&self) -> String {
        match self.form {
            Form::Flag => format!("--{}", self.name),
            Form::ShortFlag => format!("-{}", self.name),
            Form::Variable => self.name.to_owned(),
        }
    }
}

impl<'t> Value<'t> {
    /// The word as it is written; none where a source yields it.
    pub fn word(self) -> Option<&'t str> {
        match self.0 {
            Source::Text(text) => Some(word(text)),
            Source::Variable(variable) => variable.literal(),
        }
    }

    /// The word after `$(NAME)`, `$NAME`, `${NAME}` and `${NAME:-default}` at its beginning are looked up.
    pub fn known(self, container: &'t Container<'t>) -> Known<'t> {
        /// A variable may be made of a variable.
        const DEEPEST: usize = 4;
        let mut value = self;
        for _ in 0..DEEPEST {
            let Some(word) = value.word() else {
                return Known::FromSource;
            };
            let Some(reference) = Reference::of(word) else {
                return match word.contains('$') {
                    true => Known::Unknown,
                    false => Known::Word(word),
                };
            };
            let Some(next) = lookup(container, reference.name) else {
                return reference.default.map_or(Known::Unknown, Known::Word);
            };
            value = next;
        }
        Known::Unknown
    }
}

/// Everything a container is told: its variables, then the command line as it is written.
pub fn told<'t>(container: &'t Container<'t>) -> impl Iterator<Item = Told<'t>> {
    let of_variable = |variable: &'t EnvVar<'t>| Told {
        form: Form::Variable,
        name: variable.name(),
        value: Value(Source::Variable(variable)),
        at: 0,
    };
    container
        .env()
        .iter()
        .map(of_variable)
        .chain(written(container))
}

/// What stands in the command line alone.
pub fn written<'t>(container: &'t Container<'t>) -> impl Iterator<Item = Told<'t>> {
    let command = container.command.as_ref().map_or("", |raw| raw.get());
    let args = container.args.as_ref().map_or("", |raw| raw.get());
    scan(command, 0).chain(scan(args, command.len()))
}

/// Where a program's name ends in the command line, if one of these stands in it.
pub fn program_end(container: &Container<'_>, names: &[&str]) -> Option<usize> {
    let mut before = 0;
    for raw in [container.command, container.args].into_iter().flatten() {
        let text = raw.get();
        let ends = names.iter().filter_map(|name| program(text, name));
        if let Some(end) = ends.min() {
            return Some(before + end);
        }
        before += text.len();
    }
    None
}

/// The first flag that `read` makes something of: it is given the flag's name without dashes, and its value.
///
/// Words inside a shell's `-c` string count too; values still to be expanded are for `read` to refuse.
pub fn find<'t, T>(
    container: &'t Container<'t>,
    read: impl Fn(&str, &str) -> Option<T>,
) -> Option<(&'t str, T)> {
    let mut flags = written(container).filter(|told| told.form == Form::Flag);
    flags.find_map(|flag| Some((flag.name, read(flag.name, flag.value.word()?)?)))
}

/// Whether a flag is one of these. Names are given with underscores; a dash is the same.
pub fn is_one_of(flag: &str, names: &[&str]) -> bool {
    names.iter().any(|name| is_same(flag, name))
}

/// Whether a flag has this name, in which an underscore stands for a dash too.
pub fn is_same(flag: &str, name: &str) -> bool {
    let same = |(a, b): (u8, u8)| a == b || a == b'-' && b == b'_';
    flag.len() == name.len() && flag.bytes().zip(name.bytes()).all(same)
}

/// The last variable of that name, else its first assignment in the command line.
fn lookup<'t>(container: &'t Container<'t>, name: &str) -> Option<Value<'t>> {
    let mut variables = container.env().iter().rev();
    if let Some(variable) = variables.find(|variable| variable.name() == name) {
        return Some(Value(Source::Variable(variable)));
    }
    let mut assigned = written(container);
    let assigned = assigned.find(|told| told.form == Form::Variable && told.name == name);
    assigned.map(|told| told.value)
}

/// A variable at the beginning of a word.
struct Reference<'t> {
    name: &'t str,
    default: Option<&'t str>,
}

impl<'t> Reference<'t> {
    fn of(word: &'t str) -> Option<Self> {
        let rest = word.strip_prefix('$')?;
        let (inner, closed) = match rest.strip_prefix(['(', '{']) {
            Some(inner) => (inner, true),
            None => (rest, false),
        };
        let end = inner.bytes().position(|b| !is_inner(b));
        let (name, after) = inner.split_at(end.unwrap_or(inner.len()));
        let default = after.strip_prefix(":-").or(after.strip_prefix(":="));
        let default = default.filter(|_| closed);
        Some(Self {
            name,
            default: default.and_then(|d| d.split(['}', '$']).next()),
        })
        .filter(|reference| !reference.name.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, Known, told};
    use crate::facts::pod::Container;

    #[test]
    fn variables_are_looked_up_in_the_container_and_in_its_command_line() {
        let container = r#"{"env": [{"name": "TP", "value": "1"}, {"name": "TP", "value": "$(N)"},
            {"name": "N", "value": "4"}, {"name": "ME", "valueFrom": {"fieldRef": {}}},
            {"name": "LOOP", "value": "$(LOOP)"}],
            "args": ["M=8; run --a $(TP) --b $TP --c ${TP} --d ${X:-7} --e $X --f $(ME):1 --g $(LOOP) --h $M --i 3"]}"#;
        let container: Container<'_> = serde_json::from_str(container).unwrap();
        let expected = [
            ("a", Known::Word("4")),
            ("b", Known::Word("4")),
            ("c", Known::Word("4")),
            ("d", Known::Word("7")),
            ("e", Known::Unknown),
            ("f", Known::FromSource),
            ("g", Known::Unknown),
            ("h", Known::Word("8")),
            ("i", Known::Word("3")),
        ];
        let flags = told(&container).filter(|told| told.form == Form::Flag);
        let found: Vec<(&str, Known<'_>)> = flags
            .map(|told| (told.name, told.value.known(&container)))
            .collect();
        assert_eq!(found, expected);
    }
}
