//! An allocator that counts the peak of memory and the allocations of a piece of work: by thread, the same on every machine.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, with an account for every thread.
pub struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    // A thread that ends has no account any more.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        let _ = MOST.try_with(|most| most.set(most.get().max(held.get())));
        if bytes > 0 {
            let _ = ASKED.try_with(|asked| asked.set(asked.get() + 1));
        }
    });
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Old and new may both be there for a moment.
        count(size as isize);
        count(-(layout.size() as isize));
        unsafe { System.realloc(at, layout, size) }
    }
}

/// The memory that a piece of work took.
pub struct Took {
    /// Bytes beyond what was held before.
    pub most: usize,
    pub allocations: u64,
}

pub fn measured<T>(work: impl FnOnce() -> T) -> (T, Took) {
    let (before, asked) = (HELD.get(), ASKED.get());
    MOST.set(before);
    let done = work();
    let took = Took {
        most: (MOST.get() - before) as usize,
        allocations: ASKED.get() - asked,
    };
    (done, took)
}
