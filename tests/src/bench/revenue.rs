//! Revenue: a million changes of a hundred thousand customers in three years. How many changes a second get into the sums, and
//! over gRPC one by one; how long it takes to read every monthly metric, and those of one plan, and the days of a month; a
//! back-dated change and the query after it; memory. Beside: the same figures from scratch by the pure engine, whose
//! entries are in memory already.
//!
//! Arguments: `quick` for a fiftieth.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use contract::subscription::v1::{
    ChangeReportedSubscriptionRequest, CreateReportedSubscriptionRequest,
    QueryRevenueMetricsRequest, QueryRevenueMetricsResponse, ReportedStatus, RevenueGranularity,
    reported_subscription_service_client::ReportedSubscriptionServiceClient,
};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kernel::Decimal;
use kernel::period::Period;
use perennial_sdk::Client;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement, TransactionTrait as _,
};
use subscription::engine_of_revenue::{
    basis::{Scope, bases},
    change::Class,
    entry::Entry,
    metric::{Grain, Metric, series},
    month::Month,
};

use super::ingest::mebibytes;
use super::table::{milliseconds, rate};
use super::{RUNS, Table, start};
use crate::World;

/// Customers.
const CUSTOMERS: u64 = 100_000;
/// Changes of each.
const CHANGES: u64 = 10;
/// Months that they are spread over, the current one included.
const MONTHS: u64 = 36;
/// Products they are of.
const PRODUCTS: u64 = 5;
/// Changes that are reported one by one.
const REPORTED: u64 = 5_000;
/// Callers that do so.
const IN_FLIGHT: u64 = 32;
/// Rows of one statement.
const ROWS: usize = 2_000;
/// How often each query is asked.
const QUERIES: usize = 20;
/// Longest wait for the sums.
const CATCH_UP: Duration = Duration::from_secs(3_600);

/// Runs it.
pub async fn run(arguments: &[String]) -> anyhow::Result<()> {
    let quick = arguments.iter().any(|argument| argument == "quick");
    let share = if quick { 50 } else { 1 };
    let (customers, reported) = (CUSTOMERS / share, REPORTED / share);
    let changes = customers * CHANGES;
    let title = format!("revenue: {changes} changes of {customers} customers in {MONTHS} months");
    let mut table = Table::new(&title);
    let now = chassis::clock::system_now();
    let world = start().await;
    let client = world.client();
    let before = mebibytes("VmRSS:")?;

    let one_by_one = report(&world, reported, now).await?;
    table.row(
        "reported one by one over gRPC",
        "changes/s",
        &[one_by_one],
        None,
    );
    let db = open(&world).await?;
    caught_up(&db).await?;
    let begin = Instant::now();
    let rows = fill(&db, &project(&client).await?, customers, now).await?;
    let filled = rate(rows, begin.elapsed());
    caught_up(&db).await?;
    let summed = rate(rows, begin.elapsed());
    let bare = [filled];
    let bare = Some(("bare inserts of the ledger's rows", bare.as_slice()));
    table.row("into ledger and sums in bulk", "changes/s", &[summed], bare);
    db.close().await?;

    let scratch = Scratch::of(customers, now)?;
    for (what, request, scope, grain) in [
        (
            "all metrics by month",
            months(""),
            Scope::Account,
            Grain::Month,
        ),
        (
            "all metrics of one plan by month",
            months("plan-1"),
            Scope::Product("plan-1"),
            Grain::Month,
        ),
        ("all metrics by day", days(now), Scope::Account, Grain::Day),
    ] {
        let mut times = Vec::new();
        for _ in 0..QUERIES {
            let begin = Instant::now();
            query(&client, request.clone()).await?;
            times.push(milliseconds(begin.elapsed()));
        }
        let mut from_scratch = Vec::new();
        for _ in 0..RUNS {
            let begin = Instant::now();
            scratch.figures(scope, grain)?;
            from_scratch.push(milliseconds(begin.elapsed()));
        }
        table.row(what, "ms", &times, Some(("from scratch", &from_scratch)));
    }
    let (mut changed, mut after) = (Vec::new(), Vec::new());
    for run in 0..QUERIES {
        let begin = Instant::now();
        back_dated(&world, run, now).await?;
        changed.push(milliseconds(begin.elapsed()));
        let begin = Instant::now();
        query(&client, months("")).await?;
        after.push(milliseconds(begin.elapsed()));
    }
    table.row("a back-dated change", "ms", &changed, None);
    table.row("all metrics by month after it", "ms", &after, None);
    table.row("memory before", "MiB", &[before], None);
    table.row(
        "memory with the entries of the engine",
        "MiB",
        &[mebibytes("VmRSS:")?],
        None,
    );
    table.row(
        "memory of the engine's entries",
        "MiB",
        &[scratch.mebibytes],
        None,
    );
    table.row("peak", "MiB", &[mebibytes("VmHWM:")?], None);
    world.stop().await;
    table.print();
    Ok(())
}

