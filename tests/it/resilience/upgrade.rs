//! From the release before to this one. `release_before.sql` is what it left on PostgreSQL, schema and data: this one takes it
//! over, and its migrations only add, so that processes of the release before go on while those of this one take their place.
//!
//! `PERENNIAL_TEST_RELEASE_BEFORE` names a binary of the release before; without it this one takes that part.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

use futures::future::join_all;
use rust_decimal::Decimal;
use suite::{Installation, TestDatabase, say, server};

use super::{
    chaos::{Crowd, all_is_as_asked_for, everything_is_renewed_once, work},
    setup::{all_whole, counted, event, eventually, invoices, offer, send, stored},
};

const LIMIT: Duration = Duration::from_secs(120);
/// What was left: the company of `setup`, and customers `c-0` and so on, each with a subscription and events `e-0-0` and so on.
const LEFT: &str = include_str!("release_before.sql");
const CUSTOMERS: usize = 3;
const EVENTS: usize = 5;

/// A database with what the release before left; none on SQLite.
async fn left() -> Option<TestDatabase> {
    let Some(server) = server() else {
        say("SKIPPED: upgrades of what was recorded need PERENNIAL_TEST_DATABASE_URL");
        return None;
    };
    let database = TestDatabase::create(&server).await.unwrap();
    database.execute(LEFT).await.unwrap();
    Some(database)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_release_before_left_is_taken_over() {
    let Some(database) = left().await else { return };
    let installation = Installation::all_in_one_on(database).await.unwrap();
    let (client, rest) = (installation.client(), installation.rest());
    let mut customers = Vec::new();
    for number in 0..CUSTOMERS {
        let found = rest.get(&format!("/api/v1/customers/c-{number}")).await;
        customers.push(found.expect(200)["id"].as_str().unwrap().to_owned());
    }
    all_whole(&client, &customers, LIMIT).await;
    assert_eq!(stored(&client).await.len(), CUSTOMERS * EVENTS);
    assert_eq!(counted(&client).await, Decimal::from(CUSTOMERS * EVENTS));

    // And life goes on: usage, of which one event is known, and the next month.
    let events = ["e-0-0", "later"].map(|id| event(id, "c-0"));
    assert_eq!(send(&client, events.to_vec()).await.unwrap(), 1);
    let all = CUSTOMERS * EVENTS + 1;
    assert_eq!(counted(&client).await, Decimal::from(all));
    client.advance_clock("P1M").await.unwrap();
    for customer in &customers {
        assert_eq!(invoices(&client, customer).await.len(), 2, "{customer}");
    }
    eventually(LIMIT, || async {
        let found = perennial::reconcile::check(&client, &[]).await.unwrap();
        let clean = found.differences.is_empty() && found.invoices >= 2 * CUSTOMERS;
        let told = format!("{} {:?}", found.summary(), found.differences);
        clean.then_some(()).ok_or(told)
    })
    .await;
    installation.stop().await.unwrap();
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests are configured by their environment"
)]
fn release_before() -> Option<PathBuf> {
    std::env::var_os("PERENNIAL_TEST_RELEASE_BEFORE").map(PathBuf::from)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_are_replaced_one_by_one_while_clients_work() {
    const CLIENTS: usize = 2;
    let before = release_before();
    let Some(mut installation) = Installation::split_of(before).await.unwrap() else {
        say("SKIPPED: a roll-out under load needs PERENNIAL_TEST_DATABASE_URL");
        return;
    };
    let client = installation.client();
    offer(&client).await;
    let crowd = Crowd::of(&installation);
    let clients = join_all((0..CLIENTS).map(|number| work(&crowd, number)));
    let roll_out = async {
        crowd.answered(20).await;
        installation.migrate().await.unwrap();
        // The release before works on the schema of this one.
        crowd.answered(40).await;
        for name in installation.names() {
            installation.renew(&name).await.unwrap();
            crowd.answered(10).await;
        }
        crowd.stop();
    };
    let (confirmed, ()) = tokio::join!(clients, roll_out);
    crowd.report(&confirmed);
    all_is_as_asked_for(&client, &confirmed).await;
    everything_is_renewed_once(&client, &confirmed).await;
    installation.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_of_the_release_before_work_on_the_schema_of_this_one() {
    let Some(database) = left().await else { return };
    let before = Schema::of(&database).await;
    assert!(before.columns.len() > 500, "{}", before.columns.len());
    let installation = Installation::all_in_one_on(database).await.unwrap();
    let after = Schema::of(installation.database().unwrap()).await;
    let broken = before.broken_by(&after);
    assert!(
        broken.is_empty(),
        "migrations add, and what nothing reads is removed a release later: {broken:#?}"
    );
    installation.stop().await.unwrap();
}

#[tokio::test]
async fn a_change_that_breaks_statements_is_found() {
    let Some(database) = left().await else { return };
    let before = Schema::of(&database).await;
    for (change, complaint) in [
        (
            "CREATE TABLE customer.more (name text NOT NULL); \
             ALTER TABLE customer.customer ADD COLUMN more text, ADD COLUMN most text NOT NULL DEFAULT ''",
            "",
        ),
        (
            "ALTER TABLE customer.customer DROP COLUMN more, DROP COLUMN most; \
             ALTER TABLE customer.customer RENAME COLUMN create_time TO make_time",
            "customer.customer.create_time is gone; customer.customer.make_time is new and has to be given",
        ),
        (
            "ALTER TABLE customer.customer RENAME COLUMN make_time TO create_time; \
             ALTER TABLE customer.customer ALTER COLUMN create_time TYPE text",
            "customer.customer.create_time was int8 and is text",
        ),
        (
            "ALTER TABLE customer.customer ALTER COLUMN create_time TYPE bigint USING create_time::bigint; \
             UPDATE customer.customer SET delete_time = 0; \
             ALTER TABLE customer.customer ALTER COLUMN delete_time SET NOT NULL",
            "customer.customer.delete_time has to be given",
        ),
        (
            "ALTER TABLE customer.customer ALTER COLUMN delete_time DROP NOT NULL; \
             CREATE UNIQUE INDEX one ON customer.customer (id, create_time)",
            "customer.customer has other unique keys: USING btree (id, create_time)",
        ),
        (
            "DROP INDEX customer.one; \
             ALTER TABLE customer.customer ADD CONSTRAINT late CHECK (create_time > 0)",
            "customer.customer has another rule: CHECK ((create_time > 0))",
        ),
    ] {
        database.execute(change).await.unwrap();
        let found = before.broken_by(&Schema::of(&database).await);
        assert_eq!(found.join("; "), complaint, "{change}");
    }
    database.remove().await.unwrap();
}

/// Schema and name of a table.
type Table = String;

/// What statements rely on.
#[derive(Debug, Default)]
struct Schema {
    columns: BTreeMap<(Table, String), Column>,
    /// Unique keys: a new one refuses rows, and `ON CONFLICT` needs those that are there.
    keys: BTreeSet<(Table, String)>,
    /// Checks and references.
    rules: BTreeSet<(Table, String)>,
}

#[derive(Debug, PartialEq, Eq)]
struct Column {
    kind: String,
    /// Whether a statement may leave it out, or give nothing.
    optional: bool,
}

impl Schema {
    async fn of(database: &TestDatabase) -> Self {
        let ours = "NOT IN ('pg_catalog', 'information_schema', 'pg_toast')";
        let columns = format!(
            "SELECT concat_ws('|', table_schema || '.' || table_name, column_name, udt_name, \
             is_nullable = 'YES' OR column_default IS NOT NULL OR is_identity = 'YES') AS row \
             FROM information_schema.columns WHERE table_schema {ours}"
        );
        let keys = format!(
            "SELECT concat_ws('|', schemaname || '.' || tablename, \
             substring(indexdef FROM ' (USING .*)$')) AS row \
             FROM pg_indexes WHERE schemaname {ours} AND indexdef LIKE 'CREATE UNIQUE %'"
        );
        let rules = format!(
            "SELECT concat_ws('|', conrelid::regclass::text, pg_get_constraintdef(pg_constraint.oid)) AS row \
             FROM pg_constraint JOIN pg_namespace ON pg_namespace.oid = connamespace \
             WHERE nspname {ours} AND contype IN ('c', 'f', 'x')"
        );
        let mut schema = Self::default();
        for row in database.rows(&columns).await.unwrap() {
            let [table, name, kind, optional] = row.split('|').collect::<Vec<_>>()[..] else {
                panic!("{row}");
            };
            let column = Column {
                kind: kind.to_owned(),
                optional: optional == "t",
            };
            let place = (table.to_owned(), name.to_owned());
            schema.columns.insert(place, column);
        }
        let pair = |row: String| {
            let (table, text) = row.split_once('|').unwrap();
            (table.to_owned(), text.to_owned())
        };
        let keys = database.rows(&keys).await.unwrap();
        schema.keys = keys.into_iter().map(pair).collect();
        let rules = database.rows(&rules).await.unwrap();
        schema.rules = rules.into_iter().map(pair).collect();
        schema
    }

    /// What statements made for this schema may fail on in the other one. New tables are none of theirs.
    fn broken_by(&self, after: &Self) -> Vec<String> {
        let mut broken = Vec::new();
        for ((table, name), column) in &self.columns {
            let place = format!("{table}.{name}");
            match after.columns.get(&(table.clone(), name.clone())) {
                None => broken.push(format!("{place} is gone")),
                Some(now) if now.kind != column.kind => {
                    broken.push(format!("{place} was {} and is {}", column.kind, now.kind));
                }
                Some(now) if column.optional && !now.optional => {
                    broken.push(format!("{place} has to be given"));
                }
                Some(_) => {}
            }
        }
        let old: BTreeSet<&Table> = self.columns.keys().map(|(table, _)| table).collect();
        for ((table, name), column) in &after.columns {
            let known = self.columns.contains_key(&(table.clone(), name.clone()));
            if old.contains(table) && !known && !column.optional {
                broken.push(format!("{table}.{name} is new and has to be given"));
            }
        }
        let changed = self.keys.symmetric_difference(&after.keys);
        for (table, key) in changed.filter(|(table, _)| old.contains(table)) {
            broken.push(format!("{table} has other unique keys: {key}"));
        }
        for (table, rule) in after.rules.difference(&self.rules) {
            if old.contains(table) {
                broken.push(format!("{table} has another rule: {rule}"));
            }
        }
        broken
    }
}
