//! The notification service: channels (where to send), rules (when to send), the events that rules raise, and their
//! delivery.

mod compose;
mod config;
mod consume;
mod convert;
mod deliver;
mod domain;
mod error;
mod evaluate;
mod facts;
mod grpc;
mod prune;
mod raise;
mod rollover;
mod signature;
mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use chassis::{BuildError, Env, Service};
use contract::notification::v1::EventPayload;

/// Writes the body of an event, which is a document of the dialect that documents webhooks. The process gives it to
/// the service, which knows no dialect. The error is a sentence for the log.
pub type Render = fn(EventPayload) -> Result<String, String>;

/// Opens the database and builds the service.
pub async fn build(env: Env, render: Render) -> Result<Service, BuildError> {
    let settings = config::Settings::read(&env)?;
    let db = env.open_db(store::migration::all()).await?;
    let facts = facts::Facts::new(&env);
    let handlers = grpc::notification(&env, &db, render);
    let mut service = Service::new("notification", grpc::routes(&handlers), db.clone());
    service.consumers = consume::all(render);
    service.timers = vec![
        Arc::new(evaluate::Evaluation {
            db: db.clone(),
            facts: facts.clone(),
            render,
        }),
        Arc::new(rollover::Rollover {
            db: db.clone(),
            facts,
            render,
        }),
        Arc::new(prune::Prune {
            db: db.clone(),
            retention: settings.retention,
        }),
    ];
    deliver::start(env, db, settings).map_err(|error| BuildError::Start {
        service: "notification",
        message: error.to_string(),
    })?;
    Ok(service)
}
