//! A backup that is taken in the middle of work, and restored elsewhere: one point in time of all services. What was acknowledged
//! before it is there, what was half made is finished or gone, and every invoice follows from subscriptions and usage.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use suite::World;

use super::setup::{
    all_whole, company, counted, customer, event, eventually, send, stored, subscribe,
};

const LIMIT: Duration = Duration::from_secs(120);

/// A program of PostgreSQL: on the path, or where Debian keeps it.
#[expect(
    clippy::disallowed_methods,
    reason = "programs are found by the environment"
)]
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql");
    let debian = versions
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")));
    std::env::split_paths(&path)
        .chain(debian)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

async fn run(program: &Path, arguments: &[&str]) {
    let output = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program:?} {arguments:?}: {said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_in_the_middle_of_work_is_one_point() {
    let world = World::start().await;
    let (url, Some(_)) = world.database_url("customer") else {
        println!("SKIPPED: it needs PERENNIAL_TEST_DATABASE_URL");
        world.stop().await;
        return;
    };
    let (Some(dump), Some(psql)) = (program("pg_dump"), program("psql")) else {
        println!("SKIPPED: it needs pg_dump and psql");
        world.stop().await;
        return;
    };
    let client = world.client();
    company(&client).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.sql").display().to_string();
    let (signed, done) = (AtomicUsize::new(0), AtomicBool::new(false));
    let work = async {
        let mut number = 0;
        while !done.load(Ordering::Relaxed) {
            let id = customer(&client, &format!("c-{number}"), "").await.unwrap();
            subscribe(&client, &id, "").await.unwrap();
            let used = event(format!("e-{number}"), &format!("c-{number}"));
            send(&client, vec![used]).await.unwrap();
            number += 1;
            signed.store(number, Ordering::Relaxed);
        }
    };
    let backup = async {
        eventually(LIMIT, || async {
            let number = signed.load(Ordering::Relaxed);
            (number >= 5).then_some(()).ok_or(number.to_string())
        })
        .await;
        let before = signed.load(Ordering::Relaxed);
        run(&dump, &["--no-owner", "--file", &file, &url]).await;
        done.store(true, Ordering::Relaxed);
        before
    };
    let (before, ()) = tokio::join!(backup, work);

    let restored = format!("{url}_restored");
    let (_, name) = restored.rsplit_once('/').unwrap();
    let strict = "ON_ERROR_STOP=1";
    run(
        &psql,
        &[
            "--quiet",
            &url,
            "--command",
            &format!("CREATE DATABASE {name}"),
        ],
    )
    .await;
    run(
        &psql,
        &["--quiet", &restored, "--set", strict, "--file", &file],
    )
    .await;
    let settings = [("database_url", restored.as_str())];
    let second = world.replica_with(&settings).await.unwrap();
    let (client, rest) = (second.client(), second.rest());
    let mut customers = Vec::new();
    for number in 0..before {
        let found = rest.get(&format!("/api/v1/customers/c-{number}")).await;
        assert_eq!(found.status, 200, "c-{number}: {}", found.text);
        customers.push(found.json["id"].as_str().unwrap().to_owned());
    }
    all_whole(&client, &customers, LIMIT).await;
    let events = stored(&client).await.len();
    assert!(events >= before, "{events} of {before}");
    assert_eq!(counted(&client).await, events.into());
    eventually(LIMIT, || async {
        let found = perennial::reconcile::check(&client, &[]).await.unwrap();
        if found.differences.is_empty() && found.invoices >= before {
            return Ok(());
        }
        Err(format!("{} {:?}", found.summary(), found.differences))
    })
    .await;
    second.stop().await;
    run(
        &psql,
        &[
            "--quiet",
            &url,
            "--command",
            &format!("DROP DATABASE {name} WITH (FORCE)"),
        ],
    )
    .await;
    world.stop().await;
}
