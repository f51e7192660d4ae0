//! Why nothing was done.

use super::told;
use crate::plan::Problem;
use std::fmt;

#[derive(Debug)]
pub enum Fault {
    /// What was asked makes no sense: the sentence says what to write instead.
    Usage(String),
    /// What it needs cannot be read, or its answer not be written.
    Unreadable(String),
    /// The files were read, and nothing can be computed of them: what is wrong with each.
    Files(String, Vec<Problem>),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Usage(text) | Fault::Unreadable(text) => f.write_str(text),
            Fault::Files(text, problems) => {
                f.write_str(text)?;
                problems.iter().try_for_each(|p| write!(f, "\n{}", told::problem(p)))
            }
        }
    }
}
