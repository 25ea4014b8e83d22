//! Names that have several addresses, one for each replica, as headless services of Kubernetes have: looked up again and again, so
//! that calls are balanced over the addresses that there are by then.

use std::{collections::BTreeMap, io, net::SocketAddr, sync::Weak, time::Duration};

use tonic::transport::{Channel, Endpoint};

use crate::{balance::Balanced, link, tls::LinkTls};

/// How often names are looked up, and how soon again when a call found nobody.
const LOOK: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How the address of a name that is looked up begins, without TLS and with it.
const LOOKED_UP: &str = "dns:///";
pub(crate) const LOOKED_UP_TLS: &str = "dns+https:///";

/// The URL of what is behind a name, if that is to be looked up.
pub(crate) fn looked_up(address: &str) -> Option<String> {
    let plain = address.strip_prefix(LOOKED_UP);
    let plain = plain.map(|place| format!("http://{place}"));
    plain.or_else(|| {
        let place = address.strip_prefix(LOOKED_UP_TLS)?;
        Some(format!("https://{place}"))
    })
}

/// A name with a port, and how what is behind it is spoken to.
pub(crate) struct Name {
    url: String,
    host: String,
    port: u16,
    tls: Option<LinkTls>,
}

impl Name {
    /// The name in a URL.
    pub(crate) fn of(url: &str, tls: Option<&LinkTls>) -> Result<Self, tonic::transport::Error> {
        let endpoint = Endpoint::from_shared(url.to_owned())?;
        let uri = endpoint.uri();
        let port = if url.starts_with("https://") { 443 } else { 80 };
        Ok(Self {
            url: url.to_owned(),
            host: uri.host().unwrap_or_default().to_owned(),
            port: uri.port_u16().unwrap_or(port),
            tls: tls.cloned(),
        })
    }

    fn connect(&self, place: SocketAddr) -> Option<Channel> {
        link::channel(&self.url, Some(place), self.tls.as_ref()).ok()
    }
}

/// What the system says of a name.
pub(crate) async fn resolve(host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((host, port)).await?.collect())
}

/// Keeps the places of a service up to date, as long as there is somebody who calls it.
pub(crate) async fn follow<Looking>(
    balanced: Weak<Balanced>,
    names: Vec<Name>,
    resolve: impl Fn(String, u16) -> Looking,
) where
    Looking: Future<Output = io::Result<Vec<SocketAddr>>>,
{
    loop {
        let places = look(&names, &resolve).await;
        let Some(balanced) = balanced.upgrade() else {
            return;
        };
        // What is not known now may be as it was.
        if let Some(places) = places {
            balanced.settle(places.keys().copied(), |place| {
                places.get(&place)?.connect(place)
            });
        }
        let stranded = balanced.stranded();
        drop(balanced);
        tokio::time::sleep(LOOK_AGAIN).await;
        let rest = LOOK.saturating_sub(LOOK_AGAIN);
        // Whether it was one or the other does not matter.
        drop(tokio::time::timeout(rest, stranded.notified()).await);
    }
}

