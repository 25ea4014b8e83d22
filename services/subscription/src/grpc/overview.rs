//! `OverviewService`.

use std::collections::BTreeSet;

use contract::convert::{decimal as wire, timestamp};
use contract::customer::v1 as customer;
use contract::subscription::v1::{self as pb, overview_service_server::OverviewService};
use jiff::{SignedDuration, Timestamp};
use kernel::Decimal;
use kernel::calendar::CalendarError;
use kernel::decimal::{self, DecimalError};
use tonic::{Request, Response, Status};

use crate::domain::refusal::Refusal;
use crate::domain::revenue::change::Class;
use crate::domain::term::money::{Rates, USD};
use crate::engine::Engine;
use crate::error::SubscriptionError;
use crate::{store, terms};

/// Length of the window.
const WINDOW: SignedDuration = SignedDuration::from_hours(28 * 24);
/// Most terms that are named as left out.
const LEFT_OUT_MAX: usize = 100;
const CENTS: u32 = 2;

/// The handlers.
pub struct OverviewServer {
    engine: Engine,
}

impl OverviewServer {
    /// Handlers on an engine.
    pub fn new(engine: Engine) -> Self {
        Self { engine }
    }
}

#[tonic::async_trait]
impl OverviewService for OverviewServer {
    async fn get_overview_metrics(
        &self,
        request: Request<pb::GetOverviewMetricsRequest>,
    ) -> Result<Response<pb::GetOverviewMetricsResponse>, Status> {
        let (context, _) = &chassis::open(request)?;
        let (db, clients) = (self.engine.db.reader(), &self.engine.clients);
        let (project, now) = (context.project, context.now);
        let start = now
            .checked_sub(WINDOW)
            .map_err(|_| SubscriptionError::Refused(CalendarError::OutOfRange.into()))?;
        let standing = store::standing::at(db, project, now).await?;
        let mut moved = store::payment::between(db, project, start, now).await?;
        moved.extend(store::invoice_share::paid_between(db, project, start, now).await?);
        moved.extend(terms::imputed_between(db, context, start, now).await?);
        let mut wanted: BTreeSet<(String, Timestamp)> = BTreeSet::new();
        for found in standing.iter().filter(|found| counted(found.class)) {
            wanted.insert((found.currency.clone(), found.since));
        }
        wanted.extend(moved.iter().map(|paid| (paid.currency.clone(), paid.at)));
        wanted.retain(|(currency, _)| currency != USD);
        let rates = terms::rates_at(clients, context, wanted).await?;
        let (mut mrr, mut revenue) = (Decimal::ZERO, Decimal::ZERO);
        let mut left_out = BTreeSet::new();
        for found in standing.iter().filter(|found| counted(found.class)) {
            let amount = (found.monthly_value, found.currency.as_str(), found.since);
            if !add(&mut mrr, amount, &rates).map_err(range)? {
                left_out.insert(found.subscription.clone());
            }
        }
        for paid in &moved {
            let amount = (paid.amount, paid.currency.as_str(), paid.at);
            if !add(&mut revenue, amount, &rates).map_err(range)? {
                left_out.insert(paid.owner.clone());
            }
        }
        let request = customer::CountCustomersRequest {
            start_time: Some(timestamp(start)),
            end_time: Some(timestamp(now)),
        };
        let customers = clients
            .engagement
            .clone()
            .count_customers(context.request(request))
            .await?
            .into_inner();
        let in_class = |class: Class| {
            let of: BTreeSet<&str> = standing
                .iter()
                .filter(|found| found.class == class)
                .map(|found| found.subscription.as_str())
                .collect();
            count(of.len())
        };
        let payments = moved
            .iter()
            .filter(|paid| paid.amount.is_sign_positive() && !paid.amount.is_zero())
            .count();
        Ok(Response::new(pb::GetOverviewMetricsResponse {
            time: Some(timestamp(now)),
            window_start_time: Some(timestamp(start)),
            active_trials: in_class(Class::Trial),
            active_subscriptions: in_class(Class::Paid),
            mrr: Some(wire(decimal::round_shown(mrr, CENTS))),
            revenue: Some(wire(decimal::round_shown(revenue, CENTS))),
            new_customers: customers.created_count,
            active_users: customers.seen_count,
            transactions: count(payments),
            unconverted_term_ids: left_out.into_iter().take(LEFT_OUT_MAX).collect(),
        }))
    }
}

fn counted(class: Class) -> bool {
    class == Class::Paid
}

/// Adds an amount in USD; false: there is no rate.
fn add(
    sum: &mut Decimal,
    (amount, currency, at): (Decimal, &str, Timestamp),
    rates: &Rates,
) -> Result<bool, DecimalError> {
    let rate = if currency == USD || amount.is_zero() {
        Some(Decimal::ONE)
    } else {
        rates.get(&(currency.to_owned(), at)).copied().flatten()
    };
    let Some(rate) = rate else {
        return Ok(false);
    };
    *sum = decimal::add(*sum, decimal::mul(amount, rate)?)?;
    Ok(true)
}

fn range(error: DecimalError) -> SubscriptionError {
    Refusal::from(error).into()
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
