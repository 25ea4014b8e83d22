//! The customer service: projects, API keys, test clocks, exchange rates; customers, their
//! names, subject keys and holds; subjects. It calls no other service.

mod convert;
mod domain;
mod error;
mod grpc;
mod principal;
mod rates;
pub mod rates_file;
mod secret;
mod seen;
mod start;
mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use chassis::{BuildError, Env, Service, auth::PrincipalSource};
use contract::customer::v1::{
    alias_service_server::AliasServiceServer, attribute_service_server::AttributeServiceServer,
    clock_service_server::ClockServiceServer, customer_service_server::CustomerServiceServer,
    engagement_service_server::EngagementServiceServer, key_service_server::KeyServiceServer,
    principal_service_server::PrincipalServiceServer, privacy_service_server::PrivacyServiceServer,
    project_service_server::ProjectServiceServer, rate_service_server::RateServiceServer,
    subject_service_server::SubjectServiceServer, trait_service_server::TraitServiceServer,
};
use tonic::service::Routes;

/// Opens the database, makes what the first start needs, and answers the service.
pub async fn build(env: Env) -> Result<Service, BuildError> {
    let db = env.open_db_with_versions(store::migration::all()).await?;
    let pepper = secret::Pepper::new(&env);
    start::prepare(&env, &db, &pepper).await?;
    rates::load(&env, &db).await?;
    let keys = principal::KeyRing::new(env.clone(), db.clone(), pepper.clone());
    let server = grpc::Server::new(env.clone(), db.clone(), pepper, keys.clone());
    let routes = Routes::new(CustomerServiceServer::new(server.clone()))
        .add_service(SubjectServiceServer::new(server.clone()))
        .add_service(AliasServiceServer::new(server.clone()))
        .add_service(AttributeServiceServer::new(server.clone()))
        .add_service(TraitServiceServer::new(server.clone()))
        .add_service(EngagementServiceServer::new(server.clone()))
        .add_service(PrivacyServiceServer::new(server.clone()))
        .add_service(ProjectServiceServer::new(server.clone()))
        .add_service(KeyServiceServer::new(server.clone()))
        .add_service(ClockServiceServer::new(server.clone()))
        .add_service(RateServiceServer::new(server.clone()))
        .add_service(PrincipalServiceServer::new(server));
    let principals: Arc<dyn PrincipalSource> = Arc::new(keys);
    Ok(Service {
        principals: Some(principals),
        ..Service::new("customer", routes, db)
    })
}
