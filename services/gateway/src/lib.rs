//! The REST gateway: a stateless translator between the documented JSON dialects and the
//! gRPC services. Each dialect is a folder of its own; what they share is here: clients,
//! identity and the layers every request passes.

mod auth;
mod body;
mod call;
mod clients;
mod decode;
#[cfg(test)]
mod dialect_tests;
mod docs;
mod instant;
mod layers;
mod limits;
pub mod openmeter;
mod origin;
mod probe;
mod profitwell;
mod reference;
mod revenuecat;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use chassis::auth::Gate;
use chassis::link::Links;
use kernel::id::ProjectId;

pub use limits::Limits;
pub use origin::Proxies;

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
    /// How often keys may call, where contracts document it.
    pub limits: Limits,
    /// Whose word about callers is believed.
    pub proxies: Proxies,
    /// Where gRPC is spoken beside the gateway.
    pub grpc: GrpcPort,
}

/// A port on which gRPC is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrpcPort {
    /// Its number.
    pub port: u16,
    /// Whether it wants TLS.
    pub tls: bool,
}

/// What every handler can reach.
pub(crate) struct Gateway {
    pub clients: Clients,
    pub gate: Gate,
    pub dev_project: Option<ProjectId>,
    pub limits: Limits,
    pub grpc: GrpcPort,
}

/// Shared by all handlers.
pub(crate) type Shared = Arc<Gateway>;

/// All dialects, their OpenAPI documents and the browsable reference.
pub fn router(env: GatewayEnv) -> Router {
    let gateway: Shared = Arc::new(Gateway {
        clients: Clients::new(env.links),
        gate: env.gate,
        dev_project: env.dev_project,
        limits: env.limits,
        grpc: env.grpc,
    });
    let routes = Router::new()
        .merge(openmeter::routes(&gateway))
        .merge(profitwell::routes(&gateway))
        .merge(probe::routes(&gateway))
        .merge(revenuecat::routes(&gateway))
        .merge(reference::routes())
        .merge(docs::routes())
        .fallback(layers::unknown_path)
        .with_state(gateway);
    layers::around(routes, env.proxies)
}

/// The OpenAPI document of a dialect: `openmeter`, `revenuecat`, `profitwell` or `probe`.
pub fn openapi(dialect: &str) -> serde_json::Value {
    reference::document(dialect)
}
