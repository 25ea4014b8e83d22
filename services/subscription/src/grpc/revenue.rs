//! `RevenueService`.

use std::collections::{BTreeMap, BTreeSet};

use chassis::Context;
use chassis::page::PageRequest;
use contract::customer::v1 as customer;
use contract::subscription::v1::{self as pb, revenue_service_server::RevenueService};
use futures::{StreamExt as _, TryStreamExt as _};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kernel::Decimal;
use kernel::currency::Currency;
use kernel::decimal;
use kernel::period::Period;
use tonic::{Code, Request, Response, Status};

use crate::convert::revenue as show;
use crate::domain::refusal::Refusal;
use crate::domain::revenue::normalize::DECIMALS;
use crate::domain::revenue::series::{Entry, customer_movements, series};
use crate::engine::Engine;
use crate::error::SubscriptionError;
use crate::month::Month;
use crate::store;
use crate::store::revenue::LedgerEntry;

/// Most months of one series.
const MONTHS_MAX: usize = 120;
/// Most subscriptions that are named as left out.
pub(super) const UNCONVERTED_MAX: usize = 100;
/// Rates that are asked for at once.
const RATES_AT_ONCE: usize = 8;

/// The handlers.
pub struct RevenueServer {
    engine: Engine,
}

/// The ledger in the project's currency.
pub(super) struct Converted {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Subscriptions without a rate.
    pub left_out: BTreeSet<String>,
}

/// What of the project shapes the figures.
pub(super) struct Settings {
    /// Currency of all figures.
    pub currency: Currency,
    /// Zone of days and months.
    pub time_zone: TimeZone,
}

impl RevenueServer {
    /// Handlers on an engine.
    pub fn new(engine: Engine) -> Self {
        Self { engine }
    }

    pub(super) async fn settings(&self, context: &Context) -> Result<Settings, SubscriptionError> {
        let request = context.request(customer::GetProjectRequest {});
        let project = self
            .engine
            .clients
            .projects
            .clone()
            .get_project(request)
            .await?
            .into_inner()
            .project;
        let project = project.unwrap_or_default();
        let currency = Currency::parse(&project.currency_code).unwrap_or(Currency::USD);
        let time_zone = match project.time_zone.as_str() {
            "" => TimeZone::UTC,
            name => TimeZone::get(name).map_err(|error| {
                SubscriptionError::field("project.time_zone", error.to_string())
            })?,
        };
        Ok(Settings {
            currency,
            time_zone,
        })
    }

