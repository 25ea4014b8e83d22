//! A database that cannot do what it is asked, and leases of clocks that jump.

#![expect(clippy::unwrap_used, reason = "tests")]

use contract::kernel::v1::Decimal;
use testdb::TestDatabase;
use tonic::{Response, Status};

use super::*;
use crate::{
    auth::Grants,
    error::details,
    idempotency::{self, REPLAYED_HEADER},
    lease::Leases,
    token::Signer,
};

async fn open(url: &str) -> Db {
    let master = MasterKey::generate();
    Db::open("catalog", url, 2, &master, Vec::new())
        .await
        .unwrap()
}

fn context(db: &Db) -> Context {
    let project = kernel::id::ProjectId::from_ulid(ulid::Ulid::nil());
    let signer = Signer::new(db.master());
    Context::new(project, "test".to_owned(), Grants::All, None, signer)
}

/// Records a change of so many bytes.
async fn change(db: &Db, id: &str, bytes: usize) -> Result<Response<Decimal>, Status> {
    let state = Decimal {
        value: "1".repeat(bytes),
    };
    let (own, name) = (state.clone(), id.to_owned());
    let context = context(db);
    db.write(&context, "Change", id, &state, |mut write| async move {
        write
            .record("thing.created", &name, 1, None, Some(&own))
            .await
            .map_err(idempotency::database)?;
        Ok::<_, Status>((write, own))
    })
    .await
}

async fn number(db: &DatabaseConnection, sql: &str) -> i64 {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let row = db.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

async fn limit_pages(db: &Db, pages: i64) {
    let sql = format!("PRAGMA max_page_count = {pages}");
    db.writer().execute_unprepared(&sql).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_refuses_writes_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(&Db::sqlite_url(folder.path(), "catalog")).await;
    change(&db, "first", 10).await.unwrap();
    let events = "SELECT COUNT(*) FROM outbox";
    for _ in 0..3 {
        // It holds for a connection, and the one before may have been given up.
        limit_pages(&db, number(db.writer(), "PRAGMA page_count").await).await;
        let status = change(&db, "large", 1_000_000).await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::Unavailable, "{status:?}");
        assert_eq!(details(&status).reason, "DATABASE_FULL");
        // What was there is there, and nothing of the other.
        assert_eq!(number(db.reader(), events).await, 1);
        let again = change(&db, "first", 10).await.unwrap();
        assert!(again.metadata().contains_key(REPLAYED_HEADER));
    }
    limit_pages(&db, i64::from(i32::MAX)).await;
    let made = change(&db, "large", 1_000_000).await.unwrap();
    assert!(!made.metadata().contains_key(REPLAYED_HEADER));
    assert_eq!(number(db.reader(), events).await, 2);
    db.close().await.unwrap();
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_told_as_that() {
    let database = TestDatabase::new("catalog").await;
    if !database.is_postgres() {
        println!("SKIPPED: it needs PERENNIAL_TEST_DATABASE_URL");
        return;
    }
    let db = open(database.url()).await;
    let asked = number(
        db.reader(),
        "SELECT setting::bigint FROM pg_settings WHERE name = 'statement_timeout'",
    )
    .await;
    assert_eq!(u128::try_from(asked).unwrap(), STATEMENT_LIMIT.as_millis());
    let tx = db.begin().await.unwrap();
    let shorter = "SET LOCAL statement_timeout = 1";
    tx.execute_unprepared(shorter).await.unwrap();
    let sleep = tx.execute_unprepared("SELECT pg_sleep(60)").await;
    let status = idempotency::database(sleep.unwrap_err());
    assert_eq!(status.code(), tonic::Code::DeadlineExceeded);
    assert_eq!(details(&status).reason, "DATABASE_TIMEOUT");
    drop(tx);
    change(&db, "next", 10).await.unwrap();
    db.close().await.unwrap();
}

#[tokio::test]
async fn a_lease_of_a_clock_that_was_ahead_holds_nobody_up() {
    let database = TestDatabase::new("catalog").await;
    let db = open(database.url()).await;
    let (one, other) = (Leases::new(db.clone()), Leases::new(db.clone()));
    let time = Duration::from_secs(3_600);
    let take = async |leases: &Leases| leases.acquire("work", time).await.unwrap();
    let shift = async |hours: i64| {
        let sql = format!(
            "UPDATE lease SET until = until + {}",
            hours * 3_600_000_000_i64
        );
        db.writer().execute_unprepared(&sql).await.unwrap();
    };
    assert!(take(&one).await && !take(&other).await);
    // Half an hour of difference between two machines is no jump.
    db.writer()
        .execute_unprepared("UPDATE lease SET until = until + 1800000000")
        .await
        .unwrap();
    assert!(!take(&other).await);
    assert!(take(&one).await);
    // The clock went back by two hours since it was taken.
    shift(2).await;
    assert!(take(&other).await && !take(&one).await);
    // It went forward by two hours.
    shift(-2).await;
    assert!(take(&one).await && !take(&other).await);
    db.close().await.unwrap();
}

#[tokio::test]
async fn an_answer_is_remembered_for_a_day_whatever_the_clock_does_meanwhile() {
    let database = TestDatabase::new("catalog").await;
    let db = open(database.url()).await;
    let replayed = async || {
        let answer = change(&db, "first", 10).await.unwrap();
        answer.metadata().contains_key(REPLAYED_HEADER)
    };
    assert!(!replayed().await);
    // Back by two hours, forward by four, forward by twenty-one.
    for hours in [2, -4, -21] {
        let sql = "UPDATE idempotency SET create_time = create_time";
        let sql = format!("{sql} + {}", hours * 3_600_000_000_i64);
        db.writer().execute_unprepared(&sql).await.unwrap();
        idempotency::expire(&db).await.unwrap();
        assert!(replayed().await, "{hours}");
    }
    db.close().await.unwrap();
}
