//! One thing of every kind in project `default`, and a key of another project.

use std::collections::BTreeMap;

use contract::{
    audit::v1::ListAuditEntriesRequest,
    customer::v1::{ApiKey, CreateKeyRequest, CreateProjectRequest, KeyKind, Project},
};
use serde_json::{Value, json};
use suite::{Rest, World};

/// What every thing of the first project is called: no answer to the other may hold it.
pub const MARKER: &str = "isolated-thing";
/// A well-formed id of nothing.
const NOTHING: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// Two projects and what the first one holds.
pub struct Scene {
    /// The installation.
    pub world: World,
    /// Ids and keys of the first project's things, by the name of the path parameter.
    pub names: BTreeMap<&'static str, String>,
    /// A key of the second project, which holds nothing.
    pub stranger: String,
    actor: String,
    last: BTreeMap<&'static str, i64>,
}

impl Scene {
    pub async fn set() -> Self {
        let world = World::with(&[("allow_private_webhooks", "true")]).await;
        let (actor, stranger) = stranger(&world).await;
        let names = things(&world.rest()).await;
        let mut scene = Self {
            world,
            names,
            stranger,
            actor,
            last: BTreeMap::new(),
        };
        for service in chassis::config::SERVICES {
            let last = scene.audit(service).await;
            let last = last.first().map_or(0, |(sequence, _)| *sequence);
            scene.last.insert(service, last);
        }
        scene
    }

    /// REST with the key of the second project.
    pub fn strange_rest(&self) -> Rest {
        self.world.rest().with_key(Some(&self.stranger))
    }

    /// Nobody changed anything in the first project with the key of the second.
    pub async fn is_untouched(&self) {
        for service in chassis::config::SERVICES {
            for (sequence, actor) in self.audit(service).await {
                assert!(
                    sequence <= self.last[service] || actor != self.actor,
                    "{service} was changed from another project"
                );
            }
        }
    }

    /// The newest audit entries of a service: position and actor.
    async fn audit(&self, service: &'static str) -> Vec<(i64, String)> {
        let mut request = tonic::Request::new(ListAuditEntriesRequest {
            page_size: 250,
            ..Default::default()
        });
        let service = service.parse().unwrap();
        request
            .metadata_mut()
            .insert("x-perennial-service", service);
        let answer = self
            .world
            .client()
            .audit()
            .list_audit_entries(request)
            .await;
        let entries = answer.unwrap().into_inner().entries;
        let facts = entries
            .into_iter()
            .map(|entry| (entry.sequence, entry.actor));
        facts.collect()
    }
}

/// Makes a second project with a key; answers the key as actor and its text.
async fn stranger(world: &World) -> (String, String) {
    let second = Project {
        name: "second".into(),
        ..Default::default()
    };
    let request = CreateProjectRequest {
        project: Some(second),
        request_id: String::new(),
    };
    let made = world.client().projects().create_project(request).await;
    let project = made.unwrap().into_inner().project.unwrap().id;
    let request = CreateKeyRequest {
        key: Some(ApiKey {
            kind: KeyKind::Secret.into(),
            ..Default::default()
        }),
        request_id: String::new(),
    };
    let made = world.client_in(&project).keys().create_key(request).await;
    let made = made.unwrap().into_inner();
    (format!("key:{}", made.key.unwrap().id), made.secret)
}

