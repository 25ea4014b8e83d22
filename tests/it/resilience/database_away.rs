//! The database cannot be reached: a process waits for it at its start, is not ready while it is away, refuses calls as
//! temporary, and goes on by itself when it is back.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use suite::World;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

use super::setup::eventually;

const LIMIT: Duration = Duration::from_secs(90);

/// A way to the database that can be closed: connections end, new ones are dropped at once.
struct Door {
    port: u16,
    open: watch::Sender<bool>,
    dropped: Arc<AtomicUsize>,
    listening: JoinHandle<()>,
}

impl Door {
    /// A closed door to an address.
    async fn to(address: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (open, is_open) = watch::channel(false);
        let dropped = Arc::new(AtomicUsize::new(0));
        let counted = dropped.clone();
        let listening = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                if *is_open.borrow() {
                    tokio::spawn(pass(connection, address.clone(), is_open.clone()));
                } else {
                    counted.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        Self {
            port,
            open,
            dropped,
            listening,
        }
    }

    /// Waits until somebody has knocked in vain, then opens.
    async fn open_after_a_knock(&self) {
        let before = self.dropped.load(Ordering::Relaxed);
        eventually(LIMIT, || async {
            let now = self.dropped.load(Ordering::Relaxed);
            if now == before {
                return Err("nobody knocks".to_owned());
            }
            Ok(())
        })
        .await;
        self.open.send_replace(true);
    }
}

async fn pass(mut inside: TcpStream, address: String, mut is_open: watch::Receiver<bool>) {
    let mut outside = TcpStream::connect(address).await.unwrap();
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut inside, &mut outside) => {}
        _ = is_open.wait_for(|open| !open) => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_is_waited_for() {
    let world = World::start().await;
    let (url, Some(_)) = world.database_url("customer") else {
        println!("SKIPPED: it needs PERENNIAL_TEST_DATABASE_URL");
        world.stop().await;
        return;
    };
    // postgres://USER@HOST:PORT/NAME
    let (before, rest) = url.rsplit_once('@').unwrap();
    let (address, name) = rest.split_once('/').unwrap();
    let door = Door::to(address.to_owned()).await;
    let through = format!("{before}@127.0.0.1:{}/{name}", door.port);
    let settings = [("database_url", through.as_str())];

    // A start before the database is there.
    let (replica, ()) = tokio::join!(world.replica_with(&settings), door.open_after_a_knock());
    let replica = replica.unwrap();
    let rest = replica.rest();
    let ready = async |wanted: u16| {
        eventually(LIMIT, || async {
            let answer = rest.get("/readyz").await;
            if answer.status != wanted {
                return Err(format!("{} {}", answer.status, answer.text));
            }
            Ok(answer.json)
        })
        .await
    };
    assert_eq!(ready(200).await["customer.database"], json!(true));
    let customer = json!({"name": "A", "key": "a"});
    let made = rest.post("/api/v1/customers", customer).await;
    assert_eq!(made.status, 201, "{}", made.text);

    // It goes away: not ready, but alive; what is asked is refused as temporary.
    door.open.send_replace(false);
    let parts = eventually(LIMIT, || async {
        let parts = rest.get("/readyz").await;
        let away = |part: &&str| parts.json[format!("{part}.database")] == json!(false);
        if chassis::config::SERVICES.iter().all(away) {
            return Ok(parts);
        }
        Err(parts.text)
    })
    .await;
    assert_eq!(parts.status, 503);
    assert_eq!(rest.get("/healthz").await.status, 200);
    let refused = rest.get("/api/v1/customers/a").await;
    assert_eq!(refused.status, 503, "{}", refused.text);

    // It comes back.
    door.open.send_replace(true);
    ready(200).await;
    assert_eq!(rest.get("/api/v1/customers/a").await.status, 200);
    replica.stop().await;
    world.stop().await;
    door.listening.abort();
}
