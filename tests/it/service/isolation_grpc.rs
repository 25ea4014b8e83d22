//! The same over gRPC, made from the descriptors: every RPC is called with the names of one
//! project and the key of another. Nothing is told, nothing is changed, and internal calls
//! are closed to every key.

use std::collections::BTreeMap;

use chassis::permission::{Need, Rules};
use prost::Message as _;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value,
};
use suite::grpc::call;
use tonic::{Code, transport::Channel};

use super::isolation_scene::{MARKER, Scene};

/// RPCs that answer although a name of another project was given, each with the reason.
const OPEN: [(&str, &str); 7] = [
    (
        "perennial.subscription.v1.SubscriptionService/EraseCustomer",
        "erasing what is not there, in the caller's own project, succeeds",
    ),
    (
        "perennial.catalog.v1.EntitlementDefinitionService/CreateEntitlementDefinition",
        "the feature it names is output only",
    ),
    (
        "perennial.customer.v1.AliasService/EnsureCustomer",
        "a name that is free in a project makes a customer there",
    ),
    (
        "perennial.metering.v1.UsageService/IngestEvents",
        "events name subjects, which are anybody's",
    ),
    (
        "perennial.metering.v1.PortalTokenService/CreatePortalToken",
        "tokens name subjects, which are anybody's",
    ),
    (
        "perennial.metering.v1.PortalTokenService/InvalidatePortalTokens",
        "ends the tokens that match, and none does",
    ),
    (
        "perennial.subscription.v1.SubscriptionService/SyncCustomer",
        "settles what a customer has, which is nothing",
    ),
];

/// Packages that every service serves; they have tests of their own.
const SHARED: [&str; 3] = ["perennial.feed.", "perennial.audit.", "perennial.clock."];

/// Verbs that may answer with nothing instead of refusing.
const ASKING: [&str; 6] = ["List", "Batch", "Query", "Resolve", "Count", "Check"];

/// Deepest message that is filled.
const DEPTH: usize = 5;

/// Fills requests with names of the first project.
struct Filler<'a> {
    names: &'a BTreeMap<&'static str, String>,
    service: &'a str,
    /// Whether one of the things was named.
    named: bool,
}

impl Filler<'_> {
    fn message(&mut self, descriptor: &MessageDescriptor, depth: usize) -> DynamicMessage {
        let mut message = DynamicMessage::new(descriptor.clone());
        match descriptor.full_name() {
            "google.protobuf.Timestamp" => {
                message.set_field_by_name("seconds", Value::I64(1_767_225_600));
                return message;
            }
            "perennial.kernel.v1.Decimal" => {
                message.set_field_by_name("value", Value::String("1".into()));
                return message;
            }
            "google.protobuf.FieldMask" => return message,
            _ => {}
        }
        for field in descriptor.fields() {
            // One member of a union: the first, which is the id where names are taken.
            let first = field
                .containing_oneof()
                .and_then(|union| union.fields().next())
                .is_none_or(|first| first == field);
            let skipped = matches!(
                field.name(),
                "request_id" | "etag" | "page_token" | "page" | "page_size" | "update_mask"
            );
            if !first || skipped || field.is_map() || depth >= DEPTH {
                continue;
            }
            if let Some(value) = self.value(&field, depth) {
                let value = if field.is_list() {
                    Value::List(vec![value])
                } else {
                    value
                };
                message.set_field(&field, value);
            }
        }
        message
    }

    fn value(&mut self, field: &FieldDescriptor, depth: usize) -> Option<Value> {
        Some(match field.kind() {
            Kind::Message(inner) => Value::Message(self.message(&inner, depth + 1)),
            Kind::Enum(values) => {
                let mut all = values.values();
                Value::EnumNumber(all.find(|value| value.number() > 0)?.number())
            }
            Kind::String => {
                // Elsewhere the id of a thing is output only, or chosen by whoever makes it.
                let names = depth == 0 || field.parent_message().name().ends_with("Ref");
                Value::String(self.text(field.name(), names))
            }
            Kind::Bool => Value::Bool(field.name().starts_with("include_")),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(1),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(1),
            Kind::Bytes => Value::Bytes(Default::default()),
            Kind::Uint32
            | Kind::Fixed32
            | Kind::Uint64
            | Kind::Fixed64
            | Kind::Float
            | Kind::Double => return None,
        })
    }

    fn text(&mut self, field: &str, names: bool) -> String {
        let mut name = |name: &str| {
            self.named = true;
            self.names[name].clone()
        };
        let singular = field.strip_suffix('s').unwrap_or(field);
        match singular {
            "customer_id" => name("customerId"),
            "subject_id" => name("subjectIdOrKey"),
            "meter_id" => name("meterIdOrSlug"),
            "feature_id" => name("featureId"),
            "plan_id" => name("planId"),
            "addon_id" | "plan_addon_id" => name("addonId"),
            "subscription_id" => name("subscriptionId"),
            "subscription_addon_id" => name("subscriptionAddonId"),
            "entitlement_id" => name("entitlementId"),
            "grant_id" => name("grantId"),
            "invoice_id" => name("invoiceId"),
            "channel_id" => name("channelId"),
            "rule_id" => name("ruleId"),
            "event_id" => name("eventId"),
            "profile_id" | "billing_profile_id" => name("profileId"),
            "app_id" => name("appId"),
            "handle" | "id" | "id_or_key" if names => {
                let service = self.service;
                let of = [
                    ("SubscriptionAddon", "subscriptionAddonId"),
                    ("Subscription", "subscriptionId"),
                    ("PlanAddon", "addonId"),
                    ("Addon", "addonId"),
                    ("Plan", "planId"),
                    ("Feature", "featureId"),
                    ("Meter", "meterIdOrSlug"),
                    ("Usage", "meterIdOrSlug"),
                    ("Entitlement", "entitlementId"),
                    ("Grant", "grantId"),
                    ("Invoice", "invoiceId"),
                    ("ProfileService", "profileId"),
                    ("AppService", "appId"),
                    ("Channel", "channelId"),
                    ("Rule", "ruleId"),
                    ("Event", "eventId"),
                ];
                let found = of.iter().find(|(part, _)| service.contains(part));
                name(found.map_or("customerId", |(_, name)| name))
            }
            "currency_code" | "from_currency_code" => "USD".to_owned(),
            "to_currency_code" => "EUR".to_owned(),
            "country_code" | "country" => "DE".to_owned(),
            "subject_key" | "subject" => "iso_subject".to_owned(),
            "feature_key" => "iso_feature".to_owned(),
            "plan_key" => "iso_plan".to_owned(),
            "time_zone" | "window_time_zone" => "UTC".to_owned(),
            "slug" | "meter_slug" => "iso_meter".to_owned(),
            "url" => "http://127.0.0.1:9/x".to_owned(),
            other if other.ends_with("json") => "{}".to_owned(),
            other if other.ends_with("cadence") || other.ends_with("duration") => "P1M".to_owned(),
            _ => "x".to_owned(),
        }
    }
}

