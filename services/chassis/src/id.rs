//! Makes ids: one monotonic ULID generator per process, on system time, so that ids
//! sort by creation even when a project's test clock stands still.

use std::sync::Mutex;

use ulid::{Generator, Ulid};

static GENERATOR: Mutex<Generator> = Mutex::new(Generator::new());

/// The next id of any kind; greater than every id this process made before.
pub fn next<T: From<Ulid>>() -> T {
    let mut generator = GENERATOR
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    T::from(match generator.generate() {
        Ok(ulid) => ulid,
        Err(overflow) => overflow.commit_overflow_increment(),
    })
}
