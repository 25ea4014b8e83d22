//! Wire messages ↔ domain values; nothing else converts. Reading checks what a message must have, the
//! domain constructors check the rest.

mod promotion;

use std::collections::BTreeMap;

use contract::{
    catalog::v1 as catalog,
    convert::{
        BadValue, decimal, from_optional_decimal, from_optional_timestamp, from_required_decimal,
        from_required_timestamp, open_period, period, timestamp,
    },
    customer::v1::CustomerRef,
    entitlement::v1 as pb,
    metering::v1 as metering,
    subscription::v1 as subscription,
};
use kernel::{
    Decimal, Timestamp,
    calendar::IsoDuration,
    id::{GrantId, SubscriptionId},
    period::OpenPeriod,
    window::{self, WindowSize, Windows},
};
use prost::Message as _;

use crate::{
    clients::customer_name,
    domain::{
        balance::MeteredValue,
        burn_down::Segment,
        creation::{MeasureFrom, NewEntitlement, NewKind, NewMetered, NewUsagePeriod},
        entitlement::{
            Entitlement, Feature, FeatureSource, Issue, Kind, NewReset, UsageSource, check_labels,
        },
        grant::{Expiration, ExpirationUnit, Grant, NewGrant, NewRecurrence},
        history::{History, HistoryRequest},
        subscription::{ItemRight, SubscriptionRights, Template},
        usage::Aggregation,
    },
    error::EntitlementError,
    lookup::{FeatureName, Target, Which},
    store::grant::OwnedGrant,
    valuation::{Access, Valued},
};

pub use promotion::{promoted_value, promotion, promotion_span};

type Result<T> = std::result::Result<T, EntitlementError>;

/// Names the field of a bad value.
fn field(name: &str) -> impl Fn(BadValue) -> EntitlementError + '_ {
    move |bad| EntitlementError::invalid(name, bad.to_string())
}

fn missing(name: &str) -> EntitlementError {
    EntitlementError::invalid(name, "is required")
}

fn interval(name: &str, text: &str) -> Result<IsoDuration> {
    IsoDuration::parse(text)
        .map_err(|bad| EntitlementError::invalid(name, bad.to_string()))
        .and_then(|interval| {
            if interval.at_least_an_hour() {
                Ok(interval)
            } else {
                Err(EntitlementError::invalid(name, "must be at least an hour"))
            }
        })
}

/// An instant that may be absent.
pub fn time(name: &str, wire: Option<&prost_types::Timestamp>) -> Result<Option<Timestamp>> {
    from_optional_timestamp(wire).map_err(field(name))
}

/// The customer that a request must name in a field.
pub fn named_customer(field: &str, wire: Option<&CustomerRef>) -> Result<CustomerRef> {
    let reference = wire.ok_or_else(|| missing(field))?;
    if customer_name(reference).is_empty() {
        return Err(EntitlementError::invalid(field, "must not be empty"));
    }
    Ok(reference.clone())
}

/// Which entitlement a call is about.
pub fn target(wire: Option<pb::EntitlementRef>) -> Result<Target> {
    use pb::entitlement_ref::Entitlement as Wire;
    let wire = wire.ok_or_else(|| missing("entitlement"))?;
    let which = match wire
        .entitlement
        .ok_or_else(|| missing("entitlement.entitlement"))?
    {
        Wire::Id(id) => Which::Id(id),
        Wire::FeatureKey(key) => Which::FeatureKey(key),
        Wire::IdOrFeatureKey(text) => Which::IdOrFeatureKey(text),
    };
    match (wire.customer, which) {
        (None, Which::Id(id)) => Ok(Target::Id(id)),
        (customer, which) => Ok(Target::OfCustomer {
            customer: named_customer("entitlement.customer", customer.as_ref())?,
            which,
        }),
    }
}

