//! Links: how a service reaches another one. In one process a link is the other service's
//! routes, between processes a channel; the caller cannot tell which.

use std::{
    collections::HashMap,
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock, RwLock},
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use http::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, ToSocketAddrs};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tonic::{
    Status,
    body::Body,
    transport::{Channel, Endpoint},
};
use tower::{Service, ServiceExt as _, util::BoxCloneSyncService};

use crate::{
    Code, Versions,
    balance::Balanced,
    error::refuse,
    names::{self, Name},
    tls::{self, LinkTls},
    versions::Looks,
};

/// The reason of a call whose other side shows a certificate that has expired.
pub const CERTIFICATE_EXPIRED: &str = "PEER_CERTIFICATE_EXPIRED";
/// The reason of a call with whose other side no TLS could be agreed on for another cause.
pub const NOT_TRUSTED: &str = "PEER_NOT_TRUSTED";

/// A way to call a service; what generated clients are made on. It never fails as such:
/// a service that cannot be reached is an answer with status `UNAVAILABLE`.
pub type Link = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

/// All links of a process, by service name. Cheap to clone.
#[derive(Clone, Default)]
pub struct Links {
    slots: Arc<RwLock<HashMap<String, Slot>>>,
    versions: Arc<RwLock<HashMap<String, Versions>>>,
    looks: Arc<RwLock<HashMap<String, Arc<Looks>>>>,
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

    /// Joins a service at an address, `host:port` or a full URL, or at several, separated by commas: then calls are
    /// balanced over them. `https://` needs TLS. The name in `dns:///name:port`, or with TLS `dns+https:///name:port`, is looked
    /// up again and again: calls are balanced over all addresses that it has by then.
    pub fn join_remote(
        &self,
        service: &str,
        address: &str,
        tls: Option<&LinkTls>,
    ) -> Result<(), tonic::transport::Error> {
        let (mut fixed, mut names) = (Vec::new(), Vec::new());
        for address in address.split(',').map(str::trim) {
            match names::looked_up(address) {
                Some(url) => names.push(Name::of(&url, tls)?),
                None => fixed.push(channel(address, None, tls)?),
            }
        }
        let balanced = Arc::new(Balanced::over(fixed));
        if !names.is_empty() {
            let following = Arc::downgrade(&balanced);
            tokio::spawn(names::follow(following, names, names::resolve));
        }
        let remote = tower::service_fn(move |request: Request<Body>| {
            let balanced = balanced.clone();
            async move { Ok(balanced.call(request).await) }
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

    /// The versions of a service, if it is in this process and has some.
    pub fn versions(&self, service: &str) -> Option<Versions> {
        let poisoned = std::sync::PoisonError::into_inner;
        let kept = self.versions.read().unwrap_or_else(poisoned);
        kept.get(service).cloned()
    }

    /// The looks into the database at a URL, which its services take together.
    pub(crate) fn looks(&self, database_url: &str) -> Arc<Looks> {
        let poisoned = std::sync::PoisonError::into_inner;
        let mut looks = self.looks.write().unwrap_or_else(poisoned);
        looks.entry(database_url.to_owned()).or_default().clone()
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

/// A connection to one address, made with the first call; to this place, where one was looked up.
pub(crate) fn channel(
    address: &str,
    place: Option<SocketAddr>,
    tls: Option<&LinkTls>,
) -> Result<Channel, tonic::transport::Error> {
    let endpoint = |url: String| {
        let endpoint = Endpoint::from_shared(url)?
            .tcp_nodelay(true)
            .connect_timeout(Duration::from_secs(5))
            .http2_keep_alive_interval(Duration::from_secs(30));
        Ok::<_, tonic::transport::Error>(endpoint)
    };
    let (Some(rest), Some(tls)) = (address.strip_prefix("https://"), tls) else {
        let scheme = if address.contains("://") {
            ""
        } else {
            "http://"
        };
        let endpoint = endpoint(format!("{scheme}{address}"))?;
        let Some(place) = place else {
            return Ok(endpoint.connect_lazy());
        };
        let connect = move |_: Uri| async move { reach(place).await.map(TokioIo::new) };
        return Ok(endpoint.connect_with_connector_lazy(tower::service_fn(connect)));
    };
    // The transport's own TLS keeps to the files as they were at first. So it is told of a plain connection, and given an
    // encrypted one.
    let origin = endpoint(address.to_owned())?.uri().clone();
    let port = origin.port_u16().unwrap_or(443);
    let tls = tls.clone();
    let connect = move |uri: Uri| {
        let tls = tls.clone();
        async move { connect(&uri, port, place, &tls).await.map(TokioIo::new) }
    };
    let endpoint = endpoint(format!("http://{rest}"))?.origin(origin);
    Ok(endpoint.connect_with_connector_lazy(tower::service_fn(connect)))
}

async fn connect(
    uri: &Uri,
    port: u16,
    place: Option<SocketAddr>,
    tls: &LinkTls,
) -> io::Result<TlsStream<TcpStream>> {
    // An IPv6 address is in brackets there.
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let stream = match place {
        Some(place) => reach(place).await?,
        None => reach((host, port)).await?,
    };
    let connector = TlsConnector::from(tls.current());
    connector.connect(name, stream).await
}

async fn reach(place: impl ToSocketAddrs) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(place).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The status of a call that did not come through.
pub(crate) fn unreachable(error: &tonic::transport::Error) -> Status {
    match tls::refusal(error) {
        Some(refusal) if tls::is_expired(refusal) => {
            let message = "cannot reach the service: the certificate that it shows has expired";
            refuse(Code::Unavailable, CERTIFICATE_EXPIRED, message, &[])
        }
        Some(refusal) => {
            let message = format!("cannot reach the service: {refusal}");
            refuse(Code::Unavailable, NOT_TRUSTED, &message, &[])
        }
        None => Status::unavailable(format!("cannot reach the service: {error}")),
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
