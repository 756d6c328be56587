//! What slicegate keeps in order in its cluster while it runs there.

pub mod certificate;