/// Which feature a new entitlement is for; the id wins.
pub fn feature_name(wire: &pb::NewEntitlement) -> Result<FeatureName> {
    if !wire.feature_id.is_empty() {
        return Ok(FeatureName::Id(wire.feature_id.clone()));
    }
    if wire.feature_key.is_empty() {
        return Err(EntitlementError::invalid(
            "entitlement.feature_key",
            "a feature id or key is required",
        ));
    }
    Ok(FeatureName::Key(wire.feature_key.clone()))
}

/// What to make.
pub fn new_entitlement(wire: pb::NewEntitlement) -> Result<NewEntitlement> {
    use pb::new_entitlement::Kind as Wire;
    let kind = match wire.kind.ok_or_else(|| missing("entitlement.kind"))? {
        Wire::Metered(metered) => NewKind::Metered(new_metered(metered)?),
        Wire::Static(fixed) => NewKind::Static {
            config: fixed.config,
        },
        Wire::Boolean(pb::BooleanEntitlement {}) => NewKind::Boolean,
    };
    let usage_period = match wire.usage_period {
        None => None,
        Some(asked) => Some(NewUsagePeriod {
            interval: interval("entitlement.usage_period.interval", &asked.interval)?,
            anchor: time(
                "entitlement.usage_period.anchor_time",
                asked.anchor_time.as_ref(),
            )?,
        }),
    };
    Ok(NewEntitlement {
        kind,
        usage_period,
        metadata: wire.metadata,
    })
}

fn new_metered(wire: pb::NewMeteredEntitlement) -> Result<NewMetered> {
    use pb::new_metered_entitlement::{MeasureStart, MeasureUsageFrom};
    const PRESET: &str = "entitlement.metered.measure_usage_from_preset";
    let measure_from = match wire.measure_start {
        None => MeasureFrom::Now,
        Some(MeasureStart::MeasureUsageFromTime(instant)) => MeasureFrom::At(
            from_required_timestamp(Some(&instant))
                .map_err(field("entitlement.metered.measure_usage_from_time"))?,
        ),
        Some(MeasureStart::MeasureUsageFromPreset(preset)) => {
            match MeasureUsageFrom::try_from(preset) {
                Ok(MeasureUsageFrom::Unspecified | MeasureUsageFrom::Now) => MeasureFrom::Now,
                Ok(MeasureUsageFrom::CurrentPeriodStart) => MeasureFrom::CurrentPeriodStart,
                Err(_) => return Err(EntitlementError::invalid(PRESET, "is not known")),
            }
        }
    };
    Ok(NewMetered {
        measure_from,
        soft_limit: wire.soft_limit,
        preserve_overage: wire.preserve_overage_at_reset,
        issue: wire.issue.as_ref().map(issue).transpose()?,
        grants: wire
            .grants
            .into_iter()
            .map(new_grant)
            .collect::<Result<_>>()?,
    })
}

fn issue(wire: &pb::Issue) -> Result<Issue> {
    let amount = from_required_decimal(wire.amount.as_ref())
        .map_err(field("entitlement.metered.issue.amount"))?;
    Issue::new(amount, wire.priority)
}

/// What to grant.
pub fn new_grant(wire: pb::NewGrant) -> Result<NewGrant> {
    let (metadata, annotations) = (wire.metadata, wire.annotations);
    check_labels("grant.metadata", &metadata)?;
    check_labels("grant.annotations", &annotations)?;
    let is_json = |text: &String| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    if !annotations.values().all(is_json) {
        return Err(EntitlementError::invalid(
            "grant.annotations",
            "every value must be a JSON document",
        ));
    }
    let number = |name: &'static str, wire: Option<&contract::kernel::v1::Decimal>| {
        from_optional_decimal(wire).map_err(field(name))
    };
    let recurrence = match wire.recurrence {
        None => None,
        Some(asked) => Some(NewRecurrence {
            interval: interval("grant.recurrence.interval", &asked.interval)?,
            anchor: time("grant.recurrence.anchor_time", asked.anchor_time.as_ref())?,
        }),
    };
    Ok(NewGrant {
        amount: from_required_decimal(wire.amount.as_ref()).map_err(field("grant.amount"))?,
        priority: u8::try_from(wire.priority)
            .map_err(|_| EntitlementError::invalid("grant.priority", "must be from 0 to 255"))?,
        effective: from_required_timestamp(wire.effective_time.as_ref())
            .map_err(field("grant.effective_time"))?,
        expiration: wire.expiration.map(from_expiration).transpose()?,
        min_rollover: number(
            "grant.min_rollover_amount",
            wire.min_rollover_amount.as_ref(),
        )?
        .unwrap_or_default(),
        max_rollover: number(
            "grant.max_rollover_amount",
            wire.max_rollover_amount.as_ref(),
        )?,
        recurrence,
        metadata,
        annotations,
    })
}

