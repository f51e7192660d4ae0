//! Adapters: their tensors sorted into modules, their configurations found, and what their change is multiplied with.

pub mod adapter;
pub(super) mod alpha;
pub(super) mod configs;
pub(super) mod drafts;
pub(super) mod patterns;