    /// What was on the ledger before an instant, converted at the rate of each entry's own instant, so that rates alone
    /// never move the figures.
    pub(super) async fn ledger(
        &self,
        context: &Context,
        currency: Currency,
        until: Timestamp,
    ) -> Result<Converted, SubscriptionError> {
        let ledger =
            store::revenue::before(self.engine.db.reader(), context.project, until).await?;
        let wanted: BTreeSet<(String, Timestamp)> = ledger
            .iter()
            .filter(|entry| entry.currency != currency.code() && !entry.monthly_value.is_zero())
            .map(|entry| (entry.currency.clone(), entry.at))
            .collect();
        let rates: BTreeMap<(String, Timestamp), Option<Decimal>> = futures::stream::iter(wanted)
            .map(|pair| async move {
                let rate = self.rate(context, &pair.0, currency, pair.1).await?;
                Ok::<_, SubscriptionError>((pair, rate))
            })
            .buffer_unordered(RATES_AT_ONCE)
            .try_collect()
            .await?;
        let mut converted = Converted {
            entries: Vec::with_capacity(ledger.len()),
            left_out: BTreeSet::new(),
        };
        for entry in ledger {
            let rate = match rates.get(&(entry.currency.clone(), entry.at)) {
                None => Some(Decimal::ONE),
                Some(rate) => *rate,
            };
            match rate {
                Some(rate) => converted.entries.push(convert(entry, rate)?),
                None => {
                    converted.left_out.insert(entry.subscription_id);
                }
            }
        }
        let left_out = &converted.left_out;
        converted
            .entries
            .retain(|entry| !left_out.contains(&entry.subscription_id));
        Ok(converted)
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
        match self
            .engine
            .clients
            .rates
            .clone()
            .get_rate(context.request(request))
            .await
        {
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

#[tonic::async_trait]
impl RevenueService for RevenueServer {
    async fn get_revenue_series(
        &self,
        request: Request<pb::GetRevenueSeriesRequest>,
    ) -> Result<Response<pb::GetRevenueSeriesResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let first = month_field("first_month", &request.first_month)?;
        let last = month_field("last_month", &request.last_month)?;
        let settings = self.settings(&context).await?;
        let current = Month::of(context.now, &settings.time_zone);
        let last = last.unwrap_or(current).min(current);
        let until = visible_until(last.period(&settings.time_zone)?, context.now);
        let ledger = self.ledger(&context, settings.currency, until).await?;
        let (months, periods): (Vec<Month>, Vec<Period>) =
            months(first, last, &ledger.entries, &settings.time_zone)?
                .into_iter()
                .unzip();
        let folded: Vec<Period> = periods
            .iter()
            .map(|period| Period {
                end: visible_until(*period, context.now),
                ..*period
            })
            .collect();
        let figures = series(&ledger.entries, &folded)
            .map_err(Refusal::from)
            .map_err(SubscriptionError::from)?;
        let months = months
            .iter()
            .zip(periods)
            .zip(&figures)
            .map(|((month, period), figures)| {
                show::month(&month.to_string(), period, context.now, figures)
            })
            .collect();
        Ok(Response::new(pb::GetRevenueSeriesResponse {
            currency_code: settings.currency.code().to_owned(),
            months,
            unconverted_subscription_ids: ledger
                .left_out
                .into_iter()
                .take(UNCONVERTED_MAX)
                .collect(),
        }))
    }

    async fn query_revenue_metrics(
        &self,
        request: Request<pb::QueryRevenueMetricsRequest>,
    ) -> Result<Response<pb::QueryRevenueMetricsResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        Ok(Response::new(self.metrics(&context, &request).await?))
    }

    async fn list_movements(
        &self,
        request: Request<pb::ListMovementsRequest>,
    ) -> Result<Response<pb::ListMovementsResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let month = month_field("month", &request.month)?
            .ok_or_else(|| SubscriptionError::field("month", "is required"))?;
        let kinds = request
            .kinds
            .iter()
            .map(|kind| show::kind_from(*kind))
            .collect::<Result<BTreeSet<_>, SubscriptionError>>()?;
        let query = [
            context.project.to_string(),
            "movements".to_owned(),
            format!("{month}{kinds:?}"),
        ];
        let query: Vec<&str> = query.iter().map(String::as_str).collect();
        let page = PageRequest::parse(
            request.page_size,
            &request.page_token,
            self.engine.page_key,
            &query,
        )?;
        let settings = self.settings(&context).await?;
        let period = month.period(&settings.time_zone)?;
        let period = Period {
            end: visible_until(period, context.now).max(period.start),
            ..period
        };
        let ledger = self.ledger(&context, settings.currency, period.end).await?;
        let mut found = customer_movements(&ledger.entries, period)
            .map_err(Refusal::from)
            .map_err(SubscriptionError::from)?;
        found.retain(|found| kinds.is_empty() || kinds.contains(&found.movement.kind));
        let after = page.after.as_deref().and_then(<[String]>::first);
        let start = after.map_or(0, |after| {
            found.partition_point(|found| found.customer_id <= *after)
        });
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let rest = &found[start..];
        let shown = &rest[..rest.len().min(limit)];
        let last = shown.last().filter(|_| rest.len() > limit);
        let movements = shown
            .iter()
            .map(show::movement)
            .collect::<Result<Vec<_>, _>>();
        Ok(Response::new(pb::ListMovementsResponse {
            currency_code: settings.currency.code().to_owned(),
            movements: movements
                .map_err(Refusal::from)
                .map_err(SubscriptionError::from)?,
            next_page_token: last.map_or_else(String::new, |last| page.token(&[&last.customer_id])),
        }))
    }