/// Every monthly metric of the account or of one product.
fn months(product: &str) -> QueryRevenueMetricsRequest {
    QueryRevenueMetricsRequest {
        product_key: product.to_owned(),
        ..Default::default()
    }
}

/// Every daily metric of the current month.
fn days(now: Timestamp) -> QueryRevenueMetricsRequest {
    QueryRevenueMetricsRequest {
        granularity: RevenueGranularity::Day.into(),
        first_month: Month::of(now, &TimeZone::UTC).to_string(),
        ..Default::default()
    }
}

async fn query(
    client: &Client,
    request: QueryRevenueMetricsRequest,
) -> anyhow::Result<QueryRevenueMetricsResponse> {
    Ok(client
        .revenue()
        .query_revenue_metrics(request)
        .await?
        .into_inner())
}

/// One change of a customer who was thought up.
struct Change {
    at: Timestamp,
    product: String,
    value: Decimal,
    class: Class,
}

/// The changes of a customer: the same each time they are asked for.
fn life(customer: u64, now: Timestamp) -> Vec<Change> {
    let mut state = customer.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut dice = |bound: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let span = MONTHS * 30 * 24 * 60;
    let mut minutes: Vec<u64> = (0..CHANGES).map(|_| dice(span)).collect();
    minutes.sort_unstable();
    minutes.dedup();
    let first = minutes.first().copied().unwrap_or_default();
    let changes = minutes.into_iter().map(|minute| {
        let class = match dice(12) {
            0 if minute == first => Class::Trial,
            1 => Class::Ended,
            2 => Class::Delinquent,
            _ => Class::Paid,
        };
        let back = SignedDuration::from_mins(i64::try_from(span - minute).unwrap_or_default());
        Change {
            at: now.saturating_sub(back).unwrap_or(now),
            product: format!("plan-{}", dice(PRODUCTS)),
            value: match class {
                Class::Paid => Decimal::new(i64::try_from(500 + dice(50_000)).unwrap_or(500), 2),
                Class::Trial
                | Class::Free
                | Class::Ended
                | Class::Delinquent
                | Class::PastDue
                | Class::Lapsed => Decimal::ZERO,
            },
            class,
        }
    });
    changes.collect()
}

fn ids(customer: u64) -> (String, String) {
    let id = |number: u128| ulid::Ulid(number).to_string();
    let number = u128::from(customer);
    (id((1 << 100) + number), id((2 << 100) + number))
}

/// The store of the ledger, past the service.
async fn open(world: &World) -> anyhow::Result<DatabaseConnection> {
    let (url, schema) = world.database_url("subscription");
    let mut options = ConnectOptions::new(url);
    options.sqlx_logging(false).max_connections(1);
    if let Some(schema) = schema {
        options.set_schema_search_path(schema);
    }
    Ok(Database::connect(options).await?)
}

async fn project(client: &Client) -> anyhow::Result<String> {
    let request = contract::customer::v1::GetProjectRequest {};
    let answer = client.projects().get_project(request).await?.into_inner();
    Ok(answer.project.context("a project")?.id)
}

/// Puts the ledger of everybody into the store as the service would, many at a time.
async fn fill(
    db: &DatabaseConnection,
    project: &str,
    customers: u64,
    now: Timestamp,
) -> anyhow::Result<u64> {
    let mut count = 0;
    let all: Vec<u64> = (0..customers).collect();
    let per_statement = ROWS / usize::try_from(CHANGES)?;
    for some in all.chunks(per_statement) {
        let (mut entries, mut marks) = (Vec::new(), Vec::new());
        for customer in some {
            let (customer_id, subscription_id) = ids(*customer);
            for change in life(*customer, now) {
                count += 1;
                entries.push(format!(
                    "('{project}','{subscription_id}',{},0,'{customer_id}','{}','USD','{}','{}')",
                    chassis::db::micros(change.at),
                    change.product,
                    kernel::decimal::format(change.value),
                    change.class.as_str(),
                ));
            }
            marks.push(format!("('{project}','{customer_id}','{customer_id}')"));
        }
        // SQLite keeps exact numbers as text, PostgreSQL reads the text as a number.
        let tx = db.begin().await?;
        for statement in [
            format!(
                "INSERT INTO revenue_entry (project_id, subscription_id, effective_time, part, customer_id, \
                 product_key, currency, monthly_value, class) VALUES {}",
                entries.join(",")
            ),
            format!(
                "INSERT INTO revenue_stale (project_id, id, customer_id) VALUES {}",
                marks.join(",")
            ),
        ] {
            tx.execute_unprepared(&statement).await?;
        }
        tx.commit().await?;
    }
    Ok(count)
}

