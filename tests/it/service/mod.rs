//! The behavior of single services through their gRPC and REST sides.

mod catalog_rest;
mod customers_rest;
mod entitlement_scene;
mod entitlements_rest;
mod feeds_and_audit;
mod grants_rest;
mod identity;
mod malformed_requests;
mod metering_rest;
mod subscription_edits_rest;
mod subscriptions_rest;
