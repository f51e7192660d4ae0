//! The pairing of a fine-tune's names with the base's, and the messages where they do not pair.

pub(super) mod depth;
pub mod matching;
pub(super) mod meet;
pub(super) mod mismatch;
pub(super) mod replication;
pub(super) mod tied;
pub(super) mod ways;
