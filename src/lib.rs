//! Lorascope: what fine-tuning did to a model's weights. The modules in reading order; no logic here.
//!
//! Files become a plan, a plan becomes jobs, a job and its bytes become entries of a report, and a report becomes figures. Nothing here
//! reads a file: a [`session::Session`] says which bytes it wants.
//!
//! ```
//! use lorascope::figures::{FigureId, Request, Theme, svg};
//! use lorascope::report::{Settings, Task};
//! use lorascope::{analyze, plan::Answers, session::Session, summary};
//!
//! // A base, and a fine-tune whose singular vectors lie between its axes.
//! let file = |w: [f32; 4]| {
//!     let header = br#"{"layers.0.q_proj.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#;
//!     let values = w.iter().flat_map(|x| x.to_le_bytes());
//!     (header.len() as u64).to_le_bytes().into_iter().chain(*header).chain(values).collect::<Vec<u8>>()
//! };
//! let files = [
//!     ("base/model.safetensors", file([2.0, 0.0, 0.0, 1.0])),
//!     ("full/model.safetensors", file([1.4, -0.7, 1.4, 0.7])),
//! ];
//! let mut session = Session::default();
//! for (path, bytes) in &files {
//!     let id = session.add_file(path, bytes.len() as u64);
//!     while let Some(range) = session.wants(id) {
//!         session.supply(id, &bytes[range.start as usize..range.end as usize]);
//!     }
//! }
//! assert_eq!(session.plan(&Answers::default()).matrices.len(), 1);
//!
//! let settings = Settings { epsilon: 0.8, ..Settings::default() };
//! let mut report = session.head("native", 1);
//! for (at, job) in session.jobs().iter().enumerate() {
//!     let ranges = session.ranges(at as u32);
//!     let read = |r: &lorascope::session::FileRange| &files[r.file as usize].1[r.range.start as usize..r.range.end as usize];
//!     let bytes: Vec<&[u8]> = ranges.iter().map(read).collect();
//!     for (model, matrix) in analyze::analyze(job, &bytes, &Task::from(&settings), || 0.0) {
//!         report.models[model as usize].take(matrix);
//!     }
//! }
//! summary::apply(&mut report, &settings);
//! assert_eq!(report.models[0].totals.intruders, 2);
//!
//! let request = Request { settings, ..Request::of(FigureId::named("epsilon-curve").unwrap(), Theme::Light, 632.0) };
//! assert!(svg(&report, &request).starts_with("<svg"));
//! ```

#[cfg(any(feature = "engine", feature = "text"))]
pub mod error;
pub mod print;
#[cfg(all(test, feature = "engine"))]
mod steps;

#[cfg(feature = "engine")]
pub mod checkpoint;
#[cfg(feature = "engine")]
pub mod methods;
#[cfg(feature = "engine")]
pub mod plan;

#[cfg(feature = "engine")]
pub mod linalg;
pub mod metrics;
pub mod report;
pub mod series;

#[cfg(feature = "engine")]
pub mod analyze;
#[cfg(feature = "engine")]
pub mod loss;
#[cfg(feature = "engine")]
pub mod session;

#[cfg(feature = "text")]
pub mod text;

pub mod figures;
pub mod summary;

#[cfg(feature = "engine")]
pub mod lesson;

pub mod export;

#[cfg(feature = "native")]
pub mod native;
#[cfg(target_arch = "wasm32")]
pub mod wasm;

#[cfg(all(test, feature = "engine"))]
#[path = "../tests/recipes.rs"]
mod recipes;
