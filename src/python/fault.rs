//! Faults as exceptions: the classes are the package's own, so that a caller catches them by the names of its documentation.

use lorascope::native::Fault;
use pyo3::prelude::*;

/// An exception of `lorascope.errors`, with the facts of every problem.
pub fn raise(py: Python<'_>, fault: &Fault) -> PyErr {
    let (class, problems) = match fault {
        Fault::Usage(_) => ("UsageError", "[]".to_owned()),
        Fault::Unreadable(_) => ("FileError", "[]".to_owned()),
        Fault::Files(_, problems) => ("FileError", serde_json::to_string(problems).unwrap_or_default()),
    };
    let made = py
        .import("lorascope.errors")
        .and_then(|errors| errors.getattr(class)?.call1((fault.to_string(), problems)));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(why) => why,
    }
}

/// Options as the package writes them.
pub fn options<T: serde::de::DeserializeOwned>(py: Python<'_>, json: &str) -> PyResult<T> {
    serde_json::from_str(json).map_err(|why| raise(py, &Fault::Usage(format!("{why}."))))
}
