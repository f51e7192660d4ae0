//! The door to Python: the module `lorascope._core`, of which the package in `src/python/lorascope/` is made. Options and plain answers cross as JSON.

mod analysis;
mod fault;
mod memory;
mod report;
mod source;

/// The native part of the package `lorascope`.
#[pyo3::pymodule]
mod _core {
    #[pymodule_export]
    use super::analysis::{analyze, plan};
    #[pymodule_export]
    use super::report::{Report, figures, merge};
    #[pymodule_export]
    use super::source::Source;

    /// The version of the core.
    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");
}
