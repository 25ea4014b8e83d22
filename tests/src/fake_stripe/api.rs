//! The HTTP side: keys, forms, faults; the rest is for the memory.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State as Shared},
    http::StatusCode,
    response::Response,
};
use serde_json::{Value, json};

use super::{
    ACCOUNT, Fault,
    store::{State, refusal},
};

/// All calls go through one handler.
pub fn router(state: Arc<Mutex<State>>) -> Router {
    Router::new().fallback(answer).with_state(state)
}

async fn answer(Shared(state): Shared<Arc<Mutex<State>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20)
        .await
        .unwrap_or_else(|_| Bytes::new());
    let method = parts.method.as_str().to_owned();
    let path = parts.uri.path().to_owned();
    let header = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let mut form = pairs(parts.uri.query().unwrap_or_default().as_bytes());
    form.extend(pairs(&body));
    let key = header("authorization").unwrap_or_default();
    let outcome = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = state.note(&format!("{method} {path}"), &path, &form);
        match fault {
            Some(Fault::Refuse(status)) => {
                Ok(refusal(status, "told_to_fail", "the fake was told to fail"))
            }
            Some(fault @ (Fault::LoseCall | Fault::Stall)) => Err(fault),
            fault => {
                let account = state.keys.get(key.trim_start_matches("Bearer ")).cloned();
                let answer = match account {
                    _ if path == "/oauth/token" => exchange(&form),
                    None => refusal(401, "api_key_invalid", "invalid API key provided"),
                    Some(account) if path == "/v1/account" => (
                        200,
                        json!({"id": account, "country": "DE", "business_profile": {"name": "Acme"}}),
                    ),
                    Some(_) => {
                        state.carry_out(&method, &path, &form, header("idempotency-key").as_deref())
                    }
                };
                match fault {
                    None => Ok(answer),
                    Some(fault) => Err(fault),
                }
            }
        }
    };
    match outcome {
        Ok((status, body)) => respond(status, &body),
        // A body that breaks off: the client sees a broken connection.
        Err(Fault::LoseAnswer | Fault::LoseCall) => broken(),
        Err(Fault::Hang | Fault::Stall | Fault::Refuse(_)) => std::future::pending().await,
    }
}

/// The code `ac_good` is worth the test key.
fn exchange(form: &BTreeMap<String, String>) -> (u16, Value) {
    if form.get("code").map(String::as_str) == Some("ac_good") {
        (
            200,
            json!({"access_token": super::KEY, "stripe_user_id": ACCOUNT}),
        )
    } else {
        (
            400,
            json!({"error": "invalid_grant", "error_description": "the code is not good"}),
        )
    }
}

fn respond(status: u16, body: &Value) -> Response {
    Response::builder()
        .status(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap_or_default()
}

fn broken() -> Response {
    let pieces = futures::stream::iter([
        Ok(Bytes::from_static(b"{")),
        Err(std::io::Error::other("the connection is cut")),
    ]);
    Response::new(Body::from_stream(pieces))
}

fn pairs(text: &[u8]) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(text)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}
