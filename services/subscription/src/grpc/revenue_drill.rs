//! What is behind the figures: `ListMovements`, `BatchGetCustomerRevenue`, `ListPayingProducts` and
//! `ListUnconvertedSubscriptions`.

use std::collections::BTreeSet;

use chassis::Context;
use contract::subscription::v1 as pb;
use kernel::id::CustomerId;
use kernel::period::Period;
use tonic::Status;

use super::revenue::{RevenueServer, day_field, month_field};
use crate::convert::revenue as show;
use crate::domain::revenue::basis::Scope;
use crate::domain::revenue::metric::{Grain, Metric};
use crate::error::SubscriptionError;
use crate::revenue::drill::Behind;
use crate::revenue::settings::Settings;
use crate::store;

/// Most customers of one call.
const CUSTOMERS_MAX: usize = 250;

impl RevenueServer {
    /// Answers `ListMovements`.
    pub(super) async fn movements(
        &self,
        context: &Context,
        request: &pb::ListMovementsRequest,
    ) -> Result<pb::ListMovementsResponse, Status> {
        let month = month_field("month", &request.month)?;
        let day = day_field("day", &request.day)?;
        let grain = match (month, day) {
            (Some(_), None) => Grain::Month,
            (None, Some(_)) => Grain::Day,
            (None, None) => return Err(SubscriptionError::field("month", "is required").into()),
            (Some(_), Some(_)) => {
                return Err(SubscriptionError::field("day", "is instead of the month").into());
            }
        };
        let kinds = request
            .kinds
            .iter()
            .map(|kind| show::kind_from(*kind))
            .collect::<Result<BTreeSet<_>, SubscriptionError>>()?;
        let scope = match request.product_key.as_str() {
            "" => Scope::Account,
            key => Scope::Product(key),
        };
        let metric = metric(request, grain, scope)?;
        let filter = format!(
            "{}{}{kinds:?}{metric:?}{}",
            request.month, request.day, request.product_key
        );
        let asked = (request.page_size, request.page_token.as_str());
        let page = self.page(context, asked, "movements", &filter)?;
        let settings = self.revenue.settings(context).await?;
        let zone = &settings.time_zone;
        let period = match (month, day) {
            (Some(month), _) => month.period(zone).map_err(SubscriptionError::from)?,
            (None, Some(day)) => day.period(zone).map_err(SubscriptionError::from)?,
            (None, None) => Period {
                start: context.now,
                end: context.now,
            },
        };
        let behind = Behind {
            period: settings.visible(period),
            scope,
            kinds,
            metric,
        };
        let after = page.after.as_deref().and_then(<[String]>::first);
        let after = after.map_or("", String::as_str);
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX - 1);
        let mut found = self
            .revenue
            .behind(context, &settings, &behind, after, limit + 1)
            .await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| more);
        let next_page_token =
            last.map_or_else(String::new, |last| page.token(&[&last.customer_id]));
        Ok(pb::ListMovementsResponse {
            currency_code: settings.currency.code().to_owned(),
            movements: found.iter().map(show::movement).collect::<Result<_, _>>()?,
            next_page_token,
        })
    }

    /// Answers `BatchGetCustomerRevenue`.
    pub(super) async fn customers(
        &self,
        context: &Context,
        request: pb::BatchGetCustomerRevenueRequest,
    ) -> Result<pb::BatchGetCustomerRevenueResponse, SubscriptionError> {
        let asked = request.customer_ids;
        if asked.is_empty() || asked.len() > CUSTOMERS_MAX {
            return Err(SubscriptionError::field(
                "customer_ids",
                "must be 1 to 250 customers",
            ));
        }
        let mut customers = BTreeSet::new();
        for (index, id) in asked.iter().enumerate() {
            let field = || format!("customer_ids[{index}]");
            if id.parse::<CustomerId>().is_err() {
                return Err(SubscriptionError::field(field(), "is not an id"));
            }
            if !customers.insert(id.clone()) {
                return Err(SubscriptionError::field(field(), "is named twice"));
            }
        }
        let settings = self.revenue.settings(context).await?;
        let (project, db) = (context.project, self.revenue.engine.db.reader());
        let excluded = store::revenue_kept::excluded(db, project, &customers).await?;
        let standings = self
            .revenue
            .standings(context, &settings, &customers)
            .await?;
        let spent = self.revenue.spent(context, &settings, &customers).await?;
        let shown = asked.iter().map(|customer| {
            let spent = spent.get(customer).copied().unwrap_or_default();
            let excluded = excluded.contains(customer);
            show::customer(customer, standings.get(customer), spent, excluded)
        });
        Ok(pb::BatchGetCustomerRevenueResponse {
            currency_code: settings.currency.code().to_owned(),
            customers: shown.collect::<Result<_, _>>()?,
        })
    }

    /// Answers `ListPayingProducts`.
    pub(super) async fn products(
        &self,
        context: &Context,
        request: &pb::ListPayingProductsRequest,
    ) -> Result<pb::ListPayingProductsResponse, Status> {
        let asked = (request.page_size, request.page_token.as_str());
        let page = self.page(context, asked, "paying-products", "")?;
        let settings = self.revenue.settings(context).await?;
        let products = self.revenue.paying_products(context, &settings).await?;
        // Behind the last one shown: less revenue, or as much and a later key.
        let start = match page.after.as_deref() {
            Some([amount, key]) => {
                let amount = kernel::decimal::parse(amount)
                    .map_err(|error| SubscriptionError::field("page_token", error.to_string()))?;
                products.partition_point(|paid| {
                    let equal = paid.part.amount == amount;
                    paid.part.amount > amount || equal && paid.product <= *key
                })
            }
            Some(_) | None => 0,
        };
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let rest = products.get(start..).unwrap_or_default();
        let shown = &rest[..rest.len().min(limit)];
        let last = shown.last().filter(|_| rest.len() > limit);
        Ok(pb::ListPayingProductsResponse {
            currency_code: settings.currency.code().to_owned(),
            products: shown.iter().map(show::paying_product).collect(),
            next_page_token: last.map_or_else(String::new, |last| {
                let amount = kernel::decimal::format(last.part.amount);
                page.token(&[&amount, &last.product])
            }),
        })
    }

    /// Answers `ListUnconvertedSubscriptions`.
    pub(super) async fn unconverted(
        &self,
        context: &Context,
        request: &pb::ListUnconvertedSubscriptionsRequest,
    ) -> Result<pb::ListUnconvertedSubscriptionsResponse, Status> {
        let asked = (request.page_size, request.page_token.as_str());
        let page = self.page(context, asked, "unconverted", "")?;
        let settings = self.revenue.settings(context).await?;
        let after = page.after.as_deref().and_then(<[String]>::first);
        let after = after.map_or("", String::as_str);
        let mut found = self
            .revenue
            .unconverted(context, &settings, after, page.limit + 1)
            .await?;
        let more = u64::try_from(found.len()).is_ok_and(|count| count > page.limit);
        if more {
            found.pop();
        }
        let last = found.last().filter(|_| more);
        let next_page_token = last.map_or_else(String::new, |last| page.token(&[&last.0]));
        let ids: BTreeSet<&str> = found.iter().map(|(id, _)| id.as_str()).collect();
        let changes = self.current(context, &settings, &ids, &found).await?;
        Ok(pb::ListUnconvertedSubscriptionsResponse {
            changes,
            next_page_token,
        })
    }

    /// For each subscription and part the entry that holds now, or the first one ahead.
    async fn current(
        &self,
        context: &Context,
        settings: &Settings,
        ids: &BTreeSet<&str>,
        named: &[(String, String)],
    ) -> Result<Vec<pb::RevenueChange>, SubscriptionError> {
        let customers = named.iter().map(|(_, customer)| customer.clone()).collect();
        let db = self.revenue.engine.db.reader();
        let ledgers = store::revenue::of_customers(db, context.project, &customers).await?;
        let mut holding = std::collections::BTreeMap::new();
        for entry in ledgers.into_values().flatten() {
            if !ids.contains(entry.subscription_id.as_str()) {
                continue;
            }
            let key = (entry.subscription_id.clone(), entry.part);
            if entry.at < settings.until || !holding.contains_key(&key) {
                holding.insert(key, entry);
            }
        }
        Ok(holding.values().map(show::change).collect())
    }
}

fn metric(
    request: &pb::ListMovementsRequest,
    grain: Grain,
    scope: Scope<'_>,
) -> Result<Option<Metric>, SubscriptionError> {
    if request.metric == 0 {
        return Ok(None);
    }
    let metric = show::metric_from(request.metric)
        .ok_or_else(|| SubscriptionError::field("metric", "is not a metric"))?;
    if !request.kinds.is_empty() {
        return Err(SubscriptionError::field("kinds", "is not for a metric"));
    }
    if !metric.applies(grain, scope != Scope::Account) {
        return Err(SubscriptionError::field(
            "metric",
            "is not for this scope and period",
        ));
    }
    let nobody = crate::domain::revenue::basis::Basis::default();
    match metric.contribution(&nobody) {
        Ok(Some(_)) => Ok(Some(metric)),
        Ok(None) | Err(_) => Err(SubscriptionError::field(
            "metric",
            "is no sum over customers",
        )),
    }
}
