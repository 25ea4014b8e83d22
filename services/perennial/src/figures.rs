//! The figures of a business as metrics, for a dashboard: recurring revenue and paying customers of each project. Everybody who may
//! read `/metrics` sees them, so that they are told only where the subscription service is set to (`revenue_metrics`).

use std::time::Duration;

use chassis::{BuildError, Context, Env};
use contract::{
    customer::v1::{ListProjectsRequest, Project, project_service_client::ProjectServiceClient},
    subscription::v1::{
        QueryRevenueMetricsRequest, RevenueMetric, revenue_service_client::RevenueServiceClient,
    },
};
use kernel::id::ProjectId;
use tonic::Status;

/// How often they are told.
const TELL: Duration = Duration::from_secs(300);
/// Projects of one page.
const PAGE: i32 = 250;

/// What is told, and as what.
const FIGURES: [(RevenueMetric, &str); 2] = [
    (
        RevenueMetric::RecurringRevenue,
        "perennial_recurring_revenue",
    ),
    (RevenueMetric::ActiveCustomers, "perennial_paying_customers"),
];

/// Whether a service is set to tell them.
pub(crate) fn wanted(env: &Env) -> Result<bool, BuildError> {
    match env.config.setting("revenue_metrics") {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(text) => Err(BuildError::Setting(format!(
            "{}.revenue_metrics: `{text}` is neither `true` nor `false`",
            env.name
        ))),
    }
}

/// Tells them until shutdown.
pub(crate) async fn tell(env: Env) {
    metrics::describe_gauge!(
        "perennial_recurring_revenue",
        "Monthly recurring revenue of a project in its currency, now"
    );
    metrics::describe_gauge!(
        "perennial_paying_customers",
        "Customers of a project who pay now"
    );
    let telling = async {
        loop {
            if let Err(status) = all(&env).await {
                complain(&status);
            }
            tokio::time::sleep(TELL).await;
        }
    };
    env.shutdown.run_until_cancelled(telling).await;
}

fn complain(status: &Status) {
    tracing::warn!(code = ?status.code(), message = status.message(), "figures are not told");
}

async fn all(env: &Env) -> Result<(), Status> {
    env.clocks().wait_loaded().await;
    let mut token = String::new();
    loop {
        let request = ListProjectsRequest {
            page_size: PAGE,
            page_token: token,
        };
        let page = ProjectServiceClient::new(env.link("customer"))
            .list_projects(context(env, ProjectId::from_ulid(ulid::Ulid::nil())).request(request))
            .await?
            .into_inner();
        for project in page.projects {
            // One project's failure is not another's.
            if let Err(status) = one(env, project).await {
                complain(&status);
            }
        }
        token = page.next_page_token;
        if token.is_empty() {
            return Ok(());
        }
    }
}

async fn one(env: &Env, project: Project) -> Result<(), Status> {
    let id = project
        .id
        .parse()
        .map_err(|_| Status::internal("the id of a project"))?;
    let request = QueryRevenueMetricsRequest {
        metrics: FIGURES
            .iter()
            .map(|(metric, _)| i32::from(*metric))
            .collect(),
        ..Default::default()
    };
    let answer = RevenueServiceClient::new(env.link("subscription"))
        .query_revenue_metrics(context(env, id).request(request))
        .await?
        .into_inner();
    for (metric, name) in FIGURES {
        let series = answer
            .series
            .iter()
            .find(|series| series.metric() == metric);
        let last = series.and_then(|series| series.points.last());
        // A gauge is a float and no more than a picture: nothing is calculated with it.
        let value = last
            .and_then(|point| point.value.as_ref())
            .map_or(Ok(0.0), |value| value.value.parse::<f64>())
            .map_err(|_| Status::internal("a figure that is no number"))?;
        metrics::gauge!(
            name, "project" => project.name.clone(), "currency" => answer.currency_code.clone()
        )
        .set(value);
    }
    Ok(())
}

fn context(env: &Env, project: ProjectId) -> Context {
    Context::background(env, project, env.clocks().now(project))
}
