//! An endpoint for webhooks: it answers as a test tells it to, checks signatures by an implementation of its own, and
//! keeps what came in.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// A message that came in.
#[derive(Clone, Debug)]
pub struct Message {
    /// The path it was sent to.
    pub path: String,
    /// Its headers.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: String,
    /// What it was answered.
    pub status: u16,
}

impl Message {
    /// Its id, the same in every attempt.
    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    /// Its body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("the body is JSON")
    }

    /// The thing that it is about, and its place among the events of that thing.
    pub fn place(&self) -> (String, i64) {
        let sequence = self.headers["perennial-sequence"].parse();
        (
            self.headers["perennial-object"].clone(),
            sequence.expect("the sequence is a number"),
        )
    }

    /// Whether it is signed with a secret, under both families of header names.
    pub fn is_signed(&self, secret: &str) -> bool {
        let digits = secret.strip_prefix("whsec_").unwrap_or(secret);
        let key = from_base64(digits);
        ["webhook", "svix"].iter().all(|family| {
            let header = |name: &str| self.headers[&format!("{family}-{name}")].as_str();
            let signed = format!("{}.{}.{}", header("id"), header("timestamp"), self.body);
            header("signature")
                .strip_prefix("v1,")
                .is_some_and(|digits| from_base64(digits) == hmac(&key, signed.as_bytes()))
        })
    }
}

type Answer = dyn Fn(&Message) -> u16 + Send + Sync;

#[derive(Clone)]
struct Shared {
    messages: Arc<Mutex<Vec<Message>>>,
    answer: Arc<Answer>,
}

/// A running endpoint; it ends with this value.
pub struct Receiver {
    address: SocketAddr,
    messages: Arc<Mutex<Vec<Message>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    /// One that answers with the status that it is told to.
    pub async fn start(answer: impl Fn(&Message) -> u16 + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("there is a free port");
        let address = listener.local_addr().expect("it is bound");
        let messages = Arc::new(Mutex::new(Vec::new()));
        let shared = Shared {
            messages: messages.clone(),
            answer: Arc::new(answer),
        };
        let router = Router::new().fallback(take).with_state(shared);
        let task = tokio::spawn(async move {
            axum::serve(listener, router)
                .await
                .expect("the endpoint serves");
        });
        Self {
            address,
            messages,
            task,
        }
    }

    /// The address of one of its paths.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// All messages so far, in their order.
    pub fn messages(&self) -> Vec<Message> {
        self.messages.lock().expect("nobody panicked").clone()
    }

    /// How many messages were taken so far.
    pub fn taken_count(&self) -> usize {
        let messages = self.messages.lock().expect("nobody panicked");
        messages
            .iter()
            .filter(|message| message.status < 300)
            .count()
    }
}

async fn take(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, [(&'static str, &'static str); 1]) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut message = Message {
        path: uri.path().to_owned(),
        headers: headers
            .iter()
            .map(|(name, value)| (name.to_string(), text(value.as_bytes())))
            .collect(),
        body: text(&body),
        status: 0,
    };
    message.status = (shared.answer)(&message);
    let status = StatusCode::from_u16(message.status).expect("a status");
    let mut messages = shared.messages.lock().expect("nobody panicked");
    messages.push(message);
    (status, [("location", "/elsewhere")])
}

/// HMAC-SHA-256 as RFC 2104 writes it, for keys of at most a block or longer.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let digest = |parts: [&[u8]; 2]| -> Vec<u8> { Sha256::digest(parts.concat()).to_vec() };
    let key = if key.len() > 64 {
        digest([key, &[]])
    } else {
        key.to_vec()
    };
    let pad = |with: u8| -> Vec<u8> {
        (0..64)
            .map(|index| key.get(index).copied().unwrap_or(0) ^ with)
            .collect()
    };
    let inner = digest([&pad(0x36), message]);
    digest([&pad(0x5c), &inner])
}

/// Reads standard base64, digit by digit.
fn from_base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let digit = DIGITS.iter().position(|digit| *digit == byte);
        let digit = u32::try_from(digit.expect("a digit of base64")).expect("it is below 64");
        bits = (bits << 6) | digit;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count).to_be_bytes()[3]);
            bits &= (1 << count) - 1;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    // The vector that the Standard Webhooks documentation gives.
    #[test]
    fn the_known_vector_verifies() {
        let header = |name: &str, value: &str| {
            ["webhook", "svix"].map(|family| (format!("{family}-{name}"), value.to_owned()))
        };
        let headers = [
            header("id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            header("timestamp", "1614265330"),
            header(
                "signature",
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
        ];
        let message = Message {
            path: "/".to_owned(),
            headers: headers.into_iter().flatten().collect(),
            body: r#"{"test": 2432232314}"#.to_owned(),
            status: 200,
        };
        assert!(message.is_signed("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        assert!(!message.is_signed("whsec_AAAA9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    }
}
