//! Sums that are kept say what the ledger says: after any change, at any time, for any currency and zone.

use std::collections::{BTreeMap, BTreeSet};

use chassis::feed::Event;
use contract::customer::v1 as customer;
use contract::subscription::v1::{self as pb, revenue_service_server::RevenueService as _};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kernel::Decimal;
use kernel::decimal;
use kernel::id::{CustomerId, ProjectId, SubscriptionId, Ulid};
use kernel::period::Period;
use prost::Message as _;

use super::world::World;
use crate::domain::fixture::time;
use crate::domain::revenue::basis::{Basis, Scope, bases};
use crate::domain::revenue::change::Class;
use crate::domain::revenue::entry::Entry;
use crate::domain::revenue::metric::{Grain, Metric, series};
use crate::domain::revenue::month::Month;
use crate::revenue::follow;
use crate::store;
use crate::store::revenue::NewEntry;

const NOW: &str = "2024-06-15T12:00:00Z";

fn customer_id(number: u128) -> CustomerId {
    CustomerId::from_ulid(Ulid(1_000 + number))
}

fn subscription_id(number: u128) -> SubscriptionId {
    SubscriptionId::from_ulid(Ulid(5_000 + number))
}

fn entry(at: &str, product: &str, class: Class, value: &str) -> NewEntry {
    NewEntry {
        at: time(at),
        part: 0,
        product_key: product.to_owned(),
        currency: "USD".to_owned(),
        monthly_value: decimal::parse(value).unwrap(),
        class,
    }
}

impl World {
    /// Writes the ledger of one subscription.
    pub async fn write_ledger(&self, customer: u128, subscription: u128, entries: &[NewEntry]) {
        let context = self.context(NOW);
        let write = self.engine.db.system_write(&context).await.unwrap();
        store::revenue::replace_entries(
            write.tx(),
            context.project,
            subscription_id(subscription),
            customer_id(customer),
            entries,
        )
        .await
        .unwrap();
        write.commit().await.unwrap();
    }

    /// Lets the sums catch up at a time; answers how many customers were restated.
    pub async fn restate(&self, now: &str) -> u64 {
        let context = self.context(now);
        let mut all = 0;
        loop {
            match self.revenue.revenue.restate(&context).await.unwrap() {
                0 => return all,
                done => all += done,
            }
        }
    }

    /// What the service hears of its neighbor customer.
    async fn hear(&self, kind: &str, id: &str, payload: Vec<u8>) {
        let context = self.context(NOW);
        let event = Event {
            cursor: 1,
            kind: kind.to_owned(),
            project: ProjectId::from_ulid(Ulid(1)),
            id: id.to_owned(),
            revision: 1,
            payload,
            create_time: context.now,
            actor: String::new(),
        };
        let follow = follow::spec().handler;
        if follow.wants(self.engine.db.reader(), &event).await.unwrap() {
            let mut write = self.engine.db.system_write(&context).await.unwrap();
            follow.apply(&mut write, &event).await.unwrap();
            write.commit().await.unwrap();
        }
    }

    /// A customer is excluded from the figures.
    async fn hear_of_exclusion(&self, id: &str) {
        let excluded = customer::Customer {
            exclude_time: Some(contract::convert::timestamp(time(NOW))),
            ..Default::default()
        };
        let payload = excluded.encode_to_vec();
        self.hear("customer.updated", id, payload).await;
    }

    async fn asked(&self, now: &str, request: pb::QueryRevenueMetricsRequest) -> Answer {
        let answer = self.revenue.query_revenue_metrics(self.at(now, request));
        let answer = answer.await.unwrap().into_inner();
        let series = answer.series.iter().map(|series| {
            let points = series.points.iter().map(|point| {
                let value = point.value.as_ref();
                value.map(|value| value.value.parse().unwrap())
            });
            (series.metric, points.collect())
        });
        Answer {
            series: series.collect(),
            folded: answer.folded_customer_count,
            left_out: answer.unconverted_subscription_ids,
            periods: answer.periods,
        }
    }

    async fn revenue_by_month(&self, now: &str) -> (Vec<String>, i64) {
        let request = pb::QueryRevenueMetricsRequest {
            metrics: vec![pb::RevenueMetric::RecurringRevenue.into()],
            ..Default::default()
        };
        let answer = self.asked(now, request).await;
        let values = answer.series.into_values().next().unwrap_or_default();
        let shown = values
            .into_iter()
            .map(|value: Option<Decimal>| decimal::format(value.unwrap()));
        (shown.collect(), answer.folded)
    }
}

