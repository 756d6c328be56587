//! Quantities and fractions against exact rationals, and every form of both that is or is not one.

#[path = "properties/exact.rs"]
mod exact;

use exact::Exact;
use proptest::prelude::*;
use slicegate::engine::vocabulary::{Fraction, NotAFraction, Quantity};

const MAX: u64 = u64::MAX;

/// A text, and what it is in whole numbers and in thousandths, both rounded up.
#[rustfmt::skip]
const QUANTITIES: &[(&str, u64, u64)] = &[
    ("0", 0, 0), ("-0", 0, 0), ("+0", 0, 0), ("00", 0, 0), ("0.0", 0, 0), (".0", 0, 0), ("0n", 0, 0), ("0Ei", 0, 0),
    ("1", 1, 1000), ("+1", 1, 1000), ("01", 1, 1000), ("1.", 1, 1000), ("5.", 5, 5000), (".5", 1, 500), ("1.0", 1, 1000),
    ("-1", 0, 0), ("-.5", 0, 0), ("-1Ei", 0, 0), ("-1n", 0, 0),
    ("0.5", 1, 500), ("500m", 1, 500), ("1500m", 2, 1500), ("1m", 1, 1), ("1u", 1, 1), ("1n", 1, 1), ("0.1n", 1, 1),
    ("1000m", 1, 1000), ("999999999n", 1, 1000), ("1000000001n", 2, 1001), ("0.0000000001", 1, 1),
    ("1k", 1000, 1_000_000), ("1M", 1_000_000, 1_000_000_000), ("1G", 1_000_000_000, 1_000_000_000_000),
    ("1T", 1_000_000_000_000, 1_000_000_000_000_000), ("1P", 1_000_000_000_000_000, 1_000_000_000_000_000_000),
    ("1E", 1_000_000_000_000_000_000, MAX), ("18E", 18_000_000_000_000_000_000, MAX), ("19E", MAX, MAX),
    ("1Ki", 1024, 1_024_000), ("1Mi", 1 << 20, (1 << 20) * 1000), ("1Gi", 1 << 30, (1 << 30) * 1000),
    ("1Ti", 1 << 40, (1 << 40) * 1000), ("1Pi", 1 << 50, (1 << 50) * 1000), ("1Ei", 1 << 60, MAX), ("16Ei", MAX, MAX),
    ("0.5Gi", 1 << 29, (1 << 29) * 1000), (".1Ki", 103, 102_400), ("1.Gi", 1 << 30, (1 << 30) * 1000),
    ("0.0001Ki", 1, 103), ("1.5Ei", 3 << 59, MAX),
    ("1e3", 1000, 1_000_000), ("1E3", 1000, 1_000_000), ("1e+3", 1000, 1_000_000), ("1e-3", 1, 1), ("1E-3", 1, 1),
    ("1e0", 1, 1000), ("2.5e1", 25, 25_000), (".5e1", 5, 5000), ("1e018", 1_000_000_000_000_000_000, MAX),
    ("1e19", 10_000_000_000_000_000_000, MAX), ("1e20", MAX, MAX), ("1e400", MAX, MAX), ("1e-400", 1, 1),
    ("1e9223372036854775807", MAX, MAX), ("1e-9223372036854775808", 1, 1), ("0e9223372036854775807", 0, 0),
    ("9223372036854775807", 9_223_372_036_854_775_807, MAX), ("9223372036854775808", 9_223_372_036_854_775_808, MAX),
    ("18446744073709551615", MAX, MAX), ("18446744073709551616", MAX, MAX),
    ("18446744073709551.615", 18_446_744_073_709_552, MAX), ("18446744073709551.614", 18_446_744_073_709_552, MAX - 1),
    ("123456789012345678901234567890", MAX, MAX), ("0.123456789012345678901234567890", 1, 124),
    ("1.000000000000000000000000000001", 2, 1001), ("0.000000000000000000000000000001", 1, 1),
    ("000000000000000000000000000000000000000000000000000000000000000001", 1, 1000),
];

#[test]
fn every_form_of_a_quantity() {
    for (text, whole, milli) in QUANTITIES {
        let quantity = Quantity::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(quantity.ceil(), *whole, "{text}");
        assert_eq!(quantity.ceil_milli(), *milli, "{text} in thousandths");
        assert_eq!(
            quantity.is_negative(),
            text.starts_with('-') && *text != "-0",
            "{text}"
        );
    }
}

/// `+`, `-` and `.` alone are read as 0 by the API server's scanner, which then writes `0`; nobody means them.
#[test]
fn what_is_no_quantity() {
    let texts = "|+|-|.|+.|NaN|nan|Inf|inf|0x1|1_000|1,5|１|¹|٣|½|1 | 1|1 Gi|1gi|1GI|1K|1ki|1mi|1kB|1GB|1i|1b|\
                 1e|1e+|1E-|1e1.5|1e1e1|1e 1|1e0x1|1e９|1Gi1|1m5|1eGi|1.1.1|1..|..1|1.1.M|--1|++1|+-1|-+1|1-|1+1|\
                 - 1|m|Gi|e3|.e3|.Gi|0.1mi|0.1am|aoeu|.5i|-3.01i|-3.01e-|1e99999999999999999999|1e-99999999999999999999|\
                 1\n|\u{feff}1|1\u{0}|true|null|1%";
    for text in texts.split('|') {
        assert_eq!(Quantity::parse(text).ok(), None, "{text:?}");
    }
}

