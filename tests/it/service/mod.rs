//! The behavior of single services through their gRPC and REST sides.

mod audit;
mod catalog_rest;
mod customer_rules_rest;
mod customers_rest;
mod entitlement_freshness;
mod entitlement_rules_rest;
mod entitlement_scene;
mod entitlements_rest;
mod feeds_and_audit;
mod grants_rest;
mod identity;
mod isolation;
mod isolation_grpc;
mod isolation_scene;
mod malformed_requests;
mod metering_refusals;
mod metering_rest;
mod notification_rules_rest;
mod notifications_rest;
mod stripe_rest;
mod subscription_cost;
mod subscription_edits_rest;
mod subscription_rules_rest;
mod subscriptions_rest;
