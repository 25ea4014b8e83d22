//! One request to an endpoint: signed, bounded in time and size, without redirects or proxies.

use std::{error::Error as _, sync::Arc, time::Instant};

use chassis::{clock::system_now, telemetry::current_traceparent};
use jiff::Timestamp;
use reqwest::{
    Client,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
    redirect::Policy,
};

use super::resolver::{Guarded, REFUSED};
use crate::{
    config::Settings,
    convert,
    error::NotificationError,
    signature,
    store::{channel::Channel, queue::Claimed},
};

/// Most bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 8 * 1024;
/// Most characters of an answer that are kept.
const ANSWER_LENGTH_MAX: usize = 2048;

/// Sends requests. Cheap to clone.
#[derive(Clone)]
pub struct Sender {
    client: Client,
    allow_private: bool,
}

/// A request, ready to be sent.
pub struct Prepared {
    url: String,
    headers: HeaderMap,
    body: String,
    time: Timestamp,
}

/// What became of a request.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Whether the endpoint took it.
    pub success: bool,
    /// Why not, in a few words.
    pub failure: String,
    /// When it was sent.
    pub time: Timestamp,
    /// HTTP status; zero: there was no answer.
    pub status_code: u16,
    /// Start of the answer, or what went wrong.
    pub body: String,
    /// How long it took.
    pub duration_ms: i64,
    /// Where to.
    pub url: String,
}

impl Sender {
    /// A sender with these settings.
    pub fn new(settings: &Settings) -> Result<Self, NotificationError> {
        let client = Client::builder()
            .timeout(settings.timeout)
            .redirect(Policy::none())
            .no_proxy()
            .user_agent("Perennial-Webhooks/1")
            .dns_resolver(Arc::new(Guarded {
                allow_private: settings.allow_private,
            }))
            .build()
            .map_err(|error| NotificationError::HttpClient(error.to_string()))?;
        Ok(Self {
            client,
            allow_private: settings.allow_private,
        })
    }

    /// The request of a delivery, signed for now. The event's id is the message's id, the same in
    /// every attempt. It goes on in the trace of the current span.
    pub fn request(&self, channel: &Channel, secret: &str, delivery: &Claimed) -> Prepared {
        let time = system_now();
        let id = delivery.event.to_string();
        let mut headers = HeaderMap::new();
        for (name, value) in &channel.custom_headers {
            if let (Ok(name), Ok(value)) =
                (HeaderName::try_from(name), HeaderValue::try_from(value))
            {
                headers.insert(name, value);
            }
        }
        let timestamp = time.as_second();
        let signed = signature::sign(secret, &id, timestamp, delivery.body.as_bytes());
        let mut set = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        for (name, older, value) in [
            ("webhook-id", "svix-id", id),
            ("webhook-timestamp", "svix-timestamp", timestamp.to_string()),
            (
                "webhook-signature",
                "svix-signature",
                signed.unwrap_or_default(),
            ),
        ] {
            set(name, &value);
            set(older, &value);
        }
        let traceparent = current_traceparent();
        if !traceparent.is_empty() {
            set("traceparent", &traceparent);
        }
        set("perennial-object", &delivery.object);
        set("perennial-sequence", &delivery.object_sequence.to_string());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Prepared {
            url: channel.url.clone(),
            headers,
            body: delivery.body.clone(),
            time,
        }
    }

    /// Sends it.
    pub async fn send(&self, prepared: Prepared) -> Sent {
        let started = Instant::now();
        let url = prepared.url.clone();
        let answer = self
            .post(prepared.url, prepared.headers, prepared.body)
            .await;
        let duration_ms = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
        let (status_code, body, failure) = match answer {
            Ok((status, body)) if (200..300).contains(&status) => (status, body, None),
            Ok((status, body)) => (
                status,
                body,
                Some(format!("the endpoint answered {status}")),
            ),
            Err(failure) => (0, failure.clone(), Some(failure)),
        };
        Sent {
            success: failure.is_none(),
            failure: failure.unwrap_or_default(),
            time: prepared.time,
            status_code,
            body,
            duration_ms,
            url,
        }
    }

    async fn post(
        &self,
        url: String,
        headers: HeaderMap,
        body: String,
    ) -> Result<(u16, String), String> {
        // A number as host never reaches the resolver.
        let host = convert::channel::host(&url);
        if !self.allow_private && host.is_none_or(|host| host.is_private()) {
            return Err(REFUSED.to_owned());
        }
        let request = self.client.post(url).headers(headers).body(body);
        let mut response = request.send().await.map_err(|error| failure(&error))?;
        let status = response.status().as_u16();
        let mut read: Vec<u8> = Vec::new();
        // An answer that breaks off is an answer all the same.
        while read.len() < ANSWER_BYTES_MAX
            && let Ok(Some(chunk)) = response.chunk().await
        {
            let room = ANSWER_BYTES_MAX - read.len();
            read.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
        let text = String::from_utf8_lossy(&read).replace('\0', "\u{fffd}");
        Ok((status, text.chars().take(ANSWER_LENGTH_MAX).collect()))
    }
}

/// What went wrong, in words that tell nothing of this side of the connection.
fn failure(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.to_string() == REFUSED {
            return REFUSED.to_owned();
        }
        cause = inner.source();
    }
    let words = if error.is_timeout() {
        "the endpoint did not answer in time"
    } else if error.is_connect() {
        "no connection could be made"
    } else if error.is_builder() {
        "the address cannot be called"
    } else {
        "the connection broke"
    };
    words.to_owned()
}
