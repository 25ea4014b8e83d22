//! Reported subscriptions, and others in their form.

use chassis::short_id::{Digits, candidate};
use contract::convert::{decimal, timestamp};
use contract::subscription::v1::{self as pb, reported_subscription::Origin as PbOrigin};
use jiff::Timestamp;
use kernel::Decimal;
use kernel::currency::Currency;
use kernel::decimal as exact;
use kernel::id::ProjectId;

use super::request::instant;
use crate::domain::refusal::Refusal;
use crate::domain::reported::event::{Event, EventStatus};
use crate::domain::reported::payment::Payment;
use crate::domain::reported::state_report::WholeState;
use crate::domain::reported::view::{PlanEvent, View, ViewItem, plan_view};
use crate::domain::reported::{
    ALIAS_LENGTH_MAX, Amount, EndPatch, EndReason, ItemKind, ItemPatch, Origin, Patch, Reported,
    TimePatch,
};
use crate::domain::revenue::change::product_key;
use crate::domain::store_transaction::line::StoreLine;
use crate::error::SubscriptionError;
use crate::store::reported::{Listed, Stored};

/// Greatest amount in hundredths.
const HUNDREDTHS_MAX: i64 = 1_000_000_000_000;
/// Longest product key.
const PRODUCT_KEY_LENGTH_MAX: usize = 255;

/// A subscription of any origin, as it is listed.
pub fn listed(
    stored: &Stored,
    now: Timestamp,
) -> Result<pb::ReportedSubscription, SubscriptionError> {
    match stored {
        Stored::Plan(listed) => plan(listed, now),
        Stored::Reported(reported) => {
            let view = reported.view(now).map_err(Refusal::from)?;
            Ok(reported_as(reported, &view))
        }
        Stored::Store(line) => store_line(line, now),
    }
}

/// A store subscription as it stands at an instant.
pub fn store_line(
    line: &StoreLine,
    now: Timestamp,
) -> Result<pb::ReportedSubscription, SubscriptionError> {
    let reported = line.reported(now)?;
    let view = reported.view(now).map_err(Refusal::from)?;
    let mut shown = reported_as(&reported, &view);
    shown.origin = PbOrigin::Store.into();
    for item in &mut shown.items {
        item.product_key = plain(&item.product_key);
    }
    Ok(shown)
}

/// An identifier of a store as the key of a product may be: letters, digits, `_` and `-`.
fn plain(identifier: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    identifier
        .chars()
        .map(|c| if allowed(c) { c } else { '-' })
        .collect()
}

/// A reported subscription after its last fact.
pub fn latest(reported: &Reported) -> Result<pb::ReportedSubscription, SubscriptionError> {
    let view = reported.latest_view().map_err(Refusal::from)?;
    Ok(reported_as(reported, &view))
}

fn reported_as(reported: &Reported, view: &View) -> pb::ReportedSubscription {
    pb::ReportedSubscription {
        id: reported.id.to_string(),
        customer_id: reported.customer_id.to_string(),
        key: reported.shown_key().to_owned(),
        origin: match reported.origin {
            Origin::States => PbOrigin::States,
            Origin::Patches => PbOrigin::Patches,
        }
        .into(),
        sequence: reported.sequence,
        short_id: reported.short_id.clone(),
        create_time: Some(timestamp(reported.created_at)),
        update_time: Some(timestamp(reported.updated_at)),
        revision: reported.revision,
        ..of_view(view)
    }
}

fn plan(listed: &Listed, now: Timestamp) -> Result<pb::ReportedSubscription, SubscriptionError> {
    let subscription = &listed.subscription;
    let view = plan_view(subscription, now)?;
    Ok(pb::ReportedSubscription {
        id: subscription.id.to_string(),
        customer_id: subscription.customer_id.to_string(),
        key: subscription.id.to_string(),
        origin: PbOrigin::Plan.into(),
        sequence: listed.sequence,
        short_id: listed.short_id.clone(),
        create_time: Some(timestamp(subscription.created_at)),
        update_time: Some(timestamp(subscription.updated_at)),
        revision: subscription.revision,
        ..of_view(&view)
    })
}

