//! What customers have paid in all.

use std::collections::{BTreeMap, BTreeSet};

use chassis::Context;
use jiff::Timestamp;
use kernel::Decimal;
use kernel::decimal;

use super::Revenue;
use super::settings::Settings;
use crate::domain::refusal::Refusal;
use crate::domain::term::reported::facts as reported_facts;
use crate::error::SubscriptionError;
use crate::store::{self, revenue_spend};

/// Money that a customer paid, or got back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// The customer.
    pub customer_id: String,
    /// When.
    pub at: Timestamp,
    /// How much; negative when given back.
    pub amount: Decimal,
    /// Code of its currency.
    pub currency: String,
}

impl Revenue {
    /// What customers have paid up to now, in the project's currency at the rates of the payments' instants. What cannot be
    /// converted is left out.
    pub async fn spent(
        &self,
        context: &Context,
        settings: &Settings,
        customers: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Decimal>, SubscriptionError> {
        let db = self.engine.db.reader();
        let mut all =
            revenue_spend::payments(db, context.project, customers, settings.until).await?;
        // What was paid for reported subscriptions follows from them and is never stored.
        for reported in store::reported::of_customers(db, context.project, customers).await? {
            for facts in reported_facts(&reported, context.now)? {
                let paid = facts.payments.into_iter();
                let paid = paid.filter(|payment| payment.at < settings.until);
                all.extend(paid.map(|payment| Spent {
                    customer_id: reported.customer_id.to_string(),
                    at: payment.at,
                    amount: payment.amount.value,
                    currency: payment.amount.currency,
                }));
            }
        }
        let foreign = |spent: &&Spent| spent.currency != settings.currency.code();
        let wanted = all
            .iter()
            .filter(foreign)
            .map(|spent| (spent.currency.clone(), spent.at))
            .collect();
        let rates = self.rates(context, settings.currency, wanted).await?;
        let mut sums: BTreeMap<String, Decimal> = BTreeMap::new();
        for spent in all {
            let rate = if foreign(&&spent) {
                let pair = (spent.currency.clone(), spent.at);
                rates.get(&pair).copied().flatten()
            } else {
                Some(Decimal::ONE)
            };
            if let Some(rate) = rate {
                let amount = decimal::mul(spent.amount, rate).map_err(Refusal::from)?;
                let sum = sums.entry(spent.customer_id).or_default();
                *sum = decimal::add(*sum, amount).map_err(Refusal::from)?;
            }
        }
        Ok(sums)
    }
}
