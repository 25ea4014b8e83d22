//! A billing run: customers with ten due lines each (fees, one of them discounted, and usage by unit, by
//! package, by factor and by graduated tiers), invoiced, collected, issued and paid as the test clock passes
//! the end of the month; beside the pure rating of the same lines, and bare inserts of rows like those that it
//! leaves. Every customer also has the fee of a later month pending, as subscriptions do.
//!
//! Arguments: `quick` for a tenth of the customers.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use anyhow::{Context as _, bail};
use contract::{
    billing::v1 as pb,
    catalog::v1::{self as catalog, price::Model, tiered_price},
    convert::{decimal, timestamp},
    customer::v1 as customer,
    metering::v1 as metering,
};
use futures::future::try_join_all;
use jiff::Timestamp;
use perennial_sdk::Client;
use prost::Message as _;
use rust_decimal::Decimal;
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, Statement,
    TransactionTrait as _, Value,
};

use super::{RUNS, Table, ingest::mebibytes, per_second, start};
use crate::database::{TestDatabase, server};

/// Customers of one run.
const COUNT: u64 = 1_000;
/// Calls in flight while the scene is set.
const IN_FLIGHT: u64 = 16;
/// Events of a customer and month.
const EVENTS: u64 = 10;
/// Invoices whose rows go into one transaction of the bare inserts, as in a run.
const TOGETHER: u64 = 100;
/// Whole documents of an invoice that its way leaves in the outbox (as it was made, and as it was paid), and in the audit
/// log (the same two, and what it was before).
const OUTBOX: usize = 2;
const AUDIT: usize = 3;

/// Runs it.
pub async fn run(arguments: &[String]) -> anyhow::Result<()> {
    let quick = arguments.iter().any(|argument| argument == "quick");
    let count = if quick { COUNT / 10 } else { COUNT };
    let world = start().await;
    let client = Client::builder(world.grpc().to_string(), world.key())
        .timeout(std::time::Duration::from_secs(600))
        .connect_lazy()?;
    let scene = Scene::set(&client, count).await?;
    let (mut runs, mut resident) = (Vec::new(), Vec::new());
    for month in 0..RUNS {
        runs.push(scene.month(month, count).await?);
        resident.push(mebibytes("VmRSS:")?);
    }
    // The same with twice as many other customers whose lines are not due.
    scene.idle(count, count * 2).await?;
    let beside = scene.month(RUNS, count).await?;
    let sample = scene.sample().await?;
    let (mut rated, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        rated.push(rating(count * 20).await?);
        bare.push(inserts(&sample, count).await?);
    }
    let mut table = Table::new("billing: invoices of ten lines, from due to paid");
    let what = format!("a run of {count} customers");
    table.row(
        &what,
        "invoices/s",
        &runs,
        Some(("bare inserts of the same rows", &bare)),
    );
    table.row(
        "the same",
        "invoices/s",
        &runs,
        Some(("pure rating of the same lines", &rated)),
    );
    table.row(
        format!("beside {} customers with nothing due", count * 2),
        "invoices/s",
        &[beside],
        Some(("the run without them", &runs)),
    );
    for (month, resident) in resident.iter().enumerate() {
        table.row(
            format!("resident after {} invoices", (month as u64 + 1) * count),
            "MiB",
            &[*resident],
            None,
        );
    }
    table.row("peak", "MiB", &[mebibytes("VmHWM:")?], None);
    table.print();
    world.stop().await;
    Ok(())
}

/// First instants of months, from the one in which the story begins.
fn month(index: usize) -> anyhow::Result<Timestamp> {
    let text = format!("2026-{:02}-01T00:00:00Z", index + 1);
    Ok(text.parse()?)
}

struct Scene {
    client: Client,
    customers: Vec<String>,
}

impl Scene {
    async fn set(client: &Client, count: u64) -> anyhow::Result<Self> {
        client.freeze_clock(month(0)?).await?;
        let meter = metering::CreateMeterRequest {
            meter: Some(metering::Meter {
                slug: "calls".into(),
                event_type: "call".into(),
                aggregation: metering::meter::Aggregation::Sum.into(),
                value_property: "$.count".into(),
                ..Default::default()
            }),
            ..Default::default()
        };
        client.meters().create_meter(meter).await?;
        let feature = catalog::CreateFeatureRequest {
            feature: Some(catalog::Feature {
                key: "calls".into(),
                name: "Calls".into(),
                meter_slug: "calls".into(),
                ..Default::default()
            }),
            ..Default::default()
        };
        client.features().create_feature(feature).await?;
        let customers = make_customers(client, 0, count).await?;
        Ok(Self {
            client: client.clone(),
            customers,
        })
    }

