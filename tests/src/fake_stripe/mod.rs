//! A Stripe that lives in the test: it keeps customers, payment methods, invoices and their
//! items, remembers idempotency keys as the real one does, signs events, and fails where it
//! is told to. Only what billing calls is there.
//!
//! The file is shared: the tests of billing include it by path.

mod api;
mod store;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;

pub use store::State;

/// The only key that is accepted at first.
pub const KEY: &str = "sk_test_0123456789abcdef";
/// The account of that key.
pub const ACCOUNT: &str = "acct_test";

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is refused with a status, nothing is done.
    Refuse(u16),
    /// It is done, and the answer is lost.
    LoseAnswer,
    /// It is not done, and there is no answer.
    LoseCall,
    /// It is done, and the answer never comes.
    Hang,
    /// It is not done, and the answer never comes.
    Stall,
}

/// A fake Stripe; it ends when the last clone is dropped.
#[derive(Clone)]
pub struct FakeStripe {
    state: Arc<Mutex<State>>,
    base: String,
    _server: Arc<Server>,
}

struct Server(tokio::task::JoinHandle<()>);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl FakeStripe {
    /// Starts one on a free port.
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(State::new()));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("the port has a number");
        let router = api::router(state.clone());
        let server = tokio::spawn(async move {
            axum::serve(listener, router)
                .await
                .expect("the fake serves until it is dropped");
        });
        Self {
            state,
            base: format!("http://{address}"),
            _server: Arc::new(Server(server)),
        }
    }

    /// Where it is.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Its memory.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next call whose `METHOD /path` contains a text goes wrong; the first `skip` do not.
    pub fn fail(&self, call: &str, skip: usize, fault: Fault) {
        self.state().faults.push((call.to_owned(), skip, fault));
    }

    /// Every call from the `n`th on goes wrong, counted from now, until `heal`.
    pub fn break_from(&self, n: usize, fault: Fault) {
        let mut state = self.state();
        state.broken = Some((state.calls.len() + n, fault));
    }

    /// Nothing goes wrong any more.
    pub fn heal(&self) {
        let mut state = self.state();
        state.faults.clear();
        state.broken = None;
        state.lanes.clear();
    }

    /// A customer with an e-mail address.
    pub fn customer(&self, id: &str) {
        self.state().customers.insert(
            id.to_owned(),
            json!({
                "id": id, "object": "customer", "email": "pay@example.com",
                "invoice_settings": {"default_payment_method": null},
                "tax": {"automatic_tax": "supported"},
            }),
        );
    }

    /// A payment method of a customer, with an address.
    pub fn payment_method(&self, id: &str, customer: &str) {
        self.state().payment_methods.insert(
            id.to_owned(),
            json!({
                "id": id, "object": "payment_method", "customer": customer,
                "billing_details": {"address": {"country": "US", "line1": "1 Main Street"}},
            }),
        );
    }

    /// The invoices that were made and not deleted.
    pub fn invoices(&self) -> Vec<Value> {
        self.state().invoices.values().cloned().collect()
    }

    /// The items of an invoice: description and amount.
    pub fn items(&self, invoice: &str) -> Vec<(String, i64)> {
        self.state()
            .items
            .values()
            .filter(|item| item["invoice"] == invoice)
            .map(|item| {
                (
                    item["description"].as_str().unwrap_or_default().to_owned(),
                    item["amount"].as_i64().unwrap_or_default(),
                )
            })
            .collect()
    }

    /// Pays, voids, … an invoice at Stripe.
    pub fn set_status(&self, invoice: &str, status: &str) {
        if let Some(found) = self.state().invoices.get_mut(invoice) {
            found["status"] = json!(status);
        }
    }

    /// An event, as body and signature header, for the one webhook that is registered.
    pub fn event(&self, id: &str, kind: &str, object: &Value) -> (Vec<u8>, String) {
        let secret = self
            .state()
            .webhooks
            .values()
            .next()
            .and_then(|webhook| webhook["secret"].as_str().map(str::to_owned))
            .expect("a webhook is registered");
        let body = json!({
            "id": id, "object": "event", "type": kind, "livemode": false,
            "created": 1_704_067_200, "data": {"object": object},
        })
        .to_string()
        .into_bytes();
        let signature = sign(&secret, 1_704_067_200, &body);
        (body, signature)
    }

    /// Calls so far, as `METHOD /path`, without queries.
    pub fn calls(&self) -> Vec<String> {
        self.state().calls.clone()
    }
}

/// The header `Stripe-Signature` of a body.
pub fn sign(secret: &str, time: i64, body: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length is a good key");
    mac.update(format!("{time}.").as_bytes());
    mac.update(body);
    let bytes = mac.finalize().into_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={time},v1={hex}")
}
