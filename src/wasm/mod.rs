//! The boundary to JavaScript: converts and calls, nothing else. [`WasmSession`] lives in the worker, [`ReportView`] on the page and in embeds.

#[cfg(feature = "engine")]
mod bench;
mod canvas;
#[cfg(feature = "engine")]
mod lesson;
#[cfg(feature = "engine")]
mod loss;
#[cfg(feature = "page")]
mod page;
#[cfg(feature = "engine")]
mod session;
#[cfg(feature = "engine")]
mod surgery;
mod view;

#[cfg(feature = "engine")]
pub use lesson::WasmLesson;
#[cfg(feature = "engine")]
pub use session::WasmSession;
pub use view::ReportView;

#[cfg(feature = "threads")]
pub use wasm_bindgen_rayon::init_thread_pool;
