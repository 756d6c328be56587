//! Exact numbers, by hand on decimal digits: slow, plain, and nothing in common with the code they check.

use std::cmp::Ordering;

/// A whole number as decimal digits, most significant first and none leading; 0 has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Natural(Vec<u8>);

impl Natural {
    /// Reads plain digits.
    pub fn of(digits: &str) -> Self {
        let digits = digits.bytes().map(|b| b - b'0');
        Self(digits.skip_while(|d| *d == 0).collect())
    }

    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// This times a number and plus another, below 2^56 both.
    pub fn times_plus(&self, factor: u64, more: u64) -> Self {
        let (mut carry, mut digits) = (more, Vec::new());
        for digit in self.0.iter().rev() {
            carry += u64::from(*digit) * factor;
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
        while digits.last() == Some(&0) {
            digits.pop();
        }
        digits.reverse();
        Self(digits)
    }

    /// This times `10^power`.
    pub fn shifted(&self, power: usize) -> Self {
        let mut digits = self.0.clone();
        if !digits.is_empty() {
            digits.resize(digits.len() + power, 0);
        }
        Self(digits)
    }

    /// This divided by `10^power`, rounded up.
    fn cut_up(&self, power: usize) -> Self {
        let keep = self.0.len().saturating_sub(power);
        let kept = Self(self.0[..keep].to_vec());
        match self.0[keep..].iter().any(|d| *d != 0) {
            true => kept.times_plus(1, 1),
            false => kept,
        }
    }

    /// The number, where it fits.
    pub fn small(&self) -> Option<u128> {
        self.0.iter().try_fold(0_u128, |n, d| {
            n.checked_mul(10)?.checked_add(u128::from(*d))
        })
    }
}

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Natural {
    fn cmp(&self, other: &Self) -> Ordering {
        let length = self.0.len().cmp(&other.0.len());
        length.then_with(|| self.0.cmp(&other.0))
    }
}

/// `digits / 10^places`, with a sign.
#[derive(Clone, Debug)]
pub struct Exact {
    pub negative: bool,
    pub digits: Natural,
    pub places: i64,
}

/// Beyond `10^60`.
#[derive(Debug, PartialEq, Eq)]
pub struct Huge;

impl Exact {
    /// Reads a quantity by the API's written grammar: a sign, digits with at most one point, a suffix.
    pub fn quantity(text: &str) -> Option<Self> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let number: String = rest
            .chars()
            .take_while(|c| c.is_ascii_digit() || *c == '.')
            .collect();
        let suffix = &rest[number.len()..];
        let mut exact = Self::decimal(&number)?;
        exact.negative = negative;
        let two = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
        if let Some(thousands) = two.iter().position(|s| *s == suffix) {
            for _ in 0..=thousands {
                exact.digits = exact.digits.times_plus(1024, 0);
            }
            return Some(exact);
        }
        let ten = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
        let exponent = match ten.iter().position(|s| *s == suffix) {
            Some(position) => 3 * (position as i64 - 3),
            None => suffix.strip_prefix(['e', 'E'])?.parse::<i64>().ok()?,
        };
        exact.places = exact.places.saturating_sub(exponent);
        Some(exact)
    }

    /// Reads digits with at most one point and at least one digit.
    pub fn decimal(text: &str) -> Option<Self> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = format!("{whole}{decimals}");
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| Self {
            negative: false,
            digits: Natural::of(&digits),
            places: decimals.len() as i64,
        })
    }

    /// The amount times `10^shift`, rounded away from 0.
    pub fn outward(&self, shift: i64) -> Result<Natural, Huge> {
        let places = self.places.saturating_sub(shift);
        if self.digits.is_zero() {
            return Ok(Natural::of(""));
        }
        match usize::try_from(places) {
            Ok(places) => Ok(self.digits.cut_up(places)),
            Err(_) if places < -60 => Err(Huge),
            Err(_) => Ok(self.digits.shifted(places.unsigned_abs() as usize)),
        }
    }

    /// The amount rounded away from 0, as far as 128 bits go.
    pub fn outward_small(&self, shift: i64) -> u128 {
        let number = self.outward(shift).ok();
        number.and_then(|n| n.small()).unwrap_or(u128::MAX)
    }

    /// Whether this is at most `numerator / denominator`.
    pub fn is_at_most(&self, numerator: u64, denominator: u64) -> bool {
        let left = self.digits.times_plus(denominator, 0);
        let right = Natural::of(&numerator.to_string()).shifted(self.places as usize);
        left <= right
    }
}