    /// Adds the lines of a month and its usage, and lets it pass; answers invoices a second.
    async fn month(&self, index: usize, count: u64) -> anyhow::Result<f64> {
        let (from, to, later) = (month(index)?, month(index + 1)?, month(index + 2)?);
        self.usage(index, count).await?;
        each(count, |number| {
            let mut lines = lines(from, to);
            lines.push(line("fee of a later month", to, later, later, fee("49")));
            self.pending(number, lines)
        })
        .await?;
        let issued = self.issued().await?;
        let hours = (to.as_second() - self.now().await?.as_second()) / 3_600 + 2;
        let rate = per_second(count, async {
            self.client.advance_clock(&format!("PT{hours}H")).await?;
            Ok(())
        })
        .await?;
        let made = self.issued().await? - issued;
        // From the second month on the fee that was pending is due as well, on the same invoice.
        if made != i64::try_from(count)? {
            bail!("{made} invoices were paid instead of {count}");
        }
        Ok(rate)
    }

    async fn now(&self) -> anyhow::Result<Timestamp> {
        let mut clocks = self.client.clocks();
        let clock = clocks.get_clock(customer::GetClockRequest {});
        let clock = clock.await?.into_inner().clock.context("no clock")?;
        let now = clock.time.context("a clock without time")?;
        Ok(contract::convert::from_timestamp(&now)?)
    }

    /// Customers whose only line is due in a far month.
    async fn idle(&self, first: u64, count: u64) -> anyhow::Result<()> {
        let customers = make_customers(&self.client, first, count).await?;
        let (from, to) = (month(10)?, month(11)?);
        let customers = &customers;
        each(count, |number| {
            let id = customers
                .get(usize::try_from(number).unwrap_or_default())
                .cloned()
                .unwrap_or_default();
            let lines = vec![line("far", from, to, to, fee("1"))];
            add_lines(self.client.clone(), id, lines)
        })
        .await
    }

    fn pending(
        &self,
        number: u64,
        lines: Vec<pb::LineInput>,
    ) -> impl Future<Output = anyhow::Result<()>> + use<> {
        let index = usize::try_from(number).unwrap_or_default();
        let id = self.customers.get(index).cloned().unwrap_or_default();
        add_lines(self.client.clone(), id, lines)
    }

    async fn usage(&self, index: usize, count: u64) -> anyhow::Result<()> {
        let from = month(index)?.as_second();
        let mut events = Vec::new();
        for number in 0..count * EVENTS {
            let (who, which) = (number % count, number / count);
            let time = Timestamp::from_second(from + i64::try_from(which * 86_400 + who)?)?;
            events.push(metering::UsageEvent {
                id: format!("{index}-{number}"),
                source: "bench".into(),
                r#type: "call".into(),
                subject: format!("c-{who}"),
                time: Some(timestamp(time)),
                data: format!(r#"{{"count":{}}}"#, who % 500),
            });
        }
        for events in events.chunks(1_000) {
            let request = metering::IngestEventsRequest {
                events: events.to_vec(),
                ..Default::default()
            };
            self.client.usage().ingest_events(request).await?;
        }
        Ok(())
    }

    /// How many invoices are paid.
    async fn issued(&self) -> anyhow::Result<i64> {
        let request = pb::ListInvoicesRequest {
            page: 1,
            page_size: 1,
            statuses: vec!["paid".into()],
            ..Default::default()
        };
        let answer = self.client.invoices().list_invoices(request).await?;
        Ok(answer.into_inner().total_size)
    }

    /// An invoice as it was told in an event.
    async fn sample(&self) -> anyhow::Result<pb::Invoice> {
        let request = pb::ListInvoicesRequest {
            page: 1,
            page_size: 1,
            statuses: vec!["paid".into()],
            include_lines: true,
            ..Default::default()
        };
        let answer = self.client.invoices().list_invoices(request).await?;
        answer.into_inner().invoices.pop().context("no invoice")
    }
}

/// Does something for each number, some at once.
async fn each<Work, Pending>(count: u64, work: Work) -> anyhow::Result<()>
where
    Work: Fn(u64) -> Pending,
    Pending: Future<Output = anyhow::Result<()>>,
{
    let next = AtomicU64::new(0);
    let workers = (0..IN_FLIGHT).map(|_| async {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return anyhow::Ok(());
            }
            work(number).await?;
        }
    });
    try_join_all(workers).await.map(drop)
}