/// An answer of `QueryRevenueMetrics`.
#[derive(Debug, PartialEq)]
struct Answer {
    series: BTreeMap<i32, Vec<Option<Decimal>>>,
    folded: i64,
    left_out: Vec<String>,
    periods: Vec<String>,
}

#[tokio::test]
async fn the_sums_catch_up_and_say_the_same() {
    let world = World::new().await;
    let paid = |at: &str, value: &str| entry(at, "x", Class::Paid, value);
    world
        .write_ledger(
            1,
            1,
            &[
                paid("2024-01-10T00:00:00Z", "10"),
                paid("2024-03-05T00:00:00Z", "25"),
            ],
        )
        .await;
    world
        .write_ledger(
            2,
            2,
            &[
                paid("2024-02-20T00:00:00Z", "5"),
                entry("2024-05-01T00:00:00Z", "x", Class::Ended, "0"),
            ],
        )
        .await;
    let expected = ["10", "15", "30", "30", "25", "25"];
    assert_eq!(
        world.revenue_by_month(NOW).await,
        (expected.map(str::to_owned).to_vec(), 2)
    );
    assert_eq!(world.restate(NOW).await, 2);
    assert_eq!(
        world.revenue_by_month(NOW).await,
        (expected.map(str::to_owned).to_vec(), 0)
    );
    assert_eq!(world.restate(NOW).await, 0);

    // A back-dated change concerns its customer alone.
    world
        .write_ledger(
            1,
            1,
            &[
                paid("2024-01-10T00:00:00Z", "10"),
                paid("2024-02-01T00:00:00Z", "20"),
            ],
        )
        .await;
    let expected = ["10", "25", "25", "25", "20", "20"];
    assert_eq!(
        world.revenue_by_month(NOW).await,
        (expected.map(str::to_owned).to_vec(), 1)
    );
    assert_eq!(world.restate(NOW).await, 1);
    assert_eq!(
        world.revenue_by_month(NOW).await,
        (expected.map(str::to_owned).to_vec(), 0)
    );
}

#[tokio::test]
async fn what_is_ahead_counts_when_it_has_come_to_pass_and_not_before() {
    let world = World::new().await;
    world
        .write_ledger(
            1,
            1,
            &[
                entry("2024-05-01T00:00:00Z", "x", Class::Trial, "0"),
                entry("2024-06-20T00:00:00Z", "x", Class::Paid, "12.5"),
                entry("2024-07-10T00:00:00Z", "x", Class::Ended, "0"),
            ],
        )
        .await;
    world.restate(NOW).await;
    assert_eq!(world.revenue_by_month(NOW).await.0, ["0", "0"]);
    let later = "2024-06-20T00:00:00Z";
    assert_eq!(
        world.revenue_by_month(later).await,
        (vec!["0".to_owned(), "12.5".to_owned()], 1)
    );
    assert_eq!(world.restate(later).await, 1);
    assert_eq!(world.revenue_by_month(later).await.1, 0);
    // A look back before what the sums have taken in.
    assert_eq!(
        world.revenue_by_month(NOW).await,
        (vec!["0".to_owned(), "0".to_owned()], 1)
    );
    let end = "2024-08-01T00:00:00Z";
    let after = ["0", "12.5", "0", "0"].map(str::to_owned).to_vec();
    assert_eq!(world.revenue_by_month(end).await, (after, 1));

    use chassis::timer::Timer as _;
    let timer = crate::revenue::restate::RestateTimer::new(world.revenue.revenue.clone());
    world.restate(later).await;
    let due = timer.due().await.unwrap();
    assert_eq!(due[0].1, time("2024-07-10T00:00:00Z"));
    assert_eq!(timer.run(&world.context(end)).await.unwrap(), 1);
    assert_eq!(timer.run(&world.context(end)).await.unwrap(), 0);
    assert!(timer.due().await.unwrap().is_empty());
}