fn from_expiration(wire: pb::GrantExpiration) -> Result<Expiration> {
    use pb::grant_expiration::Unit;
    let unit = match Unit::try_from(wire.unit) {
        Ok(Unit::Hour) => ExpirationUnit::Hour,
        Ok(Unit::Day) => ExpirationUnit::Day,
        Ok(Unit::Week) => ExpirationUnit::Week,
        Ok(Unit::Month) => ExpirationUnit::Month,
        Ok(Unit::Year) => ExpirationUnit::Year,
        Ok(Unit::Unspecified) | Err(_) => return Err(missing("grant.expiration.unit")),
    };
    Expiration::new(unit, i64::from(wire.count))
}

fn to_expiration(expiration: Expiration) -> pb::GrantExpiration {
    use pb::grant_expiration::Unit;
    let unit = match expiration.unit {
        ExpirationUnit::Hour => Unit::Hour,
        ExpirationUnit::Day => Unit::Day,
        ExpirationUnit::Week => Unit::Week,
        ExpirationUnit::Month => Unit::Month,
        ExpirationUnit::Year => Unit::Year,
    };
    pb::GrantExpiration {
        unit: unit.into(),
        count: i32::try_from(expiration.count).unwrap_or(i32::MAX),
    }
}

/// A manual reset.
pub fn new_reset(wire: &pb::ResetEntitlementUsageRequest) -> Result<NewReset> {
    Ok(NewReset {
        effective: time("effective_time", wire.effective_time.as_ref())?,
        retain_anchor: wire.retain_anchor,
        preserve_overage: wire.preserve_overage,
    })
}

/// What history is asked for.
pub fn history_request(wire: &pb::GetEntitlementHistoryRequest) -> Result<HistoryRequest> {
    use pb::get_entitlement_history_request::WindowSize as Wire;
    let size = match Wire::try_from(wire.window_size) {
        Ok(Wire::Minute) => WindowSize::Minute,
        Ok(Wire::Hour) => WindowSize::Hour,
        Ok(Wire::Day) => WindowSize::Day,
        Ok(Wire::Month) => WindowSize::Month,
        Ok(Wire::Unspecified) | Err(_) => return Err(missing("window_size")),
    };
    let zone = window::zone(&wire.window_time_zone)
        .ok_or_else(|| EntitlementError::invalid("window_time_zone", "is not a known time zone"))?;
    Ok(HistoryRequest {
        windows: Windows { size, zone },
        from: time("start_time", wire.start_time.as_ref())?,
        to: time("end_time", wire.end_time.as_ref())?,
    })
}

