//! Kubernetes quantities, parsed exactly: without floats, overflow or panics.
//!
//! The grammar is that of `k8s.io/apimachinery/pkg/api/resource`: sign, decimal digits, then a binary
//! (`Ki`...), decimal (`n u m k M`...) or exponent (`e3`) suffix. Like there, what is finer than a nano is
//! rounded up. Numbers beyond any resource saturate instead of failing.

use thiserror::Error;

const NANO: i128 = 1_000_000_000;

/// A quantity in billionths, saturating at about 1.7e29.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity {
    nano: i128,
}

/// Why a text is not a quantity.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not a Kubernetes quantity (a number with an optional suffix such as m, k, M, Gi or e3)")]
pub struct NotAQuantity;

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self { nano: 0 };

    /// A whole number.
    pub const fn whole(n: u64) -> Self {
        Self {
            nano: (n as i128).saturating_mul(NANO),
        }
    }

    /// Parses a quantity as the API server does.
    ///
    /// # Errors
    /// If the text is not in the grammar above.
    pub fn parse(text: &str) -> Result<Self, NotAQuantity> {
        let (negative, rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, suffix) = rest.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if fraction.contains('.') || (whole.is_empty() && fraction.is_empty()) {
            return Err(NotAQuantity);
        }
        let scale = Scale::parse(suffix)?;
        let nano = scale.nanos(whole, fraction);
        Ok(Self {
            nano: if negative { -nano } else { nano },
        })
    }

    /// Whether a text is a quantity of 0.
    pub fn is_written_zero(text: &str) -> bool {
        Self::parse(text).is_ok_and(Self::is_zero)
    }

    /// Whether this is 0.
    pub const fn is_zero(self) -> bool {
        self.nano == 0
    }

    /// Whether this is below 0.
    pub const fn is_negative(self) -> bool {
        self.nano < 0
    }

    /// The number, if it is whole, not negative and fits.
    pub fn as_whole(self) -> Option<u64> {
        (self.nano % NANO == 0)
            .then(|| u64::try_from(self.nano / NANO).ok())
            .flatten()
    }

    /// The number rounded up to a whole one, saturating; 0 for negative numbers.
    pub fn ceil(self) -> u64 {
        self.ceil_to(NANO)
    }

    /// Thousandths rounded up, as the API server stores resource counts; saturating.
    pub fn ceil_milli(self) -> u64 {
        self.ceil_to(NANO / 1000)
    }

    fn ceil_to(self, unit: i128) -> u64 {
        if self.nano <= 0 {
            return 0;
        }
        u64::try_from((self.nano - 1) / unit + 1).unwrap_or(u64::MAX)
    }
}

/// The factor of a suffix.
enum Scale {
    /// A power of ten.
    Ten(i64),
    /// A power of two.
    Two(u32),
}

impl Scale {
    fn parse(suffix: &str) -> Result<Self, NotAQuantity> {
        Ok(match suffix {
            "" => Self::Ten(0),
            "n" => Self::Ten(-9),
            "u" => Self::Ten(-6),
            "m" => Self::Ten(-3),
            "k" => Self::Ten(3),
            "M" => Self::Ten(6),
            "G" => Self::Ten(9),
            "T" => Self::Ten(12),
            "P" => Self::Ten(15),
            "E" => Self::Ten(18),
            "Ki" => Self::Two(10),
            "Mi" => Self::Two(20),
            "Gi" => Self::Two(30),
            "Ti" => Self::Two(40),
            "Pi" => Self::Two(50),
            "Ei" => Self::Two(60),
            _ => {
                let digits = suffix.strip_prefix(['e', 'E']).ok_or(NotAQuantity)?;
                Self::Ten(digits.parse().map_err(|_| NotAQuantity)?)
            }
        })
    }

    /// The digits times this, in nanos, rounded up and saturating.
    fn nanos(&self, whole: &str, fraction: &str) -> i128 {
        // Every digit is worth `10^exponent` times a factor; trailing places below a nano only round up.
        let (factor, shift) = match *self {
            Self::Ten(exponent) => (1_i128, exponent.saturating_add(9)),
            Self::Two(bits) => (1_i128 << bits, 9),
        };
        let mut value: i128 = 0;
        let mut dropped = false;
        let digits = whole.bytes().chain(fraction.bytes());
        let mut place = (whole.len() as i64).saturating_add(shift);
        // Binary suffixes keep their fraction exactly: work in units of 10^-places and divide at the end.
        let reuse = match self {
            Self::Ten(_) => 0,
            Self::Two(_) => 12,
        };
        for digit in digits {
            place = place.saturating_sub(1);
            let digit = i128::from(digit - b'0');
            if digit == 0 {
                continue;
            }
            let exponent = place.saturating_add(reuse);
            if exponent < 0 {
                dropped = true;
            } else if exponent > 37 {
                return i128::MAX;
            } else {
                let Some(part) = 10_i128
                    .checked_pow(exponent as u32)
                    .and_then(|p| p.checked_mul(digit))
                    .and_then(|p| value.checked_add(p))
                else {
                    return i128::MAX;
                };
                value = part;
            }
        }
        // Whole nanos and the rest are scaled apart, so that nothing overflows before it is too large anyway.
        let unit = 10_i128.pow(reuse as u32);
        let rest = (value % unit) * factor;
        let more = rest / unit + i128::from(rest % unit != 0 || dropped);
        (value / unit).saturating_mul(factor).saturating_add(more)
    }
}
