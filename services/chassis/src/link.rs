//! Links: how a service reaches another one. In one process a link is the other service's
//! routes, between processes a channel; the caller cannot tell which.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, OnceLock, RwLock},
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use http::{Request, Response};
use tonic::{Status, body::Body, transport::Endpoint};
use tower::{Service, ServiceExt as _, util::BoxCloneSyncService};

use crate::Versions;

/// A way to call a service; what generated clients are made on. It never fails as such:
/// a service that cannot be reached is an answer with status `UNAVAILABLE`.
pub type Link = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

/// All links of a process, by service name. Cheap to clone.
#[derive(Clone, Default)]
pub struct Links {
    slots: Arc<RwLock<HashMap<String, Slot>>>,
    versions: Arc<RwLock<HashMap<String, Versions>>>,
}

impl Links {
    /// The link to a service. It may be taken before the service is there: calls made
    /// until then answer `UNAVAILABLE`.
    pub fn get(&self, service: &str) -> Link {
        BoxCloneSyncService::new(self.slot(service))
    }

    /// Joins a service of this process.
    pub fn join(&self, service: &str, link: Link) {
        // A second join keeps the first: a service is built once per process.
        self.slot(service).0.get_or_init(|| link);
    }

    /// Joins a service at an address, `host:port` or a full URL.
    pub fn join_remote(&self, service: &str, address: &str) -> Result<(), tonic::transport::Error> {
        let url = if address.contains("://") {
            address.to_owned()
        } else {
            format!("http://{address}")
        };
        let channel = Endpoint::from_shared(url)?
            .tcp_nodelay(true)
            .connect_timeout(std::time::Duration::from_secs(5))
            .http2_keep_alive_interval(std::time::Duration::from_secs(30))
            .connect_lazy();
        let remote = tower::service_fn(move |request: Request<Body>| {
            let channel = channel.clone();
            async move {
                Ok(channel.oneshot(request).await.unwrap_or_else(|error| {
                    Status::unavailable(format!("cannot reach the service: {error}")).into_http()
                }))
            }
        });
        self.join(service, BoxCloneSyncService::new(remote));
        Ok(())
    }

    /// Keeps the versions of a service of this process for the others.
    pub fn keep_versions(&self, service: &str, versions: &Versions) {
        let poisoned = std::sync::PoisonError::into_inner;
        let mut kept = self.versions.write().unwrap_or_else(poisoned);
        kept.insert(service.to_owned(), versions.clone());
    }

    /// The versions of a service, if it is in this process and alone with its database.
    pub fn versions(&self, service: &str) -> Option<Versions> {
        let poisoned = std::sync::PoisonError::into_inner;
        let kept = self.versions.read().unwrap_or_else(poisoned);
        kept.get(service).cloned()
    }

    /// Whether a service was joined.
    pub fn has(&self, service: &str) -> bool {
        self.slot(service).0.get().is_some()
    }

    fn slot(&self, service: &str) -> Slot {
        let poisoned = std::sync::PoisonError::into_inner;
        if let Some(slot) = self.slots.read().unwrap_or_else(poisoned).get(service) {
            return slot.clone();
        }
        self.slots
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .entry(service.to_owned())
            .or_default()
            .clone()
    }
}

/// The place of a link that may be filled later.
#[derive(Clone, Default)]
struct Slot(Arc<OnceLock<Link>>);

impl Service<Request<Body>> for Slot {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let link = self.0.get().cloned();
        Box::pin(async move {
            match link {
                Some(link) => link.oneshot(request).await,
                None => Ok(Status::unavailable("the service has not been joined yet").into_http()),
            }
        })
    }
}