#[test]
fn equal_quantities_are_equal() {
    for group in [
        "1 1. 01 +1 1.0 1e0 1000m 1000000u 1000000000n 10e-1 .1e1",
        "1Ki 1024 1.024k 1024e0",
        "0 -0 0.0 0m 0Gi 0e7",
        "1Gi 1024Mi 1048576Ki 1073741824 1.073741824G",
        "0.0000000001 1n 0.1n 1e-99",
    ] {
        let all: Vec<Quantity> = group
            .split(' ')
            .map(|t| Quantity::parse(t).expect(t))
            .collect();
        assert!(all.iter().all(|q| *q == all[0]), "{group}: {all:?}");
    }
}

/// A fraction, and for `times`, `numerator` and `denominator` whether that many of it are within that share.
#[rustfmt::skip]
const FITS: &[(&str, [u32; 3], bool)] = &[
    ("1", [1, 1, 1], true), ("1", [2, 1, 1], false), ("0.5", [2, 1, 1], true), ("0.50000", [2, 1, 1], true),
    ("0.500000000000000000000000000001", [2, 1, 1], false), ("0.499999999999999999999999999999", [2, 1, 1], true),
    ("0.333333333333333333333333333333", [3, 1, 1], true), ("0.333333333333333333333333333334", [3, 1, 1], false),
    ("0.3333", [3, 1, 1], true), ("0.3334", [3, 1, 1], false),
    ("0.142857142857142857142857142857", [1, 1, 7], true), ("0.142857142857142857142857142858", [1, 1, 7], false),
    ("0.125", [1, 1, 8], true), ("0.14", [1, 1, 7], true), ("0.14", [1, 1, 8], false), ("0.143", [1, 1, 7], false),
    ("0.25", [4, 1, 1], true), ("0.25", [1, 2, 7], true), ("0.25", [1, 2, 8], true), ("0.26", [1, 2, 8], false),
    ("0.000000000000000000000000000001", [1_000_000, 1, 1_000_000], true),
    ("0.999999999999999999999999999999", [1_000_000, 1, 1_000_000], false),
    ("0.1", [10, 1, 1], true), ("0.1", [3, 1, 3], true), ("0.01", [48, 1, 2], true), ("0.02", [48, 1, 1], true), ("0.021", [48, 1, 1], false),
];

#[test]
fn fractions_at_the_edge() {
    for (text, [times, numerator, denominator], fits) in FITS {
        let fraction = Fraction::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        let have = fraction.fits(*times, *numerator, *denominator);
        assert_eq!(have, *fits, "{times} x {text} <= {numerator}/{denominator}");
    }
}

#[test]
fn every_form_of_a_fraction() {
    use NotAFraction::{NotADecimal, OutOfRange, TooManyDecimals};
    let long = |n: usize| format!("0.{}1", "0".repeat(n - 1));
    for text in [
        "1",
        "1.0",
        "01",
        "001.000",
        "0.25",
        ".25",
        "00.25",
        "0.1",
        &long(30),
    ] {
        assert!(Fraction::parse(text).is_ok(), "{text}");
    }
    let none = [
        "", ".", "1.", "0.", "+0.5", "-0.5", "0.5.5", "0,5", "1e-1", "500m", "50%", "1/2", "NaN",
        "inf", "0x1", "0.５", " 0.5", "0.5 ", "0.5\n", "½", "half", "٠.٥",
    ];
    for (texts, why) in [
        (none.as_slice(), NotADecimal),
        (
            &[
                "0",
                "0.0",
                "00",
                ".0",
                "1.1",
                "2",
                "1.0000001",
                "100",
                "10.0",
            ],
            OutOfRange,
        ),
        (&[&long(31), &long(300)], TooManyDecimals),
    ] {
        for text in texts {
            assert_eq!(Fraction::parse(text), Err(why), "{text:?}");
        }
    }
    // Trailing zeros are no decimals.
    assert_eq!(
        Fraction::parse(&format!("0.5{}", "0".repeat(99))),
        Fraction::parse("0.5")
    );
    assert_eq!(
        Fraction::parse(&format!("1.{}", "0".repeat(99))),
        Ok(Fraction::ONE)
    );
}

#[test]
fn fractions_of_thousandths() {
    for milli in 0..=1001 {
        let written = Exact::decimal(&format!("{}.{:03}", milli / 1000, milli % 1000));
        let text = format!("{}.{:03}", milli / 1000, milli % 1000);
        assert!(written.is_some());
        assert_eq!(
            Fraction::from_milli(milli),
            Fraction::parse(&text).ok(),
            "{text}"
        );
    }
    assert_eq!(Fraction::from_milli(u64::MAX), None);
}

