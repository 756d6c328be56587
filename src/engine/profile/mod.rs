//! The profile of a pod: the settings of its programs, from command lines and variables. It is computed once for each
//! pod, on first use, and never for a pod without a GPU.

mod scan;
mod setting;
mod spellings;
mod value;
mod workers;

use std::cell::OnceCell;

use crate::facts::Pod;
use crate::facts::pod::{ArgumentList, Container, Place};
use scan::Written;
use setting::Origin;

pub use scan::SettingForm;
pub use setting::{Position, Setting};
pub use spellings::Meaning;
pub use value::{Expansion, Value};

/// The settings of the programs of a pod.
#[derive(Debug)]
pub struct Profile<'a> {
    pod: &'a Pod<'a>,
    settings: OnceCell<Vec<Setting<'a>>>,
    worker: OnceCell<Option<String>>,
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
        let settings = self.all_settings().iter();
        settings.filter(move |setting| setting.place == place)
    }

    /// The evidence that the pod is one worker of several, if there is any.
    pub fn worker(&self) -> Option<&str> {
        let evidence = || workers::evidence(self.pod, self.all_settings());
        self.worker.get_or_init(evidence).as_deref()
    }

    /// The position of a setting, for messages and edits.
    pub fn position(&self, setting: &Setting<'a>) -> Option<Position<'a>> {
        setting.position(self.pod.at(setting.place)?)
    }

    fn all_settings(&self) -> &[Setting<'a>] {
        /// Of one container. Real command lines have fewer.
        const MOST: usize = 32;
        self.settings.get_or_init(|| {
            let mut settings = Vec::new();
            for (place, container) in self.pod.containers() {
                settings.extend(of_container(place, container).take(MOST));
            }
            settings
        })
    }
}

fn of_container<'a>(
    place: Place,
    container: &'a Container<'a>,
) -> impl Iterator<Item = Setting<'a>> {
    let variables = container.env().iter().enumerate();
    let variables = variables.filter_map(move |(index, variable)| {
        let (form, name) = (SettingForm::Variable, variable.name());
        Some(Setting {
            place,
            meaning: spellings::meaning(form, name)?,
            form,
            name,
            value: Value::Variable(variable),
            origin: Origin::Environment(index),
        })
    });
    let lists = ArgumentList::BOTH.into_iter();
    let written = lists.flat_map(|list| scan::scan(container.json(list)).map(move |w| (list, w)));
    variables.chain(written.filter_map(move |(list, written)| {
        let Written {
            form,
            name,
            after,
            at,
        } = written;
        let meaning = spellings::meaning(form, name)?;
        let counts = meaning != Meaning::Launched || is_after_launcher(container, list, at);
        counts.then_some(Setting {
            place,
            meaning,
            form,
            name,
            value: Value::Text(after),
            origin: Origin::Arguments(list, at),
        })
    }))
}

/// Whether a program that starts processes on several machines stands before this offset of a list.
fn is_after_launcher(container: &Container<'_>, list: ArgumentList, at: usize) -> bool {
    let has_launcher = |text: &str| scan::has_program(text, &spellings::LAUNCHERS);
    let mut earlier = ArgumentList::BOTH.into_iter().take_while(|l| *l != list);
    has_launcher(&container.json(list)[..at])
        || earlier.any(|list| has_launcher(container.json(list)))
}
