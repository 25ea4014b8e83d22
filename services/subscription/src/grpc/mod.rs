//! The gRPC services: parse, call, reply.

pub mod addon;
pub mod revenue;
pub mod subscription;