    async fn list_revenue_changes(
        &self,
        request: Request<pb::ListRevenueChangesRequest>,
    ) -> Result<Response<pb::ListRevenueChangesResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let customer = optional_id("customer_id", &request.customer_id)?;
        let subscription = optional_id("subscription_id", &request.subscription_id)?;
        let filter = format!("{customer:?}{subscription:?}");
        let query = [context.project.to_string(), "changes".to_owned(), filter];
        let query: Vec<&str> = query.iter().map(String::as_str).collect();
        let page = PageRequest::parse(
            request.page_size,
            &request.page_token,
            self.engine.page_key,
            &query,
        )?;
        let after = page.after.as_deref().and_then(|values| match values {
            [time, id] => Some((time.parse().ok()?, id.clone())),
            _ => None,
        });
        let db = self.engine.db.reader();
        let mut found = store::revenue::list(
            db,
            context.project,
            customer,
            subscription,
            after,
            page.limit + 1,
        )
        .await?;
        let more = u64::try_from(found.len()).is_ok_and(|count| count > page.limit);
        if more {
            found.pop();
        }
        let last = found.last().filter(|_| more);
        let next_page_token = last.map_or_else(String::new, |last| {
            page.token(&[
                &chassis::db::micros(last.at).to_string(),
                &last.subscription_id,
            ])
        });
        let changes = found.iter().map(show::change).collect();
        Ok(Response::new(pb::ListRevenueChangesResponse {
            changes,
            next_page_token,
        }))
    }
}

/// Reads a month; an empty text is none.
pub(super) fn month_field(field: &str, text: &str) -> Result<Option<Month>, SubscriptionError> {
    if text.is_empty() {
        return Ok(None);
    }
    Month::parse(text)
        .map(Some)
        .ok_or_else(|| SubscriptionError::field(field, "must be a month, YYYY-MM"))
}

fn optional_id<T: std::str::FromStr>(
    field: &str,
    text: &str,
) -> Result<Option<T>, SubscriptionError> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|_| SubscriptionError::field(field, "is not an id"))
}

/// The months of a series: from the first, or that of the first entry, to the last.
pub(super) fn months(
    first: Option<Month>,
    last: Month,
    entries: &[Entry],
    zone: &TimeZone,
) -> Result<Vec<(Month, Period)>, SubscriptionError> {
    let first = first.or_else(|| entries.first().map(|entry| Month::of(entry.at, zone)));
    let Some(first) = first else {
        return Ok(Vec::new());
    };
    let months: Vec<Month> = first.through(last).take(MONTHS_MAX + 1).collect();
    if months.len() > MONTHS_MAX {
        return Err(SubscriptionError::field(
            "first_month",
            "must be at most 120 months before the last",
        ));
    }
    months
        .into_iter()
        .map(|month| Ok((month, month.period(zone)?)))
        .collect()
}

/// The end of a period as far as it has come. What takes effect at this very instant is in it.
pub(super) fn visible_until(period: Period, now: Timestamp) -> Timestamp {
    let now = now
        .checked_add(SignedDuration::from_micros(1))
        .unwrap_or(now);
    period.end.min(now)
}

fn convert(entry: LedgerEntry, rate: Decimal) -> Result<Entry, SubscriptionError> {
    let value = decimal::mul(entry.monthly_value, rate).map_err(Refusal::from)?;
    Ok(Entry {
        customer_id: entry.customer_id,
        subscription_id: entry.subscription_id,
        product_key: entry.product_key,
        at: entry.at,
        monthly_value: decimal::round_half_away(value, DECIMALS),
        class: entry.class,
    })
}