/// A line of an invoice.
pub fn line() -> Value {
    json!({
        "name": MARKER, "invoiceAt": "2026-02-01T00:00:00Z",
        "period": {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"},
        "price": {"type": "flat", "amount": "5"},
    })
}

async fn things(rest: &Rest) -> BTreeMap<&'static str, String> {
    let id = |thing: &Value| thing["id"].as_str().unwrap_or(NOTHING).to_owned();
    let make = async |path: &str, body: Value| {
        let answer = rest.post(path, body).await;
        assert!(answer.status < 300, "{path}: {}", answer.text);
        answer.json
    };
    let meter = json!({
        "slug": "iso_meter", "name": MARKER, "eventType": "iso", "aggregation": "COUNT",
        "groupBy": {"model": "$.model"},
    });
    let meter = make("/api/v1/meters", meter).await;
    for key in ["iso_feature", "iso_extra"] {
        let feature = json!({"key": key, "name": MARKER, "meterSlug": "iso_meter"});
        make("/api/v1/features", feature).await;
    }
    let feature = rest.get("/api/v1/features/iso_feature").await.expect(200);
    let customer = json!({
        "key": "iso_customer", "name": MARKER,
        "usageAttribution": {"subjectKeys": ["iso_subject"]},
    });
    let customer = make("/api/v1/customers", customer).await;
    let card = |key: &str, feature: Option<&str>| {
        let mut card = json!({
            "type": "flat_fee", "key": key, "name": MARKER, "billingCadence": "P1M",
            "price": {"type": "flat", "amount": "10", "paymentTerm": "in_arrears"},
        });
        if let Some(feature) = feature {
            card["featureKey"] = json!(feature);
            card["entitlementTemplate"] = json!({"type": "metered", "isSoftLimit": true});
        }
        card
    };
    let plan = json!({
        "key": "iso_plan", "name": MARKER, "currency": "USD", "billingCadence": "P1M",
        "phases": [{
            "key": "p", "name": MARKER, "duration": null,
            "rateCards": [card("iso_feature", Some("iso_feature"))],
        }],
    });
    let plan = make("/api/v1/plans", plan).await;
    let addon = json!({
        "key": "iso_addon", "name": MARKER, "currency": "USD", "instanceType": "multiple",
        "rateCards": [card("iso_more", None)],
    });
    let addon = make("/api/v1/addons", addon).await;
    make(
        &format!("/api/v1/addons/{}/publish", id(&addon)),
        Value::Null,
    )
    .await;
    let assigned = json!({"addonId": id(&addon), "fromPlanPhase": "p", "maxQuantity": 5});
    make(&format!("/api/v1/plans/{}/addons", id(&plan)), assigned).await;
    make(&format!("/api/v1/plans/{}/publish", id(&plan)), Value::Null).await;
    let subscribed = json!({"customerId": id(&customer), "plan": {"key": "iso_plan"}});
    let subscription = make("/api/v1/subscriptions", subscribed).await;
    let bought = json!({
        "name": MARKER, "quantity": 1, "timing": "immediate", "addon": {"id": id(&addon)},
    });
    let path = format!("/api/v1/subscriptions/{}/addons", id(&subscription));
    let subscription_addon = make(&path, bought).await;
    let path = format!("/api/v2/customers/{}/entitlements", id(&customer));
    let entitlement = json!({
        "type": "metered", "featureKey": "iso_extra", "isSoftLimit": true,
        "usagePeriod": {"interval": "MONTH"},
    });
    let entitlement = make(&path, entitlement).await;
    let grant = json!({
        "amount": 5, "effectiveAt": "2099-01-01T00:00:00Z",
        "expiration": {"duration": "YEAR", "count": 1},
    });
    let grant = make(&format!("{path}/iso_extra/grants"), grant).await;
    let path = format!("/api/v1/billing/customers/{}", id(&customer));
    rest.put(&path, json!({})).await.expect(200);
    let lines = json!({"currency": "USD", "lines": [line()]});
    make(&format!("{path}/invoices/pending-lines"), lines).await;
    // The line is due: who makes its invoice, this call or the run behind the scenes, is all the same.
    let wanted = json!({"customerId": id(&customer)});
    rest.post("/api/v1/billing/invoices/invoice", wanted).await;
    let path = format!("/api/v1/billing/invoices?customers={}", id(&customer));
    let invoices = rest.get(&path).await.expect(200);
    let invoices = &invoices["items"];
    let channel = json!({"type": "WEBHOOK", "name": MARKER, "url": "http://127.0.0.1:9/x"});
    let channel = make("/api/v1/notification/channels", channel).await;
    let rule = json!({
        "type": "entitlements.balance.threshold", "name": MARKER, "channels": [id(&channel)],
        "thresholds": [{"value": 50, "type": "usage_percentage"}],
    });
    let rule = make("/api/v1/notification/rules", rule).await;
    let path = format!("/api/v1/notification/rules/{}/test", id(&rule));
    let event = rest.post(&path, Value::Null).await.json;
    let profile = rest.get("/api/v1/billing/profiles").await.expect(200);
    let app = rest.get("/api/v1/apps").await.expect(200);
    BTreeMap::from([
        ("meterIdOrSlug", id(&meter)),
        ("meterSlug", "iso_meter".to_owned()),
        ("groupByKey", "model".to_owned()),
        ("subjectIdOrKey", "iso_subject".to_owned()),
        ("customerIdOrKey", id(&customer)),
        ("customerId", id(&customer)),
        ("featureId", id(&feature)),
        ("featureKey", "iso_feature".to_owned()),
        ("planId", id(&plan)),
        ("planIdOrKey", id(&plan)),
        ("addonId", id(&addon)),
        ("planAddonId", id(&addon)),
        ("subscriptionId", id(&subscription)),
        ("subscriptionAddonId", id(&subscription_addon)),
        ("entitlementId", id(&entitlement)),
        ("entitlementIdOrFeatureKey", id(&entitlement)),
        ("grantId", id(&grant)),
        ("invoiceId", id(&invoices[0])),
        ("channelId", id(&channel)),
        ("ruleId", id(&rule)),
        ("eventId", id(&event)),
        ("profileId", id(&profile["items"][0])),
        ("appId", id(&app["items"][0])),
        ("type", "sandbox".to_owned()),
    ])
}
