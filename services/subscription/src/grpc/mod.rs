//! The gRPC services: parse, call, reply.

pub mod addon;
pub mod change;
pub mod revenue;
mod revenue_metrics;
pub mod subscription;