#[tokio::test]
async fn exclusion_erasure_rates_and_settings_restate() {
    let world = World::new().await;
    let paid = |value: &str| entry("2024-05-10T00:00:00Z", "x", Class::Paid, value);
    let mut foreign = paid("10");
    foreign.currency = "EUR".to_owned();
    for customer in 1..=3 {
        world.write_ledger(customer, customer, &[paid("7")]).await;
    }
    world.write_ledger(4, 4, &[foreign]).await;
    world.restate(NOW).await;
    let seen = async || world.revenue_by_month(NOW).await;
    assert_eq!(seen().await, (vec!["21".to_owned(), "21".to_owned()], 0));

    let missing = async || {
        let request = pb::ListUnconvertedSubscriptionsRequest::default();
        let answer = world
            .revenue
            .list_unconverted_subscriptions(world.at(NOW, request));
        answer.await.unwrap().into_inner().changes
    };
    let listed = missing().await;
    assert_eq!(listed[0].subscription_id, subscription_id(4).to_string());
    let value = listed[0].monthly_value.clone().unwrap();
    assert_eq!(value.currency_code, "EUR");
    let named = world
        .asked(NOW, pb::QueryRevenueMetricsRequest::default())
        .await;
    assert_eq!(named.left_out, [subscription_id(4).to_string()]);
    world
        .neighbors
        .lock()
        .unwrap()
        .rates
        .insert("EUR".to_owned(), "1.5");
    world.hear("rate.set", "EUR/USD", Vec::new()).await;
    assert_eq!(seen().await, (vec!["36".to_owned(), "36".to_owned()], 1));
    assert_eq!(world.restate(NOW).await, 1);
    assert_eq!(seen().await, (vec!["36".to_owned(), "36".to_owned()], 0));
    assert!(missing().await.is_empty());

    let id = customer_id(1).to_string();
    world.hear_of_exclusion(&id).await;
    assert_eq!(seen().await, (vec!["29".to_owned(), "29".to_owned()], 1));
    world.restate(NOW).await;
    // Once more is no news; nor is a customer who is changed without being excluded.
    world.hear_of_exclusion(&id).await;
    let other = customer_id(2).to_string();
    world.hear("customer.updated", &other, Vec::new()).await;
    assert_eq!(seen().await, (vec!["29".to_owned(), "29".to_owned()], 0));

    world.hear("customer.erased", &other, Vec::new()).await;
    assert_eq!(seen().await.0, ["22", "22"]);
    world.restate(NOW).await;
    assert_eq!(seen().await, (vec!["22".to_owned(), "22".to_owned()], 0));

    // Another currency: everything is counted anew, and until then read from the ledger.
    {
        let mut neighbors = world.neighbors.lock().unwrap();
        neighbors.rates.insert("USD".to_owned(), "2");
        neighbors.project.currency_code = "EUR".to_owned();
    }
    let project = world.neighbors.lock().unwrap().project.clone();
    world
        .hear("project.updated", "", project.encode_to_vec())
        .await;
    assert_eq!(seen().await, (vec!["24".to_owned(), "24".to_owned()], 4));
    assert_eq!(world.restate(NOW).await, 4);
    assert_eq!(seen().await, (vec!["24".to_owned(), "24".to_owned()], 0));
    // Another zone, heard of by the answer itself: in May it is still April there.
    world
        .write_ledger(
            5,
            5,
            &[entry("2024-05-01T03:00:00Z", "x", Class::Paid, "1")],
        )
        .await;
    world.neighbors.lock().unwrap().project.time_zone = "America/New_York".to_owned();
    let values = ["2", "26", "26"].map(str::to_owned).to_vec();
    assert_eq!(seen().await.0, values);
    world.restate(NOW).await;
    assert_eq!(seen().await, (values, 0));
}

/// A stream of numbers that look random.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

const PRODUCTS: [&str; 3] = ["x", "y", "z"];

fn random_entry(dice: &mut Dice) -> NewEntry {
    let classes = [
        Class::Trial,
        Class::Free,
        Class::Ended,
        Class::Delinquent,
        Class::Paid,
        Class::Paid,
    ];
    let class = classes[usize::try_from(dice.below(6)).unwrap()];
    let hours = i64::try_from(dice.below(24 * 240)).unwrap();
    let value = Decimal::new(i64::try_from(dice.below(100_000)).unwrap(), 3);
    NewEntry {
        at: time("2024-01-01T00:00:00Z") + SignedDuration::from_hours(hours),
        part: i32::try_from(dice.below(2)).unwrap(),
        product_key: PRODUCTS[usize::try_from(dice.below(3)).unwrap()].to_owned(),
        currency: "USD".to_owned(),
        monthly_value: if class == Class::Paid {
            value
        } else {
            Decimal::ZERO
        },
        class,
    }
}

type Ledger = BTreeMap<(u128, u128), Vec<NewEntry>>;