/// An entitlement, with the usage period of an instant.
pub fn entitlement(entitlement: &Entitlement, now: Timestamp) -> Result<pb::Entitlement> {
    let kind = match &entitlement.kind {
        Kind::Metered(metered) => pb::entitlement::Kind::Metered(pb::MeteredEntitlement {
            measure_usage_from_time: Some(timestamp(metered.timeline.measure_from)),
            soft_limit: metered.soft_limit,
            preserve_overage_at_reset: metered.timeline.preserve_overage,
            issue: metered.issue.as_ref().map(|issue| pb::Issue {
                amount: Some(decimal(issue.amount)),
                priority: issue.priority.map(i32::from),
            }),
            last_reset_time: Some(timestamp(metered.timeline.last_reset())),
        }),
        Kind::Static { config, .. } => pb::entitlement::Kind::Static(pb::StaticEntitlement {
            config: config.clone(),
        }),
        Kind::Boolean { .. } => pb::entitlement::Kind::Boolean(pb::BooleanEntitlement {}),
    };
    let manager = entitlement.managed_by;
    Ok(pb::Entitlement {
        id: entitlement.id.to_string(),
        customer_id: entitlement.customer.to_string(),
        feature_id: entitlement.feature.to_string(),
        feature_key: entitlement.feature_key.clone(),
        kind: Some(kind),
        active_from_time: Some(timestamp(entitlement.active_from)),
        active_to_time: entitlement.active_to.map(timestamp),
        usage_period: entitlement.usage_period().map(|schedule| pb::UsagePeriod {
            interval: schedule.interval.as_str().to_owned(),
            anchor_time: Some(timestamp(schedule.anchor)),
        }),
        current_usage_period: entitlement.current_usage_period(now)?.map(period),
        subscription_id: manager
            .map(|manager| manager.subscription.to_string())
            .unwrap_or_default(),
        subscription_item_id: manager
            .map(|manager| manager.item.to_string())
            .unwrap_or_default(),
        metadata: entitlement.metadata.clone(),
        annotations: entitlement.annotations.clone(),
        etag: chassis::etag::of(entitlement.revision),
        create_time: Some(timestamp(entitlement.created)),
        update_time: Some(timestamp(entitlement.updated)),
        delete_time: entitlement.deleted.map(timestamp),
    })
}

/// A grant, with the next refill after an instant.
pub fn grant(owned: &OwnedGrant, now: Timestamp) -> Result<pb::Grant> {
    let grant: &Grant = &owned.grant;
    Ok(pb::Grant {
        id: grant.id.to_string(),
        entitlement_id: grant.entitlement.to_string(),
        amount: Some(decimal(grant.amount)),
        priority: i32::from(grant.priority),
        effective_time: Some(timestamp(grant.effective)),
        expiration: grant.expiration.map(to_expiration),
        expire_time: grant.expires.map(timestamp),
        min_rollover_amount: Some(decimal(grant.min_rollover)),
        max_rollover_amount: Some(decimal(grant.max_rollover)),
        recurrence: grant.recurrence.as_ref().map(|refill| pb::GrantRecurrence {
            interval: refill.interval.as_str().to_owned(),
            anchor_time: Some(timestamp(refill.anchor)),
        }),
        next_recurrence_time: grant.next_refill(now)?.map(timestamp),
        void_time: grant.voided.map(timestamp),
        metadata: grant.metadata.clone(),
        annotations: grant.annotations.clone(),
        etag: chassis::etag::of(grant.revision),
        create_time: Some(timestamp(grant.created)),
        update_time: Some(timestamp(grant.updated)),
        delete_time: grant.deleted.map(timestamp),
        customer_id: owned.customer.to_string(),
        feature_key: owned.feature_key.clone(),
    })
}

/// A value.
pub fn value(valued: &Valued) -> pb::EntitlementValue {
    let kind = match &valued.access {
        Access::Inactive => None,
        Access::Boolean => Some(pb::entitlement_value::Kind::Boolean(pb::BooleanValue {})),
        Access::Static { config } => Some(pb::entitlement_value::Kind::Static(pb::StaticValue {
            config: config.clone(),
        })),
        Access::Metered(value) => Some(pb::entitlement_value::Kind::Metered(metered_value(value))),
    };
    pb::EntitlementValue {
        entitlement_id: valued.entitlement.id.to_string(),
        customer_id: valued.entitlement.customer.to_string(),
        feature_key: valued.entitlement.feature_key.clone(),
        has_access: valued.access.is_given(),
        kind,
        active_to_time: valued.entitlement.active_to.map(timestamp),
    }
}

