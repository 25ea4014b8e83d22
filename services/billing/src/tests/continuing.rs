//! A sync of a subscription goes on where the last one ended: what was made before is not looked at again, and
//! nothing is made twice.
#![expect(clippy::unwrap_used, reason = "tests")]

use contract::billing::v1::{
    self as pb, subscription_sync_service_server::SubscriptionSyncService as _,
};
use sea_orm::{ConnectionTrait as _, Statement};

use super::{
    editing::{echo, put},
    subscriptions::{apply, plain},
    world::*,
};

/// Starts of the lines of a name on all invoices, pending ones too.
async fn starts(world: &World, name: &str) -> Vec<String> {
    let mut starts: Vec<String> = world
        .list()
        .await
        .iter()
        .flat_map(|invoice| &invoice.lines)
        .filter(|line| line.name == name)
        .map(|line| {
            let start = line.period.unwrap().start_time.unwrap();
            let start = contract::convert::from_timestamp(&start).unwrap();
            start.to_string().get(..10).unwrap().to_owned()
        })
        .collect();
    starts.sort();
    starts
}

async fn run(world: &World, sql: &str) {
    let db = world.billing.db.reader();
    db.execute_unprepared(sql).await.unwrap();
}

async fn text(world: &World, sql: &str) -> String {
    let db = world.billing.db.reader();
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let row = db.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

#[tokio::test]
async fn lines_that_were_made_are_not_looked_at_again() {
    let world = World::new("2024-01-01").await;
    apply(&world, plain(1, None)).await;
    world.advance("2024-03-02").await;
    let all = ["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"];
    assert_eq!(starts(&world, "fee").await, all);
    // Whoever looked at everything would find that this one is missing.
    let fee = world.standard().await.remove(0).lines.remove(0);
    run(
        &world,
        &format!("DELETE FROM invoice_line WHERE id = '{}'", fee.id),
    )
    .await;
    world.advance("2024-05-02").await;
    let later = [
        "2024-02-01",
        "2024-03-01",
        "2024-04-01",
        "2024-05-01",
        "2024-06-01",
    ];
    assert_eq!(starts(&world, "fee").await, later);
    // A change of the subscription is a reason to look at everything.
    apply(&world, plain(2, None)).await;
    assert_eq!(starts(&world, "fee").await[0], "2024-01-01");
}

#[tokio::test]
async fn a_copy_from_before_is_looked_at_once_and_nothing_is_made_twice() {
    let world = World::new("2024-01-01").await;
    apply(&world, plain(1, None)).await;
    world.advance("2024-02-02").await;
    run(&world, "UPDATE subscription SET reached = '{}'").await;
    world.advance("2024-04-02").await;
    let all = [
        "2024-01-01",
        "2024-02-01",
        "2024-03-01",
        "2024-04-01",
        "2024-05-01",
    ];
    assert_eq!(starts(&world, "fee").await, all);
    assert_ne!(text(&world, "SELECT reached FROM subscription").await, "{}");
    assert_eq!(world.differences().await, [""; 0]);
}

#[tokio::test]
async fn a_line_that_a_person_kept_is_not_made_again_when_its_time_comes() {
    let world = World::new("2024-01-01").await;
    apply(&world, plain(1, None)).await;
    world.jump("2024-01-10");
    // Everything until the end is prepared, and somebody gives a discount on March.
    apply(&world, plain(2, Some("2024-03-20"))).await;
    let pending = world.gathering().await;
    let mut lines = echo(&pending);
    let march = lines
        .iter_mut()
        .find(|line| line.name == "fee" && line.invoice_time == wire("2024-03-01"))
        .unwrap();
    march.price = Some(flat("5", false));
    let id = march.id.clone();
    put(&world, &pending, lines).await.unwrap();
    // The end is taken back: March is not expected yet, and stays.
    apply(&world, plain(3, None)).await;
    assert_eq!(
        starts(&world, "fee").await,
        ["2024-01-01", "2024-02-01", "2024-03-01"]
    );
    world.advance("2024-04-02").await;
    let all = [
        "2024-01-01",
        "2024-02-01",
        "2024-03-01",
        "2024-04-01",
        "2024-05-01",
    ];
    assert_eq!(starts(&world, "fee").await, all);
    let kept: Vec<pb::InvoiceLine> = world
        .list()
        .await
        .into_iter()
        .flat_map(|invoice| invoice.lines)
        .filter(|line| line.id == id)
        .collect();
    assert_eq!(shown(&kept[0].totals.as_ref().unwrap().total), "5");
}

#[tokio::test]
async fn a_clock_that_was_set_back_makes_nothing_twice() {
    let world = World::new("2024-01-01").await;
    apply(&world, plain(1, None)).await;
    world.advance("2024-03-02").await;
    let before = starts(&world, "fee").await;
    world.jump("2024-02-10");
    let sync = pb::SyncCustomerRequest {
        customer_id: CUSTOMER.to_owned(),
        ..Default::default()
    };
    world.billing.sync_customer(world.call(sync)).await.unwrap();
    // What is due behind the clock is not pending any more.
    assert_eq!(starts(&world, "fee").await, before[..3]);
    world.advance("2024-03-03").await;
    assert_eq!(starts(&world, "fee").await, before);
}
