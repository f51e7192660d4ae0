//! The end of a command: its exit code, and the fault in words where there is one.

use super::write;
use lorascope::native::Fault;
use std::process::ExitCode;

/// What a command that did its work has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Fine,
    /// More intruders than `--fail-on` allows.
    Findings,
    /// Something could not be read; the rest was done.
    Incomplete,
}

/// 0 fine, 1 findings, 2 wrong use, 3 could not read.
pub fn code(done: Result<End, Fault>) -> ExitCode {
    if let Err(fault) = &done {
        write::err(&format!("lorascope: {fault}"));
    }
    ExitCode::from(match done {
        Ok(End::Fine) => 0,
        Ok(End::Findings) => 1,
        Err(Fault::Usage(_)) => 2,
        Ok(End::Incomplete) | Err(Fault::Unreadable(_) | Fault::Files(..)) => 3,
    })
}
