//! Client-side balancing: calls to a service with several addresses go to each in turn, and a call that an address did not
//! take goes to the next one. Only those fail that were under way when their server died: whether they were carried out is not known.

use std::{
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::Notify;
use tonic::{Status, body::Body, transport::Channel};
use tower::ServiceExt as _;

use crate::link::unreachable;

/// How long an address that did not take a call is left out while there are others.
const PAUSE: Duration = Duration::from_secs(1);

/// A service at one or several addresses.
pub struct Balanced {
    peers: RwLock<Vec<Arc<Peer>>>,
    turn: AtomicUsize,
    stranded: Arc<Notify>,
}

struct Peer {
    channel: Channel,
    /// Where it is, if a name was looked up for it.
    place: Option<SocketAddr>,
    away_until: Mutex<Option<Instant>>,
}

impl Peer {
    fn new(channel: Channel, place: Option<SocketAddr>) -> Arc<Self> {
        Arc::new(Self {
            channel,
            place,
            away_until: Mutex::default(),
        })
    }

    fn is_away(&self) -> bool {
        locked(&self.away_until).is_some_and(|until| Instant::now() < until)
    }
}

impl Balanced {
    /// A service behind these channels, and at the places that it is told to be at later.
    pub fn over(channels: Vec<Channel>) -> Self {
        let peers = channels.into_iter().map(|channel| Peer::new(channel, None));
        Self {
            peers: RwLock::new(peers.collect()),
            turn: AtomicUsize::new(0),
            stranded: Arc::default(),
        }
    }

    /// Goes on with these places instead of those told before. Connections to places that stay are kept, and calls that are
    /// under way at others end there.
    pub(crate) fn settle(
        &self,
        places: impl IntoIterator<Item = SocketAddr>,
        connect: impl Fn(SocketAddr) -> Option<Channel>,
    ) {
        let mut peers = self.peers.write().unwrap_or_else(PoisonError::into_inner);
        let fixed = peers.iter().filter(|peer| peer.place.is_none()).cloned();
        let told = places.into_iter().filter_map(|place| {
            let known = peers.iter().find(|peer| peer.place == Some(place));
            known
                .cloned()
                .or_else(|| Some(Peer::new(connect(place)?, Some(place))))
        });
        let next = fixed.chain(told).collect();
        *peers = next;
    }

    /// Notified when a call found nobody.
    pub(crate) fn stranded(&self) -> Arc<Notify> {
        self.stranded.clone()
    }

    /// Calls the peer whose turn it is, then the others until one takes the call.
    pub async fn call(&self, request: Request<Body>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let loan = Loan::of(body);
        let mut refusal = Status::unavailable("the service has no address");
        for peer in self.in_turn() {
            let request = Request::from_parts(head.clone(), Body::new(loan.clone()));
            match peer.channel.clone().oneshot(request).await {
                Ok(response) => return response,
                Err(error) => refusal = unreachable(&error),
            }
            // Without its message no server can have carried the call out.
            if loan.is_taken() {
                break;
            }
            *locked(&peer.away_until) = Some(Instant::now() + PAUSE);
        }
        self.stranded.notify_one();
        refusal.into_http()
    }

    /// All peers, those that were not reached a moment ago last.
    fn in_turn(&self) -> Vec<Arc<Peer>> {
        let peers = self.peers.read().unwrap_or_else(PoisonError::into_inner);
        let first = self.turn.fetch_add(1, Ordering::Relaxed) % peers.len().max(1);
        let (before, after) = peers.split_at(first);
        let (away, near): (Vec<Arc<Peer>>, Vec<Arc<Peer>>) = after
            .iter()
            .chain(before)
            .cloned()
            .partition(|peer| peer.is_away());
        near.into_iter().chain(away).collect()
    }
}

/// The body of a call, for whichever attempt asks for it first.
#[derive(Clone)]
struct Loan {
    body: Arc<Mutex<Body>>,
    taken: Arc<std::sync::atomic::AtomicBool>,
}

impl Loan {
    fn of(body: Body) -> Self {
        Self {
            body: Arc::new(Mutex::new(body)),
            taken: Arc::default(),
        }
    }

    fn is_taken(&self) -> bool {
        self.taken.load(Ordering::Acquire)
    }
}

impl HttpBody for Loan {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.taken.store(true, Ordering::Release);
        Pin::new(&mut *locked(&self.body)).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        locked(&self.body).is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        locked(&self.body).size_hint()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use axum::Router;
    use http_body_util::{BodyExt as _, Full};
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use tokio::net::{TcpListener, TcpSocket};
    use tonic::{
        Code,
        service::Routes,
        transport::{Endpoint, Server, server::TcpIncoming},
    };

    use super::*;

    /// A way to a place that nobody else is given as long as the socket is there.
    fn place() -> (TcpSocket, Channel) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let url = format!("http://{}", socket.local_addr().unwrap());
        let channel = Endpoint::from_shared(url).unwrap().connect_lazy();
        (socket, channel)
    }

    fn listen() -> (TcpListener, Channel) {
        let (socket, channel) = place();
        (socket.listen(16).unwrap(), channel)
    }

    /// A server that answers every call, and counts them.
    async fn answering() -> (Channel, Arc<AtomicUsize>) {
        let (listener, channel) = listen();
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        let answer = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            async { [("grpc-status", "0"), ("content-type", "application/grpc")] }
        };
        let router = Routes::from(Router::new().fallback(answer));
        let serve = Server::builder().add_routes(router);
        tokio::spawn(serve.serve_with_incoming(TcpIncoming::from(listener)));
        (channel, count)
    }

    /// A server that dies when it has read its first call.
    async fn dying() -> Channel {
        let (listener, channel) = listen();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let read = Arc::new(Notify::new());
            let reading = read.clone();
            let service = hyper::service::service_fn(move |request: Request<_>| {
                let reading = reading.clone();
                async move {
                    let body: hyper::body::Incoming = request.into_body();
                    body.collect().await?;
                    reading.notify_one();
                    std::future::pending::<Result<Response<Full<Bytes>>, hyper::Error>>().await
                }
            });
            let served = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service);
            tokio::select! {
                _ = served => {}
                () = read.notified() => {}
            }
        });
        channel
    }

    async fn call(balanced: &Balanced) -> Code {
        let body = Body::new(Full::new(Bytes::from_static(&[0; 5])));
        let request = Request::post("/package.Service/Method").body(body).unwrap();
        let answer = balanced.call(request).await;
        Status::from_header_map(answer.headers()).unwrap().code()
    }

    #[tokio::test]
    async fn calls_go_round_the_addresses_that_take_them() {
        let (_held, nobody) = place();
        let (first, of_first) = answering().await;
        let (second, of_second) = answering().await;
        let balanced = Balanced::over(vec![nobody, first, second]);
        for _ in 0..12 {
            assert_eq!(call(&balanced).await, Code::Ok);
        }
        let (first, second) = (
            of_first.load(Ordering::Relaxed),
            of_second.load(Ordering::Relaxed),
        );
        assert_eq!(first + second, 12);
        assert!(first > 2 && second > 2, "{first} and {second}");
    }

    #[tokio::test]
    async fn a_call_whose_message_was_sent_is_not_made_again() {
        let (other, of_other) = answering().await;
        let balanced = Balanced::over(vec![dying().await, other]);
        assert_ne!(call(&balanced).await, Code::Ok);
        assert_eq!(of_other.load(Ordering::Relaxed), 0);
        assert_eq!(call(&balanced).await, Code::Ok);
    }

    #[tokio::test]
    async fn nobody_at_all_is_unavailable() {
        let (_held, nobody) = place();
        for balanced in [Balanced::over(Vec::new()), Balanced::over(vec![nobody])] {
            assert_eq!(call(&balanced).await, Code::Unavailable);
        }
    }
}
