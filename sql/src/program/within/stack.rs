//! How much of its thread's stack the calls of functions within each other may take.
//!
//! Each body may have expressions as deep as a statement's, and a call stands at the bottom of one: so what is bounded is the stack itself, from the outermost
//! call on.

use std::cell::Cell;

use crate::error::{Error, Result};
use crate::limits::FUNCTION_STACK_BYTES_MAX;

thread_local! {
    /// Where the stack was at the outermost call that is running, or being planned, on this thread; 0 for none.
    static OUTERMOST: Cell<usize> = const { Cell::new(0) };
}

/// A call that is running, or being planned.
pub(super) struct Nested {
    is_outermost: bool,
}

impl Nested {
    /// A call begins.
    ///
    /// # Errors
    /// 1436 when those around it have taken too much.
    pub(super) fn enter() -> Result<Nested> {
        let marker = 0_u8;
        let here = std::ptr::from_ref(std::hint::black_box(&marker)).addr();
        let outermost = OUTERMOST.get();
        if outermost == 0 {
            OUTERMOST.set(here);
            return Ok(Nested { is_outermost: true });
        }
        let used = outermost.abs_diff(here);
        if used > FUNCTION_STACK_BYTES_MAX {
            let message = format!(
                "Thread stack overrun:  {used} bytes used of a {FUNCTION_STACK_BYTES_MAX} byte stack for functions within each other"
            );
            return Err(Error::mysql(1436, *b"HY000", message));
        }
        Ok(Nested { is_outermost: false })
    }
}

impl Drop for Nested {
    fn drop(&mut self) {
        if self.is_outermost {
            OUTERMOST.set(0);
        }
    }
}
