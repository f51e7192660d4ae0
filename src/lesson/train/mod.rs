//! The lesson "Train it here": a small network, pre-trained on one task before the reader's eyes, fine-tuned on another by full fine-tuning
//! and by LoRA side by side (arXiv 2410.21228, sections 3 to 5 in small). The experiment, with an independent implementation, is in
//! `tests/fixtures/lesson/`.

mod adam;
mod dials;
mod export;
mod lesson;
mod network;
mod scene;
mod side;
mod spread;
mod stream;
mod strength;
mod sweep;
mod task;
mod training;
mod tune;
mod world;

pub use dials::{Alpha, Init, Task, TrainDials};
pub use export::File;
pub use lesson::Lesson;
pub use spread::{Row, rows, spread};
pub use sweep::{Ended, RANKS, Sweep};
pub use training::Training;

/// Inputs, outputs of task 1, width of the network, and the matrices that are tuned: up and down of two blocks.
pub const INPUTS: usize = 32;
pub const OUTPUTS: usize = 32;
pub const WIDTH: usize = 128;
pub const MATRICES: usize = 4;