/// The places of all names; none if one of them cannot be looked up or has none.
async fn look<'a, Looking>(
    names: &'a [Name],
    resolve: &impl Fn(String, u16) -> Looking,
) -> Option<BTreeMap<SocketAddr, &'a Name>>
where
    Looking: Future<Output = io::Result<Vec<SocketAddr>>>,
{
    let mut places = BTreeMap::new();
    for name in names {
        let found = match resolve(name.host.clone(), name.port).await {
            Ok(found) if !found.is_empty() => found,
            Ok(_) => {
                tracing::warn!(name = name.host, "a name has no address");
                return None;
            }
            Err(error) => {
                tracing::warn!(name = name.host, %error, "a name cannot be looked up");
                return None;
            }
        };
        places.extend(found.into_iter().map(|place| (place, name)));
    }
    Some(places)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::{
        collections::BTreeSet,
        sync::{Arc, Mutex},
    };

    use axum::Router;
    use http::Request;
    use tokio::net::{TcpListener, TcpSocket};
    use tonic::{
        Code, Status,
        body::Body,
        service::Routes,
        transport::{Server, server::TcpIncoming},
    };

    use super::*;

    /// A server that says in every answer where it is.
    async fn serving() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap();
        let answer = move || async move {
            [
                ("grpc-status", "0".to_owned()),
                ("content-type", "application/grpc".to_owned()),
                ("place", place.to_string()),
            ]
        };
        let router = Routes::from(Router::new().fallback(answer));
        let serve = Server::builder().add_routes(router);
        tokio::spawn(serve.serve_with_incoming(TcpIncoming::from(listener)));
        place
    }

    /// An address that nobody else is given as long as the socket is there, and where nobody listens.
    fn nobody() -> (TcpSocket, SocketAddr) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let place = socket.local_addr().unwrap();
        (socket, place)
    }

    /// Who answers some calls.
    async fn answering(balanced: &Balanced) -> Result<BTreeSet<SocketAddr>, Code> {
        let mut places = BTreeSet::new();
        for _ in 0..6 {
            let request = Request::post("/package.Service/Method").body(Body::empty());
            let answer = balanced.call(request.unwrap()).await;
            let headers = answer.headers();
            match Status::from_header_map(headers).map(|status| status.code()) {
                None | Some(Code::Ok) => {
                    let place = headers["place"].to_str().unwrap();
                    places.insert(place.parse().unwrap());
                }
                Some(code) => return Err(code),
            }
        }
        Ok(places)
    }

    async fn until(balanced: &Balanced, wanted: &[SocketAddr]) {
        let wanted: BTreeSet<SocketAddr> = wanted.iter().copied().collect();
        let deadline = tokio::time::Instant::now() + 3 * LOOK;
        loop {
            let found = answering(balanced).await;
            if found.as_ref() == Ok(&wanted) {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "{found:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    #[tokio::test]
    async fn calls_go_where_the_name_leads_by_then() {
        let (first, second) = (serving().await, serving().await);
        let (_held, gone) = nobody();
        let told = Arc::new(Mutex::new(Ok(vec![gone])));
        let tell = |answer| *told.lock().unwrap() = answer;
        let resolve = {
            let told = told.clone();
            move |host: String, port: u16| {
                assert_eq!((host.as_str(), port), ("billing", 50051));
                let answer: Result<Vec<SocketAddr>, io::ErrorKind> = told.lock().unwrap().clone();
                async move { answer.map_err(io::Error::from) }
            }
        };
        let url = looked_up("dns:///billing:50051").unwrap();
        let names = vec![Name::of(&url, None).unwrap()];
        let balanced = Arc::new(Balanced::over(Vec::new()));
        let following = tokio::spawn(follow(Arc::downgrade(&balanced), names, resolve));

        assert_eq!(answering(&balanced).await, Err(Code::Unavailable));
        tell(Ok(vec![second, first]));
        until(&balanced, &[first, second]).await;
        // A name server that is away changes nothing.
        tell(Err(io::ErrorKind::TimedOut));
        tokio::time::sleep(2 * LOOK_AGAIN).await;
        until(&balanced, &[first, second]).await;
        tell(Ok(vec![second]));
        balanced.stranded().notify_one();
        until(&balanced, &[second]).await;

        balanced.stranded().notify_one();
        drop(balanced);
        tokio::time::timeout(LOOK, following)
            .await
            .unwrap()
            .unwrap();
    }

    #[test]
    fn only_what_asks_for_it_is_looked_up() {
        let of = |address: &str| looked_up(address);
        assert_eq!(of("dns:///a:1").as_deref(), Some("http://a:1"));
        assert_eq!(of("dns+https:///a:1").as_deref(), Some("https://a:1"));
        for address in ["a:1", "http://a:1", "https://a:1", "dns://server/a:1"] {
            assert_eq!(of(address), None, "{address}");
        }
    }
}