fn of_view(view: &View) -> pb::ReportedSubscription {
    let item = |item: &ViewItem| pb::ReportedItem {
        r#type: kind(item.kind).into(),
        product_key: item.product_key.clone(),
        trial_start_time: item.trial_start.map(timestamp),
        trial_end_time: item.trial_end.map(timestamp),
    };
    pb::ReportedSubscription {
        effective_time: Some(timestamp(view.at)),
        end_time: view.end.map(|end| timestamp(end.at)),
        end_reason: view
            .end
            .map_or(pb::ReportedEndReason::Unspecified, |end| match end.reason {
                EndReason::Voluntary => pb::ReportedEndReason::Voluntary,
                EndReason::Delinquent => pb::ReportedEndReason::Delinquent,
            })
            .into(),
        items: view.items.iter().map(item).collect(),
        currency_code: code(view.currency),
        monthly_amount: view.monthly_amount.map(decimal),
        ..Default::default()
    }
}

/// An event of a reported subscription.
pub fn event(reported: &Reported, event: &Event) -> Result<pb::ReportedEvent, SubscriptionError> {
    let (short_id, alias) = match &event.line {
        None => (reported.short_id.clone(), reported.key.clone()),
        Some(product) => (
            reported.parts.get(product).cloned().unwrap_or_default(),
            format!("{}:{product}", reported.shown_key()),
        ),
    };
    Ok(pb::ReportedEvent {
        subscription_id: reported.id.to_string(),
        short_id,
        alias: short_enough(alias),
        customer_id: reported.customer_id.to_string(),
        product_key: event.product_key.clone(),
        interval_duration: interval(event.amount),
        currency_code: code(event.currency),
        status: status(event.status).into(),
        amount_hundredths: hundredths(event.amount)?,
        effective_time: Some(timestamp(event.at)),
    })
}

/// An event of a plan-based subscription.
pub fn plan_event(
    listed: &Listed,
    event: &PlanEvent,
) -> Result<pb::ReportedEvent, SubscriptionError> {
    let subscription = &listed.subscription;
    Ok(pb::ReportedEvent {
        subscription_id: subscription.id.to_string(),
        short_id: listed.short_id.clone(),
        alias: subscription.id.to_string(),
        customer_id: subscription.customer_id.to_string(),
        product_key: product_key(subscription),
        interval_duration: interval(event.amount),
        currency_code: subscription.currency.code().to_owned(),
        status: status(event.status).into(),
        amount_hundredths: hundredths(event.amount)?,
        effective_time: Some(timestamp(event.at)),
    })
}

/// A payment, at the rate of its start into the project's currency.
pub fn payment(
    reported: &Reported,
    payment: &Payment,
    (currency, rate): (Currency, Decimal),
) -> Result<pb::ReportedPayment, SubscriptionError> {
    Ok(pb::ReportedPayment {
        key: payment.key.clone(),
        subscription_id: reported.id.to_string(),
        subscription_key: reported.shown_key().to_owned(),
        customer_id: reported.customer_id.to_string(),
        reporter_id: payment.reporter_id.clone(),
        start_time: Some(timestamp(payment.start)),
        end_time: Some(timestamp(payment.end)),
        duration_months: Some(decimal(payment.months_shown()?)),
        original_monthly_amount: Some(decimal(payment.monthly_amount)),
        original_total_amount: Some(decimal(payment.total()?)),
        original_currency_code: payment.currency.code().to_owned(),
        monthly_amount: Some(decimal(payment.monthly_at(rate).map_err(Refusal::from)?)),
        total_amount: Some(decimal(payment.total_at(rate)?)),
        currency_code: currency.code().to_owned(),
        item_type: kind(payment.kind).into(),
        product_key: payment.product_key.clone(),
        create_time: Some(timestamp(payment.created_at)),
    })
}

