//! How much a policy may say: far more than anybody writes, and little enough for an API server to check.

/// The most entries of a list or an object whose keys are the user's own.
pub(super) const MOST_ENTRIES: usize = 256;
/// The most characters of a single value.
pub(super) const LONGEST_VALUE: usize = 320;
