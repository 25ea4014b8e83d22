//! The catalog service: features, plans, add-ons and which add-ons go with which plans; and what
//! stores sell: apps, products, entitlement definitions, offerings, packages.

mod convert;
mod domain;
mod error;
mod grpc;
mod store;
#[cfg(test)]
mod tests;
mod worker;

use std::sync::Arc;

use chassis::{BuildError, Env, Service};

/// Opens the database and builds the service.
pub async fn build(env: Env) -> Result<Service, BuildError> {
    let db = env.open_db(store::migration::all()).await?;
    let catalog = grpc::catalog(&env, &db);
    let releases = worker::MeterReleases(catalog.clone());
    let mut service = Service::new("catalog", grpc::routes(catalog), db);
    service.timers.push(Arc::new(releases));
    Ok(service)
}
