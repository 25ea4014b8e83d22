//! Messages to domain values and back; nothing else converts. Unknown enum values and paths are
//! refused here, rules are left to the domain.

mod profile;

pub use profile::*;

use std::collections::BTreeSet;

use contract::{
    convert::{
        BadValue, decimal, from_open_period, from_optional_timestamp, from_required_decimal,
        from_required_timestamp, open_period, timestamp,
    },
    customer::v1 as pb,
};
use kernel::{Timestamp, currency::Currency, id::CustomerId};
use prost_types::FieldMask;

use crate::{
    domain::{
        api_key::{ApiKey, KeyKind, NewKey},
        attribute::AttributeChanges,
        currency,
        customer::{
            Address, AddressPatch, AttributionChange, Change, Customer, CustomerPatch, Draft,
            NewCustomer,
        },
        exchange_rate::{Quote, Rate},
        handle::CustomerName,
        hold::{Hold, HoldReason},
        project::{NewProject, Project, ProjectPatch},
        subject::{Subject, SubjectPatch},
    },
    error::CustomerError,
    store::{
        customer_list::OrderBy,
        subject::SubjectName,
        subscription::{Entitled, Reported},
    },
};

/// Most subscriptions of one report.
const REPORTED_MAX: usize = 1000;
/// Most items of theirs that entitle to something.
const ENTITLED_MAX: usize = 1000;
/// Most exchange rates of one call.
const RATES_MAX: usize = 1000;
/// Most holds of one call.
const HOLDS_MAX: usize = 1000;

fn named<T>(field: &'static str, value: Result<T, BadValue>) -> Result<T, CustomerError> {
    value.map_err(|error| CustomerError::invalid(field, error.to_string()))
}

fn required<T>(field: &'static str, value: Option<T>) -> Result<T, CustomerError> {
    value.ok_or_else(|| CustomerError::invalid(field, "is required"))
}

/// The paths that a mask names: of an absent one those that are populated, of `*` all.
/// Output-only paths are ignored.
fn paths<'a>(
    mask: Option<&'a FieldMask>,
    settable: &[&'static str],
    output_only: &[&str],
    populated: impl Fn(&str) -> bool,
) -> Result<BTreeSet<&'a str>, CustomerError> {
    let Some(mask) = mask else {
        let settable = settable.iter().copied();
        return Ok(settable.filter(|path| populated(path)).collect());
    };
    let mut named = BTreeSet::new();
    for path in &mask.paths {
        if path == "*" {
            named.extend(settable.iter().copied().filter(|path| !path.contains('.')));
        } else if settable.contains(&path.as_str()) {
            named.insert(path.as_str());
        } else if !output_only.contains(&path.as_str()) {
            return Err(CustomerError::invalid(
                "update_mask",
                format!("`{path}` is not a field that can be changed"),
            ));
        }
    }
    Ok(named)
}

// Customers.

