//! `RevenueService`.

use chassis::Context;
use chassis::page::PageRequest;
use contract::subscription::v1::{self as pb, revenue_service_server::RevenueService};
use tonic::{Request, Response, Status};

use crate::convert::revenue as show;
use crate::domain::revenue::month::{Day, Month};
use crate::error::SubscriptionError;
use crate::revenue::Revenue;
use crate::store;

/// The handlers.
pub struct RevenueServer {
    pub(crate) revenue: Revenue,
}

impl RevenueServer {
    /// Handlers on the figures.
    pub fn new(revenue: Revenue) -> Self {
        Self { revenue }
    }

    /// Reads what page of a list is wanted; `filter` is what the list is of.
    pub(super) fn page(
        &self,
        context: &Context,
        (size, token): (i32, &str),
        list: &str,
        filter: &str,
    ) -> Result<PageRequest, Status> {
        let project = context.project.to_string();
        let query = [project.as_str(), list, filter];
        PageRequest::parse(size, token, self.revenue.engine.page_key, &query)
    }
}

#[tonic::async_trait]
impl RevenueService for RevenueServer {
    async fn get_revenue_series(
        &self,
        request: Request<pb::GetRevenueSeriesRequest>,
    ) -> Result<Response<pb::GetRevenueSeriesResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        Ok(Response::new(self.series(&context, &request).await?))
    }

    async fn query_revenue_metrics(
        &self,
        request: Request<pb::QueryRevenueMetricsRequest>,
    ) -> Result<Response<pb::QueryRevenueMetricsResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        Ok(Response::new(self.metrics(&context, &request).await?))
    }

    async fn export_revenue_metrics(
        &self,
        request: Request<pb::ExportRevenueMetricsRequest>,
    ) -> Result<Response<pb::ExportRevenueMetricsResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        Ok(Response::new(self.export(&context, request).await?))
    }

    async fn list_movements(
        &self,
        request: Request<pb::ListMovementsRequest>,
    ) -> Result<Response<pb::ListMovementsResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        Ok(Response::new(self.movements(&context, &request).await?))
    }

    async fn batch_get_customer_revenue(
        &self,
        request: Request<pb::BatchGetCustomerRevenueRequest>,
    ) -> Result<Response<pb::BatchGetCustomerRevenueResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        Ok(Response::new(self.customers(&context, request).await?))
    }

    async fn list_paying_products(
        &self,
        request: Request<pb::ListPayingProductsRequest>,
    ) -> Result<Response<pb::ListPayingProductsResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        Ok(Response::new(self.products(&context, &request).await?))
    }

    async fn list_unconverted_subscriptions(
        &self,
        request: Request<pb::ListUnconvertedSubscriptionsRequest>,
    ) -> Result<Response<pb::ListUnconvertedSubscriptionsResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        Ok(Response::new(self.unconverted(&context, &request).await?))
    }

    async fn list_revenue_changes(
        &self,
        request: Request<pb::ListRevenueChangesRequest>,
    ) -> Result<Response<pb::ListRevenueChangesResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let customer = optional_id("customer_id", &request.customer_id)?;
        let subscription = optional_id("subscription_id", &request.subscription_id)?;
        let filter = format!("{customer:?}{subscription:?}");
        let asked = (request.page_size, request.page_token.as_str());
        let page = self.page(&context, asked, "changes", &filter)?;
        let after = page.after.as_deref().and_then(|values| match values {
            [time, id, part] => Some(store::revenue::Place {
                time: time.parse().ok()?,
                subscription_id: id.clone(),
                part: part.parse().ok()?,
            }),
            _ => None,
        });
        let db = self.revenue.engine.db.reader();
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
            let place = store::revenue::Place::of(last);
            page.token(&[
                &place.time.to_string(),
                &place.subscription_id,
                &place.part.to_string(),
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

/// Reads a day; an empty text is none.
pub(super) fn day_field(field: &str, text: &str) -> Result<Option<Day>, SubscriptionError> {
    if text.is_empty() {
        return Ok(None);
    }
    Day::parse(text)
        .map(Some)
        .ok_or_else(|| SubscriptionError::field(field, "must be a day, YYYY-MM-DD"))
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