#[tokio::test]
async fn no_rpc_reaches_into_another_project() {
    let scene = Scene::set().await;
    let channel = Channel::from_shared(format!("http://{}", scene.world.grpc()))
        .unwrap()
        .connect()
        .await
        .unwrap();
    let pool = DescriptorPool::decode(contract::FILE_DESCRIPTOR_SET).unwrap();
    let rules = Rules::load();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for service in pool.services() {
        if SHARED
            .iter()
            .any(|name| service.full_name().starts_with(name))
        {
            continue;
        }
        for method in service.methods() {
            let full = format!("{}/{}", service.full_name(), method.name());
            let path = format!("/{full}");
            let rule = rules.get(&path).unwrap();
            if rule.streams {
                continue;
            }
            count += 1;
            let mut filler = Filler {
                names: &scene.names,
                service: service.name(),
                named: false,
            };
            let request = filler.message(&method.input(), 0);
            let answer = call(&channel, &scene.stranger, &path, request.encode_to_vec()).await;
            let asks = ASKING.iter().any(|verb| method.name().starts_with(verb));
            let open = asks || OPEN.iter().any(|(name, _)| *name == full);
            let closed = matches!(rule.need, Some(Need::Internal | Need::Operator));
            let refused = |code| answer.as_ref().is_err_and(|status| status.code() == code);
            if closed && !refused(Code::PermissionDenied) {
                wrong.push(format!("{full}: an internal call is open: {answer:?}"));
            }
            match &answer {
                Ok(bytes) => {
                    let told = DynamicMessage::decode(method.output(), bytes.as_slice()).unwrap();
                    if String::from_utf8_lossy(bytes).contains(MARKER) {
                        wrong.push(format!("{full} tells: {told:?}"));
                    }
                    if filler.named && !open {
                        wrong.push(format!("{full} does not refuse: {request:?} {told:?}"));
                    }
                }
                Err(status) => {
                    let bug = matches!(status.code(), Code::Internal | Code::Unknown);
                    if bug || status.message().contains(MARKER) {
                        wrong.push(format!("{full}: {status:?}"));
                    }
                }
            }
            // What is only looked up is not found, whatever else may be said.
            let reads = method.name().starts_with("Get") && filler.named && !closed;
            if reads && !refused(Code::NotFound) && !open {
                wrong.push(format!("{full} is not NOT_FOUND: {answer:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 100, "{count} RPCs");
    scene.is_untouched().await;
    scene.world.stop().await;
}