async fn make_customers(client: &Client, first: u64, count: u64) -> anyhow::Result<Vec<String>> {
    let made = Arc::new(std::sync::Mutex::new(vec![
        String::new();
        usize::try_from(count)?
    ]));
    each(count, |number| {
        let (client, made) = (client.clone(), made.clone());
        async move {
            let key = format!("c-{}", first + number);
            let request = customer::CreateCustomerRequest {
                customer: Some(customer::Customer {
                    key: key.clone(),
                    display_name: format!("Customer {}", first + number),
                    usage_attribution: Some(customer::UsageAttribution {
                        subject_keys: vec![key],
                    }),
                    ..Default::default()
                }),
                ..Default::default()
            };
            let answer = client.customers().create_customer(request).await?;
            let id = answer.into_inner().customer.unwrap_or_default().id;
            let mut made = made.lock().map_err(|_| anyhow::anyhow!("poisoned"))?;
            made[usize::try_from(number)?] = id;
            Ok(())
        }
    })
    .await?;
    let made = made.lock().map_err(|_| anyhow::anyhow!("poisoned"))?;
    Ok(made.clone())
}

async fn add_lines(
    client: Client,
    customer_id: String,
    lines: Vec<pb::LineInput>,
) -> anyhow::Result<()> {
    let request = pb::CreatePendingLinesRequest {
        customer_id,
        currency_code: "USD".into(),
        lines,
        ..Default::default()
    };
    client.invoices().create_pending_lines(request).await?;
    Ok(())
}

fn amount(text: &str) -> Option<contract::kernel::v1::Decimal> {
    kernel::decimal::parse(text).ok().map(decimal)
}

fn priced(model: Model) -> catalog::Price {
    catalog::Price {
        model: Some(model),
        ..Default::default()
    }
}

fn fee(text: &str) -> catalog::Price {
    priced(Model::Flat(catalog::FlatPrice {
        amount: amount(text),
        payment_term: catalog::PaymentTerm::InArrears.into(),
    }))
}

fn line(
    name: &str,
    from: Timestamp,
    to: Timestamp,
    due: Timestamp,
    price: catalog::Price,
) -> pb::LineInput {
    let usage = !matches!(price.model, Some(Model::Flat(_)));
    pb::LineInput {
        name: name.into(),
        period: Some(contract::kernel::v1::Period {
            start_time: Some(timestamp(from)),
            end_time: Some(timestamp(to)),
        }),
        invoice_time: Some(timestamp(due)),
        price: Some(price),
        feature_key: if usage { "calls".into() } else { String::new() },
        ..Default::default()
    }
}

/// The ten lines of a month.
fn lines(from: Timestamp, to: Timestamp) -> Vec<pb::LineInput> {
    let tier = |up_to: &str, unit: &str| catalog::PriceTier {
        up_to_amount: amount(up_to),
        flat_amount: None,
        unit_amount: amount(unit),
    };
    let prices = [
        ("platform", fee("49")),
        ("support", fee("19.99")),
        ("seats", fee("10")),
        ("backup", fee("3.33")),
        ("domain", fee("0.5")),
        ("training", fee("123.45")),
        (
            "requests",
            priced(Model::Unit(catalog::UnitPrice {
                amount: amount("0.0125"),
            })),
        ),
        (
            "bundles",
            priced(Model::Package(catalog::PackagePrice {
                amount: amount("15"),
                quantity_per_package: amount("100"),
            })),
        ),
        (
            "passed on",
            priced(Model::Dynamic(catalog::DynamicPrice {
                multiplier: amount("1.33333"),
            })),
        ),
        (
            "calls",
            priced(Model::Tiered(catalog::TieredPrice {
                mode: tiered_price::Mode::Graduated.into(),
                tiers: vec![tier("100", "0.1"), tier("1000", "0.08"), tier("", "0.05")],
            })),
        ),
    ];
    let mut lines: Vec<pb::LineInput> = prices
        .into_iter()
        .map(|(name, price)| line(name, from, to, to, price))
        .collect();
    lines[2].discounts = Some(catalog::Discounts {
        percentage: Some(catalog::PercentageDiscount {
            percentage: amount("10"),
            ..Default::default()
        }),
        ..Default::default()
    });
    lines
}

/// Invoices a second that are only rated.
async fn rating(count: u64) -> anyhow::Result<f64> {
    per_second(count, async {
        let sum = billing::measure::rate_invoices(count).map_err(anyhow::Error::msg)?;
        if sum <= Decimal::ZERO {
            bail!("nothing was rated");
        }
        Ok(())
    })
    .await
}

