//! Reads the sums, and mends what they say of customers who are out of date.

use std::collections::BTreeMap;

use chassis::Context;
use kernel::Decimal;
use kernel::id::ProjectId;
use sea_orm::DatabaseTransaction;

use super::Revenue;
use super::restate::{Outdated, flows};
use super::settings::Settings;
use crate::domain::refusal::Refusal;
use crate::domain::revenue::basis::{Basis, Part, Scope};
use crate::domain::revenue::entry::Entry;
use crate::domain::revenue::flow::{self, Flow, Flows, Level, Span, Wanted};
use crate::domain::revenue::month::{Day, Month};
use crate::error::SubscriptionError;
use crate::store::entity::revenue_state::Model as State;
use crate::store::{revenue as ledger, revenue_kept as keep, revenue_sums};

/// Customers who may be out of date in one read; of more the sums are restated first.
const LOOKED_UP_MAX: u64 = 1_000;
/// Most subscriptions that are named as left out.
const UNCONVERTED_MAX: u64 = 100;

/// Consecutive periods.
#[derive(Clone, Copy, Debug)]
pub enum Periods<'a> {
    /// Months, ascending.
    Months(&'a [Month]),
    /// The first days of a month, ascending.
    Days(&'a [Day]),
}

/// Figures, and what is not in them.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// One basis for each period.
    pub bases: Vec<Basis>,
    /// Subscriptions without a rate.
    pub left_out: Vec<String>,
    /// Customers who were out of date.
    pub looked_up: usize,
}

/// What is paid for a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    /// The product.
    pub product: String,
    /// What is paid, and by how many.
    pub part: Part,
}

/// What customers who are out of date change in the sums.
struct Mending {
    differences: Flows,
    left_out: Vec<(String, String)>,
}

impl Revenue {
    /// The month of the first entry of the ledger.
    pub async fn first_month(
        &self,
        project: ProjectId,
        settings: &Settings,
    ) -> Result<Option<Month>, SubscriptionError> {
        let first = ledger::first(self.engine.db.reader(), project).await?;
        Ok(first
            .filter(|first| *first < settings.until)
            .map(|first| Month::of(first, &settings.time_zone)))
    }

    /// The bases of consecutive periods.
    pub async fn figures(
        &self,
        context: &Context,
        settings: &Settings,
        scope: Scope<'_>,
        periods: Periods<'_>,
    ) -> Result<Figures, SubscriptionError> {
        let project = context.project;
        let (span, numbers): (Span, Vec<i32>) = match periods {
            Periods::Months(months) => (
                Span::Month,
                months.iter().map(|month| month.number()).collect(),
            ),
            Periods::Days(days) => (Span::Day, days.iter().map(|day| day.number()).collect()),
        };
        let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else {
            return Ok(Figures::default());
        };
        // What comes before the periods is read by months, whatever the periods are.
        let before = match periods {
            Periods::Months(_) => *first,
            Periods::Days(_) => first / 100,
        };
        let (tx, state, outdated) = self.outdated(context, settings).await?;
        let generation = state.generation;
        let earlier = (Span::Month, scope);
        let earlier =
            revenue_sums::range(&tx, project, generation, earlier, (0, before - 1)).await?;
        let own =
            revenue_sums::range(&tx, project, generation, (span, scope), (*first, *last)).await?;
        let mut left_out = self.left_out(&tx, project, &outdated).await?;
        tx.rollback().await?;
        let looked_up = outdated.stale.customers.len();
        let of_months = matches!(periods, Periods::Months(_));
        let wanted = if of_months {
            Wanted::Only(Span::Month, scope)
        } else {
            Wanted::MonthsAndDays(scope)
        };
        let mending = self.mending(context, settings, outdated, wanted).await?;
        left_out.extend(
            mending
                .left_out
                .into_iter()
                .map(|(subscription, _)| subscription),
        );
        left_out.sort_unstable();
        left_out.truncate(usize::try_from(UNCONVERTED_MAX).unwrap_or(usize::MAX));
        let mut level = Level::default();
        let mut periods: BTreeMap<i32, Flow> = own.into_iter().collect();
        for (_, flow) in &earlier {
            level.step(flow).map_err(Refusal::from)?;
        }
        for (slot, flow) in &mending.differences {
            if slot.span == Span::Month && slot.number < before {
                level.step(flow).map_err(Refusal::from)?;
            } else if slot.span == span {
                let sum = periods.entry(slot.number).or_default();
                sum.add(flow).map_err(Refusal::from)?;
            }
        }
        let bases = numbers
            .iter()
            .map(|number| level.step(periods.get(number).unwrap_or(&Flow::default())))
            .collect::<Result<_, _>>()
            .map_err(Refusal::from)?;
        Ok(Figures {
            bases,
            left_out,
            looked_up,
        })
    }

