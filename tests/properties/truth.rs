//! What one of a resource on a node really is. Only generators make it; nothing of the product is asked.

use super::exact::Exact;

/// How a device is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Nothing can be said: labels are missing or lie, or the plugin offers nothing.
    Unknown,
    TimeSlicing,
    Mps,
    Mig,
    Exclusive,
}

impl Kind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::TimeSlicing => "time-slicing",
            Self::Mps => "mps",
            Self::Mig => "mig",
            Self::Exclusive => "exclusive",
        }
    }

    pub fn of(word: &str) -> Self {
        let all = [Self::TimeSlicing, Self::Mps, Self::Mig, Self::Exclusive];
        let known = all.into_iter().find(|k| k.word() == word);
        known.unwrap_or(Self::Unknown)
    }

    pub fn is_shared(self) -> bool {
        matches!(self, Self::Mps | Self::TimeSlicing)
    }

    /// What keeps its users apart, as the policy's words rank it.
    pub fn isolation(self) -> usize {
        match self {
            Self::Unknown | Self::TimeSlicing => 0,
            Self::Mps => 1,
            Self::Mig => 2,
            Self::Exclusive => 3,
        }
    }
}

/// One of a resource.
#[derive(Clone, Debug)]
pub struct Truth {
    pub kind: Kind,
    pub product: String,
    /// MiB of the share, rounded down; none where nobody says.
    pub mib: Option<u64>,
    /// How many share what it is cut from.
    pub replicas: u32,
    /// Compute and memory slices it is cut from, and of how many.
    pub part: [(u32, u32); 2],
    /// False where no label says all of this, so that nobody is blamed for leaving the node out.
    pub is_told: bool,
}

/// What a container needs of each device.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// Bytes.
    pub memory: Option<u128>,
    pub memory_is_own: bool,
    pub fraction: Option<Exact>,
    /// Of a device's memory alone.
    pub memory_fraction: Option<Exact>,
    pub compute: Option<u32>,
}

impl Truth {
    pub fn unknown() -> Self {
        Self {
            kind: Kind::Unknown,
            product: "unknown".to_owned(),
            mib: None,
            replicas: 1,
            part: [(1, 1); 2],
            is_told: true,
        }
    }

    /// What the ask lacks here, if anything.
    pub fn lacks(&self, ask: &Ask) -> Option<String> {
        if let Some(bytes) = ask.memory
            && self.mib.is_none_or(|mib| u128::from(mib) << 20 < bytes)
        {
            return Some(format!(
                "{bytes} bytes asked, a share has {:?} MiB",
                self.mib
            ));
        }
        for (part, of) in self.part {
            let (part, of) = (u64::from(part), u64::from(of) * u64::from(self.replicas));
            if let Some(fraction) = &ask.fraction
                && !fraction.is_at_most(part, of)
            {
                return Some(format!("{fraction:?} asked, a share is {part}/{of}"));
            }
        }
        let (part, of) = self.part[1];
        let (part, of) = (u64::from(part), u64::from(of) * u64::from(self.replicas));
        if let Some(fraction) = &ask.memory_fraction
            && !fraction.is_at_most(part, of)
        {
            return Some(format!(
                "{fraction:?} of memory asked, a share is {part}/{of}"
            ));
        }
        let (part, of) = self.part[0];
        let percent = ask.compute.unwrap_or(0);
        (u64::from(percent) * u64::from(of * self.replicas) > 100 * u64::from(part)).then(|| {
            format!(
                "{percent} % asked, a share is {part}/{} of compute",
                of * self.replicas
            )
        })
    }

    /// Percent of compute that the daemon of MPS allows at most.
    pub fn cap(&self) -> u32 {
        100 / self.replicas
    }
}

/// Whether a product's name matches one of the patterns, `*` for anything.
pub fn product_matches(patterns: &[String], product: &str) -> bool {
    fn matches(pattern: &[u8], text: &[u8]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => (0..=text.len()).any(|at| matches(rest, &text[at..])),
            Some((byte, rest)) => text.first() == Some(byte) && matches(rest, &text[1..]),
        }
    }
    let product = product.as_bytes();
    patterns.is_empty() || patterns.iter().any(|p| matches(p.as_bytes(), product))
}
