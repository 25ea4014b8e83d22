//! A reported subscription in the form of one from a plan: a plan of its own, one phase, one item per product, read-only.

use std::collections::BTreeMap;

use chassis::secret::sha256;
use contract::convert::timestamp;
use contract::subscription::v1 as pb;
use jiff::Timestamp;
use kernel::calendar::{IsoDuration, Recurrence};
use kernel::currency::Currency;
use kernel::id::Ulid;
use kernel::period::OpenPeriod;

use super::rate_card;
use crate::domain::rate_card::{
    CardKind, Discounts, Labels, PaymentTerm, Price, PriceModel, RateCard,
};
use crate::domain::refusal::Refusal;
use crate::domain::reported::Reported;
use crate::domain::reported::stretch::{Phase, Stretch};
use crate::error::SubscriptionError;

/// Key of the one phase.
const PHASE: &str = "default";
/// Longest key of an item.
const ITEM_KEY_LENGTH_MAX: usize = 64;
/// Longest name.
const NAME_LENGTH_MAX: usize = 256;

/// The items by key, each a product with all its versions.
type Items = Vec<(String, String, Vec<Stretch>)>;

/// Without its phase, at an instant.
pub fn to_proto(
    reported: &Reported,
    now: Timestamp,
) -> Result<pb::Subscription, SubscriptionError> {
    let life = reported.life().map_err(Refusal::from)?;
    Ok(shown(reported, life, &items(reported)?, now))
}

/// As it stands at an instant: the one asked for, else now.
pub fn view(
    reported: &Reported,
    asked: Option<Timestamp>,
    now: Timestamp,
) -> Result<pb::SubscriptionView, SubscriptionError> {
    let life = reported.life().map_err(Refusal::from)?;
    let items = items(reported)?;
    let at = asked.unwrap_or(now).max(life.start);
    let started = asked.is_some() || now >= life.start;
    let period = if started {
        billing_period(life, &items, at)?
    } else {
        None
    };
    let timelines: Vec<pb::ItemTimeline> = items
        .iter()
        .map(|(key, _, versions)| pb::ItemTimeline {
            key: key.clone(),
            versions: versions
                .iter()
                .enumerate()
                .map(|(index, stretch)| item(reported, key, index, stretch))
                .collect(),
        })
        .collect();
    let is_over = life.end.is_some_and(|end| end <= at);
    let current = items.iter().zip(&timelines).filter_map(|(item, timeline)| {
        let (_, _, versions) = item;
        let running = versions
            .iter()
            .position(|stretch| span(stretch).contains(at));
        let last = versions.len().checked_sub(1).filter(|_| is_over);
        running
            .or(last)
            .map(|index| timeline.versions[index].clone())
    });
    let current = current.collect();
    let phase = pb::Phase {
        id: ulid(reported, PHASE),
        key: PHASE.to_owned(),
        name: PHASE.to_owned(),
        description: String::new(),
        start_time: Some(timestamp(life.start)),
        end_time: life.end.map(timestamp),
        start_after_duration: IsoDuration::from_days(0).as_str().to_owned(),
        create_time: Some(timestamp(reported.created_at)),
        update_time: Some(timestamp(reported.updated_at)),
        timelines,
    };
    Ok(pb::SubscriptionView {
        subscription: Some(shown(reported, life, &items, now)),
        current_billing_period_start_time: period.map(|(start, _)| timestamp(start)),
        current_billing_period_end_time: period.map(|(_, end)| timestamp(end)),
        phases: vec![pb::PhaseView {
            phase: Some(phase),
            items: current,
        }],
    })
}

fn shown(reported: &Reported, life: OpenPeriod, items: &Items, now: Timestamp) -> pb::Subscription {
    let names: Vec<&str> = names(items, now);
    let last = last_stretch(items);
    let currency = last.and_then(|last| last.currency).unwrap_or(Currency::USD);
    let status = match life.end {
        _ if life.start > now => pb::SubscriptionStatus::Scheduled,
        None => pb::SubscriptionStatus::Active,
        Some(end) if end > now => pb::SubscriptionStatus::Canceled,
        Some(_) => pb::SubscriptionStatus::Inactive,
    };
    let name: String = names.join(", ").chars().take(NAME_LENGTH_MAX).collect();
    pb::Subscription {
        id: reported.id.to_string(),
        customer_id: reported.customer_id.to_string(),
        plan: None,
        name: if name.is_empty() {
            reported.shown_key().chars().take(NAME_LENGTH_MAX).collect()
        } else {
            name
        },
        currency_code: currency.code().to_owned(),
        status: status.into(),
        active_from_time: Some(timestamp(life.start)),
        active_to_time: life.end.map(timestamp),
        billing_cadence: cadence(last).as_str().to_owned(),
        billing_anchor_time: Some(timestamp(life.start)),
        proration_mode: pb::ProrationMode::None.into(),
        etag: chassis::etag::of(reported.revision),
        create_time: Some(timestamp(reported.created_at)),
        update_time: Some(timestamp(reported.updated_at)),
        revision: reported.revision,
        is_reported: true,
        ..Default::default()
    }
}

