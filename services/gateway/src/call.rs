//! One authenticated call of a dialect: where it goes, under which idempotency key, and whether its answer was given
//! before.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use chassis::Context;
use kernel::Timestamp;
use tonic::Status;
use tonic::metadata::MetadataMap;

use crate::Shared;
use crate::clients::Clients;

/// Tells that an answer was given before.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const IDEMPOTENCY_KEY: &str = "idempotency-key";
const MAX_KEY_LENGTH: usize = 255;

/// One authenticated call and its way to the services.
#[derive(Clone)]
pub(crate) struct Call {
    gateway: Shared,
    context: Context,
    idempotency_key: String,
    replayed: Arc<AtomicBool>,
}

/// An `Idempotency-Key` of no or more than 255 characters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BadIdempotencyKey;

impl Call {
    /// A call that passed authentication.
    pub(crate) fn new(
        gateway: &Shared,
        context: Context,
        headers: &HeaderMap,
    ) -> Result<Self, BadIdempotencyKey> {
        Ok(Self {
            gateway: Arc::clone(gateway),
            context,
            idempotency_key: idempotency_key(headers)?,
            replayed: Arc::default(),
        })
    }

    /// The clients of all services.
    pub(crate) fn clients(&self) -> &Clients {
        &self.gateway.clients
    }

    /// A message on its way, with identity, deadline and trace of this call.
    pub(crate) fn rpc<T>(&self, message: T) -> tonic::Request<T> {
        self.context.request(message)
    }

    /// The `request_id` of the one mutating message of this call.
    pub(crate) fn request_id(&self) -> String {
        self.idempotency_key.clone()
    }

    /// Project time at the start of the call.
    pub(crate) fn now(&self) -> Timestamp {
        self.context.now
    }

    /// The message of an answer, or its refusal, noting whether it is a replay.
    pub(crate) fn take<T>(&self, answer: Result<tonic::Response<T>, Status>) -> Result<T, Status> {
        match answer {
            Ok(answer) => Ok(self.accept(answer)),
            Err(status) => {
                self.note(status.metadata());
                Err(status)
            }
        }
    }

    /// The message of an answer, noting whether it is a replay.
    pub(crate) fn accept<T>(&self, answer: tonic::Response<T>) -> T {
        self.note(answer.metadata());
        answer.into_inner()
    }

    fn note(&self, metadata: &MetadataMap) {
        if metadata.contains_key(chassis::idempotency::REPLAYED_HEADER) {
            self.replayed.store(true, Ordering::Relaxed);
        }
    }

    /// Marks the response to this call when its answer was given before.
    pub(crate) fn mark(&self, response: &mut Response) {
        if self.replayed.load(Ordering::Relaxed) {
            response
                .headers_mut()
                .insert(REPLAYED, HeaderValue::from_static("true"));
        }
    }
}

impl FromRequestParts<Shared> for Call {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, StatusCode> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// The key that makes a retry of a request safe; empty without one.
fn idempotency_key(headers: &HeaderMap) -> Result<String, BadIdempotencyKey> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(String::new());
    };
    match value.to_str() {
        Ok(key) if (1..=MAX_KEY_LENGTH).contains(&key.len()) => Ok(key.to_owned()),
        Ok(_) | Err(_) => Err(BadIdempotencyKey),
    }
}