    /// The products that somebody pays for, those with the most revenue first.
    pub async fn paying_products(
        &self,
        context: &Context,
        settings: &Settings,
    ) -> Result<Vec<Paid>, SubscriptionError> {
        let (tx, state, outdated) = self.outdated(context, settings).await?;
        let totals = revenue_sums::totals(&tx, context.project, state.generation).await?;
        tx.rollback().await?;
        let mending = self
            .mending(context, settings, outdated, Wanted::Totals)
            .await?;
        let mut products: BTreeMap<String, Flow> = totals.into_iter().collect();
        for (slot, flow) in mending.differences {
            if let Some(product) = slot.product {
                let sum = products.entry(product).or_default();
                sum.add(&flow).map_err(Refusal::from)?;
            }
        }
        let mut paid = Vec::new();
        for (product, flow) in products {
            let amount = flow.amount().map_err(Refusal::from)?;
            if amount > Decimal::ZERO {
                let part = Part {
                    amount,
                    customers: flow.customers,
                };
                paid.push(Paid { product, part });
            }
        }
        paid.sort_by(|a, b| (b.part.amount, &a.product).cmp(&(a.part.amount, &b.product)));
        Ok(paid)
    }

    /// Subscriptions that cannot be converted, by id.
    pub async fn unconverted(
        &self,
        context: &Context,
        settings: &Settings,
        after: &str,
        limit: u64,
    ) -> Result<Vec<(String, String)>, SubscriptionError> {
        self.catch_up(context, settings, 0).await?;
        keep::unconverted(self.engine.db.reader(), context.project, after, limit).await
    }

    /// A view of the database at one instant, and who is out of date in it.
    async fn outdated(
        &self,
        context: &Context,
        settings: &Settings,
    ) -> Result<(DatabaseTransaction, State, Outdated), SubscriptionError> {
        loop {
            let (tx, state) = self.settled_snapshot(context, settings).await?;
            let limit = LOOKED_UP_MAX + 1;
            let stale = keep::stale(&tx, &state, settings.until, false, limit).await?;
            let few = u64::try_from(stale.customers.len()).is_ok_and(|count| count < limit);
            if few && !stale.more {
                // Those whose sums are ahead of this call are looked up, however many they are.
                let stale =
                    keep::stale(&tx, &state, settings.until, true, u64::from(u32::MAX)).await?;
                let outdated = Outdated::read(&tx, context.project, state.clone(), stale).await?;
                return Ok((tx, state, outdated));
            }
            tx.rollback().await?;
            self.catch_up(context, settings, LOOKED_UP_MAX).await?;
        }
    }

    /// What the sums name as left out, without those who are out of date.
    async fn left_out(
        &self,
        tx: &DatabaseTransaction,
        project: ProjectId,
        outdated: &Outdated,
    ) -> Result<Vec<String>, SubscriptionError> {
        let limit = UNCONVERTED_MAX + LOOKED_UP_MAX;
        let named = keep::unconverted(tx, project, "", limit).await?;
        let current = named
            .into_iter()
            .filter(|(_, customer)| !outdated.stale.customers.contains(customer));
        Ok(current.map(|(subscription, _)| subscription).collect())
    }

    async fn mending(
        &self,
        context: &Context,
        settings: &Settings,
        mut outdated: Outdated,
        wanted: Wanted<'_>,
    ) -> Result<Mending, SubscriptionError> {
        let mut ledgers = std::mem::take(&mut outdated.ledgers);
        ledgers.retain(|customer, _| !outdated.excluded.contains(customer));
        let converted = self.converted(context, settings, ledgers).await?;
        let none: &[Entry] = &[];
        let mut mending = Mending {
            differences: Flows::new(),
            left_out: Vec::new(),
        };
        for customer in &outdated.stale.customers {
            let own = converted.get(customer);
            let entries = own.map_or(none, |own| own.entries.as_slice());
            let held = outdated.held(customer, settings, wanted)?;
            let new = flows(entries, settings, settings.until, wanted)?;
            flow::restate(&mut mending.differences, &held, &new).map_err(Refusal::from)?;
            let left_out = own.into_iter().flat_map(|own| &own.left_out);
            let left_out = left_out.map(|id| (id.clone(), customer.clone()));
            mending.left_out.extend(left_out);
        }
        Ok(mending)
    }
}
