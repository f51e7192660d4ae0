//! Numbers over spectra: one idea a file, pure functions, each with its source.

pub mod best_match;
pub mod change_ratio;
pub mod effective_rank;
pub mod intruder;
pub mod intruder_energy;
pub mod random_match;
pub mod sphere;
pub mod stable_rank;
pub mod tied;
pub mod tracks;
