//! Kubernetes objects out of files, folders and standard input; one broken document never hides the others.

pub(super) mod chunk;
mod doubled;
mod files;
mod input;
mod reading;
#[cfg(test)]
mod tests;

pub use files::read;
pub use input::{Document, Input};
pub use reading::parse;
