//! The profile of a pod: what its command lines and variables say about the programs that it runs. It is made once a
//! pod, and only where somebody asks: a pod without a GPU is never read for it.

mod position;
mod scan;
mod spellings;
mod value;
mod workers;

use std::cell::{LazyCell, OnceCell};

use crate::facts::Pod;
use crate::facts::pod::{ArgumentList, Container, EnvVar, Place};
use scan::Written;

pub use position::Position;
pub use spellings::Meaning;
pub use value::{Expansion, Value};

/// What a pod says about its programs.
#[derive(Debug)]
pub struct Profile<'a> {
    pod: &'a Pod<'a>,
    settings: OnceCell<Vec<Setting<'a>>>,
    worker: OnceCell<Option<String>>,
}

/// One thing that a program is told by a flag or a variable.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The container.
    pub place: Place,
    /// What its value means.
    pub meaning: Meaning,
    /// How it is told.
    pub form: PodForm,
    /// A flag's name without its dashes, or a variable's.
    pub name: &'a str,
    /// Its value.
    pub value: Value<'a>,
    origin: Origin,
}

/// How something is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodForm {
    /// `--flag`.
    Flag,
    /// `-flag`.
    ShortFlag,
    /// A variable: of the container, or assigned in its command line.
    Variable,
}

/// Where something is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    /// An entry of `env`.
    Environment(usize),
    /// A list, and the byte of its JSON text.
    Arguments(ArgumentList, usize),
}

impl<'a> Profile<'a> {
    /// Nothing is read yet.
    pub const fn of(pod: &'a Pod<'a>) -> Self {
        Self {
            pod,
            settings: OnceCell::new(),
            worker: OnceCell::new(),
        }
    }

    /// What the programs of one container are told: by its variables, then by its command line, in the order written.
    pub fn settings(&self, place: Place) -> impl Iterator<Item = &Setting<'a>> + Clone {
        let all = self.settings.get_or_init(|| read(self.pod));
        all.iter().filter(move |setting| setting.place == place)
    }

    /// Why the pod looks like one worker of several, if it does.
    pub fn worker(&self) -> Option<&str> {
        let worker = self
            .worker
            .get_or_init(|| workers::evidence(self.pod, self));
        worker.as_deref()
    }

    /// Where a setting stands, so that it can be named or edited.
    pub fn position(&self, setting: &Setting<'a>) -> Option<Position<'a>> {
        position::of(self.pod.at(setting.place)?, setting)
    }
}

impl Setting<'_> {
    /// As it is written.
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

/// Settings that are kept of one container; no command line has so many.
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
    let launcher = LazyCell::new(move || launcher(container));
    let of_argument = move |(list, written): (ArgumentList, Written<'a>)| {
        let Written {
            form,
            name,
            after,
            at,
        } = written;
        let origin = Origin::Arguments(list, at);
        let is_launched = || {
            spellings::is_launched(form, name)
                && launcher.is_some_and(|launcher| launcher <= origin)
        };
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

/// Where the name of a program ends that starts processes on several machines.
fn launcher(container: &Container<'_>) -> Option<Origin> {
    ArgumentList::BOTH.into_iter().find_map(|list| {
        let text = container.json(list);
        let ends = spellings::LAUNCHERS.iter();
        let end = ends.filter_map(|name| scan::program(text, name)).min()?;
        Some(Origin::Arguments(list, end))
    })
}