/// How a reference names a customer.
pub fn customer_name(reference: Option<&pb::CustomerRef>) -> Result<CustomerName, CustomerError> {
    use pb::customer_ref::Ref;
    let inner = reference.and_then(|reference| reference.r#ref.as_ref());
    let name = match required("customer_ref", inner)? {
        Ref::Id(text) => CustomerName::Id(text.clone()),
        Ref::Key(text) => CustomerName::Key(text.clone()),
        Ref::IdOrKey(text) => CustomerName::IdOrKey(text.clone()),
        Ref::Handle(text) => CustomerName::Handle(text.clone()),
    };
    if name.text().is_empty() {
        return Err(CustomerError::invalid("customer_ref", "must not be empty"));
    }
    Ok(name)
}

/// The id by which services name a customer.
pub fn customer_id(text: &str) -> Result<CustomerId, CustomerError> {
    text.parse()
        .map_err(|_| CustomerError::invalid("customer_id", format!("`{text}` is not an id")))
}

/// A customer to make.
pub fn new_customer(
    request: &pb::CreateCustomerRequest,
    attributes: &AttributeChanges,
) -> Result<NewCustomer, CustomerError> {
    let mut wire = required("customer", request.customer.as_ref())?.clone();
    let (name, email) = attributes.name_and_email();
    if let Some(name) = name.filter(|_| wire.display_name.is_empty()) {
        wire.display_name = name.to_owned();
    }
    if let Some(email) = email.filter(|_| wire.primary_email.is_empty()) {
        wire.primary_email = email.to_owned();
    }
    NewCustomer::new(Draft {
        derive_name: request.derive_display_name,
        generate_key: request.generate_key,
        key: wire.key,
        name: wire.display_name,
        description: wire.description,
        subject_keys: wire
            .usage_attribution
            .map(|attribution| attribution.subject_keys)
            .unwrap_or_default(),
        email: wire.primary_email,
        currency: wire.currency_code,
        address: wire.billing_address.map(from_address).unwrap_or_default(),
        metadata: wire.metadata,
    })
    .map_err(|error| error.below("customer"))
}

/// A customer to make when nobody has the handle, which is its key then.
pub fn ensured_customer(request: &pb::EnsureCustomerRequest) -> Result<NewCustomer, CustomerError> {
    NewCustomer::new(Draft {
        derive_name: true,
        generate_key: request.handle.is_empty(),
        key: request.handle.clone(),
        email: request.primary_email.clone(),
        ..Draft::default()
    })
    .map_err(|error| error.renamed("key", "handle"))
}

const CUSTOMER_PATHS: [&str; 15] = [
    "key",
    "display_name",
    "description",
    "usage_attribution",
    "primary_email",
    "currency_code",
    "billing_address",
    "billing_address.country_code",
    "billing_address.postal_code",
    "billing_address.state",
    "billing_address.city",
    "billing_address.line1",
    "billing_address.line2",
    "billing_address.phone_number",
    "metadata",
];
const CUSTOMER_OUTPUTS: [&str; 13] = [
    "id",
    "active_subscription_ids",
    "former_keys",
    "etag",
    "create_time",
    "update_time",
    "delete_time",
    "profitwell_id",
    "display_name_derived",
    "anonymize_time",
    "exclude_time",
    "last_seen_time",
    "touch_time",
];

/// A change of a customer.
pub fn customer_patch(
    wire: &pb::Customer,
    mask: Option<&FieldMask>,
) -> Result<CustomerPatch, CustomerError> {
    let paths = paths(
        mask,
        &CUSTOMER_PATHS,
        &CUSTOMER_OUTPUTS,
        |path| match path {
            "key" => !wire.key.is_empty(),
            "display_name" => !wire.display_name.is_empty(),
            "description" => !wire.description.is_empty(),
            "usage_attribution" => wire.usage_attribution.is_some(),
            "primary_email" => !wire.primary_email.is_empty(),
            "currency_code" => !wire.currency_code.is_empty(),
            "billing_address" => wire.billing_address.is_some(),
            "metadata" => !wire.metadata.is_empty(),
            _ => false,
        },
    )?;
    let text = |path: &str, value: &String| {
        if paths.contains(path) {
            Change::Set(value.clone())
        } else {
            Change::Keep
        }
    };
    let attribution = match (paths.contains("usage_attribution"), &wire.usage_attribution) {
        (false, _) => AttributionChange::Keep,
        (true, None) => AttributionChange::Release,
        (true, Some(given)) => AttributionChange::Replace(given.subject_keys.clone()),
    };
    let address = from_address(wire.billing_address.clone().unwrap_or_default());
    Ok(CustomerPatch {
        key: text("key", &wire.key),
        name: text("display_name", &wire.display_name),
        description: text("description", &wire.description),
        attribution,
        email: text("primary_email", &wire.primary_email),
        currency: text("currency_code", &wire.currency_code),
        address: if paths.contains("billing_address") {
            AddressPatch::replace(address)
        } else {
            address_patch(address, &paths)
        },
        metadata: if paths.contains("metadata") {
            Change::Set(wire.metadata.clone())
        } else {
            Change::Keep
        },
    })
}

fn address_patch(address: Address, paths: &BTreeSet<&str>) -> AddressPatch {
    let part = |name: &str, value: Option<String>| {
        if paths.contains(format!("billing_address.{name}").as_str()) {
            Change::Set(value)
        } else {
            Change::Keep
        }
    };
    AddressPatch {
        country: part("country_code", address.country),
        postal_code: part("postal_code", address.postal_code),
        state: part("state", address.state),
        city: part("city", address.city),
        line1: part("line1", address.line1),
        line2: part("line2", address.line2),
        phone_number: part("phone_number", address.phone_number),
    }
}

fn from_address(wire: pb::Address) -> Address {
    Address {
        country: wire.country_code,
        postal_code: wire.postal_code,
        state: wire.state,
        city: wire.city,
        line1: wire.line1,
        line2: wire.line2,
        phone_number: wire.phone_number,
    }
}

fn to_address(address: &Address) -> Option<pb::Address> {
    (*address != Address::default()).then(|| pb::Address {
        country_code: address.country.clone(),
        postal_code: address.postal_code.clone(),
        state: address.state.clone(),
        city: address.city.clone(),
        line1: address.line1.clone(),
        line2: address.line2.clone(),
        phone_number: address.phone_number.clone(),
    })
}

/// A customer as reads answer it.
pub fn customer(customer: &Customer) -> pb::Customer {
    pb::Customer {
        active_subscription_ids: customer.active_subscriptions.clone(),
        last_seen_time: customer.last_seen_time.map(timestamp),
        ..customer_state(customer)
    }
}

/// A customer as writes answer it and events carry it: without what depends on the time of
/// reading.
pub fn customer_state(customer: &Customer) -> pb::Customer {
    pb::Customer {
        id: customer.id.to_string(),
        key: customer.key.clone().unwrap_or_default(),
        display_name: customer.name.text.clone(),
        display_name_derived: customer.name.derived,
        profitwell_id: customer.profitwell_id.clone(),
        anonymize_time: customer.anonymize_time.map(timestamp),
        exclude_time: customer.exclude_time.map(timestamp),
        description: customer.description.clone().unwrap_or_default(),
        usage_attribution: (!customer.subject_keys.is_empty()).then(|| pb::UsageAttribution {
            subject_keys: customer.subject_keys.clone(),
        }),
        primary_email: customer.email.clone().unwrap_or_default(),
        currency_code: customer.currency.map(code).unwrap_or_default(),
        billing_address: to_address(&customer.address),
        metadata: customer.metadata.clone(),
        active_subscription_ids: Vec::new(),
        former_keys: customer.former_keys.clone(),
        etag: chassis::etag::of(customer.revision),
        create_time: Some(timestamp(customer.create_time)),
        update_time: Some(timestamp(customer.update_time)),
        delete_time: customer.delete_time.map(timestamp),
        last_seen_time: None,
        touch_time: Some(timestamp(customer.touch_time)),
    }
}

fn code(currency: Currency) -> String {
    currency.code().to_owned()
}

/// What a list of customers is sorted by.
pub fn order_by(value: i32) -> Result<OrderBy, CustomerError> {
    use pb::list_customers_request::OrderBy as Wire;
    match Wire::try_from(value) {
        Ok(Wire::Unspecified | Wire::Name) => Ok(OrderBy::Name),
        Ok(Wire::Id) => Ok(OrderBy::Id),
        Ok(Wire::CreateTime) => Ok(OrderBy::CreateTime),
        Ok(Wire::TouchTime) => Ok(OrderBy::TouchTime),
        Err(_) => Err(CustomerError::invalid("order_by", "is not known")),
    }
}

// Holds and reports.

/// The reason of a hold.
pub fn hold_reason(value: i32) -> Result<HoldReason, CustomerError> {
    use pb::hold::Reason;
    match Reason::try_from(value) {
        Ok(Reason::Subscription) => Ok(HoldReason::Subscription),
        Ok(Reason::Entitlement) => Ok(HoldReason::Entitlement),
        Ok(Reason::Invoice) => Ok(HoldReason::Invoice),
        Ok(Reason::Feature) => Ok(HoldReason::Feature),
        Ok(Reason::Unspecified) | Err(_) => {
            Err(CustomerError::invalid("reason", "must be a known reason"))
        }
    }
}

/// A hold to place.
pub fn new_hold(wire: &pb::PlaceHoldRequest, now: Timestamp) -> Result<Hold, CustomerError> {
    let period = required("period", wire.period.as_ref())?;
    Hold::new(
        customer_id(&wire.customer_id)?,
        hold_reason(wire.reason)?,
        wire.holder_id.clone(),
        wire.display_text.clone(),
        named("period", from_open_period(period))?,
        now,
    )
}

/// Holds to place at once.
pub fn new_holds(wire: &pb::PlaceHoldsRequest, now: Timestamp) -> Result<Vec<Hold>, CustomerError> {
    let customer = customer_id(&wire.customer_id)?;
    if wire.holds.is_empty() || wire.holds.len() > HOLDS_MAX {
        return Err(CustomerError::invalid(
            "holds",
            format!("must be 1 to {HOLDS_MAX}"),
        ));
    }
    let mut seen = BTreeSet::new();
    let mut holds = Vec::with_capacity(wire.holds.len());
    for (index, hold) in wire.holds.iter().enumerate() {
        let one = || {
            let period = required("period", hold.period.as_ref())?;
            Hold::new(
                customer,
                hold_reason(hold.reason)?,
                hold.holder_id.clone(),
                hold.display_text.clone(),
                named("period", from_open_period(period))?,
                now,
            )
        };
        let hold = one().map_err(|error| error.below(&format!("holds[{index}]")))?;
        if !seen.insert((hold.reason, hold.holder.clone())) {
            return Err(CustomerError::invalid(
                format!("holds[{index}].holder_id"),
                "is there twice with this reason",
            ));
        }
        holds.push(hold);
    }
    Ok(holds)
}

/// A hold.
pub fn hold(hold: &Hold) -> pb::Hold {
    use pb::hold::Reason;
    let reason = match hold.reason {
        HoldReason::Subscription => Reason::Subscription,
        HoldReason::Entitlement | HoldReason::Included => Reason::Entitlement,
        HoldReason::Invoice => Reason::Invoice,
        HoldReason::Feature => Reason::Feature,
    };
    pb::Hold {
        customer_id: hold.customer.to_string(),
        reason: reason.into(),
        holder_id: hold.holder.clone(),
        display_text: hold.display_text.clone(),
        period: Some(open_period(hold.period)),
        create_time: Some(timestamp(hold.create_time)),
    }
}

/// The subscriptions of a report, oldest start first.
pub fn reported(wire: &[pb::CustomerSubscription]) -> Result<Vec<Reported>, CustomerError> {
    if wire.len() > REPORTED_MAX {
        return Err(CustomerError::invalid(
            "subscriptions",
            format!("must not be more than {REPORTED_MAX}"),
        ));
    }
    let (mut seen, mut items) = (BTreeSet::new(), BTreeSet::new());
    let mut reported = Vec::with_capacity(wire.len());
    for one in wire {
        if one.subscription_id.is_empty() || !seen.insert(&one.subscription_id) {
            return Err(CustomerError::invalid(
                "subscriptions.subscription_id",
                "must be given, and each once",
            ));
        }
        let period = required("subscriptions.period", one.period.as_ref())?;
        reported.push(Reported {
            id: one.subscription_id.clone(),
            plan_key: one.plan_key.clone(),
            period: named("subscriptions.period", from_open_period(period))?,
            currency: optional_currency("subscriptions.currency_code", &one.currency_code)?,
            entitled: entitled(&one.entitled_items, &mut items)?,
        });
    }
    if items.len() > ENTITLED_MAX {
        return Err(CustomerError::invalid(
            "subscriptions.entitled_items",
            format!("must not be more than {ENTITLED_MAX}"),
        ));
    }
    reported.sort_by(|a, b| (a.period.start, &a.id).cmp(&(b.period.start, &b.id)));
    Ok(reported)
}

/// What entitles to something; `seen` has the ids of all items.
fn entitled<'wire>(
    wire: &'wire [pb::EntitledItem],
    seen: &mut BTreeSet<&'wire str>,
) -> Result<Vec<Entitled>, CustomerError> {
    let field = "subscriptions.entitled_items";
    wire.iter()
        .map(|item| {
            crate::domain::text::required(
                "subscriptions.entitled_items.item_id",
                item.item_id.clone(),
                255,
            )?;
            if !seen.insert(&item.item_id) {
                return Err(CustomerError::invalid(field, "must be there once each"));
            }
            crate::domain::text::bounded(field, &item.feature_key, 255)?;
            let period = required("subscriptions.entitled_items.period", item.period.as_ref())?;
            Ok(Entitled {
                item: item.item_id.clone(),
                feature_key: item.feature_key.clone(),
                period: named(field, from_open_period(period))?,
            })
        })
        .collect()
}

