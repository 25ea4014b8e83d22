//! Billing runs: many customers at once, each as if alone; and the holds of their customers,
//! whenever a process dies.
#![expect(clippy::unwrap_used, reason = "tests")]

use contract::billing::v1 as pb;

use super::world::*;
use crate::domain::edit::LineInput;

const NONE: [&str; 0] = [];

fn customer(number: usize) -> String {
    format!("01ARZ3NDEKTSV4RRFFQ69G{number:04}")
}

fn fee() -> pb::LineInput {
    line(
        "fee",
        "2024-01-01",
        "2024-02-01",
        "2024-02-01",
        flat("5", true),
    )
}

fn usage() -> pb::LineInput {
    line("use", "2024-01-01", "2024-02-01", "2024-02-01", unit("2"))
}

#[tokio::test]
async fn many_customers_are_invoiced_together_and_each_is_right() {
    let world = World::new("2024-01-01").await;
    world.used("api", "2024-01-10", 3);
    for number in 0..120 {
        world
            .pending_of(&customer(number), vec![fee(), usage()])
            .await;
    }
    // One with a line that nobody can invoice, one with two currencies.
    let nobody = customer(200);
    world.pending_of(&nobody, vec![fee()]).await;
    world.pending("HUF", vec![fee()]).await;
    world.pending("USD", vec![fee(), usage()]).await;
    let asked = world.neighbors.lock().unwrap().questions;
    world.advance("2024-02-02").await;
    let questions = world.neighbors.lock().unwrap().questions - asked;
    assert!(questions < 20, "{questions} questions for 123 invoices");
    let made: Vec<pb::Invoice> = world.standard().await;
    assert_eq!(made.len(), 100, "a page");
    for invoice in &made {
        assert_eq!(status(invoice), "paid");
        let expected = match (invoice.currency_code.as_str(), invoice.lines.len()) {
            ("USD", 2) => "11",
            _ => "5",
        };
        assert_eq!(total(invoice), expected);
    }
    assert_eq!(world.differences().await, NONE);
    // Numbers of both counters are given without a gap.
    let numbers = world.numbers().await;
    let mut counted: Vec<i64> = numbers
        .iter()
        .filter_map(|number| number.rsplit('-').next()?.parse().ok())
        .collect();
    counted.sort_unstable();
    assert_eq!(counted, (1..=123).collect::<Vec<i64>>());
    assert!(
        numbers
            .iter()
            .all(|number| number.starts_with("OM-SANDBOX-"))
    );
    // Everybody was held before the first line and by the invoice that it came to be on, and let go.
    let told = world.neighbors.lock().unwrap().told.clone();
    for number in (0..120).chain([200]) {
        let id = customer(number);
        let own: Vec<bool> = told
            .iter()
            .filter(|(who, _)| *who == id)
            .map(|(_, held)| *held)
            .collect();
        assert_eq!(own, [true, true, false], "customer {number}");
    }
}

#[tokio::test]
async fn who_goes_on_being_billed_is_not_asked_about_again() {
    let world = World::new("2024-01-01").await;
    let next = line(
        "next",
        "2024-02-01",
        "2024-03-01",
        "2024-03-01",
        flat("7", true),
    );
    let id = customer(1);
    world.pending_of(&id, vec![fee(), next]).await;
    world.neighbors.lock().unwrap().told.clear();
    world.advance("2024-02-02").await;
    assert_eq!(world.neighbors.lock().unwrap().told, []);
    world.advance("2024-03-02").await;
    assert_eq!(world.neighbors.lock().unwrap().told, [(id, false)]);
}

#[tokio::test]
async fn one_that_cannot_be_read_does_not_hold_up_the_others() {
    use sea_orm::ConnectionTrait as _;
    let world = World::new("2024-01-01").await;
    for number in 0..3 {
        world.pending_of(&customer(number), vec![fee()]).await;
    }
    // What is stored of one is no line any more: nothing can be done together.
    let of_one = format!(
        "invoice_id IN (SELECT id FROM invoice WHERE customer_id = '{}')",
        customer(1)
    );
    let db = world.billing.db.reader();
    for (from, to) in [("\"name\"", "\"broken\""), ("\"broken\"", "\"name\"")] {
        let statement = format!(
            "UPDATE invoice_line SET body = replace(body, '{from}', '{to}') WHERE {of_one}"
        );
        db.execute_unprepared(&statement).await.unwrap();
        if to == "\"broken\"" {
            world.advance("2024-02-02").await;
            assert_eq!(world.numbers().await.len(), 2);
        }
    }
    world.advance("2024-02-03").await;
    assert_eq!(world.numbers().await.len(), 3);
}