/// What a metric must be: by the engine, from all entries. Those of excluded customers begin the series and count for nothing.
fn expected(
    (ledger, excluded): (&Ledger, &BTreeSet<u128>),
    scope: Scope<'_>,
    grain: Grain,
    zone: &TimeZone,
    now: Timestamp,
) -> Vec<(Metric, Vec<Option<Decimal>>)> {
    let entries: Vec<Entry> = ledger
        .iter()
        .filter(|((customer, _), _)| !excluded.contains(customer))
        .flat_map(|((customer, subscription), entries)| {
            entries.iter().map(move |entry| Entry {
                customer_id: customer_id(*customer).to_string(),
                subscription_id: subscription_id(*subscription).to_string(),
                part: entry.part,
                product_key: entry.product_key.clone(),
                at: entry.at,
                monthly_value: entry.monthly_value,
                class: entry.class,
            })
        })
        .collect();
    let until = now + SignedDuration::from_micros(1);
    let current = Month::of(now, zone);
    let mut periods: Vec<Period> = match grain {
        Grain::Month => {
            let all = ledger.values().flatten();
            let first = all.map(|entry| entry.at).min().unwrap();
            let months = Month::of(first, zone).through(current);
            months.map(|month| month.period(zone).unwrap()).collect()
        }
        Grain::Day => {
            let days = current.days(zone).unwrap().into_iter();
            days.map(|(_, period)| period)
                .filter(|period| period.start <= now)
                .collect()
        }
    };
    for period in &mut periods {
        period.end = period.end.min(until);
    }
    let bases: Vec<Basis> = bases(&entries, &periods, scope).unwrap();
    let all = Metric::ALL.into_iter();
    all.filter(|metric| metric.applies(grain, scope != Scope::Account))
        .map(|metric| (metric, series(metric, &bases).unwrap()))
        .collect()
}

#[tokio::test]
async fn whatever_happens_the_sums_are_those_from_scratch() {
    let world = World::new().await;
    let mut dice = Dice(7);
    let mut ledger = Ledger::new();
    let mut excluded = BTreeSet::new();
    let mut day = 100;
    let mut zone = TimeZone::UTC;
    for step in 0..40 {
        let now = time("2024-01-01T00:00:00Z") + SignedDuration::from_hours(24 * day + 5);
        for _ in 0..=dice.below(3) {
            let subscription = u128::from(dice.below(12));
            let customer = subscription / 3;
            let mut entries: Vec<NewEntry> = (0..dice.below(6))
                .map(|_| random_entry(&mut dice))
                .collect();
            entries.sort_by_key(|entry| (entry.at, entry.part));
            entries.dedup_by_key(|entry| (entry.at, entry.part));
            world.write_ledger(customer, subscription, &entries).await;
            ledger.insert((customer, subscription), entries);
        }
        let someone = u128::from(dice.below(4));
        let id = customer_id(someone).to_string();
        if step % 20 == 9 {
            world.hear_of_exclusion(&id).await;
            excluded.insert(someone);
        } else if step % 20 == 19 {
            world.hear("customer.erased", &id, Vec::new()).await;
            ledger.retain(|(customer, _), _| *customer != someone);
        }
        if step == 20 {
            zone = TimeZone::get("Asia/Tokyo").unwrap();
            world.neighbors.lock().unwrap().project.time_zone = "Asia/Tokyo".to_owned();
        }
        if dice.below(3) > 0 {
            world.restate(&now.to_string()).await;
        }
        for (product, grain) in [
            ("", Grain::Month),
            ("x", Grain::Month),
            ("", Grain::Day),
            ("y", Grain::Day),
        ] {
            let scope = if product.is_empty() {
                Scope::Account
            } else {
                Scope::Product(product)
            };
            if ledger.values().all(Vec::is_empty)
                || ledger.values().flatten().all(|entry| entry.at > now)
            {
                continue;
            }
            let granularity = match grain {
                Grain::Month => pb::RevenueGranularity::Month,
                Grain::Day => pb::RevenueGranularity::Day,
            };
            let request = pb::QueryRevenueMetricsRequest {
                product_key: product.to_owned(),
                granularity: granularity.into(),
                first_month: match grain {
                    Grain::Month => String::new(),
                    Grain::Day => Month::of(now, &zone).to_string(),
                },
                ..Default::default()
            };
            let found = world.asked(&now.to_string(), request).await;
            for (metric, values) in expected((&ledger, &excluded), scope, grain, &zone, now) {
                let metric_number = i32::from(crate::convert::revenue::metric(metric));
                assert_eq!(
                    found.series[&metric_number], values,
                    "step {step}: {metric:?} {scope:?} {grain:?}"
                );
            }
        }
        day += i64::try_from(dice.below(6)).unwrap();
    }
}
