//! The gRPC services: parse, call, reply.

mod channel;
mod event;
mod rule;

use chassis::{Db, Env, Link};
use contract::{catalog::v1::feature_service_client::FeatureServiceClient, notification::v1 as pb};
use tonic::service::Routes;

use crate::Render;

/// What all handlers work with.
#[derive(Clone)]
pub struct Notification {
    db: Db,
    env: Env,
    features: FeatureServiceClient<Link>,
    render: Render,
}

/// The handlers on a database.
pub fn notification(env: &Env, db: &Db, render: Render) -> Notification {
    Notification {
        db: db.clone(),
        features: FeatureServiceClient::new(env.link("catalog")),
        env: env.clone(),
        render,
    }
}

/// All gRPC services of the crate.
pub fn routes(service: &Notification) -> Routes {
    Routes::new(pb::channel_service_server::ChannelServiceServer::new(
        service.clone(),
    ))
    .add_service(pb::rule_service_server::RuleServiceServer::new(
        service.clone(),
    ))
    .add_service(pb::event_service_server::EventServiceServer::new(
        service.clone(),
    ))
}