/// Who reports, as others may see it.
pub fn reporter(project: ProjectId, actor: &str) -> String {
    candidate(project, "user_", (Digits::Base32, 12), actor, 0)
}

/// What of a whole state a request says, other than the currency and whether it is a trial.
pub fn whole_state(
    product_key: &str,
    interval_duration: &str,
    amount_hundredths: Option<i64>,
    effective_time: Option<&prost_types::Timestamp>,
) -> Result<WholeState, SubscriptionError> {
    if product_key.is_empty() {
        return Err(SubscriptionError::field("product_key", "is required"));
    }
    if product_key.chars().count() > PRODUCT_KEY_LENGTH_MAX || product_key.contains('\0') {
        let what = "must be at most 255 characters";
        return Err(SubscriptionError::field("product_key", what));
    }
    let months = match interval_duration {
        "P1M" => 1,
        "P1Y" => 12,
        "" => return Err(SubscriptionError::field("interval_duration", "is required")),
        _ => {
            let what = "must be P1M or P1Y";
            return Err(SubscriptionError::field("interval_duration", what));
        }
    };
    let hundredths = amount_hundredths
        .ok_or_else(|| SubscriptionError::field("amount_hundredths", "is required"))?;
    if !(0..=HUNDREDTHS_MAX).contains(&hundredths) {
        let what = "must be from 0 to 1000000000000";
        return Err(SubscriptionError::field("amount_hundredths", what));
    }
    Ok(WholeState {
        at: required_instant("effective_time", effective_time)?,
        product_key: product_key.to_owned(),
        months,
        is_trial: false,
        hundredths,
        currency: None,
    })
}

/// Reads an instant that must be there.
pub fn required_instant(
    field: &str,
    time: Option<&prost_types::Timestamp>,
) -> Result<Timestamp, SubscriptionError> {
    instant(field, time)?.ok_or_else(|| SubscriptionError::field(field, "is required"))
}

/// Reads a currency in any case; empty: none.
pub fn currency(field: &str, text: &str) -> Result<Option<Currency>, SubscriptionError> {
    if text.is_empty() {
        return Ok(None);
    }
    Currency::parse(&text.to_ascii_uppercase())
        .map(Some)
        .map_err(|_| SubscriptionError::field(field, "is not a known currency"))
}

/// Reads an amount of a month.
pub fn amount(
    field: &str,
    wire: Option<&contract::kernel::v1::Decimal>,
) -> Result<Option<Decimal>, SubscriptionError> {
    contract::convert::from_optional_decimal(wire)
        .map_err(|error| SubscriptionError::field(field, error.to_string()))
}

/// Reads the type of an item; unspecified: none.
pub fn item_kind(field: &str, value: i32) -> Result<Option<ItemKind>, SubscriptionError> {
    match pb::ReportedItemType::try_from(value) {
        Ok(pb::ReportedItemType::Unspecified) => Ok(None),
        Ok(pb::ReportedItemType::Trial) => Ok(Some(ItemKind::Trial)),
        Ok(pb::ReportedItemType::Free) => Ok(Some(ItemKind::Free)),
        Ok(pb::ReportedItemType::Recurring) => Ok(Some(ItemKind::Recurring)),
        Ok(pb::ReportedItemType::OneTime) => Ok(Some(ItemKind::OneTime)),
        Ok(pb::ReportedItemType::Metered) => Ok(Some(ItemKind::Metered)),
        Err(_) => Err(SubscriptionError::field(field, "is unknown")),
    }
}

/// Reads the reason of an end.
pub fn end_reason(value: i32) -> Result<EndReason, SubscriptionError> {
    match pb::ReportedEndReason::try_from(value) {
        Ok(pb::ReportedEndReason::Unspecified | pb::ReportedEndReason::Voluntary) => {
            Ok(EndReason::Voluntary)
        }
        Ok(pb::ReportedEndReason::Delinquent) => Ok(EndReason::Delinquent),
        Err(_) => Err(SubscriptionError::field("reason", "is unknown")),
    }
}

