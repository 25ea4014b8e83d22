//! What every service has in common and no service's rules: configuration, telemetry,
//! identity, links, storage, feeds, timers, clocks, errors. It knows no business noun.

pub mod audit;
pub mod auth;
pub mod batch;
pub mod clock;
pub mod config;
pub mod context;
pub mod db;
pub mod env;
pub mod error;
pub mod etag;
pub mod exact;
pub mod feed;
pub mod health;
pub mod id;
pub mod idempotency;
pub mod identity;
pub mod keyset;
pub mod lease;
pub mod link;
pub mod mask;
pub mod page;
pub mod permission;
mod redact;
pub mod rpc;
pub mod secret;
pub mod server;
pub mod service;
pub mod settle;
pub mod short_id;
pub mod store;
pub mod telemetry;
pub mod timer;
pub mod token;
pub mod versions;
pub mod write;

pub use batch::Batch;
pub use context::{Context, open};
pub use db::Db;
pub use env::Env;
pub use error::{Code, Issue, Problem, Severity, Violation};
pub use exact::Exact;
pub use link::Link;
pub use service::{BuildError, Service};
pub use versions::Versions;
pub use write::Write;