const TABLES: [&str; 5] = [
    "CREATE TABLE invoice (project_id TEXT NOT NULL, id TEXT NOT NULL, customer_id TEXT NOT NULL, \
     body TEXT NOT NULL, due_time BIGINT, PRIMARY KEY (project_id, id))",
    "CREATE INDEX invoice_by_customer ON invoice (project_id, customer_id)",
    "CREATE TABLE invoice_line (project_id TEXT NOT NULL, id TEXT NOT NULL, invoice_id TEXT NOT NULL, \
     body TEXT NOT NULL, PRIMARY KEY (project_id, id))",
    "CREATE INDEX invoice_line_by_invoice ON invoice_line (project_id, invoice_id)",
    "CREATE TABLE log (project_id TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, payload {BYTES} NOT NULL)",
];

/// Invoices a second whose rows are inserted, without any of our code around it: each invoice once, its lines,
/// and what it leaves in outbox and audit log.
async fn inserts(sample: &pb::Invoice, count: u64) -> anyhow::Result<f64> {
    let (mut database, mut folder) = (None, None);
    let mut options = match server() {
        Some(server) => {
            let made = TestDatabase::create(&server).await?;
            let options = ConnectOptions::new(made.url());
            database = Some(made);
            options
        }
        None => {
            let made = tempfile::tempdir()?;
            let url = chassis::Db::sqlite_url(made.path(), "bare");
            folder = Some(made);
            ConnectOptions::new(url)
        }
    };
    options
        .sqlx_logging(false)
        .max_connections(1)
        .map_sqlx_sqlite_opts(|options| {
            options
                .journal_mode(sea_orm::sqlx::sqlite::SqliteJournalMode::Wal)
                .synchronous(sea_orm::sqlx::sqlite::SqliteSynchronous::Full)
        });
    let db = Database::connect(options).await?;
    let bytes = if database.is_some() { "BYTEA" } else { "BLOB" };
    for statement in TABLES {
        db.execute_unprepared(&statement.replace("{BYTES}", bytes))
            .await?;
    }
    let rate = per_second(count, fill(&db, sample, count)).await?;
    db.close().await?;
    if let Some(database) = database {
        database.remove().await?;
    }
    drop(folder);
    Ok(rate)
}

async fn fill(db: &DatabaseConnection, sample: &pb::Invoice, count: u64) -> anyhow::Result<()> {
    let payload = sample.encode_to_vec();
    let header = contract::json::message_to_json(&pb::Invoice {
        lines: Vec::new(),
        ..sample.clone()
    })?
    .to_string();
    let lines = sample
        .lines
        .iter()
        .map(|line| Ok(contract::json::message_to_json(line)?.to_string()))
        .collect::<anyhow::Result<Vec<String>>>()?;
    let id = || chassis::id::next::<ulid::Ulid>().to_string();
    for first in (0..count).step_by(usize::try_from(TOGETHER)?) {
        let tx = db.begin().await?;
        let (mut invoices, mut parts, mut log) = (Vec::new(), Vec::new(), Vec::new());
        for _ in first..(first + TOGETHER).min(count) {
            let invoice = id();
            invoices.push(vec![
                "p".into(),
                invoice.clone().into(),
                id().into(),
                header.clone().into(),
                0i64.into(),
            ]);
            for line in &lines {
                parts.push(vec![
                    "p".into(),
                    id().into(),
                    invoice.clone().into(),
                    line.clone().into(),
                ]);
            }
            for _ in 0..OUTBOX + AUDIT {
                log.push(vec![
                    "p".into(),
                    "invoice.updated".into(),
                    invoice.clone().into(),
                    payload.clone().into(),
                ]);
            }
        }
        insert(&tx, "invoice", invoices).await?;
        insert(&tx, "invoice_line", parts).await?;
        insert(&tx, "log", log).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn insert(
    tx: &sea_orm::DatabaseTransaction,
    table: &str,
    rows: Vec<Vec<Value>>,
) -> anyhow::Result<()> {
    let mut number = 0;
    let places: Vec<String> = rows
        .iter()
        .map(|row| {
            let row: Vec<String> = row
                .iter()
                .map(|_| {
                    number += 1;
                    format!("${number}")
                })
                .collect();
            format!("({})", row.join(", "))
        })
        .collect();
    let statement = format!("INSERT INTO {table} VALUES {}", places.join(", "));
    let values: Vec<Value> = rows.into_iter().flatten().collect();
    tx.execute_raw(Statement::from_sql_and_values(
        tx.get_database_backend(),
        statement,
        values,
    ))
    .await?;
    Ok(())
}
