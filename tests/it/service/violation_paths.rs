//! The path of each violation is that of a field of the request, in the words of the contract: what a typed client can follow.

use prost_reflect::{DynamicMessage, Kind, MessageDescriptor};
use serde_json::{Value, json};

use super::documented_rules::{Desk, named};

/// Whether a path leads to a field: names joined by dots, each with a place in brackets where it is a list.
fn resolves(message: &MessageDescriptor, path: &str) -> bool {
    let (first, rest) = match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    let (name, place) = match first.split_once('[') {
        Some((name, place)) => (name, Some(place)),
        None => (first, None),
    };
    let Some(field) = message.get_field_by_name(name) else {
        return false;
    };
    if place.is_some() && !field.is_list() {
        return false;
    }
    match (rest, field.kind()) {
        (None, _) => true,
        (Some(rest), Kind::Message(inner)) => resolves(&inner, rest),
        (Some(_), _) => false,
    }
}

/// Calls that are refused, with what they name as wrong.
fn refused() -> Vec<(&'static str, &'static str, Value, &'static [&'static str])> {
    let card = json!({"key": "fee", "name": "Fee", "kind": "RATE_CARD_KIND_FLAT_FEE", "featureKey": "other", "billingCadence": "P1M"});
    let phase = json!({"key": "only", "name": "", "rateCards": [card]});
    let plan = json!({"key": "pro", "name": "Pro", "currencyCode": "USD", "billingCadence": "P5M", "phases": [phase]});
    let addon = json!({"key": "seats", "name": "Seats", "currencyCode": "USD"});
    let low = json!({
        "customer": {"key": "acme"}, "featureKey": "tokens", "usagePeriod": {"interval": "P1M"},
        "metered": {"issue": {"amount": {"value": "-1"}}},
    });
    let nobody = json!({"key": ""});
    vec![
        (
            "catalog.v1.PlanService",
            "CreatePlan",
            json!({"plan": plan}),
            &[
                "plan.billing_cadence",
                "plan.phases[0].name",
                "plan.phases[0].rate_cards[0].key",
            ],
        ),
        (
            "catalog.v1.AddonService",
            "CreateAddon",
            json!({"addon": addon}),
            &["addon.instance_type"],
        ),
        (
            "customer.v1.CustomerService",
            "CreateCustomer",
            json!({"customer": {"key": "acme"}}),
            &["customer.display_name"],
        ),
        (
            "customer.v1.CustomerService",
            "CreateCustomer",
            json!({"customer": {"displayName": "Acme"}}),
            &["customer.key", "customer.usage_attribution.subject_keys"],
        ),
        (
            "customer.v1.CustomerService",
            "ListCustomers",
            json!({"afterCustomer": nobody}),
            &["after_customer"],
        ),
        (
            "customer.v1.AliasService",
            "EnsureCustomer",
            json!({"handle": "k".repeat(5000)}),
            &["handle"],
        ),
        (
            "customer.v1.AliasService",
            "TransferAliases",
            json!({}),
            &["source_ref"],
        ),
        (
            "customer.v1.ProjectService",
            "CreateProject",
            json!({"project": {}}),
            &["project.name"],
        ),
        (
            "entitlement.v1.EntitlementService",
            "CreateEntitlement",
            json!({"entitlement": low}),
            &["entitlement.metered.issue.amount"],
        ),
        (
            "entitlement.v1.EntitlementService",
            "OverrideEntitlement",
            json!({"entitlement": {"id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, "replacement": low}),
            &["replacement.metered.issue.amount"],
        ),
        (
            "entitlement.v1.EntitlementService",
            "GetCustomerAccess",
            json!({"customer": nobody}),
            &["customer"],
        ),
        (
            "entitlement.v1.AccessService",
            "GrantPromotionalAccess",
            json!({"customer": nobody, "featureKey": "tokens"}),
            &["customer"],
        ),
        (
            "billing.v1.ProfileService",
            "CreateProfile",
            json!({"profile": {"name": "Bare", "supplier": {"name": "Seller", "address": {"country": "DE"}}, "apps": {}}}),
            &["profile.apps.tax_app_id"],
        ),
    ]
}

#[tokio::test]
async fn violations_name_fields_of_the_request() {
    let desk = Desk::open().await;
    for (service, call, request, wrong) in refused() {
        let service = desk
            .pool
            .get_service_by_name(&format!("perennial.{service}"))
            .unwrap();
        let method = service
            .methods()
            .find(|method| method.name() == call)
            .unwrap();
        let request = DynamicMessage::deserialize(method.input(), request).unwrap();
        let answer = desk.ask(&method, &request).await;
        assert_eq!(named(&answer), wrong, "{call}: {answer:?}");
        for path in wrong {
            assert!(resolves(&method.input(), path), "{call}: {path}");
        }
    }
    desk.world.stop().await;
}