/// Waits until the sums hold everything.
async fn caught_up(db: &DatabaseConnection) -> anyhow::Result<()> {
    let until = Instant::now() + CATCH_UP;
    loop {
        let select = "SELECT id FROM revenue_stale LIMIT 1";
        let select = Statement::from_string(db.get_database_backend(), select);
        if db.query_one_raw(select).await?.is_none() {
            return Ok(());
        }
        if Instant::now() > until {
            bail!("the sums do not catch up");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

type Reports = ReportedSubscriptionServiceClient<perennial_sdk::Transport>;

fn reports(world: &World) -> Reports {
    Reports::new(world.client().transport())
}

fn created(key: &str, now: Timestamp, months: i64) -> CreateReportedSubscriptionRequest {
    let back = SignedDuration::from_hours(months * 30 * 24);
    let at = now.saturating_sub(back).unwrap_or(now);
    CreateReportedSubscriptionRequest {
        customer_handle: format!("customer-{key}"),
        primary_email: format!("{key}@customers.example"),
        key: key.to_owned(),
        product_key: "plan-1".to_owned(),
        interval_duration: "P1M".to_owned(),
        currency_code: "USD".to_owned(),
        status: ReportedStatus::Active.into(),
        amount_hundredths: Some(4_900),
        effective_time: Some(contract::convert::timestamp(at)),
        ..Default::default()
    }
}

/// Reports changes one by one; answers how many a second.
async fn report(world: &World, count: u64, now: Timestamp) -> anyhow::Result<f64> {
    let callers = (0..IN_FLIGHT).map(|caller| {
        let mut reports = reports(world);
        async move {
            for number in (caller..count).step_by(usize::try_from(IN_FLIGHT)?) {
                let request = created(&format!("r{number}"), now, 10);
                reports.create_reported_subscription(request).await?;
            }
            anyhow::Ok(())
        }
    });
    let begin = Instant::now();
    futures::future::try_join_all(callers).await?;
    Ok(rate(count, begin.elapsed()))
}

/// A subscription that began long ago is reported, or was paid differently long ago.
async fn back_dated(world: &World, run: usize, now: Timestamp) -> anyhow::Result<()> {
    let key = format!("back-dated-{}", run / 2);
    let mut reports = reports(world);
    if run.is_multiple_of(2) {
        let request = created(&key, now, 30);
        reports.create_reported_subscription(request).await?;
        return Ok(());
    }
    let first = created(&key, now, 25);
    let request = ChangeReportedSubscriptionRequest {
        handle: key,
        product_key: "plan-2".to_owned(),
        interval_duration: first.interval_duration,
        currency_code: first.currency_code,
        status: first.status,
        amount_hundredths: Some(9_900),
        effective_time: first.effective_time,
        ..Default::default()
    };
    reports.change_reported_subscription(request).await?;
    Ok(())
}

/// The pure engine with everything in memory.
struct Scratch {
    entries: Vec<Entry>,
    now: Timestamp,
    mebibytes: f64,
}

impl Scratch {
    #[expect(
        clippy::float_arithmetic,
        reason = "memory is measured, it is no money"
    )]
    fn of(customers: u64, now: Timestamp) -> anyhow::Result<Self> {
        let before = mebibytes("VmRSS:")?;
        let mut entries = Vec::new();
        for customer in 0..customers {
            let (customer_id, subscription_id) = ids(customer);
            entries.extend(life(customer, now).into_iter().map(|change| Entry {
                customer_id: customer_id.clone(),
                subscription_id: subscription_id.clone(),
                part: 0,
                product_key: change.product,
                at: change.at,
                monthly_value: change.value,
                class: change.class,
            }));
        }
        let mebibytes = mebibytes("VmRSS:")? - before;
        Ok(Self {
            entries,
            now,
            mebibytes,
        })
    }

    /// Every metric there is.
    fn figures(&self, scope: Scope<'_>, grain: Grain) -> anyhow::Result<usize> {
        let zone = &TimeZone::UTC;
        let current = Month::of(self.now, zone);
        let unreadable = |error| anyhow::anyhow!("{error:?}");
        let mut periods: Vec<Period> = match grain {
            Grain::Month => {
                let first = self.entries.iter().map(|entry| entry.at).min();
                let first = Month::of(first.context("entries")?, zone);
                let months = first.through(current).map(|month| month.period(zone));
                months.collect::<Result<_, _>>().map_err(unreadable)?
            }
            Grain::Day => {
                let days = current.days(zone).map_err(unreadable)?;
                days.into_iter().map(|(_, period)| period).collect()
            }
        };
        for period in &mut periods {
            period.end = period.end.min(self.now);
        }
        let bases = bases(&self.entries, &periods, scope)?;
        let mut count = 0;
        for metric in Metric::ALL {
            if metric.applies(grain, scope != Scope::Account) {
                count += series(metric, &bases)?.len();
            }
        }
        Ok(count)
    }
}
