//! JSON as slicegate reads and writes it by hand, against `serde_json`.

mod read;
mod written;
