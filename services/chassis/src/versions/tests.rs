//! Versions of a database for itself, and of one that several processes write.
#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::{Db, auth::Grants, context::Context, secret::MasterKey, token::Signer};
use testdb::TestDatabase;

#[test]
fn a_touch_is_seen_by_every_clone_and_by_its_scope_alone() {
    let versions = Versions::default();
    let (one, two): (ProjectId, ProjectId) = (crate::id::next(), crate::id::next());
    let before = [
        versions.of(one, "customer"),
        versions.of(one, "subject:a"),
        versions.of(two, "customer"),
    ];
    versions.clone().touch(one, "customer");
    assert_eq!(versions.of(one, "customer"), before[0] + 1);
    assert_eq!(versions.of(one, "subject:a"), before[1]);
    assert_eq!(versions.of(two, "customer"), before[2]);
}

#[test]
fn a_dropped_touch_counts() {
    let versions = Versions::default();
    let project = crate::id::next();
    let scopes = BTreeSet::from(["meter".to_owned()]);
    drop(Touch::new(&versions, project, &scopes));
    assert_eq!(versions.of(project, "meter"), 1);
}

/// Replicas of different builds agree on it.
#[test]
fn the_number_of_a_scope_never_changes() {
    let project = ProjectId::from_ulid(kernel::id::Ulid::nil());
    assert_eq!(slot(project, "customer"), 10_978);
}

/// Two replicas on one PostgreSQL; none without a server.
async fn replicas() -> Option<(TestDatabase, [Db; 2])> {
    let database = TestDatabase::new("catalog").await;
    if !database.is_postgres() {
        println!("SKIPPED: it needs PERENNIAL_TEST_DATABASE_URL");
        return None;
    }
    let master = MasterKey::generate();
    let open = async || {
        let db = Db::open("catalog", database.url(), 5, &master, Vec::new());
        let db = db.await.unwrap();
        db.share_versions(&Arc::default()).await.unwrap();
        db
    };
    let both = [open().await, open().await];
    Some((database, both))
}

fn context(db: &Db) -> Context {
    let project = ProjectId::from_ulid(kernel::id::Ulid::nil());
    let signer = Signer::new(db.master());
    Context::new(project, "test".to_owned(), Grants::All, None, signer)
}

async fn touching(db: &Db, scope: &str) -> crate::Write {
    let write = db.system_write(&context(db)).await.unwrap();
    write.touch(scope);
    write
}

/// The version of a scope as it is after a look.
async fn version(db: &Db, scope: &str) -> u64 {
    let versions = db.versions().unwrap();
    Versions::look([versions]).await.unwrap();
    versions.of(context(db).project, scope)
}

#[tokio::test]
async fn a_commit_of_one_replica_is_in_the_next_look_of_another() {
    let Some((_database, [one, two])) = replicas().await else {
        return;
    };
    let before = [version(&two, "a").await, version(&two, "b").await];
    for round in 1..=20 {
        let scope = if round % 2 == 0 { "a" } else { "b" };
        touching(&one, scope).await.commit().await.unwrap();
        let after = [version(&two, "a").await, version(&two, "b").await];
        assert_eq!(
            after,
            [before[0] + round / 2, before[1] + round.div_ceil(2)]
        );
    }
    drop(touching(&one, "a").await);
    assert_eq!(version(&two, "a").await, before[0] + 10, "nothing happened");
}

#[tokio::test]
async fn a_commit_that_began_before_others_is_not_missed() {
    let Some((_database, [one, two])) = replicas().await else {
        return;
    };
    let before = version(&two, "slow").await;
    let slow = touching(&one, "slow").await;
    // It has its place in the order from its first write on.
    let first = "INSERT INTO meta (name, value) VALUES ('slow', '')";
    slow.tx().execute_unprepared(first).await.unwrap();
    for _ in 0..3 {
        touching(&one, "fast").await.commit().await.unwrap();
        assert_eq!(version(&two, "slow").await, before);
    }
    slow.commit().await.unwrap();
    let fast = version(&two, "fast").await;
    assert_eq!(version(&two, "slow").await, before + 1);
    assert_eq!(version(&two, "fast").await, fast, "once is enough");
}

#[tokio::test]
async fn many_who_look_at_once_share_looks_and_miss_nothing() {
    let Some((_database, [one, two])) = replicas().await else {
        return;
    };
    let before = version(&two, "work").await;
    let done = Arc::new(AtomicU64::new(0));
    let watchers = (0..20).map(|_| {
        let (two, done) = (two.clone(), done.clone());
        tokio::spawn(async move {
            for _ in 0..50 {
                let committed = done.load(Ordering::SeqCst);
                assert!(version(&two, "work").await >= before + committed);
            }
        })
    });
    let watchers: Vec<_> = watchers.collect();
    for _ in 0..100 {
        touching(&one, "work").await.commit().await.unwrap();
        done.fetch_add(1, Ordering::SeqCst);
    }
    for watcher in watchers {
        watcher.await.unwrap();
    }
    assert_eq!(version(&two, "work").await, before + 100);
}

