//! The two axes of a tier: how a device is shared, and how well its users are isolated.

use std::fmt;

/// How a device is shared (contract: exclusive, mig, mps, time-slicing).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strategy {
    /// A whole device for one container.
    Exclusive,
    /// A hardware partition for one container.
    Mig,
    /// Processes of several pods through one MPS server, with memory and compute limits.
    Mps,
    /// Processes of several pods take turns on a device or on a MIG slice.
    TimeSlicing,
}

impl Strategy {
    /// All of them, strongest isolation first.
    pub const ALL: [Self; 4] = [Self::Exclusive, Self::Mig, Self::Mps, Self::TimeSlicing];

    /// The word that users write.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Exclusive => "exclusive",
            Self::Mig => "mig",
            Self::Mps => "mps",
            Self::TimeSlicing => "time-slicing",
        }
    }

    /// Parses the word that users write.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.word() == word)
    }

    /// The isolation between the users of one device.
    pub const fn isolation(self) -> Isolation {
        match self {
            Self::Exclusive => Isolation::Dedicated,
            Self::Mig => Isolation::Hardware,
            Self::Mps => Isolation::Limited,
            Self::TimeSlicing => Isolation::None,
        }
    }

    /// Whether several pods use one device at the same time, so that a trust boundary matters.
    pub const fn is_shared(self) -> bool {
        matches!(self, Self::Mps | Self::TimeSlicing)
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The isolation between the users of one device, weakest first, so that `<` means weaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Isolation {
    /// Neither memory nor faults are isolated.
    None,
    /// Memory and compute limits; a fatal fault still hits the others.
    Limited,
    /// Separate memory and compute in hardware.
    Hardware,
    /// The device has one user.
    Dedicated,
}

impl Isolation {
    /// All of them, weakest first.
    pub const ALL: [Self; 4] = [Self::None, Self::Limited, Self::Hardware, Self::Dedicated];

    /// The word the policy uses.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Limited => "limited",
            Self::Hardware => "hardware",
            Self::Dedicated => "dedicated",
        }
    }

    /// Reads the word the policy uses.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|i| i.word() == word)
    }
}

impl fmt::Display for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Which pods may be neighbours below hardware isolation, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CoTenancy {
    /// Any pod whose tier allows it too.
    Any,
    /// Only pods of the same trust boundary.
    Boundary,
}

impl CoTenancy {
    /// The word the policy uses.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Boundary => "boundary",
        }
    }
}
