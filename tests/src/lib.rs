//! The harness of the tests: a running installation on its own database and free ports,
//! with clients for its gRPC and REST sides.

mod database;
pub mod http;
pub mod installation;
pub mod world;

pub use http::{Answer, Rest};
pub use installation::Installation;
pub use world::World;
