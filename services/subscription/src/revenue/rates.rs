//! The ledger in the project's currency: each entry at the rate of its own instant, so that rates alone never move a figure.

use std::collections::{BTreeMap, BTreeSet};

use chassis::Context;
use contract::customer::v1 as customer;
use futures::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use kernel::Decimal;
use kernel::currency::Currency;
use kernel::decimal;
use tonic::Code;

use super::Revenue;
use super::settings::Settings;
use crate::domain::refusal::Refusal;
use crate::domain::revenue::entry::Entry;
use crate::domain::revenue::normalize::DECIMALS;
use crate::error::SubscriptionError;
use crate::store::revenue::LedgerEntry;

/// Rates that are asked for at once.
const RATES_AT_ONCE: usize = 16;

/// Rates into one currency, by currency and instant; none where there is no way.
pub type Rates = BTreeMap<(String, Timestamp), Option<Decimal>>;

/// A ledger in one currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Converted {
    /// The entries that could be converted, in their order.
    pub entries: Vec<Entry>,
    /// Subscriptions that are left out, because an entry of theirs could not be.
    pub left_out: BTreeSet<String>,
    /// Whether anything had to be converted.
    pub foreign: bool,
}

/// What is needed to convert an entry; none if it is in the currency, worth nothing, or still ahead.
pub fn needed(entry: &LedgerEntry, settings: &Settings) -> Option<(String, Timestamp)> {
    let foreign = entry.currency != settings.currency.code();
    (foreign && !entry.monthly_value.is_zero() && entry.at < settings.until)
        .then(|| (entry.currency.clone(), entry.at))
}

/// Converts what has come to pass. What is ahead is worth nothing yet.
pub fn convert(
    ledger: Vec<LedgerEntry>,
    settings: &Settings,
    rates: &Rates,
) -> Result<Converted, SubscriptionError> {
    let mut converted = Converted {
        entries: Vec::with_capacity(ledger.len()),
        ..Converted::default()
    };
    for entry in ledger {
        let rate = match needed(&entry, settings) {
            None => Some(Decimal::ONE),
            Some(pair) => {
                converted.foreign = true;
                rates.get(&pair).copied().flatten()
            }
        };
        let value = match rate {
            None => {
                converted.left_out.insert(entry.subscription_id);
                continue;
            }
            Some(_) if entry.at >= settings.until => Decimal::ZERO,
            Some(rate) => {
                let value = decimal::mul(entry.monthly_value, rate).map_err(Refusal::from)?;
                decimal::round_half_away(value, DECIMALS)
            }
        };
        converted.entries.push(Entry {
            customer_id: entry.customer_id,
            subscription_id: entry.subscription_id,
            part: entry.part,
            product_key: entry.product_key,
            at: entry.at,
            monthly_value: value,
            class: entry.class,
        });
    }
    let left_out = &converted.left_out;
    converted
        .entries
        .retain(|entry| !left_out.contains(&entry.subscription_id));
    Ok(converted)
}

impl Revenue {
    /// Asks for rates.
    pub async fn rates(
        &self,
        context: &Context,
        currency: Currency,
        wanted: BTreeSet<(String, Timestamp)>,
    ) -> Result<Rates, SubscriptionError> {
        futures::stream::iter(wanted)
            .map(|pair| async move {
                let rate = self.rate(context, &pair.0, currency, pair.1).await?;
                Ok::<_, SubscriptionError>((pair, rate))
            })
            .buffer_unordered(RATES_AT_ONCE)
            .try_collect()
            .await
    }

    /// The ledgers of customers in the project's currency.
    pub async fn converted(
        &self,
        context: &Context,
        settings: &Settings,
        ledgers: BTreeMap<String, Vec<LedgerEntry>>,
    ) -> Result<BTreeMap<String, Converted>, SubscriptionError> {
        let all = ledgers.values().flatten();
        let wanted = all.filter_map(|entry| needed(entry, settings)).collect();
        let rates = self.rates(context, settings.currency, wanted).await?;
        ledgers
            .into_iter()
            .map(|(customer, ledger)| Ok((customer, convert(ledger, settings, &rates)?)))
            .collect()
    }

    async fn rate(
        &self,
        context: &Context,
        from: &str,
        to: Currency,
        at: Timestamp,
    ) -> Result<Option<Decimal>, SubscriptionError> {
        let request = customer::GetRateRequest {
            from_currency_code: from.to_owned(),
            to_currency_code: to.code().to_owned(),
            time: Some(contract::convert::timestamp(at)),
        };
        let mut client = self.engine.clients.rates.clone();
        match client.get_rate(context.request(request)).await {
            Ok(answer) => {
                let rate = answer.into_inner().rate.and_then(|rate| rate.rate);
                contract::convert::from_optional_decimal(rate.as_ref())
                    .map_err(|error| SubscriptionError::field("rate", error.to_string()))
            }
            Err(status) if status.code() == Code::NotFound => Ok(None),
            Err(status) => Err(status.into()),
        }
    }
}
