//! What becomes of a run: its tally, or how it failed; and the smallest run that still fails.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use crate::env::Tally;
use crate::kinds;
use crate::world::{RunOptions, World};

/// How a run failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What was run.
    pub options: RunOptions,
    /// What did not hold, and where that is checked.
    pub what: String,
    /// At which step.
    pub step: u64,
    /// After everything was restored.
    pub in_calm: bool,
    /// The last lines of the record, if any were kept.
    pub lines: Vec<String>,
}

thread_local! {
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
    static WHAT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Panics of runs are remembered and not printed; all others go the usual way.
fn catch_quietly() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |info| {
            if IS_CAUGHT.get() {
                WHAT.set(info.to_string());
            } else {
                usual(info);
            }
        }));
    });
}

/// Runs to the end, or to what fails.
///
/// # Errors
/// How it failed.
pub fn run(options: RunOptions) -> Result<Tally, Box<Failure>> {
    run_recorded(options).0
}

/// As [`run`], with the lines of the record that the options keep.
pub fn run_recorded(options: RunOptions) -> (Result<Tally, Box<Failure>>, Vec<String>) {
    catch_quietly();
    IS_CAUGHT.set(true);
    let mut world = None;
    let result = catch_unwind(AssertUnwindSafe(|| world.insert(World::new(options)).run()));
    IS_CAUGHT.set(false);
    let lines: Vec<String> =
        world.as_ref().map(|world| world.trace().lines().iter().cloned().collect()).unwrap_or_default();
    let result = result.map_err(|_| {
        let what = WHAT.take();
        let step = world.as_ref().map_or(0, World::steps);
        let in_calm = world.as_ref().is_some_and(World::is_calm);
        Box::new(Failure { options, what, step, in_calm, lines: lines.clone() })
    });
    (result, lines)
}

/// The smallest run found that still fails, in any way: shorter, and with fewer kinds of misfortune.
#[must_use]
pub fn shrink(failure: Failure, lines_max: usize) -> Failure {
    let mut smallest = failure;
    for _ in 0..2 {
        smallest = shorten(smallest);
        for (kind, _) in kinds::ALL {
            let fewer = smallest.options.kinds.without(kind);
            if fewer != smallest.options.kinds {
                let options = RunOptions { kinds: fewer, ..smallest.options };
                smallest = run(options).err().map_or(smallest, |failure| *failure);
            }
        }
    }
    let options = RunOptions { trace_lines_max: lines_max, ..shorten(smallest.clone()).options };
    run(options).err().map_or(smallest, |failure| *failure)
}

/// Ends the storm where it fails, and earlier when it fails in the calm.
fn shorten(mut failure: Failure) -> Failure {
    if !failure.in_calm {
        // What fails may come between two steps.
        failure.options.steps = failure.options.steps.min(failure.step + 1);
        return failure;
    }
    let mut cut = failure.options.steps / 2;
    while cut > 0 {
        let options = RunOptions { steps: failure.options.steps - cut, ..failure.options };
        match run(options) {
            Err(shorter) => failure = *shorter,
            Ok(_) => cut /= 2,
        }
        cut = cut.min(failure.options.steps / 2);
    }
    failure
}
