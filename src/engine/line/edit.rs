//! One change to a pod, in the words of the field.

use std::borrow::Cow;

use crate::engine::node_terms::{NarrowedTerm, Term};
use crate::engine::profile::{Position, Profile, Setting};
use crate::engine::vocabulary::{PolicyToleration, Strategy};
use crate::facts::pod::{ArgumentList, Place};

/// One intended change, in the words of the field. `admission::patch` turns it into RFC 6902.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit<'a> {
    /// A container asks for `count` of `resource`, and for no other GPU resource.
    Resource {
        /// The container.
        place: Place,
        /// What it asked for before, if it named a resource.
        old: Option<&'a str>,
        /// What it asks for now.
        resource: &'a str,
        /// How many.
        count: u64,
    },
    /// A container no longer asks for a resource.
    DropResource {
        /// The container.
        place: Place,
        /// The resource.
        resource: &'static str,
    },
    /// A variable is appended, or gets another value.
    Env {
        /// The container.
        place: Place,
        /// The variable.
        name: &'a str,
        /// The entry of `env` that gets the value; none appends an entry.
        replaces: Option<usize>,
        /// Its literal value.
        value: Cow<'static, str>,
    },
    /// An element of a command line is replaced, or one is appended.
    Argument {
        /// The container.
        place: Place,
        /// The list.
        list: ArgumentList,
        /// The element that is replaced and what it says now; none appends one.
        replaces: Option<(usize, &'a str)>,
        /// What it says from now on.
        value: String,
    },
    /// A container runs as this user.
    RunAsUser {
        /// The container.
        place: Place,
        /// The user id.
        user: u32,
    },
    /// A label is set.
    Label {
        /// The key.
        key: &'static str,
        /// The value.
        value: Cow<'a, str>,
    },
    /// An annotation is set.
    Annotation {
        /// The key.
        key: Cow<'a, str>,
        /// The value.
        value: String,
    },
    /// The required node affinity becomes these terms.
    Nodes(Vec<NarrowedTerm<'a>>),
    /// A taint is tolerated.
    Toleration(NewToleration<'a>),
    /// Required anti-affinity by hostname, in all namespaces, to pods whose label has another value.
    Repel {
        /// The label.
        label: &'static str,
        /// The own value.
        own: Cow<'a, str>,
    },
    /// Nodes of these terms are preferred, each by [`SMALLEST_WEIGHT`].
    Prefer(Vec<Term<'a>>),
    /// Preferred affinity by hostname, in all namespaces, to the own boundary's pods of this strategy.
    Pack {
        /// The own boundary label.
        boundary: Cow<'a, str>,
        /// The own strategy.
        strategy: Strategy,
    },
}

impl<'a> Edit<'a> {
    /// Another value for a setting that has an element of a command line or a literal variable for itself. None if it is
    /// part of a shell's text, comes from a source, or has the value already.
    pub fn setting(profile: &Profile<'a>, setting: &Setting<'a>, value: &str) -> Option<Self> {
        if setting.value.word()? == value {
            return None;
        }
        let place = setting.place;
        match profile.position(setting)? {
            Position::Variable { index } => Some(Self::Env {
                place,
                name: setting.name,
                replaces: Some(index),
                value: Cow::Owned(value.to_owned()),
            }),
            Position::Argument {
                list,
                index,
                text,
                before,
            } => Some(Self::Argument {
                place,
                list,
                replaces: Some((index, text)),
                value: format!("{before}{value}"),
            }),
            Position::Within { .. } => None,
        }
    }

    /// The container that it changes, if it changes one.
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Resource { place, .. }
            | Self::DropResource { place, .. }
            | Self::Env { place, .. }
            | Self::Argument { place, .. }
            | Self::RunAsUser { place, .. } => Some(*place),
            _ => None,
        }
    }
}

/// A toleration to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewToleration<'a> {
    /// Of a GPU taint, whatever its value.
    Taint {
        /// The taint's key.
        key: &'a str,
        /// The taint's effect.
        effect: &'a str,
    },
    /// As the policy writes it.
    Policy(&'a PolicyToleration),
}
