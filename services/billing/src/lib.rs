//! Billing: profiles, pending lines, invoices and their way to payment.

mod consume;
mod convert;
mod domain;
mod erase;
mod error;
mod flow;
mod grpc;
pub mod measure;
mod store;
mod stripe;
#[cfg(test)]
mod tests;

use chassis::{BuildError, Env, Service};

/// Opens the database and builds the service.
pub async fn build(env: Env) -> Result<Service, BuildError> {
    let db = env.open_db(store::migration::all()).await?;
    let settings = flow::settings::Settings::read(&env.config).map_err(BuildError::Setting)?;
    let billing = flow::Billing::new(&env, db.clone(), settings)?;
    let mut service = Service::new("billing", grpc::routes(&billing), db);
    service.timers = grpc::timers(&billing);
    service.consumers = vec![consume::customers()];
    Ok(service)
}
