//! The customers behind a figure.

use std::collections::{BTreeMap, BTreeSet};

use chassis::Context;
use kernel::Decimal;
use kernel::period::Period;

use super::Revenue;
use super::settings::Settings;
use crate::domain::refusal::Refusal;
use crate::domain::revenue::basis::Scope;
use crate::domain::revenue::entry::Entry;
use crate::domain::revenue::metric::Metric;
use crate::domain::revenue::movement::Kind;
use crate::domain::revenue::series::{CustomerFigures, customer_figures};
use crate::domain::revenue::standing::{Standing, standing};
use crate::error::SubscriptionError;
use crate::store::{revenue as ledger, revenue_kept as keep};

/// Customers that are looked at in one go.
const LOOK: u64 = 500;

/// Which customers are wanted.
#[derive(Clone, Debug)]
pub struct Behind<'a> {
    /// The period, as far as it has come.
    pub period: Period,
    /// What the figure is of.
    pub scope: Scope<'a>,
    /// Those who moved in one of these ways; none: in any.
    pub kinds: BTreeSet<Kind>,
    /// Those who contribute to this metric instead.
    pub metric: Option<Metric>,
}

/// A customer behind a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The customer.
    pub customer_id: String,
    /// The customer's own figures.
    pub figures: CustomerFigures,
    /// What is added to the metric, if one was asked for.
    pub contribution: Option<Decimal>,
}

impl Revenue {
    /// The customers behind a figure, from behind a customer on, in the order of their ids, at most so many.
    pub async fn behind(
        &self,
        context: &Context,
        settings: &Settings,
        behind: &Behind<'_>,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Found>, SubscriptionError> {
        let (project, db) = (context.project, self.engine.db.reader());
        let all = behind.metric.is_some_and(Metric::is_level);
        let mut found = Vec::new();
        let mut after = after.to_owned();
        loop {
            let period = behind.period;
            let mut customers =
                ledger::customers_within(db, project, period, all, &after, LOOK).await?;
            let Some(last) = customers.last().cloned() else {
                return Ok(found);
            };
            let more = u64::try_from(customers.len()).is_ok_and(|count| count == LOOK);
            let excluded = keep::excluded(db, project, &customers).await?;
            customers.retain(|customer| !excluded.contains(customer));
            let ledgers = ledger::of_customers(db, project, &customers).await?;
            for (customer_id, own) in self.converted(context, settings, ledgers).await? {
                let entries: Vec<&Entry> = own.entries.iter().collect();
                let figures = customer_figures(&entries, behind.period, behind.scope)
                    .map_err(Refusal::from)?;
                if let Some(contribution) = behind.wants(&figures)? {
                    found.push(Found {
                        customer_id,
                        figures,
                        contribution,
                    });
                }
                if found.len() == limit {
                    return Ok(found);
                }
            }
            if !more {
                return Ok(found);
            }
            after = last;
        }
    }

    /// What customers are now; one without a ledger has none.
    pub async fn standings(
        &self,
        context: &Context,
        settings: &Settings,
        customers: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Standing>, SubscriptionError> {
        let db = self.engine.db.reader();
        let ledgers = ledger::of_customers(db, context.project, customers).await?;
        let converted = self.converted(context, settings, ledgers).await?;
        converted
            .into_iter()
            .map(|(customer, own)| {
                let entries: Vec<&Entry> = own.entries.iter().collect();
                let standing = standing(&entries, settings.until).map_err(Refusal::from)?;
                Ok((customer, standing))
            })
            .collect()
    }
}

impl Behind<'_> {
    /// Whether a customer is wanted, and with which contribution.
    fn wants(&self, figures: &CustomerFigures) -> Result<Option<Option<Decimal>>, Refusal> {
        let Some(metric) = self.metric else {
            let moved = figures
                .kind
                .filter(|kind| self.kinds.is_empty() || self.kinds.contains(kind));
            return Ok(moved.map(|_| None));
        };
        let contribution = metric.contribution(&figures.basis)?;
        Ok(contribution
            .filter(|contribution| !contribution.is_zero())
            .map(Some))
    }
}
