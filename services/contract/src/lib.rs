//! The contract: messages, clients and servers generated from `proto/`, one module per package
//! (`contract::customer::v1`), and the only conversions between wire values and kernel values.

pub mod convert;
pub mod json;
pub mod partial;

#[allow(
    clippy::all,
    clippy::float_arithmetic,
    clippy::todo,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    rustdoc::all,
    reason = "generated"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/packages.rs"));
}

pub use generated::perennial::*;

/// All descriptors of the contract, imports included: what reflection serves.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));
