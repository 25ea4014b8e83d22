//! What the tests of the RevenueCat dialect share: a project, keys with permissions, and answers read by the dialect's habits.

use contract::customer::v1::{
    ApiKey, CreateKeyRequest, CustomerRef, GetProjectRequest, KeyKind, customer_ref::Ref,
};
use contract::kernel::v1::Money;
use contract::subscription::v1::{
    RecordStoreTransactionRequest, RecordStoreTransactionResponse, Store, StoreEnvironment,
    StoreTransaction, StoreTransactionType,
};
use http::Method;
use serde_json::{Value, json};
use suite::{Rest, World, http::Answer};

/// The dialect in one project.
pub struct Project {
    /// REST with the key.
    pub rest: Rest,
    /// The id by which the dialect knows the project.
    pub id: String,
}

/// An installation without the documented limits, and its default project.
pub async fn unlimited() -> (World, Project) {
    let world = World::with(&[("rate_limits", "off")]).await;
    let project = Project::of(&world).await;
    (world, project)
}

/// A key of the default project with these permissions; with none, all of them.
pub async fn key(world: &World, permissions: &[&str]) -> String {
    let request = CreateKeyRequest {
        key: Some(ApiKey {
            kind: KeyKind::Secret.into(),
            permissions: permissions.iter().map(ToString::to_string).collect(),
            ..Default::default()
        }),
        request_id: String::new(),
    };
    let made = world.client().keys().create_key(request).await;
    made.unwrap().into_inner().secret
}

impl Project {
    /// The default project, with the bootstrap key.
    pub async fn of(world: &World) -> Self {
        let answer = world
            .client()
            .projects()
            .get_project(GetProjectRequest {})
            .await;
        let project = answer.unwrap().into_inner().project.unwrap();
        Self {
            rest: world.rest(),
            id: project.revenuecat_id,
        }
    }

    /// The same with another key.
    pub fn with_key(&self, key: &str) -> Self {
        Self {
            rest: self.rest.with_key(Some(key)),
            id: self.id.clone(),
        }
    }

    /// A path below the project.
    pub fn path(&self, rest: &str) -> String {
        format!("/v2/projects/{}{rest}", self.id)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.rest.get(&self.path(path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.rest.post(&self.path(path), body).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.rest.delete(&self.path(path)).await
    }

    /// Sends a mutation under an idempotency key.
    pub async fn once(&self, method: Method, path: &str, key: &str, body: &Value) -> Answer {
        let request = self.rest.request(method, &self.path(path));
        let request = request.header("idempotency-key", key).json(body);
        self.rest.send(request).await
    }

    /// Makes something; answers it.
    pub async fn make(&self, path: &str, body: Value) -> Value {
        self.post(path, body).await.expect(201)
    }

    /// An Amazon app, by its id.
    pub async fn app(&self, name: &str) -> String {
        let body = json!({"name": name, "type": "amazon", "amazon": {"package_name": name}});
        id(&self.make("/apps", body).await)
    }

    /// A monthly product of an app, by its id.
    pub async fn product(&self, app: &str, identifier: &str) -> String {
        let body = json!({
            "store_identifier": identifier, "app_id": app, "type": "subscription",
            "subscription": {"duration": "P1M"},
        });
        id(&self.make("/products", body).await)
    }

    /// An entitlement, by its id.
    pub async fn entitlement(&self, key: &str) -> String {
        let body = json!({"lookup_key": key, "display_name": key});
        id(&self.make("/entitlements", body).await)
    }

    /// An offering, by its id.
    pub async fn offering(&self, key: &str) -> String {
        let body = json!({"lookup_key": key, "display_name": key});
        id(&self.make("/offerings", body).await)
    }
}

/// The id of something.
pub fn id(thing: &Value) -> String {
    thing["id"].as_str().unwrap().to_owned()
}

/// The ids of the items of a list.
pub fn ids(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect()
}

/// An error document of this status: its type and the parameter it names.
#[track_caller]
pub fn refused(answer: &Answer, status: u16) -> (&str, Option<&str>) {
    assert_eq!(answer.status, status, "{}", answer.text);
    let error = &answer.json;
    let kind = error["type"].as_str().unwrap();
    assert_eq!(error["object"], "error", "{error}");
    assert!(!error["message"].as_str().unwrap().is_empty(), "{error}");
    let url = format!("https://errors.rev.cat/{}", kind.replace('_', "-"));
    assert_eq!(error["doc_url"], url.as_str(), "{error}");
    let retryable = [
        "rate_limit_error",
        "store_error",
        "server_error",
        "resource_locked_error",
    ];
    assert_eq!(error["retryable"], retryable.contains(&kind), "{error}");
    assert_eq!(
        error.get("backoff_ms").is_some(),
        error["retryable"] == true,
        "{error}"
    );
    (kind, error["param"].as_str())
}

/// Something that a store sold.
#[derive(Default)]
pub struct Sale<'a> {
    /// The store's id of the transaction.
    pub id: &'a str,
    /// The store's id of the subscription; empty for a thing bought once.
    pub subscription: &'a str,
    /// The customer's id.
    pub customer: &'a str,
    /// Id of the product.
    pub product: &'a str,
    /// What was paid, in USD; empty: nothing.
    pub price: &'a str,
    /// When. Required.
    pub time: &'a str,
    /// What happened; not said: a purchase.
    pub kind: Option<StoreTransactionType>,
    /// The store; not said: the built-in one.
    pub store: Option<Store>,
    /// Whether no real money is behind it.
    pub sandbox: bool,
    /// Whether the period is a trial.
    pub trial: bool,
    /// Of a refund: whether access ends with it.
    pub revoke: bool,
}

/// Records what a store sold, over gRPC.
pub async fn record(world: &World, sale: Sale<'_>) -> RecordStoreTransactionResponse {
    let time: jiff::Timestamp = sale.time.parse().unwrap();
    let price = (!sale.price.is_empty()).then(|| Money {
        currency_code: "USD".into(),
        amount: Some(contract::convert::decimal(sale.price.parse().unwrap())),
    });
    let transaction = StoreTransaction {
        id: sale.id.into(),
        r#type: sale.kind.unwrap_or(StoreTransactionType::Purchase).into(),
        store: sale.store.unwrap_or(Store::BuiltIn).into(),
        environment: if sale.sandbox {
            StoreEnvironment::Sandbox.into()
        } else {
            StoreEnvironment::Production.into()
        },
        store_subscription_identifier: sale.subscription.into(),
        time: Some(contract::convert::timestamp(time)),
        customer: (!sale.customer.is_empty()).then(|| CustomerRef {
            r#ref: Some(Ref::Handle(sale.customer.into())),
        }),
        product_id: sale.product.into(),
        trial: sale.trial,
        revoke: sale.revoke,
        price,
        ..Default::default()
    };
    let request = RecordStoreTransactionRequest {
        transaction: Some(transaction),
        request_id: String::new(),
    };
    let answer = world
        .client()
        .store_transactions()
        .record_store_transaction(request)
        .await;
    answer.unwrap().into_inner()
}
