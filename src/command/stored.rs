//! A stored report read from disk.

use lorascope::export;
use lorascope::native::Fault;
use lorascope::report::Report;
use std::path::Path;

pub fn report(path: &Path) -> Result<Report, Fault> {
    let fault = |why: String| Fault::Unreadable(format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|why| fault(why.to_string()))?;
    export::read(&text).map_err(fault)
}
