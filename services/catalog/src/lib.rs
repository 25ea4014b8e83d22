//! The catalog service: features, plans, add-ons and which add-ons go with which plans.

mod convert;
mod domain;
mod error;
mod grpc;
mod store;
#[cfg(test)]
mod tests;

use chassis::{BuildError, Env, Service};

/// Opens the database and builds the service.
pub async fn build(env: Env) -> Result<Service, BuildError> {
    let db = env.open_db(store::migration::all()).await?;
    let routes = grpc::routes(&env, &db);
    Ok(Service::new("catalog", routes, db))
}
