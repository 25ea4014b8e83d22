//! JetStream over a plain connection: the few requests that the log makes, with answers read by plain
//! structs. The client crate's own JetStream half reads answers through untagged enums, which cannot read
//! a number where `serde_json` keeps numbers exact, as it does here. Only what a server 2.9 knows is used.

use std::time::Duration;

use async_nats::{Client, HeaderMap, Request, StatusCode, Subject, Subscriber};
use bytes::Bytes;
use kernel::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// How long an answer is waited for.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long the server recognizes a repeated message.
const DUPLICATES: Duration = Duration::from_secs(120);
/// After how long the server delivers a message again that was not acknowledged.
const ACK_WAIT: Duration = Duration::from_secs(60);
/// Messages that the server delivers ahead of their acknowledgement.
const ACK_PENDING: u32 = 4_096;
/// After how long without a request the server forgets a consumer.
const INACTIVE: Duration = Duration::from_secs(30);

/// What the server's error codes mean to us.
mod code {
    pub const STREAM_NOT_FOUND: u64 = 10_059;
    pub const CONSUMER_NOT_FOUND: u64 = 10_014;
    pub const CONSUMER_NOT_UNIQUE: u64 = 10_100;
    pub const STORE_FAILED: u64 = 10_077;
    pub const NO_RESOURCES: [u64; 3] = [10_002, 10_023, 10_047];
}

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// Nobody answered.
    #[error("no answer: {0}")]
    Silent(String),
    /// The server said no.
    #[error("{description} ({code})")]
    Refused {
        /// The server's code.
        code: u64,
        /// The server's words.
        description: String,
    },
    /// The answer has another form.
    #[error("an answer that cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
}

impl StreamError {
    /// Whether the stream has no room.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Refused { code, description } => {
                code::NO_RESOURCES.contains(code)
                    || (*code == code::STORE_FAILED && description.contains("maximum"))
            }
            Self::Silent(_) | Self::Unreadable(_) => false,
        }
    }

    /// Whether somebody else reads what a new consumer was to read.
    pub fn is_taken(&self) -> bool {
        self.has(code::CONSUMER_NOT_UNIQUE)
    }

    fn has(&self, wanted: u64) -> bool {
        match self {
            Self::Refused { code, .. } => *code == wanted,
            Self::Silent(_) | Self::Unreadable(_) => false,
        }
    }
}

/// The form of a stream.
#[derive(Clone, Debug)]
pub struct StreamForm {
    /// Its name.
    pub name: String,
    /// What it takes in.
    pub subject: String,
    /// Whether a message goes when it was acknowledged, and a full stream refuses more. Else messages stay, and the
    /// oldest make room.
    pub queue: bool,
    /// What it holds at most.
    pub max_bytes: i64,
    /// On how many servers.
    pub replicas: u8,
}

impl StreamForm {
    fn retention(&self) -> &'static str {
        if self.queue { "workqueue" } else { "limits" }
    }

    fn request(&self) -> Value {
        json!({
            "name": self.name,
            "subjects": [self.subject],
            "retention": self.retention(),
            "discard": if self.queue { "new" } else { "old" },
            "storage": "file",
            "num_replicas": self.replicas,
            "max_bytes": self.max_bytes,
            "max_consumers": -1,
            "max_msgs": -1,
            "max_msgs_per_subject": -1,
            "max_msg_size": -1,
            "max_age": 0,
            "duplicate_window": nanos(DUPLICATES),
        })
    }

    fn is(&self, config: &StreamConfig) -> bool {
        config.retention == self.retention()
            && config.subjects == [self.subject.as_str()]
            && config.max_bytes == self.max_bytes
            && config.num_replicas == self.replicas
    }
}

/// What the server says of a stream.
#[derive(Debug, Deserialize)]
pub struct StreamInfo {
    config: StreamConfig,
    /// What is in it.
    pub state: StreamState,
}