fn metered_value(value: &MeteredValue) -> pb::MeteredValue {
    pb::MeteredValue {
        balance: Some(decimal(value.balance)),
        usage: Some(decimal(value.usage)),
        overage: Some(decimal(value.overage)),
        total_available_grant_amount: Some(decimal(value.total_available)),
        usage_period: Some(period(value.usage_period)),
    }
}

/// A history.
pub fn history(history: &History) -> Result<pb::GetEntitlementHistoryResponse> {
    Ok(pb::GetEntitlementHistoryResponse {
        windows: history
            .windows
            .iter()
            .map(|window| pb::HistoryWindow {
                period: Some(period(window.period)),
                usage: Some(decimal(window.usage)),
                balance_at_start: Some(decimal(window.balance_at_start)),
            })
            .collect(),
        segments: history
            .segments
            .iter()
            .map(segment)
            .collect::<Result<_>>()?,
    })
}

fn segment(segment: &Segment) -> Result<pb::BurnDownSegment> {
    let balances = |balances: &BTreeMap<GrantId, Decimal>| {
        balances
            .iter()
            .map(|(id, balance)| (id.to_string(), decimal(*balance)))
            .collect::<BTreeMap<_, _>>()
    };
    let sum = |balances: &BTreeMap<GrantId, Decimal>| {
        kernel::decimal::checked_sum(balances.values().copied()).map(decimal)
    };
    Ok(pb::BurnDownSegment {
        period: Some(period(segment.period)),
        usage: Some(decimal(segment.usage)),
        overage: Some(decimal(segment.overage)),
        balance_at_start: Some(sum(&segment.balances_at_start)?),
        grant_balances_at_start: balances(&segment.balances_at_start),
        balance_at_end: Some(sum(&segment.balances_at_end)?),
        grant_balances_at_end: balances(&segment.balances_at_end),
        grant_usages: segment
            .grant_usages
            .iter()
            .map(|(id, usage)| pb::GrantUsage {
                grant_id: id.to_string(),
                usage: Some(decimal(*usage)),
            })
            .collect(),
    })
}

/// The span of a hold on the customer.
pub fn hold_period(span: OpenPeriod) -> contract::kernel::v1::Period {
    open_period(span)
}

/// A feature with the meter behind it, if it has one.
pub fn feature(wire: &catalog::Feature, meter: Option<&metering::Meter>) -> Result<Feature> {
    use metering::meter::Aggregation as Wire;
    let aggregation = match meter.map(|meter| meter.aggregation()) {
        None => None,
        Some(Wire::Sum) => Some(Aggregation::Additive),
        Some(Wire::Count) => Some(Aggregation::Count),
        Some(Wire::UniqueCount) => Some(Aggregation::Unique),
        Some(Wire::Latest) => Some(Aggregation::Latest),
        Some(Wire::Avg | Wire::Min | Wire::Max | Wire::Unspecified) => {
            return Ok(Feature {
                id: feature_id(wire)?,
                key: wire.key.clone(),
                source: FeatureSource::Unsupported,
            });
        }
    };
    let source = aggregation.map_or(FeatureSource::None, |aggregation| {
        let query = metering::UsageQuery {
            meter_id: wire.meter_id.clone(),
            group_by_filters: wire.meter_group_by_filters.clone(),
            ..metering::UsageQuery::default()
        };
        FeatureSource::Meter(UsageSource {
            aggregation,
            query: query.encode_to_vec(),
        })
    });
    Ok(Feature {
        id: feature_id(wire)?,
        key: wire.key.clone(),
        source,
    })
}

fn feature_id(wire: &catalog::Feature) -> Result<kernel::id::FeatureId> {
    wire.id
        .parse()
        .map_err(|_| EntitlementError::Corrupt { what: "feature id" })
}

/// What is there of a subscription that was applied.
pub fn applied(there: &[Entitlement], now: Timestamp) -> Result<pb::ApplySubscriptionResponse> {
    let entitlements = there.iter().map(|found| entitlement(found, now));
    Ok(pb::ApplySubscriptionResponse {
        entitlements: entitlements.collect::<Result<_>>()?,
    })
}

