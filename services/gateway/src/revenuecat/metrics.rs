//! The figures of a project at a glance (behaviour text §10), as the subscription service computes them.

use axum::Json;
use contract::subscription::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Refusal;
use super::extract::{Call, millis};
use super::money::Amount;
use super::objects::{MetricObject, MetricsObject};

/// Whether a figure is a reading of now or of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) enum MetricPeriod {
    #[serde(rename = "P0D")]
    Now,
    #[serde(rename = "P28D")]
    Days28,
}

/// One figure.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OverviewMetric {
    object: MetricObject,
    #[schema(min_length = 1, max_length = 255)]
    id: &'static str,
    name: &'static str,
    description: &'static str,
    /// `#` for counts, `$` for money.
    unit: &'static str,
    period: MetricPeriod,
    value: Amount,
    #[schema(required)]
    last_updated_at: Option<i64>,
    #[schema(required, format = DateTime)]
    last_updated_at_iso8601: Option<String>,
}

/// All figures.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OverviewMetrics {
    object: MetricsObject,
    metrics: Vec<OverviewMetric>,
}

/// Read the overview metrics.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/metrics/overview", operation_id = "getOverviewMetrics",
    tag = "Charts & Metrics", params(("project_id" = String, Path)),
    responses((status = 200, body = OverviewMetrics)),
    extensions(("x-permission" = json!("charts_metrics:overview:read"))),
)]
pub(crate) async fn overview(call: Call) -> Result<Json<OverviewMetrics>, Refusal> {
    let answer = call
        .clients()
        .overview()
        .get_overview_metrics(call.rpc(pb::GetOverviewMetricsRequest {}))
        .await;
    let found = call.take(answer)?;
    let time = millis(found.time.as_ref())?;
    let instant = kernel::Timestamp::from_millisecond(time)
        .map_err(|_| Refusal::broken("time of the metrics"))?;
    let metric = |id, name, description, unit, period, value| OverviewMetric {
        object: MetricObject,
        id,
        name,
        description,
        unit,
        period,
        value,
        last_updated_at: Some(time),
        last_updated_at_iso8601: Some(instant.to_string()),
    };
    let count = Amount::count;
    let mrr = Amount::from_proto(found.mrr.as_ref())?;
    let revenue = Amount::from_proto(found.revenue.as_ref())?;
    let (now, window) = (MetricPeriod::Now, MetricPeriod::Days28);
    let last = "Last 28 days";
    let metrics = vec![
        metric(
            "active_trials",
            "Active Trials",
            "In total",
            "#",
            now,
            count(found.active_trials),
        ),
        metric(
            "active_subscriptions",
            "Active Subscriptions",
            "In total",
            "#",
            now,
            count(found.active_subscriptions),
        ),
        metric("mrr", "MRR", "Monthly Recurring Revenue", "$", window, mrr),
        metric("revenue", "Revenue", last, "$", window, revenue),
        metric(
            "new_customers",
            "New Customers",
            last,
            "#",
            window,
            count(found.new_customers),
        ),
        metric(
            "active_users",
            "Active Users",
            last,
            "#",
            window,
            count(found.active_users),
        ),
        metric(
            "num_tx_last_28_days",
            "Number of transactions in the last 28 days",
            last,
            "#",
            window,
            count(found.transactions),
        ),
    ];
    Ok(Json(OverviewMetrics {
        object: MetricsObject,
        metrics,
    }))
}
