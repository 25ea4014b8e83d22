//! The REST gateway: a stateless translator between the documented JSON dialects and the
//! gRPC services. Each dialect is a folder of its own; what they share is here: clients,
//! identity and the layers every request passes.

mod auth;
mod clients;
mod layers;
pub mod openmeter;
mod reference;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use chassis::auth::Gate;
use chassis::link::Links;
use kernel::id::ProjectId;

use crate::clients::Clients;

/// What the gateway needs from the process it runs in.
#[derive(Clone)]
pub struct GatewayEnv {
    /// Ways to all services.
    pub links: Links,
    /// Resolves API keys.
    pub gate: Gate,
    /// The project of OpenMeter calls without an `Authorization` header; none refuses them.
    pub dev_project: Option<ProjectId>,
}

/// What every handler can reach.
pub(crate) struct Gateway {
    pub clients: Clients,
    pub gate: Gate,
    pub dev_project: Option<ProjectId>,
}

/// Shared by all handlers.
pub(crate) type Shared = Arc<Gateway>;

/// All dialects, their OpenAPI documents and the browsable reference.
pub fn router(env: GatewayEnv) -> Router {
    let gateway: Shared = Arc::new(Gateway {
        clients: Clients::new(env.links),
        gate: env.gate,
        dev_project: env.dev_project,
    });
    let routes = Router::new()
        .merge(openmeter::routes(&gateway))
        .merge(reference::routes())
        .fallback(layers::unknown_path)
        .with_state(gateway);
    layers::around(routes)
}

/// The OpenAPI document of a dialect: `openmeter`, `revenuecat`, `profitwell` or `probe`.
pub fn openapi(dialect: &str) -> serde_json::Value {
    reference::document(dialect)
}