#[tokio::test]
async fn rows_that_everybody_has_seen_are_removed() {
    let Some((_database, [one, two])) = replicas().await else {
        return;
    };
    let versions = one.versions().unwrap();
    let count = async || {
        let statement = "SELECT COUNT(*) FROM version_touch";
        let statement = Statement::from_string(DatabaseBackend::Postgres, statement);
        let row = one.reader().query_one_raw(statement).await.unwrap();
        row.unwrap().try_get_by_index::<i64>(0).unwrap()
    };
    touching(&two, "a").await.commit().await.unwrap();
    versions.tidy().await.unwrap();
    touching(&two, "a").await.commit().await.unwrap();
    versions.tidy().await.unwrap();
    assert_eq!(count().await, 2, "they are still young");
    // Transactions of other databases of the server may hold a row up.
    for _ in 0..500 {
        let member = versions.member.as_ref().unwrap();
        if let Some(note) = member.noted.lock().await.as_mut() {
            note.at = Instant::now().checked_sub(KEEP).unwrap();
        }
        versions.tidy().await.unwrap();
        if count().await == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("they are never removed");
}

#[tokio::test]
async fn nothing_is_remembered_while_replicas_of_an_earlier_build_may_write() {
    let Some((database, [one, _two])) = replicas().await else {
        return;
    };
    let from = |hours: i64| {
        let now = crate::clock::system_now().as_microsecond();
        let value = now + hours * 3_600_000_000;
        format!(
            "INSERT INTO meta (name, value) VALUES ('versions_from', '{value}') \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        )
    };
    let master = one.master().clone();
    for (hours, remembers) in [(1, false), (-1, true)] {
        one.reader().execute_unprepared(&from(hours)).await.unwrap();
        let db = Db::open("catalog", database.url(), 2, &master, Vec::new());
        let db = db.await.unwrap();
        db.share_versions(&Arc::default()).await.unwrap();
        assert_eq!(db.versions().is_some(), remembers);
        // What it writes is told in either case.
        let before = version(&one, "a").await;
        touching(&db, "a").await.commit().await.unwrap();
        assert_eq!(version(&one, "a").await, before + 1);
    }
}

#[tokio::test]
async fn services_of_one_database_look_together_and_have_versions_of_their_own() {
    let database = TestDatabase::new("catalog").await;
    if !database.is_postgres() {
        println!("SKIPPED: it needs PERENNIAL_TEST_DATABASE_URL");
        return;
    }
    let (master, looks) = (MasterKey::generate(), Arc::default());
    let open = async |service| {
        let db = Db::open(service, database.url(), 2, &master, Vec::new());
        let db = db.await.unwrap();
        db.share_versions(&looks).await.unwrap();
        db
    };
    let both = [open("catalog").await, open("customer").await];
    let versions = async || {
        let [one, two] = both.each_ref().map(|db| db.versions().unwrap());
        Versions::look([one, two]).await.unwrap();
        let project = context(&both[0]).project;
        [one.of(project, "a"), two.of(project, "a")]
    };
    let before = versions().await;
    let asked = looks.asked.load(Ordering::SeqCst);
    // Another process, which tells this one only by its rows.
    let other = Db::open("customer", database.url(), 2, &master, Vec::new());
    let other = other.await.unwrap();
    other.share_versions(&Arc::default()).await.unwrap();
    touching(&other, "a").await.commit().await.unwrap();
    assert_eq!(versions().await, [before[0], before[1] + 1]);
    assert_eq!(looks.asked.load(Ordering::SeqCst), asked + 1);
}

proptest! {
    /// After a gap, on another server or when time was lost, everything is asked anew.
    #[test]
    fn a_look_follows_another_only_without_a_gap(
        seconds in 0u64..200, shift in -200i64..200, next in 0u64..10, restarted: bool
    ) {
        let at = Instant::now();
        let before = Standing {
            at,
            server_time: 1_000_000_000_000,
            server_start: "one".to_owned(),
            next: 5,
            running: String::new(),
        };
        let after = Standing {
            at: at + Duration::from_secs(seconds),
            server_time: before.server_time + shift * 1_000_000,
            server_start: if restarted { "two" } else { "one" }.to_owned(),
            next,
            running: String::new(),
        };
        let gapless = seconds <= 60 && shift.abs() <= 60 && next >= 5 && !restarted;
        prop_assert_eq!(after.follows(&before), gapless);
    }
}
