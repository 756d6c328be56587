//! A fraction of a device as an exact rational number: `0.3333` is not a third, and no rounding may make it one.

use std::fmt;

use thiserror::Error;

/// A number in (0, 1], as written: `digits / 10^places`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction {
    digits: u128,
    places: u32,
}

/// More decimals than this are refused, so that every comparison below stays within 128 bits.
pub const MAX_DECIMALS: usize = 30;

/// Why a text is not a fraction.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NotAFraction {
    /// It has other characters than digits and one point.
    #[error("not a decimal such as 0.25")]
    NotADecimal,
    /// 0, or above 1.
    #[error("outside (0, 1]")]
    OutOfRange,
    /// More than [`MAX_DECIMALS`] decimals.
    #[error("more than {MAX_DECIMALS} decimals")]
    TooManyDecimals,
}

impl Fraction {
    /// Reads a plain decimal: `0.25`, `.5`, `1`, `1.0`.
    ///
    /// # Errors
    /// See [`NotAFraction`].
    pub fn parse(text: &str) -> Result<Self, NotAFraction> {
        let (whole, decimals) = match text.split_once('.') {
            Some((_, "")) | None if text.ends_with('.') => return Err(NotAFraction::NotADecimal),
            Some(parts) => parts,
            None => (text, ""),
        };
        let digits_only = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if !digits_only(whole)
            || !digits_only(decimals)
            || (whole.is_empty() && decimals.is_empty())
        {
            return Err(NotAFraction::NotADecimal);
        }
        let decimals = decimals.trim_end_matches('0');
        if decimals.len() > MAX_DECIMALS {
            return Err(NotAFraction::TooManyDecimals);
        }
        let whole = whole.trim_start_matches('0');
        let one = whole == "1" && decimals.is_empty();
        if one {
            return Ok(Self::ONE);
        }
        if !whole.is_empty() || decimals.is_empty() {
            return Err(NotAFraction::OutOfRange);
        }
        let digits = decimals
            .bytes()
            .fold(0_u128, |n, b| n * 10 + u128::from(b - b'0'));
        Ok(Self {
            digits,
            places: decimals.len() as u32,
        })
    }

    /// A whole device.
    pub const ONE: Self = Self {
        digits: 1,
        places: 0,
    };

    /// Thousandths, as resource quantities carry them; none outside 1 to 1000.
    pub fn from_milli(milli: u64) -> Option<Self> {
        if !(1..=1000).contains(&milli) {
            return None;
        }
        let (mut digits, mut places) = (milli, 3);
        while places > 0 && digits.is_multiple_of(10) {
            digits /= 10;
            places -= 1;
        }
        Some(Self {
            digits: u128::from(digits),
            places,
        })
    }

    /// Whether this times `times` is at most `numerator / denominator`, exactly.
    ///
    /// The arguments are device facts (replicas, slices), far below a million.
    pub fn fits(self, times: u32, numerator: u32, denominator: u32) -> bool {
        let left = self
            .digits
            .checked_mul(u128::from(times))
            .and_then(|n| n.checked_mul(u128::from(denominator)));
        let right = 10_u128
            .checked_pow(self.places)
            .and_then(|n| n.checked_mul(u128::from(numerator)));
        match (left, right) {
            (Some(left), Some(right)) => left <= right,
            // Only the left side can overflow: then it is the larger one.
            _ => false,
        }
    }

    /// Percent, rounded up: 1 to 100.
    pub fn percent_ceil(self) -> u32 {
        self.of_ceil(100) as u32
    }

    /// This share of `whole`, rounded up.
    pub fn of_ceil(self, whole: u64) -> u64 {
        let ten = 10_u128.pow(self.places);
        match self.digits.checked_mul(u128::from(whole)) {
            Some(product) => u64::try_from(product.div_ceil(ten)).unwrap_or(whole),
            None => whole,
        }
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.places == 0 {
            return write!(f, "{}", self.digits);
        }
        write!(f, "0.{:0width$}", self.digits, width = self.places as usize)
    }
}
