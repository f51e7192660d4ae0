//! How the names of a fine-tune pair with those of the base, and what is said where they do not.

pub(super) mod depth;
pub mod matching;
pub(super) mod meet;
pub(super) mod mismatch;
pub(super) mod replication;
pub(super) mod tied;
pub(super) mod ways;
