//! CEL expressions for the API server: whether it calls slicegate about a pod, and what it refuses by itself.

mod expressions;
pub mod guard;
pub mod relevance;
