//! The gRPC services: parse, call, reply.

mod channel;
mod rule;

use chassis::{Db, Env, Link};
use contract::{catalog::v1::feature_service_client::FeatureServiceClient, notification::v1 as pb};
use tonic::service::Routes;

/// What all handlers work with.
#[derive(Clone)]
pub struct Notification {
    db: Db,
    env: Env,
    features: FeatureServiceClient<Link>,
}

/// The handlers on a database.
pub fn notification(env: &Env, db: &Db) -> Notification {
    Notification {
        db: db.clone(),
        features: FeatureServiceClient::new(env.link("catalog")),
        env: env.clone(),
    }
}

/// All gRPC services of the crate.
pub fn routes(env: &Env, db: &Db) -> Routes {
    let service = notification(env, db);
    Routes::new(pb::channel_service_server::ChannelServiceServer::new(
        service.clone(),
    ))
    .add_service(pb::rule_service_server::RuleServiceServer::new(service))
}
