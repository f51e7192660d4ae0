//! Adapters: their tensors sorted into modules, their configurations found, and the scale of their change.

pub mod adapter;
pub(super) mod alpha;
pub(super) mod configs;
pub(super) mod drafts;
pub(super) mod patterns;
