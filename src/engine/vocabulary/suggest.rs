//! Suggests a known word for an unknown one.

/// The candidate closest to `word`, if one is close enough to be a typing error.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // Known words are shorter, and the distance of a long word is costly.
    const LONGEST: usize = 64;
    if word.len() > LONGEST {
        return None;
    }
    let word = word.to_ascii_lowercase();
    let allowed = (word.len() / 3).max(1);
    candidates
        .into_iter()
        .map(|c| (strsim::osa_distance(&word, &c.to_ascii_lowercase()), c))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn only_what_is_near() {
        let words = ["packing", "boundary"];
        assert_eq!(nearest("Packin", words), Some("packing"));
        assert_eq!(
            nearest("apcking", words),
            Some("packing"),
            "a swap is one slip"
        );
        assert_eq!(nearest("tolerations", words), None);
        assert_eq!(nearest(&"p".repeat(100), words), None);
    }
}
