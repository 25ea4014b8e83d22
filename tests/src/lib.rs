//! The harness of the tests: a running installation on its own database and free ports,
//! with clients for its gRPC and REST sides.

pub mod bench;
mod database;
pub mod fake_stripe;
pub mod grpc;
pub mod http;
pub mod installation;
pub mod nats;
pub mod ports;
pub mod receiver;
pub mod steps;
pub mod world;

use std::io::Write as _;

pub use database::{TestDatabase, server};
pub use http::{Answer, Rest};
pub use installation::Installation;
pub use nats::Nats;
pub use receiver::Receiver;
pub use steps::Stepped;
pub use world::World;

/// Writes a line that is seen when the test passes, too; what `println!` writes is not.
pub fn say(text: &str) {
    writeln!(std::io::stderr(), "{text}").expect("standard error takes a line");
}