/// A subscription as far as entitlements go.
pub fn subscription_rights(
    state: Option<&subscription::SubscriptionState>,
) -> Result<SubscriptionRights> {
    let state = state.ok_or_else(|| missing("state"))?;
    let wire = state
        .subscription
        .as_ref()
        .ok_or_else(|| missing("state.subscription"))?;
    let bad_id = |name: &'static str| move |_| EntitlementError::invalid(name, "is not a ULID");
    let id: SubscriptionId = wire.id.parse().map_err(bad_id("state.subscription.id"))?;
    let customer = wire
        .customer_id
        .parse()
        .map_err(bad_id("state.subscription.customer_id"))?;
    let anchor = from_required_timestamp(wire.billing_anchor_time.as_ref())
        .map_err(field("state.subscription.billing_anchor_time"))?;
    let mut rights = Vec::new();
    if !state.deleted {
        for phase in &state.phases {
            let phase_start = from_required_timestamp(phase.start_time.as_ref())
                .map_err(field("state.phases.start_time"))?;
            for item in phase
                .timelines
                .iter()
                .flat_map(|timeline| &timeline.versions)
            {
                rights.extend(item_right(item, phase_start, anchor)?);
            }
        }
    }
    Ok(SubscriptionRights {
        id,
        revision: wire.revision,
        customer,
        rights,
    })
}

/// The right of an item version; none without a template, a feature or a moment of time.
fn item_right(
    item: &subscription::Item,
    phase_start: Timestamp,
    anchor: Timestamp,
) -> Result<Option<ItemRight>> {
    let Some(card) = &item.rate_card else {
        return Ok(None);
    };
    let Some(template) = card
        .entitlement_template
        .as_ref()
        .and_then(|template| template.template.as_ref())
    else {
        return Ok(None);
    };
    let span = OpenPeriod {
        start: from_required_timestamp(item.start_time.as_ref())
            .map_err(field("state.phases.timelines.versions.start_time"))?,
        end: time(
            "state.phases.timelines.versions.end_time",
            item.end_time.as_ref(),
        )?,
    };
    if card.feature_key.is_empty() || span.is_empty() {
        return Ok(None);
    }
    let (template, metadata) = read_template(template, &card.billing_cadence)?;
    Ok(Some(ItemRight {
        item: item.id.parse().map_err(|_| {
            EntitlementError::invalid("state.phases.timelines.versions.id", "is not a ULID")
        })?,
        feature_key: card.feature_key.clone(),
        feature_id: card.feature_id.parse().ok(),
        span,
        phase_start,
        anchor,
        template,
        metadata,
    }))
}

fn read_template(
    wire: &catalog::entitlement_template::Template,
    billing_cadence: &str,
) -> Result<(Template, BTreeMap<String, String>)> {
    use catalog::entitlement_template::Template as Wire;
    let (template, metadata) = match wire {
        Wire::Boolean(template) => (Template::Boolean, &template.metadata),
        Wire::Static(template) => (
            Template::Static {
                config: template.config.clone(),
            },
            &template.metadata,
        ),
        Wire::Metered(template) => {
            let text = match template.usage_period_duration.as_str() {
                "" => billing_cadence,
                text => text,
            };
            let amount = from_optional_decimal(template.issue_after_reset.as_ref())
                .map_err(field("entitlement_template.metered.issue_after_reset"))?;
            let issue = amount
                .map(|amount| Issue::new(amount, template.issue_after_reset_priority))
                .transpose()?;
            (
                Template::Metered {
                    soft_limit: template.soft_limit,
                    issue,
                    preserve_overage: template.preserve_overage_at_reset.unwrap_or_default(),
                    interval: interval("entitlement_template.metered.usage_period_duration", text)?,
                },
                &template.metadata,
            )
        }
    };
    Ok((template, metadata.clone()))
}
