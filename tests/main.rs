//! Every integration test, in one binary: what they share is compiled and linked once. `cargo test --test all registry::` runs one file.

mod common;

#[global_allocator]
static MEMORY: common::memory::Counting = common::memory::Counting;

mod adversary;
mod attacks;
mod beside;
mod beside_match;
mod certified;
#[cfg(feature = "command")]
mod command;
mod experiment;
mod field;
mod field_kinds;
mod field_meet;
mod field_more;
mod field_words;
mod field_wrong;
mod figures;
mod fuzz_smoke;
mod gallery;
mod hostile;
mod house;
mod lesson_benches;
mod lesson_train;
mod limits;
mod loss;
mod messages;
mod methods;
mod minilm;
mod names;
mod oracle;
mod page;
mod plan;
mod planted;
mod quantized;
mod registry;
mod rounding;
mod runs;
mod surgery;
mod threshold;
mod tokens;
mod tried;
mod vectors;
mod zoo;
