//! The end of a command: its exit code, and the fault in words where there is one.

use super::write;
use std::fmt;
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

/// Why a command did nothing.
#[derive(Debug)]
pub enum Fault {
    /// What was asked makes no sense: the sentence says what to write instead.
    Usage(String),
    /// What it needs cannot be read, or its answer not be written.
    Unreadable(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Fault::Usage(text) | Fault::Unreadable(text)) = self;
        f.write_str(text)
    }
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
        Ok(End::Incomplete) | Err(Fault::Unreadable(_)) => 3,
    })
}