/// What it sells now; what it sold last, where that is nothing.
fn names(items: &Items, now: Timestamp) -> Vec<&str> {
    let sold = |at: Timestamp| {
        let now = items
            .iter()
            .filter(move |(_, _, versions)| versions.iter().any(|one| span(one).contains(at)));
        now.map(|(_, product, _)| product.as_str())
            .collect::<Vec<_>>()
    };
    let current = sold(now);
    if !current.is_empty() {
        return current;
    }
    last_stretch(items).map_or_else(Vec::new, |last| sold(last.start))
}

fn last_stretch(items: &Items) -> Option<&Stretch> {
    let all = items.iter().flat_map(|(_, _, versions)| versions);
    all.max_by_key(|stretch| stretch.start)
}

fn cadence(stretch: Option<&Stretch>) -> IsoDuration {
    let years = stretch.is_some_and(|stretch| stretch.amount.months == 12);
    if years {
        IsoDuration::parse("P1Y").unwrap_or_else(|_| IsoDuration::from_months(12))
    } else {
        IsoDuration::from_months(1)
    }
}

/// The billing period around an instant, cut to the life; after the end the last one.
fn billing_period(
    life: OpenPeriod,
    items: &Items,
    at: Timestamp,
) -> Result<Option<(Timestamp, Timestamp)>, SubscriptionError> {
    if life.is_empty() {
        return Ok(None);
    }
    let last = life
        .end
        .and_then(|end| end.checked_sub(jiff::SignedDuration::from_micros(1)).ok());
    let at = last.map_or(at, |last| at.min(last));
    let recurrence =
        Recurrence::new(cadence(last_stretch(items)), life.start).map_err(Refusal::from)?;
    let period = recurrence.period_at(at).map_err(Refusal::from)?;
    let end = life.end.map_or(period.end, |end| period.end.min(end));
    Ok(Some((period.start, end)))
}

/// The products by first appearance, under keys that items may have.
fn items(reported: &Reported) -> Result<Items, SubscriptionError> {
    let lines = reported.lines().map_err(Refusal::from)?;
    let mut keys: BTreeMap<String, usize> = BTreeMap::new();
    let mut items: Items = Vec::new();
    for stretch in lines.into_iter().flat_map(|line| line.stretches) {
        let known = items
            .iter()
            .position(|(_, product, _)| *product == stretch.product_key);
        let index = known.unwrap_or_else(|| {
            let key = free_key(&keys, &stretch.product_key);
            keys.insert(key.clone(), items.len());
            items.push((key, stretch.product_key.clone(), Vec::new()));
            items.len() - 1
        });
        items[index].2.push(stretch);
    }
    for (_, _, versions) in &mut items {
        versions.sort_by_key(|stretch| stretch.start);
    }
    Ok(items)
}

/// The key of a product's item: lower case, what no key may hold as `_`; numbered where two products come out the same.
fn free_key(taken: &BTreeMap<String, usize>, product: &str) -> String {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let plain: String = product
        .to_lowercase()
        .chars()
        .map(|c| if allowed(c) { c } else { '_' })
        .take(ITEM_KEY_LENGTH_MAX)
        .collect();
    let mut key = plain.clone();
    let mut number = 2;
    while taken.contains_key(&key) {
        let suffix = format!("_{number}");
        let room = ITEM_KEY_LENGTH_MAX - suffix.len();
        key = plain.chars().take(room).collect::<String>() + &suffix;
        number += 1;
    }
    key
}

fn item(reported: &Reported, key: &str, index: usize, stretch: &Stretch) -> pb::Item {
    let price = (stretch.phase == Phase::Paid).then_some(Price {
        model: PriceModel::Flat {
            amount: stretch.amount.value,
            payment_term: PaymentTerm::InAdvance,
        },
        minimum_amount: None,
        maximum_amount: None,
    });
    let card = RateCard {
        key: key.to_owned(),
        name: stretch.product_key.clone(),
        description: String::new(),
        kind: CardKind::FlatFee,
        feature_key: None,
        feature_id: None,
        billing_cadence: Some(cadence(Some(stretch))),
        price,
        discounts: Discounts::default(),
        entitlement: None,
        tax: None,
        metadata: Labels::new(),
    };
    pb::Item {
        id: ulid(
            reported,
            &format!("{key}:{}:{}", stretch.anchor, stretch.start),
        ),
        key: key.to_owned(),
        version_index: i32::try_from(index).unwrap_or(i32::MAX),
        rate_card: Some(rate_card::to_proto(&card)),
        start_time: Some(timestamp(stretch.start)),
        end_time: stretch.end.map(timestamp),
        create_time: Some(timestamp(reported.created_at)),
        update_time: Some(timestamp(reported.updated_at)),
    }
}

fn span(stretch: &Stretch) -> OpenPeriod {
    OpenPeriod {
        start: stretch.start,
        end: stretch.end,
    }
}

/// An id for a part that is stored nowhere: the same whenever it is shown.
fn ulid(reported: &Reported, part: &str) -> String {
    let hash = sha256(format!("{}:{part}", reported.id).as_bytes());
    let bytes: [u8; 16] = std::array::from_fn(|index| hash[index]);
    Ulid::from_bytes(bytes).to_string()
}
