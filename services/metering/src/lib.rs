//! The metering service: meters, usage events and what they add up to, and tokens with which end
//! users read their own usage.

mod answer;
mod batch;
mod convert;
mod correct;
mod customers;
mod domain;
mod erase;
mod error;
mod freshness;
mod grpc;
mod ingest;
mod intake;
mod log;
mod portal;
mod store;
#[cfg(test)]
mod tests;
mod worker;

use std::sync::Arc;

use chassis::{BuildError, Env, Service, service::Backlog};
use contract::metering::v1::{
    meter_service_server::MeterServiceServer,
    portal_token_service_server::PortalTokenServiceServer,
    usage_service_server::UsageServiceServer,
};
use tonic::service::Routes;

/// Largest message taken in: 10,000 events with room for their data.
const MESSAGE_MAX: usize = 64 * 1024 * 1024;

/// Opens the database and joins the services of metering.
pub async fn build(env: Env) -> Result<Service, BuildError> {
    let db = env.open_db_with_versions(store::migration::all()).await?;
    let customers = customers::Customers::new(env.link("customer"));
    let ingest = ingest::Ingest::start(&db);
    let log = log::Log::new(&env)?;
    let intake = match &log {
        Some(log) => intake::Intake::Log(log.clone()),
        None => intake::Intake::Direct(ingest.clone()),
    };
    let builder = worker::start(env.clone(), db.clone());
    let usage = grpc::usage_service::Usage::new(db.clone(), env.page_key(), customers, intake);
    let mut routes = Routes::builder();
    routes
        .add_service(MeterServiceServer::new(grpc::meter_service::Meters::new(
            db.clone(),
            env.page_key(),
            builder,
        )))
        .add_service(UsageServiceServer::new(usage).max_decoding_message_size(MESSAGE_MAX))
        .add_service(PortalTokenServiceServer::new(
            grpc::portal_token_service::PortalTokens::new(db.clone(), &env),
        ));
    let backlog = log.map(|log| -> Arc<dyn Backlog> {
        Arc::new(log::LogBacklog::new(log, env.clone(), db.clone(), ingest))
    });
    Ok(Service {
        backlog,
        consumers: vec![erase::customers()],
        ..Service::new(env.name, routes.routes(), db)
    })
}
