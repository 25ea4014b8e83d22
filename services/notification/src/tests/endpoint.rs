//! An endpoint that takes webhooks, and checks their signatures by an implementation of its own.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chassis::secret::sha256;

/// A message that came in.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its headers.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: String,
    /// What it was answered.
    pub status: u16,
}

type Answer = dyn Fn(usize, &Received) -> u16 + Send + Sync;

#[derive(Clone)]
struct Shared {
    received: Arc<Mutex<Vec<Received>>>,
    answer: Arc<Answer>,
}

/// A running endpoint; it ends with this value.
pub struct Endpoint {
    /// Where it is.
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Endpoint {
    /// One that answers the n-th message (from 0) as it is told to.
    pub async fn start(answer: impl Fn(usize, &Received) -> u16 + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let shared = Shared {
            received: received.clone(),
            answer: Arc::new(answer),
        };
        let router = Router::new().fallback(take).with_state(shared);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            address,
            received,
            task,
        }
    }

    /// Its address as a webhook's.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// All messages so far.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Ids of the messages that were taken, in their order.
    pub fn taken(&self) -> Vec<String> {
        let taken = self
            .received()
            .into_iter()
            .filter(|message| message.status < 300);
        taken
            .map(|message| message.headers["webhook-id"].clone())
            .collect()
    }
}

async fn take(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, [(&'static str, &'static str); 1], String) {
    let headers = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    let mut message = Received {
        headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
        status: 0,
    };
    let mut received = shared.received.lock().unwrap();
    message.status = (shared.answer)(received.len(), &message);
    let status = StatusCode::from_u16(message.status).unwrap();
    let answer = format!("message {}", received.len());
    received.push(message);
    (status, [("location", "/elsewhere")], answer)
}

/// Whether a message is signed with a secret, under both families of names.
pub fn is_signed(message: &Received, secret: &str) -> bool {
    let key = STANDARD
        .decode(secret.strip_prefix("whsec_").unwrap())
        .unwrap();
    ["webhook", "svix"].iter().all(|family| {
        let header = |name: &str| message.headers[&format!("{family}-{name}")].as_str();
        let signed = format!("{}.{}.{}", header("id"), header("timestamp"), message.body);
        header("signature") == format!("v1,{}", STANDARD.encode(hmac(&key, signed.as_bytes())))
    })
}

/// HMAC as RFC 2104 writes it, for keys of at most a block.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let pad = |with: u8| -> Vec<u8> {
        (0..64)
            .map(|index| key.get(index).copied().unwrap_or(0) ^ with)
            .collect()
    };
    let inner = sha256(&[pad(0x36).as_slice(), message].concat());
    sha256(&[pad(0x5c).as_slice(), inner.as_slice()].concat())
}