#[derive(Debug, Deserialize)]
struct StreamConfig {
    #[serde(default)]
    subjects: Vec<String>,
    retention: String,
    max_bytes: i64,
    num_replicas: u8,
}

/// What is in a stream.
#[derive(Clone, Debug, Deserialize)]
pub struct StreamState {
    /// Number of messages.
    pub messages: u64,
    /// Their size.
    pub bytes: u64,
    /// Position of the first.
    #[serde(rename = "first_seq")]
    pub first_position: u64,
    /// When the first was stored.
    #[serde(rename = "first_ts")]
    pub first_time: Timestamp,
    /// Position of the last that ever was.
    #[serde(rename = "last_seq")]
    pub last_position: u64,
}

#[derive(Deserialize)]
struct Answer {
    error: Option<Refused>,
}

#[derive(Deserialize)]
struct Refused {
    #[serde(default)]
    err_code: u64,
    #[serde(default)]
    description: String,
}

#[derive(Deserialize)]
struct Ignored {}

#[derive(Deserialize)]
struct ConsumerNames {
    consumers: Option<Vec<String>>,
}

/// One thing that a consumer's inbox receives.
#[derive(Debug)]
pub enum Received {
    /// A message, and where it is acknowledged.
    Message(Bytes, Subject),
    /// The request is used up, or ran out.
    RequestEnded,
    /// The request goes on.
    Nothing,
    /// The consumer cannot go on.
    Broken(String),
}

/// A server with JetStream. Cheap to clone.
#[derive(Clone, Debug)]
pub struct JetStream {
    client: Client,
}

impl JetStream {
    /// JetStream at the end of a connection.
    pub const fn new(client: Client) -> Self {
        Self { client }
    }

