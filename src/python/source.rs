//! A base or a model as Python names it.

use super::fault::raise;
use super::memory::{Held, Piece, Remote, Tensors};
use lorascope::native::source::Source as Named;
use lorascope::native::store::Store;
use pyo3::prelude::*;
use std::sync::Arc;

/// Files of one base or model.
#[pyclass(frozen, module = "lorascope._core")]
pub struct Source(pub Arc<Named>);

/// A tensor: its name, its dtype as .safetensors has it, its shape, the address of its numbers, their bytes, and what keeps them.
type Tensor = (String, String, Vec<u64>, usize, usize, Py<PyAny>);

#[pymethods]
impl Source {
    /// A folder, a file or `hf:ORG/NAME[@REVISION]`, called by its own name or another.
    #[staticmethod]
    #[pyo3(signature = (place, label=None))]
    fn at(py: Python<'_>, place: &str, label: Option<&str>) -> PyResult<Source> {
        let source = Named::at(label.unwrap_or(place), place, label).map_err(|fault| raise(py, &fault))?;
        Ok(Source(Arc::new(source)))
    }

    /// Tensors of this process, with the text of the configuration beside them. `file` is what a library would call the file.
    #[staticmethod]
    fn of_tensors(label: &str, file: &str, tensors: Vec<Tensor>, config: Option<(String, String)>) -> Source {
        let pieces = tensors
            .into_iter()
            .map(|(name, dtype, shape, address, bytes, owner)| Piece {
                name,
                dtype,
                shape,
                address,
                bytes,
                _owner: owner,
            });
        let store: Arc<dyn Store> = Arc::new(Tensors::new(pieces.collect()));
        let beside = config.map(|(name, text)| (name, Arc::new(Held(text.into_bytes())) as Arc<dyn Store>));
        let files = std::iter::once((file.to_owned(), store)).chain(beside).collect();
        Source(Arc::new(Named::held(label, files)))
    }

    /// Files of other storage: of each its path below the model, its address, its size, and an object with `read(start, end) -> bytes`.
    #[staticmethod]
    fn of_files(label: &str, files: Vec<(String, String, u64, Py<PyAny>)>) -> Source {
        let files = files.into_iter().map(|(path, place, size, reader)| {
            let store: Arc<dyn Store> = Arc::new(Remote { place, size, reader });
            (path, store)
        });
        Source(Arc::new(Named::held(label, files.collect())))
    }
}
