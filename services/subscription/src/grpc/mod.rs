//! The gRPC services: parse, call, reply.

pub mod addon;
pub mod change;
pub mod overview;
pub mod purchase;
pub mod reported;
mod reported_patches;
mod reported_reads;
pub mod revenue;
mod revenue_drill;
mod revenue_metrics;
pub mod store_transaction;
pub mod subscription;
pub mod term;
mod window;
