//! The behavior of single services through their gRPC and REST sides.

mod feeds_and_audit;
mod identity;
mod malformed_requests;
