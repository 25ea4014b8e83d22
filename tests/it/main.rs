//! The tests of the running suite, one binary: stories across services, what must survive
//! crashes and repeats, and the behavior of single services through their APIs.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod e2e;
mod resilience;
mod service;