/// Texts of the grammar, with more digits and larger exponents than anybody writes.
fn quantity() -> impl Strategy<Value = String> {
    let suffix = prop_oneof![
        4 => proptest::sample::select(vec![
            "", "m", "Gi", "n", "u", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Ti", "Pi", "Ei",
        ]).prop_map(str::to_owned),
        1 => "[eE][+-]?[0-9]{1,3}",
        1 => "[eE][+-]?[0-9]{1,25}",
    ];
    let number = prop_oneof![
        "[0-9]{1,6}",
        "[0-9]{0,4}\\.[0-9]{1,4}",
        "[0-9]{1,4}\\.",
        "[0-9]{15,32}",
        "[0-9]{0,12}\\.[0-9]{1,20}",
    ];
    ("[+-]?", number, suffix).prop_map(|(sign, number, suffix)| format!("{sign}{number}{suffix}"))
}

/// Decimals in and around (0, 1], up to more places than are read.
fn decimal() -> impl Strategy<Value = String> {
    prop_oneof![
        "0?\\.[0-9]{1,4}",
        "0{0,3}\\.[0-9]{1,33}",
        "0?\\.(3{28,31}|6{28,31}|9{28,31})[0-9]?",
        "[01]\\.0{0,40}",
        "[0-9]{1,3}(\\.[0-9]{1,3})?",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// What the grammar allows is read, to the last digit.
    #[test]
    fn quantities_are_exact(text in quantity()) {
        let exact = Exact::quantity(&text);
        let quantity = Quantity::parse(&text).ok();
        prop_assert_eq!(quantity.is_some(), exact.is_some());
        let (Some(quantity), Some(exact)) = (quantity, exact) else { return Ok(()) };
        let up = |shift| match exact.negative {
            true => 0,
            false => u64::try_from(exact.outward_small(shift)).unwrap_or(MAX),
        };
        prop_assert_eq!(quantity.ceil(), up(0));
        prop_assert_eq!(quantity.ceil_milli(), up(3));
        prop_assert_eq!(quantity.is_zero(), exact.digits.is_zero());
        prop_assert_eq!(quantity.is_negative(), exact.negative && !exact.digits.is_zero());
        let is_whole = !quantity.is_negative() && exact.outward(9).is_ok_and(|nano| exact.outward(0).unwrap().shifted(9) == nano);
        let whole = is_whole.then(|| u64::try_from(exact.outward_small(0)).ok()).flatten();
        prop_assert_eq!(quantity.as_whole(), whole);
    }

    /// Order and equality are those of the numbers, rounded to billionths as the API rounds, below a hundred billion billion.
    #[test]
    fn quantities_are_ordered(a in quantity(), b in quantity()) {
        let nano = |text: &str| Exact::quantity(text).map(|exact| {
            let amount = i128::try_from(exact.outward_small(9)).unwrap_or(i128::MAX);
            if exact.negative { -amount } else { amount }
        });
        let (Some(x), Some(y)) = (nano(&a), nano(&b)) else { return Ok(()) };
        if x.abs().min(y.abs()) < 10_i128.pow(29) {
            let order = Quantity::parse(&a).unwrap().cmp(&Quantity::parse(&b).unwrap());
            prop_assert_eq!(order, x.cmp(&y));
        }
    }

    /// Whatever the text is, the answer is the grammar's, and there is one.
    #[test]
    fn any_text_is_judged(text in prop_oneof![any::<String>(), "[-+.0-9eEinumkKMGTPa ]{0,8}"]) {
        prop_assert_eq!(Quantity::parse(&text).is_ok(), Exact::quantity(&text).is_some());
        let _ = Fraction::parse(&text);
    }

    #[test]
    fn fractions_are_exact(text in decimal(), times in 1..64_u32, numerator in 1..9_u32, more in 0..8_u32, whole in 0..300_000_000_u64) {
        let exact = Exact::decimal(&text).unwrap();
        let in_range = !exact.digits.is_zero() && exact.is_at_most(1, 1);
        let decimals = text.split_once('.').map_or("", |(_, d)| d).trim_end_matches('0');
        let Ok(fraction) = Fraction::parse(&text) else {
            prop_assert!(!in_range || decimals.len() > 30 || text.ends_with('.'));
            return Ok(());
        };
        prop_assert!(in_range && decimals.len() <= 30);
        let denominator = numerator + more;
        prop_assert_eq!(
            fraction.fits(times, numerator, denominator),
            exact.is_at_most(u64::from(numerator), u64::from(denominator) * u64::from(times))
        );
        let of = |whole: u64| Exact { digits: exact.digits.times_plus(whole, 0), ..exact.clone() }.outward_small(0);
        prop_assert_eq!(u128::from(fraction.of_ceil(whole)), of(whole));
        prop_assert_eq!(u128::from(fraction.percent_ceil()), of(100));
        prop_assert_eq!(Fraction::parse(&fraction.to_string()), Ok(fraction));
    }
}