#[tokio::test]
async fn a_process_that_dies_between_commit_and_hold_leaves_the_hold_to_the_timer() {
    let world = World::new("2024-01-01").await;
    let ctx = &world.context();
    let input = LineInput {
        invoice_time: at("2024-02-01"),
        ..input_of(&fee())
    };
    // The write is committed; nobody tells the customer service.
    let buyer = world.buyer().await;
    let mut w = world.billing.db.system_write(ctx).await.unwrap();
    let currency = kernel::currency::Currency::USD;
    world
        .billing
        .create_pending(ctx, &mut w, &buyer, currency, vec![input])
        .await
        .unwrap();
    w.commit().await.unwrap();
    assert!(!world.neighbors.lock().unwrap().held);
    world.advance("2024-01-02").await;
    assert!(world.neighbors.lock().unwrap().held);
    // The same at the end: the last invoice is paid, and nobody says so.
    world.neighbors.lock().unwrap().refuses_holds = true;
    world.jump("2024-02-01");
    assert_eq!(status(&world.invoice().await), "paid");
    assert!(world.neighbors.lock().unwrap().held);
    world.neighbors.lock().unwrap().refuses_holds = false;
    world.advance("2024-02-02").await;
    assert!(!world.neighbors.lock().unwrap().held);
    let told = world.neighbors.lock().unwrap().told.len();
    world.advance("2024-02-03").await;
    assert_eq!(
        world.neighbors.lock().unwrap().told.len(),
        told,
        "told once"
    );
}

fn input_of(line: &pb::LineInput) -> LineInput {
    crate::convert::line::input("line", line).unwrap()
}

#[tokio::test]
async fn events_of_a_run_tell_what_a_read_shows() {
    use prost::Message as _;
    use sea_orm::{ConnectionTrait as _, Statement};
    let world = World::new("2024-01-01").await;
    world.used("api", "2024-01-10", 3);
    world.pending_of(&customer(1), vec![fee(), usage()]).await;
    world.advance("2024-02-02").await;
    let id = world.standard().await.remove(0).id;
    let db = world.billing.db.reader();
    let rows = async |columns: &str, table: &str| {
        let sql = format!("SELECT {columns} FROM {table} WHERE resource_id = '{id}' ORDER BY seq");
        let statement = Statement::from_string(db.get_database_backend(), sql);
        db.query_all_raw(statement).await.unwrap()
    };
    let read = |bytes: Vec<u8>| pb::Invoice::decode(bytes.as_slice()).unwrap();
    let mut kinds = Vec::new();
    let mut told = Vec::new();
    for row in rows("kind, payload", "outbox").await {
        kinds.push(row.try_get_by_index::<String>(0).unwrap());
        told.push(read(row.try_get_by_index(1).unwrap()));
    }
    assert_eq!(kinds, ["invoice.created", "invoice.updated"]);
    let passed: Vec<&pb::Invoice> = told.iter().flat_map(|invoice| &invoice.passed).collect();
    let states: Vec<&str> = passed.iter().map(|invoice| status(invoice)).collect();
    assert_eq!(
        states,
        [
            "draft.waiting_for_collection",
            "draft.collecting",
            "draft.validating",
            "draft.syncing",
            "draft.waiting_auto_approval",
            "draft.ready_to_issue",
            "issuing.syncing",
            "issued",
            "payment_processing.pending",
            "paid",
        ]
    );
    assert!(passed.iter().all(|invoice| total(invoice) == "11"));
    assert!(passed.is_sorted_by(|one, next| one.revision < next.revision));
    let ends: Vec<&str> = told.iter().map(status).collect();
    assert_eq!(ends, ["draft.waiting_for_collection", "paid"]);
    let shown = world.get(&id).await;
    assert_eq!(without_passed(told.last().unwrap()), shown);
    assert_eq!(told[0].lines, shown.lines, "nothing changed but the state");
    let audited = rows("before, after", "audit_entry").await;
    let last = audited.last().unwrap();
    let before = read(last.try_get_by_index(0).unwrap());
    assert_eq!(status(&before), "draft.waiting_for_collection");
    assert_eq!(before.lines, shown.lines);
    let after = read(last.try_get_by_index(1).unwrap());
    assert_eq!(without_passed(&after), shown);
    assert_eq!(after.passed, told[1].passed, "the trail has them, too");
}

fn without_passed(invoice: &pb::Invoice) -> pb::Invoice {
    pb::Invoice {
        passed: Vec::new(),
        ..invoice.clone()
    }
}

#[tokio::test]
async fn documents_are_compressed_the_fast_way_on_postgresql() {
    use sea_orm::{ConnectionTrait as _, DatabaseBackend, Statement};
    let world = World::new("2024-01-01").await;
    let db = world.billing.db.reader();
    if db.get_database_backend() != DatabaseBackend::Postgres {
        return;
    }
    let statement = "SELECT attrelid::regclass::text, attname::text, attcompression::text FROM pg_attribute \
                     WHERE attcompression = 'l' AND attrelid::regclass::text !~ '[.]' ORDER BY 1, 2";
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), statement))
        .await
        .unwrap();
    let found: Vec<(String, String)> = rows
        .iter()
        .map(|row| {
            (
                row.try_get_by_index(0).unwrap(),
                row.try_get_by_index(1).unwrap(),
            )
        })
        .collect();
    let expected = [
        ("audit_entry", "after"),
        ("audit_entry", "before"),
        ("invoice", "body"),
        ("invoice_line", "body"),
        ("outbox", "payload"),
    ];
    assert_eq!(
        found,
        expected.map(|(table, column)| (table.to_owned(), column.to_owned()))
    );
}