/// Reads a report by fields.
pub fn patch(request: &pb::UpsertReportedSubscriptionRequest) -> Result<Patch, SubscriptionError> {
    let end = time_patch(
        "end_time",
        request.end_time.as_ref(),
        request.clear_end_time,
    )?;
    let items = request
        .items
        .iter()
        .enumerate()
        .map(|(index, item)| item_patch(item, &format!("items[{index}]")))
        .collect::<Result<Vec<_>, _>>()?;
    let value = amount("monthly_amount", request.monthly_amount.as_ref())?;
    Ok(Patch {
        items: (!items.is_empty()).then_some(items),
        amount: value.map(|value| Amount { value, months: 1 }),
        months: None,
        currency: currency("currency_code", &request.currency_code)?,
        end: end.map(|end| match end {
            TimePatch::Clear => EndPatch::Clear,
            TimePatch::Set(at) => EndPatch::Set(crate::domain::reported::End {
                at,
                reason: EndReason::Voluntary,
            }),
        }),
    })
}

fn item_patch(item: &pb::ReportedItemPatch, path: &str) -> Result<ItemPatch, SubscriptionError> {
    let at = |name: &str| format!("{path}.{name}");
    Ok(ItemPatch {
        product_key: item.product_key.clone(),
        kind: item_kind(&at("type"), item.r#type)?,
        trial_start: time_patch(
            &at("trial_start_time"),
            item.trial_start_time.as_ref(),
            item.clear_trial_start_time,
        )?,
        trial_end: time_patch(
            &at("trial_end_time"),
            item.trial_end_time.as_ref(),
            item.clear_trial_end_time,
        )?,
    })
}

fn time_patch(
    field: &str,
    time: Option<&prost_types::Timestamp>,
    clear: bool,
) -> Result<Option<TimePatch>, SubscriptionError> {
    match (instant(field, time)?, clear) {
        (Some(_), true) => {
            let what = "cannot be set and cleared at once";
            Err(SubscriptionError::field(field, what))
        }
        (Some(time), false) => Ok(Some(TimePatch::Set(time))),
        (None, true) => Ok(Some(TimePatch::Clear)),
        (None, false) => Ok(None),
    }
}

fn kind(kind: ItemKind) -> pb::ReportedItemType {
    match kind {
        ItemKind::Trial => pb::ReportedItemType::Trial,
        ItemKind::Free => pb::ReportedItemType::Free,
        ItemKind::Recurring => pb::ReportedItemType::Recurring,
        ItemKind::OneTime => pb::ReportedItemType::OneTime,
        ItemKind::Metered => pb::ReportedItemType::Metered,
    }
}

fn status(status: EventStatus) -> pb::ReportedStatus {
    match status {
        EventStatus::Active => pb::ReportedStatus::Active,
        EventStatus::Trialing => pb::ReportedStatus::Trialing,
        EventStatus::Ended(EndReason::Voluntary) => pb::ReportedStatus::EndedVoluntary,
        EventStatus::Ended(EndReason::Delinquent) => pb::ReportedStatus::EndedDelinquent,
    }
}

fn hundredths(amount: Amount) -> Result<i64, SubscriptionError> {
    let value = exact::mul(amount.value, Decimal::ONE_HUNDRED).map_err(Refusal::from)?;
    let value = exact::round_shown(value, 0);
    value
        .try_into()
        .map_err(|_| SubscriptionError::from(Refusal::from(exact::DecimalError::TooLarge)))
}

fn interval(amount: Amount) -> String {
    if amount.months == 12 { "P1Y" } else { "P1M" }.to_owned()
}

fn code(currency: Option<Currency>) -> String {
    currency.map_or_else(String::new, |currency| currency.code().to_owned())
}

/// A name that is too long for dialects with short names is none.
fn short_enough(alias: String) -> String {
    if alias.chars().count() > ALIAS_LENGTH_MAX {
        String::new()
    } else {
        alias
    }
}
