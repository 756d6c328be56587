//! The receipt of a pod. It is only compared, never trusted by itself.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::text::Text;
use crate::json::Raw;

/// The fields of a receipt that are read.
#[derive(Debug, Deserialize)]
#[serde(bound = "'de: 'a")]
pub struct Receipt<'a> {
    /// The boundary label that was given.
    pub boundary: Text<'a>,
    /// The request before the rewrite, as the first pass saw it.
    pub from: Raw<'a>,
}

impl<'a> Receipt<'a> {
    /// Reads a receipt; none where it is not of our making.
    pub fn read(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// By container, the resources and quantities before the rewrite: none of them where it asked by annotation alone.
    pub fn requested(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        serde_json::from_str(self.from.get()).unwrap_or_default()
    }
}
