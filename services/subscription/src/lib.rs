//! Subscriptions: who is on which plan, when, and what it is worth. The README states the semantics.

mod clients;
mod convert;
mod decide;
mod domain;
mod engine;
mod error;
mod grpc;
mod month;
mod multiple;
mod provision;
mod store;
mod worker;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use chassis::{BuildError, Env, Service};
use contract::subscription::v1::revenue_service_server::RevenueServiceServer;
use contract::subscription::v1::subscription_addon_service_server::SubscriptionAddonServiceServer;
use contract::subscription::v1::subscription_service_server::SubscriptionServiceServer;
use tonic::service::Routes;

use crate::clients::Clients;
use crate::engine::Engine;
use crate::grpc::addon::SubscriptionAddonServer;
use crate::grpc::revenue::RevenueServer;
use crate::grpc::subscription::SubscriptionServer;
use crate::multiple::Multiple;
use crate::worker::ApplyTimer;

/// Builds the service in its surroundings.
pub async fn build(env: Env) -> Result<Service, BuildError> {
    let multiple = Multiple::of(&env)?;
    let db = env.open_db(store::migration::all()).await?;
    let engine = Engine::new(db.clone(), Clients::new(&env), env.page_key(), multiple);
    let routes = Routes::new(SubscriptionServiceServer::new(SubscriptionServer::new(
        engine.clone(),
    )))
    .add_service(SubscriptionAddonServiceServer::new(
        SubscriptionAddonServer::new(engine.clone()),
    ))
    .add_service(RevenueServiceServer::new(RevenueServer::new(
        engine.clone(),
    )));
    let mut service = Service::new(env.name, routes, db);
    service.timers = vec![Arc::new(ApplyTimer::new(engine))];
    Ok(service)
}