/// A time that may be absent.
pub fn optional_time(
    field: &'static str,
    wire: Option<&prost_types::Timestamp>,
) -> Result<Option<Timestamp>, CustomerError> {
    named(field, from_optional_timestamp(wire))
}

/// A time that must be given.
pub fn time(
    field: &'static str,
    wire: Option<&prost_types::Timestamp>,
) -> Result<Timestamp, CustomerError> {
    named(field, from_required_timestamp(wire))
}

/// A currency that may be absent.
pub fn optional_currency(
    field: &'static str,
    code: &str,
) -> Result<Option<Currency>, CustomerError> {
    if code.is_empty() {
        return Ok(None);
    }
    currency::parse(field, code).map(Some)
}

// Subjects.

/// How a reference names a subject.
pub fn subject_name(reference: Option<&pb::SubjectRef>) -> Result<SubjectName, CustomerError> {
    use pb::subject_ref::Ref;
    let inner = reference.and_then(|reference| reference.r#ref.as_ref());
    Ok(match required("subject_ref", inner)? {
        Ref::Id(text) => SubjectName::Id(text.clone()),
        Ref::Key(text) => SubjectName::Key(text.clone()),
        Ref::IdOrKey(text) => SubjectName::IdOrKey(text.clone()),
    })
}

/// An upsert of a subject.
pub fn subject_patch(upsert: &pb::SubjectUpsert) -> Result<SubjectPatch, CustomerError> {
    let wire = required("upserts.subject", upsert.subject.as_ref())?;
    let settable = ["display_name", "metadata_json", "stripe_customer_id"];
    let outputs = [
        "id",
        "key",
        "etag",
        "create_time",
        "update_time",
        "delete_time",
    ];
    let paths = paths(
        upsert.update_mask.as_ref(),
        &settable,
        &outputs,
        |path| match path {
            "display_name" => !wire.display_name.is_empty(),
            "metadata_json" => !wire.metadata_json.is_empty(),
            "stripe_customer_id" => !wire.stripe_customer_id.is_empty(),
            _ => false,
        },
    )?;
    let text = |path: &str, value: &String| {
        if paths.contains(path) {
            Change::Set(value.clone())
        } else {
            Change::Keep
        }
    };
    Ok(SubjectPatch {
        key: wire.key.clone(),
        display_name: text("display_name", &wire.display_name),
        metadata: text("metadata_json", &wire.metadata_json),
        stripe_customer_id: text("stripe_customer_id", &wire.stripe_customer_id),
    })
}

/// A subject.
pub fn subject(subject: &Subject) -> pb::Subject {
    pb::Subject {
        id: subject.id.to_string(),
        key: subject.key.clone(),
        display_name: subject.display_name.clone().unwrap_or_default(),
        metadata_json: subject.metadata.clone(),
        stripe_customer_id: subject.stripe_customer_id.clone().unwrap_or_default(),
        etag: chassis::etag::of(subject.revision),
        create_time: Some(timestamp(subject.create_time)),
        update_time: Some(timestamp(subject.update_time)),
        delete_time: subject.delete_time.map(timestamp),
    }
}

// Projects.

/// A project to make.
pub fn new_project(wire: Option<&pb::Project>) -> Result<NewProject, CustomerError> {
    let wire = required("project", wire)?;
    NewProject::new(
        wire.name.clone(),
        &wire.currency_code,
        wire.time_zone.clone(),
        wire.revenuecat_id.clone(),
    )
    .map_err(|error| error.below("project"))
}

/// A change of a project.
pub fn project_patch(
    wire: &pb::Project,
    mask: Option<&FieldMask>,
) -> Result<ProjectPatch, CustomerError> {
    let settable = ["name", "currency_code", "time_zone"];
    let outputs = [
        "id",
        "revenuecat_id",
        "company_id",
        "etag",
        "create_time",
        "update_time",
    ];
    let paths = paths(mask, &settable, &outputs, |path| match path {
        "name" => !wire.name.is_empty(),
        "currency_code" => !wire.currency_code.is_empty(),
        "time_zone" => !wire.time_zone.is_empty(),
        _ => false,
    })?;
    let text = |path: &str, value: &String| {
        if paths.contains(path) {
            Change::Set(value.clone())
        } else {
            Change::Keep
        }
    };
    Ok(ProjectPatch {
        name: text("name", &wire.name),
        currency: text("currency_code", &wire.currency_code),
        time_zone: text("time_zone", &wire.time_zone),
    })
}

/// A project.
pub fn project(project: &Project) -> pb::Project {
    pb::Project {
        id: project.id.to_string(),
        name: project.name.clone(),
        currency_code: code(project.currency),
        time_zone: project.time_zone.clone(),
        revenuecat_id: project.revenuecat_id.clone(),
        company_id: project.company_id.clone(),
        etag: chassis::etag::of(project.revision),
        create_time: Some(timestamp(project.create_time)),
        update_time: Some(timestamp(project.update_time)),
    }
}

// Keys.

/// The kind of a key.
pub fn key_kind(value: i32) -> Result<KeyKind, CustomerError> {
    use pb::KeyKind as Wire;
    match Wire::try_from(value) {
        Ok(Wire::Secret) => Ok(KeyKind::Secret),
        Ok(Wire::ProfitwellPrivate) => Ok(KeyKind::ProfitwellPrivate),
        Ok(Wire::ProfitwellPublic) => Ok(KeyKind::ProfitwellPublic),
        Ok(Wire::Probe) => Ok(KeyKind::Probe),
        Ok(Wire::Bootstrap) => Ok(KeyKind::Bootstrap),
        Ok(Wire::Unspecified) | Err(_) => {
            Err(CustomerError::invalid("key.kind", "must be a known kind"))
        }
    }
}

/// The kind of a key for the wire.
pub fn to_key_kind(kind: KeyKind) -> pb::KeyKind {
    match kind {
        KeyKind::Secret => pb::KeyKind::Secret,
        KeyKind::ProfitwellPrivate => pb::KeyKind::ProfitwellPrivate,
        KeyKind::ProfitwellPublic => pb::KeyKind::ProfitwellPublic,
        KeyKind::Probe => pb::KeyKind::Probe,
        KeyKind::Bootstrap => pb::KeyKind::Bootstrap,
    }
}

/// A key to make.
pub fn new_key(wire: Option<&pb::ApiKey>, system_now: Timestamp) -> Result<NewKey, CustomerError> {
    let wire = required("key", wire)?;
    NewKey::new(
        wire.display_name.clone(),
        key_kind(wire.kind)?,
        wire.permissions.clone(),
        optional_time("key.expire_time", wire.expire_time.as_ref())?,
        system_now,
    )
}

/// A key without its text.
pub fn api_key(key: &ApiKey) -> pb::ApiKey {
    pb::ApiKey {
        id: key.id.to_string(),
        display_name: key.display_name.clone().unwrap_or_default(),
        kind: to_key_kind(key.kind).into(),
        public_prefix: key.public_prefix.clone().unwrap_or_default(),
        permissions: key.permissions.iter().cloned().collect(),
        expire_time: key.expire_time.map(timestamp),
        last_use_time: key.last_use_time.map(timestamp),
        revoke_time: key.revoke_time.map(timestamp),
        create_time: Some(timestamp(key.create_time)),
    }
}

// Rates.

/// A rate to set.
pub fn new_rate(wire: Option<&pb::ExchangeRate>, now: Timestamp) -> Result<Rate, CustomerError> {
    let wire = required("rate", wire)?;
    Rate::new(
        currency::parse("rate.from_currency_code", &wire.from_currency_code)?,
        currency::parse("rate.to_currency_code", &wire.to_currency_code)?,
        named("rate.rate", from_required_decimal(wire.rate.as_ref()))?,
        optional_time("rate.effective_time", wire.effective_time.as_ref())?.unwrap_or(now),
    )
}

/// Rates that shall be stored together: 1 to 1000, each pair and instant once.
pub fn new_rates(wire: &[pb::ExchangeRate], now: Timestamp) -> Result<Vec<Rate>, CustomerError> {
    if wire.is_empty() || wire.len() > RATES_MAX {
        return Err(CustomerError::invalid(
            "rates",
            format!("must have 1 to {RATES_MAX} rates"),
        ));
    }
    let mut rates: Vec<Rate> = Vec::with_capacity(wire.len());
    let mut seen = BTreeSet::new();
    for (index, one) in wire.iter().enumerate() {
        let of_list = |error| {
            if let CustomerError::Invalid { field, description } = error {
                let rest = field.strip_prefix("rate").unwrap_or(&field);
                CustomerError::invalid(format!("rates[{index}]{rest}"), description)
            } else {
                error
            }
        };
        let rate = new_rate(Some(one), now).map_err(of_list)?;
        if !seen.insert((rate.from.code(), rate.to.code(), rate.time)) {
            return Err(CustomerError::invalid(
                format!("rates[{index}]"),
                "is the second of its pair and instant",
            ));
        }
        rates.push(rate);
    }
    Ok(rates)
}

/// A stored rate.
pub fn rate(rate: &Rate, update_time: Timestamp) -> pb::ExchangeRate {
    pb::ExchangeRate {
        from_currency_code: code(rate.from),
        to_currency_code: code(rate.to),
        rate: Some(decimal(rate.rate)),
        effective_time: Some(timestamp(rate.time)),
        update_time: Some(timestamp(update_time)),
    }
}

/// A rate that was found between two currencies.
pub fn quote(from: Currency, to: Currency, quote: &Quote) -> pb::ExchangeRate {
    pb::ExchangeRate {
        from_currency_code: code(from),
        to_currency_code: code(to),
        rate: Some(decimal(quote.rate)),
        effective_time: quote.time.map(timestamp),
        update_time: None,
    }
}