    /// The connection.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        subject: &str,
        body: Option<Value>,
    ) -> Result<T, StreamError> {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = Request::new().payload(body.into()).timeout(Some(TIMEOUT));
        self.send(format!("$JS.API.{subject}"), request).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        subject: String,
        request: Request,
    ) -> Result<T, StreamError> {
        let answer = self
            .client
            .send_request(subject, request)
            .await
            .map_err(|error| StreamError::Silent(error.to_string()))?;
        if let Some(refused) = serde_json::from_slice::<Answer>(&answer.payload)?.error {
            return Err(StreamError::Refused {
                code: refused.err_code,
                description: refused.description,
            });
        }
        Ok(serde_json::from_slice(&answer.payload)?)
    }

    /// What is to be said of a stream.
    pub async fn stream(&self, name: &str) -> Result<StreamInfo, StreamError> {
        self.ask(&format!("STREAM.INFO.{name}"), None).await
    }

    /// Makes a stream, or changes it, unless it has the form already.
    pub async fn keep_stream(&self, form: &StreamForm) -> Result<(), StreamError> {
        let verb = match self.stream(&form.name).await {
            Ok(info) if form.is(&info.config) => return Ok(()),
            Ok(_) => "UPDATE",
            Err(error) if error.has(code::STREAM_NOT_FOUND) => "CREATE",
            Err(error) => return Err(error),
        };
        let subject = format!("STREAM.{verb}.{}", form.name);
        let _: Ignored = self.ask(&subject, Some(form.request())).await?;
        Ok(())
    }

    /// Puts a message into the stream that takes its subject in; answers when it is stored there.
    pub async fn publish(
        &self,
        subject: String,
        headers: HeaderMap,
        payload: Bytes,
        timeout: Duration,
    ) -> Result<(), StreamError> {
        let request = Request::new()
            .headers(headers)
            .payload(payload)
            .timeout(Some(timeout));
        let _: Ignored = self.send(subject, request).await?;
        Ok(())
    }

    /// Makes a consumer of all messages of a subject, from the first one that is there. A stream that is a
    /// queue allows one consumer of a subject: who has it owns the subject.
    pub async fn create_consumer(
        &self,
        stream: &str,
        name: &str,
        subject: &str,
    ) -> Result<(), StreamError> {
        let request = json!({
            "stream_name": stream,
            "config": {
                "name": name,
                "deliver_policy": "all",
                "ack_policy": "explicit",
                "ack_wait": nanos(ACK_WAIT),
                "max_deliver": -1,
                "filter_subject": subject,
                "replay_policy": "instant",
                "max_ack_pending": ACK_PENDING,
                "inactive_threshold": nanos(INACTIVE),
            },
        });
        let subject = format!("CONSUMER.CREATE.{stream}.{name}.{subject}");
        let _: Ignored = self.ask(&subject, Some(request)).await?;
        Ok(())
    }

    /// Removes a consumer, if it is there.
    pub async fn delete_consumer(&self, stream: &str, name: &str) -> Result<(), StreamError> {
        let subject = format!("CONSUMER.DELETE.{stream}.{name}");
        match self.ask::<Ignored>(&subject, None).await {
            Err(error) if !error.has(code::CONSUMER_NOT_FOUND) => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// The names of a stream's consumers.
    pub async fn consumers(&self, stream: &str) -> Result<Vec<String>, StreamError> {
        let subject = format!("CONSUMER.NAMES.{stream}");
        let names: ConsumerNames = self.ask(&subject, Some(json!({"offset": 0}))).await?;
        Ok(names.consumers.unwrap_or_default())
    }

    /// A place to receive messages at.
    pub async fn inbox(&self) -> Result<(String, Subscriber), StreamError> {
        let inbox = self.client.new_inbox();
        let subscriber = self
            .client
            .subscribe(inbox.clone())
            .await
            .map_err(|error| StreamError::Silent(error.to_string()))?;
        Ok((inbox, subscriber))
    }

    /// Asks for a number of messages, as they come, for a while.
    pub async fn pull(
        &self,
        stream: &str,
        consumer: &str,
        inbox: &str,
        messages: usize,
        bytes: usize,
        time: Duration,
    ) -> Result<(), StreamError> {
        let request = json!({"batch": messages, "max_bytes": bytes, "expires": nanos(time)});
        self.client
            .publish_with_reply(
                format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"),
                inbox.to_owned(),
                request.to_string().into(),
            )
            .await
            .map_err(|error| StreamError::Silent(error.to_string()))
    }

    /// Says that a message is done with.
    pub async fn acknowledge(&self, at: Subject) -> Result<(), StreamError> {
        self.client
            .publish(at, Bytes::from_static(b"+ACK"))
            .await
            .map_err(|error| StreamError::Silent(error.to_string()))
    }
}

/// Reads what an inbox received.
pub fn received(message: async_nats::Message) -> Received {
    let description = || message.description.clone().unwrap_or_default();
    match message.status {
        None | Some(StatusCode::OK) => match message.reply {
            Some(reply) => Received::Message(message.payload, reply),
            None => Received::Nothing,
        },
        Some(StatusCode::IDLE_HEARTBEAT) => Received::Nothing,
        Some(StatusCode::TIMEOUT | StatusCode::NOT_FOUND) => Received::RequestEnded,
        // The bytes of the request are used up, or so many messages are not acknowledged; else the
        // consumer is gone.
        Some(StatusCode::REQUEST_TERMINATED) => {
            let text = description().to_lowercase();
            if text.contains("maxbytes") || text.contains("max ack pending") {
                Received::RequestEnded
            } else {
                Received::Broken(text)
            }
        }
        Some(status) => Received::Broken(format!("{status} {}", description())),
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: u64, description: &str) -> StreamError {
        StreamError::Refused {
            code,
            description: description.to_owned(),
        }
    }

    #[test]
    fn a_full_stream_is_told_from_a_broken_one() {
        assert!(refused(10_077, "maximum bytes exceeded").is_full());
        assert!(refused(10_047, "insufficient storage resources available").is_full());
        assert!(!refused(10_077, "stream store failed").is_full());
        assert!(!StreamError::Silent(String::new()).is_full());
        assert!(refused(10_100, "filtered consumer not unique on workqueue stream").is_taken());
    }
}
