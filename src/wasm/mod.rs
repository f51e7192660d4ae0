//! The boundary to JavaScript: converts and calls, nothing else. [`WasmSession`] lives in the worker, [`ReportView`] on the page and in embeds,
//! [`WasmTokenizer`] in a worker of its own.

#[cfg(feature = "engine")]
mod bench;
#[cfg(feature = "draw")]
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
#[cfg(feature = "text")]
mod text;
#[cfg(feature = "draw")]
mod view;

#[cfg(feature = "engine")]
pub use lesson::WasmLesson;
#[cfg(feature = "engine")]
pub use session::WasmSession;
#[cfg(feature = "text")]
pub use text::WasmTokenizer;
#[cfg(feature = "draw")]
pub use view::ReportView;

#[cfg(feature = "threads")]
pub use wasm_bindgen_rayon::init_thread_pool;
