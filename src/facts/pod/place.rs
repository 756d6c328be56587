//! Where a container stands in its pod, and where an argument stands in its container.

/// Which of the three lists of containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContainerKind {
    /// `spec.initContainers`.
    Init,
    /// `spec.containers`.
    Main,
    /// `spec.ephemeralContainers`.
    Ephemeral,
}

/// Where a container stands in its pod. Prints as a JSON pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The list.
    pub kind: ContainerKind,
    /// The position in it.
    pub index: usize,
}

/// Which of the two lists that make a container's command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ArgumentList {
    /// `command`, in place of the image's entry point.
    Command,
    /// `args`, which follow it.
    Args,
}

impl ArgumentList {
    /// In the order in which they are run.
    pub const BOTH: [Self; 2] = [Self::Command, Self::Args];

    /// The field's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Args => "args",
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let list = match self.kind {
            ContainerKind::Init => "initContainers",
            ContainerKind::Main => "containers",
            ContainerKind::Ephemeral => "ephemeralContainers",
        };
        write!(f, "/spec/{list}/{}", self.index)
    }
}
