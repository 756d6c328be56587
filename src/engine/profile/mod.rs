//! The profile of a pod: the settings of its programs, from command lines and variables. It is computed once for each pod,
//! on first use, and never for a pod without a GPU.

mod position;
mod scan;
mod spellings;
mod value;
mod workers;

use std::cell::OnceCell;

use crate::facts::Pod;
use crate::facts::pod::{ArgumentList, Container, EnvVar, Place};
use scan::Written;

pub use position::Position;
pub use spellings::Meaning;
pub use value::{Expansion, Value};

/// The settings of the programs of a pod.
#[derive(Debug)]
pub struct Profile<'a> {
    pod: &'a Pod<'a>,
    settings: OnceCell<Vec<Setting<'a>>>,
    worker: OnceCell<Option<String>>,
}

/// One setting of a program, by a flag or a variable.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The container.
    pub place: Place,
    /// The meaning of its value.
    pub meaning: Meaning,
    /// Flag or variable.
    pub form: PodForm,
    /// The name of the flag without its dashes, or of the variable.
    pub name: &'a str,
    /// Its value.
    pub value: Value<'a>,
    origin: Origin,
}

/// The form of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodForm {
    /// `--flag`.
    Flag,
    /// `-flag`.
    ShortFlag,
    /// A variable of the container, or an assignment in its command line.
    Variable,
}

/// Where a setting is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    /// An entry of `env`.
    Environment(usize),
    /// A list, and the byte offset in its JSON text.
    Arguments(ArgumentList, usize),
}

impl<'a> Profile<'a> {
    /// A profile of which nothing is read yet.
    pub const fn of(pod: &'a Pod<'a>) -> Self {
        Self {
            pod,
            settings: OnceCell::new(),
            worker: OnceCell::new(),
        }
    }

    /// The settings of one container: its variables, then its command line, in the order in which they are written.
    pub fn settings(&self, place: Place) -> impl Iterator<Item = &Setting<'a>> + Clone {
        let all = self.settings.get_or_init(|| read(self.pod));
        all.iter().filter(move |setting| setting.place == place)
    }

    /// The evidence that the pod is one worker of several, if there is any.
    pub fn worker(&self) -> Option<&str> {
        let worker = self
            .worker
            .get_or_init(|| workers::evidence(self.pod, self));
        worker.as_deref()
    }

    /// The position of a setting, for messages and edits.
    pub fn position(&self, setting: &Setting<'a>) -> Option<Position<'a>> {
        position::of(self.pod.at(setting.place)?, setting)
    }
}

impl Setting<'_> {
    /// The setting as it is written.
    pub fn shown(&self) -> String {
        match self.form {
            PodForm::Flag => format!("--{}", self.name),
            PodForm::ShortFlag => format!("-{}", self.name),
            PodForm::Variable => self.name.to_owned(),
        }
    }

    /// Whether it is an entry of the container's `env`.
    pub const fn is_in_environment(&self) -> bool {
        matches!(self.origin, Origin::Environment(_))
    }
}

/// The most settings of one container that are kept. Real command lines have fewer.
const MOST_SETTINGS: usize = 32;

fn read<'a>(pod: &'a Pod<'a>) -> Vec<Setting<'a>> {
    let mut settings = Vec::new();
    for (place, container) in pod.containers() {
        settings.extend(of_container(place, container).take(MOST_SETTINGS));
    }
    settings
}

fn of_container<'a>(
    place: Place,
    container: &'a Container<'a>,
) -> impl Iterator<Item = Setting<'a>> {
    let of_variable = move |(index, variable): (usize, &'a EnvVar<'a>)| {
        let name = variable.name();
        Some(Setting {
            place,
            meaning: spellings::meaning(PodForm::Variable, name)?,
            form: PodForm::Variable,
            name,
            value: Value::variable(variable),
            origin: Origin::Environment(index),
        })
    };
    let of_argument = move |(list, written): (ArgumentList, Written<'a>)| {
        let Written {
            form,
            name,
            after,
            at,
        } = written;
        let origin = Origin::Arguments(list, at);
        let is_launched =
            || spellings::is_launched(form, name) && is_after_launcher(container, list, at);
        let meaning = spellings::meaning(form, name);
        Some(Setting {
            place,
            meaning: meaning.or_else(|| is_launched().then_some(Meaning::Launched))?,
            form,
            name,
            value: Value::text(after),
            origin,
        })
    };
    let variables = container.env().iter().enumerate();
    let lists = ArgumentList::BOTH.into_iter();
    let written = lists.flat_map(|list| scan::scan(container.json(list)).map(move |w| (list, w)));
    variables
        .filter_map(of_variable)
        .chain(written.filter_map(of_argument))
}

/// Whether a program that starts processes on several machines stands before this offset of a list.
fn is_after_launcher(container: &Container<'_>, list: ArgumentList, at: usize) -> bool {
    let has_launcher = |text: &str| scan::has_program(text, &spellings::LAUNCHERS);
    let earlier = ArgumentList::BOTH.into_iter().take_while(|l| *l != list);
    has_launcher(&container.json(list)[..at])
        || earlier
            .into_iter()
            .any(|list| has_launcher(container.json(list)))
}
