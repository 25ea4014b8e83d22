//! Subscriptions: who is on which plan, when, and what it is worth. The README states the semantics.

mod clients;
mod consume;
mod convert;
mod decide;
mod domain;
mod due;
mod engine;
mod erase;
mod error;
mod grpc;
mod multiple;
mod plan_terms;
mod provision;
mod record;
mod report;
mod revenue;
mod rights;
mod store;
mod terms;
mod withdraw;
mod worker;

#[cfg(test)]
mod tests;

/// The pure engine of the figures, for benchmarks that compute them from scratch.
#[doc(hidden)]
pub use domain::revenue as engine_of_revenue;

use std::sync::Arc;

use chassis::feed::Consumer;
use chassis::{BuildError, Env, Service};
use contract::subscription::v1::overview_service_server::OverviewServiceServer;
use contract::subscription::v1::purchase_service_server::PurchaseServiceServer;
use contract::subscription::v1::reported_subscription_service_server::ReportedSubscriptionServiceServer;
use contract::subscription::v1::revenue_service_server::RevenueServiceServer;
use contract::subscription::v1::store_transaction_service_server::StoreTransactionServiceServer;
use contract::subscription::v1::subscription_addon_service_server::SubscriptionAddonServiceServer;
use contract::subscription::v1::subscription_service_server::SubscriptionServiceServer;
use contract::subscription::v1::term_service_server::TermServiceServer;
use tonic::service::Routes;

use crate::clients::Clients;
use crate::engine::Engine;
use crate::erase::EraseTimer;
use crate::grpc::addon::SubscriptionAddonServer;
use crate::grpc::overview::OverviewServer;
use crate::grpc::purchase::PurchaseServer;
use crate::grpc::reported::ReportedServer;
use crate::grpc::revenue::RevenueServer;
use crate::grpc::store_transaction::StoreTransactionServer;
use crate::grpc::subscription::SubscriptionServer;
use crate::grpc::term::TermServer;
use crate::multiple::Multiple;
use crate::revenue::Revenue;
use crate::revenue::restate::RestateTimer;
use crate::rights::RightsTimer;
use crate::worker::ApplyTimer;

/// Builds the service in its surroundings.
pub async fn build(env: Env) -> Result<Service, BuildError> {
    let multiple = Multiple::of(&env)?;
    let db = env.open_db(store::migration::all()).await?;
    let engine = Engine::new(db.clone(), Clients::new(&env), env.page_key(), multiple);
    let follower = Consumer::new(&env, db.clone(), revenue::follow::spec());
    let revenue = Revenue::new(engine.clone(), Some(follower));
    let routes = Routes::new(SubscriptionServiceServer::new(SubscriptionServer::new(
        engine.clone(),
    )))
    .add_service(SubscriptionAddonServiceServer::new(
        SubscriptionAddonServer::new(engine.clone()),
    ))
    .add_service(ReportedSubscriptionServiceServer::new(ReportedServer::new(
        engine.clone(),
    )))
    .add_service(RevenueServiceServer::new(RevenueServer::new(
        revenue.clone(),
    )));
    let routes = routes
        .add_service(TermServiceServer::new(TermServer::new(engine.clone())))
        .add_service(PurchaseServiceServer::new(PurchaseServer::new(
            engine.clone(),
        )))
        .add_service(StoreTransactionServiceServer::new(
            StoreTransactionServer::new(engine.clone()),
        ))
        .add_service(OverviewServiceServer::new(OverviewServer::new(
            engine.clone(),
        )));
    let mut service = Service::new(env.name, routes, db);
    service.timers = vec![
        Arc::new(ApplyTimer::new(engine.clone())),
        Arc::new(RightsTimer::new(engine.clone())),
        Arc::new(EraseTimer::new(engine)),
        Arc::new(RestateTimer::new(revenue)),
    ];
    service.consumers.push(revenue::follow::spec());
    service.consumers.push(consume::invoices());
    service.consumers.push(withdraw::definitions());
    Ok(service)
}
