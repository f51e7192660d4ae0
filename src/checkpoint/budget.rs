//! The memory budget of a reader: so many bytes per byte that it read, counted as expanded, not as stored.
//!
//! A file may ask for far more than it holds: a pickle that names one list a thousand times, a shape of ones at two bytes each. Every
//! reader tells its budget of what it is about to build and stops where that is more than the bytes read allow. docs/limits.md has the
//! numbers and where they come from.

use crate::error::Error;

/// Allowed whatever the size: enough for everything that is small.
const FREE: u64 = 16 << 20;
/// Never more than this, so that a tab lives: the largest checkpoints need a tenth of it.
const MOST: u64 = 256 << 20;

/// Bytes that may be built per byte read, by what is read: some times what honest writers need.
pub const PICKLE: u64 = 64;
pub const JSON: u64 = 16;
pub const HEADER: u64 = 3;
pub const ZIP: u64 = 16;

/// A running account.
#[derive(Debug, Clone)]
pub struct Budget {
    what: &'static str,
    times: u64,
    read: u64,
    spent: u64,
}

impl Budget {
    /// An account of `what` ("pickle"), with `times` bytes for each byte read.
    pub fn new(what: &'static str, times: u64) -> Budget {
        Budget {
            what,
            times,
            read: 0,
            spent: 0,
        }
    }

    /// More was read, so more may be built.
    pub fn read(&mut self, bytes: usize) {
        self.read = self.read.saturating_add(bytes as u64);
    }

    fn allowed(&self) -> u64 {
        self.times.saturating_mul(self.read).saturating_add(FREE).min(MOST)
    }

    /// `bytes` are about to be built, or as many steps taken.
    pub fn spend(&mut self, bytes: usize) -> Result<(), Error> {
        self.spent = self.spent.saturating_add(bytes as u64);
        if self.spent <= self.allowed() {
            return Ok(());
        }
        Err(Error::OverLimit {
            what: self.what,
            read: self.read,
            allowed: self.allowed(),
        })
    }

    /// `count` values of a type, and what each holds besides.
    pub fn spend_on<T>(&mut self, count: usize, besides: usize) -> Result<(), Error> {
        self.spend(count.saturating_mul(size_of::<T>().saturating_add(besides)))
    }

    /// Bytes built so far.
    pub fn spent(&self) -> u64 {
        self.spent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_built_grows_with_what_was_read_up_to_a_limit() {
        let mut budget = Budget::new("pickle", 2);
        assert!(budget.spend(FREE as usize).is_ok());
        assert!(budget.clone().spend(1).is_err());
        budget.read(10);
        assert!(budget.spend(20).is_ok() && budget.spent() == FREE + 20);
        budget.read(usize::MAX);
        assert!(budget.spend((MOST - FREE - 20) as usize).is_ok());
        assert!(matches!(
            budget.spend(usize::MAX),
            Err(Error::OverLimit {
                what: "pickle",
                allowed: MOST,
                ..
            })
        ));
    }
}
