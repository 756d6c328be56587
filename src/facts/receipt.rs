//! What can be said of the receipt a pod brought along. It is never believed, only compared.

use serde::Deserialize;

use crate::json::Raw;

/// The two parts of a receipt: what was decided, and what stood there before.
#[derive(Debug, Deserialize)]
pub struct Receipt<'a> {
    /// The request before the rewrite, as the first pass saw it.
    #[serde(borrow)]
    pub from: Raw<'a>,
}

impl<'a> Receipt<'a> {
    /// Reads a receipt; none where it is not of our making.
    pub fn read(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}
