//! The entitlement service: what customers may use, and how much of it. It owns entitlements, grants,
//! usage periods and resets, and answers questions of access and balance.

pub mod bought;
pub mod clients;
pub mod consume;
pub mod convert;
pub mod domain;
pub mod erase;
pub mod error;
pub mod grpc;
pub mod holds;
pub mod lookup;
pub mod memory;
pub mod pieces;
pub mod provision;
pub mod reserved;
pub mod store;
#[cfg(test)]
mod tests;
pub mod usage;
pub mod valuation;

use chassis::{BuildError, Env, Service};
use contract::entitlement::v1::{
    access_service_server::AccessServiceServer,
    entitlement_service_server::EntitlementServiceServer, grant_service_server::GrantServiceServer,
    product_access_service_server::ProductAccessServiceServer,
};
use tonic::service::Routes;

/// Opens the service's database and joins its parts.
pub async fn build(env: Env) -> Result<Service, BuildError> {
    let db = env.open_db_with_versions(store::migration::all()).await?;
    let clients = clients::Clients::new(&env);
    let server = grpc::Server::new(&env, db.clone(), clients.clone());
    let routes = Routes::new(EntitlementServiceServer::new(server.clone()))
        .add_service(GrantServiceServer::new(server.clone()))
        .add_service(AccessServiceServer::new(server.clone()))
        .add_service(ProductAccessServiceServer::new(server.clone()));
    let mut service = Service::new("entitlement", routes, db.clone());
    service.consumers = vec![
        consume::subscriptions(clients.clone(), server.reserved.clone()),
        consume::usage(clients.clone()),
        consume::customers(),
    ];
    service.timers = vec![holds::HoldTimer::new(db, clients)];
    Ok(service)
}
