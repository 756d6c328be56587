//! What an administrator or a test hands in as files, turned into what the engine works with.

pub mod documents;
pub mod fleet;
pub mod pods;
pub mod policy;
