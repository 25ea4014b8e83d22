//! One service as a process of its own beside all others, with a post in between that every call passes: there, calls of
//! chosen callers can be stopped at any step, and the process killed while they are.

use std::{
    collections::BTreeMap,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, bail};
use chassis::{
    Link,
    config::{Config, GATEWAY, SERVICES},
    health::Readiness,
    link::Links,
    listen::Connections,
    secret::MasterKey,
    server::{Dispatcher, serve_grpc},
    token::Signer,
};
use contract::customer::v1::{ApiKey, CreateKeyRequest, KeyKind};
use perennial::Process;
use perennial_sdk::Client;
use tokio::{net::TcpListener, sync::Notify};
use tokio_util::sync::CancellationToken;
use tonic::{Status, body::Body, codegen::http};
use tower::ServiceExt as _;

use crate::{
    Rest,
    database::{TestDatabase, server},
    installation::{KEY, MASTER_KEY, binary},
    ports::free_ports,
};

/// Longest time that anything waited for may take.
const LIMIT: Duration = Duration::from_secs(90);

/// Where in a step a call is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The other side has not heard of it.
    Before,
    /// The other side has done it; the caller has not heard of that.
    After,
}

/// A caller whose calls are counted, and perhaps stopped.
#[derive(Clone)]
pub struct Lane {
    /// Its connection.
    pub client: Client,
    actor: String,
}

/// What the post knows of a lane.
#[derive(Default)]
struct Record {
    calls: Vec<String>,
    stop_at: Option<(usize, Moment)>,
    stopped: bool,
}

impl Lane {
    /// A name that no other lane has.
    pub fn name(&self) -> &str {
        &self.actor
    }
}

/// The post.
pub struct Post {
    lanes: Mutex<BTreeMap<String, Record>>,
    stopped: Notify,
    released: Mutex<CancellationToken>,
    signer: Signer,
    remote: Links,
}

impl Post {
    fn lanes(&self) -> MutexGuard<'_, BTreeMap<String, Record>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn released(&self) -> CancellationToken {
        let released = self.released.lock();
        released.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for a lane no longer: it came through.
    pub fn done(&self, lane: &Lane) {
        if let Some(record) = self.lanes().get_mut(&lane.actor) {
            record.stop_at = None;
        }
        self.stopped.notify_waiters();
    }

    /// Counts a call; says whether it is to be stopped. A lane that was stopped once stays so.
    fn count(&self, actor: &str, method: &str) -> Option<Moment> {
        let mut lanes = self.lanes();
        let lane = lanes.get_mut(actor)?;
        let step = lane.calls.len();
        lane.calls.push(method.to_owned());
        if lane.stopped {
            return Some(Moment::Before);
        }
        lane.stop_at
            .filter(|(at, _)| *at == step)
            .map(|(_, moment)| moment)
    }

    /// Holds a call until the process at the other end is dead.
    async fn stop(&self, actor: &str) -> http::Response<Body> {
        let released = self.released();
        if let Some(lane) = self.lanes().get_mut(actor) {
            lane.stopped = true;
        }
        self.stopped.notify_waiters();
        released.cancelled().await;
        Status::unavailable("the process was killed").into_http()
    }

    async fn pass(
        &self,
        service: &'static str,
        request: http::Request<Body>,
    ) -> http::Response<Body> {
        let path = request.uri().path();
        let method = path.rsplit('/').next().unwrap_or_default().to_owned();
        let claims = request
            .headers()
            .get("authorization")
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
            .and_then(|token| self.signer.verify(token));
        let actor = claims.map(|claims| claims.actor).unwrap_or_default();
        let stop = self.count(&actor, &method);
        if stop == Some(Moment::Before) {
            return self.stop(&actor).await;
        }
        let answer = self.remote.get(service).oneshot(request).await;
        if stop == Some(Moment::After) {
            return self.stop(&actor).await;
        }
        answer.unwrap_or_else(|never| match never {})
    }
}

/// All services, one of them in a process that can be killed.
pub struct Stepped {
    victim: &'static str,
    /// Whether the calls matter that the victim makes, and not those to it.
    asks: bool,
    /// Settings of the victim's own.
    settings: Vec<(String, String)>,
    child: Guarded,
    others: Process,
    post: Arc<Post>,
    post_address: String,
    others_address: String,
    ports: (u16, u16),
    shutdown: CancellationToken,
    database: Option<TestDatabase>,
    folder: tempfile::TempDir,
}

impl Stepped {
    /// Starts everything, `victim` as a process of its own. The calls that matter are those that `subscription` makes: all
    /// of them when it is the victim, else those to the victim.
    pub async fn start(victim: &'static str) -> anyhow::Result<Self> {
        Self::begin(victim, victim == "subscription", &[]).await
    }

    /// The same where the calls matter that the victim makes; with settings of the victim's own.
    pub async fn asking(victim: &'static str, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        Self::begin(victim, true, settings).await
    }

    async fn begin(
        victim: &'static str,
        asks: bool,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let database = match server() {
            Some(server) => Some(TestDatabase::create(&server).await?),
            None => None,
        };
        let free = free_ports(2)?;
        let (ports, others_ports) = (free[0], free[1]);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let post_address = listener.local_addr()?.to_string();
        let victim_address = format!("127.0.0.1:{}", ports.1);
        let others_address = format!("127.0.0.1:{}", others_ports.1);

        let remote = Links::default();
        for service in SERVICES {
            let address = if service == victim {
                &victim_address
            } else {
                &others_address
            };
            remote.join_remote(service, address, None)?;
        }
        let post = Arc::new(Post {
            lanes: Mutex::default(),
            stopped: Notify::new(),
            released: Mutex::default(),
            signer: Signer::new(&MasterKey::parse(MASTER_KEY)?),
            remote,
        });
        let through = Links::default();
        for service in SERVICES {
            let post = post.clone();
            let pass = move |request: http::Request<Body>| {
                let post = post.clone();
                async move { Ok(post.pass(service, request).await) }
            };
            through.join(service, Link::new(tower::service_fn(pass)));
        }
        let shutdown = CancellationToken::new();
        tokio::spawn(serve_grpc(
            Connections::new(listener, None),
            Dispatcher::new(through, Vec::new()),
            Readiness::default(),
            shutdown.clone(),
        ));

        let to_victim = if asks { &victim_address } else { &post_address };
        let mut flags = BTreeMap::from([
            ("data_dir".to_owned(), folder.path().display().to_string()),
            ("http".to_owned(), format!("127.0.0.1:{}", others_ports.0)),
            ("grpc".to_owned(), others_address.clone()),
            ("bootstrap_key".to_owned(), KEY.to_owned()),
            ("master_key".to_owned(), MASTER_KEY.to_owned()),
            (format!("{victim}.url"), to_victim.clone()),
        ]);
        for service in SERVICES {
            flags.insert(format!("{service}.database_connections"), "5".to_owned());
        }
        if let Some(database) = &database {
            flags.insert("database_url".to_owned(), database.url());
        }
        let config = Config::load(None, [], flags)?;
        let parts: Vec<String> = SERVICES
            .into_iter()
            .chain([GATEWAY])
            .filter(|part| *part != victim)
            .map(str::to_owned)
            .collect();
        let others = Process::start(config, &parts).await?;
        let mut stepped = Self {
            victim,
            asks,
            settings: settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            child: Guarded(None),
            others,
            post,
            post_address,
            others_address,
            ports,
            shutdown,
            database,
            folder,
        };
        stepped.spawn().await?;
        Ok(stepped)
    }

    /// A client with the bootstrap key, whose calls nobody counts.
    pub fn client(&self) -> Client {
        self.client_with(KEY)
    }

    fn client_with(&self, key: &str) -> Client {
        Client::builder(self.others_address.clone(), key)
            .connect_lazy()
            .expect("the address is good")
    }

    /// A caller of its own.
    pub async fn lane(&self) -> anyhow::Result<Lane> {
        let key = ApiKey {
            kind: KeyKind::Secret.into(),
            ..Default::default()
        };
        let request = CreateKeyRequest {
            key: Some(key),
            ..Default::default()
        };
        let made = self.client().keys().create_key(request).await?.into_inner();
        let id = made.key.context("the key is told")?.id;
        Ok(Lane {
            client: self.client_with(&made.secret),
            actor: format!("key:{id}"),
        })
    }

    /// The post that the calls pass.
    pub fn gate(&self) -> Arc<Post> {
        self.post.clone()
    }

    /// Counts the calls of a lane from now on, and stops one of them if asked to.
    pub fn watch(&self, lane: &Lane, stop_at: Option<(usize, Moment)>) {
        let record = Record {
            stop_at,
            ..Record::default()
        };
        self.post.lanes().insert(lane.actor.clone(), record);
    }

    /// The calls of a lane since it is watched.
    pub fn calls(&self, lane: &Lane) -> Vec<String> {
        let lanes = self.post.lanes();
        let record = lanes.get(&lane.actor);
        record
            .map(|record| record.calls.clone())
            .unwrap_or_default()
    }

    /// Waits until every lane that is to be stopped is.
    pub async fn all_stopped(&self) -> anyhow::Result<()> {
        let deadline = tokio::time::Instant::now() + LIMIT;
        loop {
            let stopped = self.post.stopped.notified();
            let missing: Vec<String> = self
                .post
                .lanes()
                .values()
                .filter(|lane| lane.stop_at.is_some() && !lane.stopped)
                .map(|lane| format!("{:?} after {:?}", lane.stop_at, lane.calls))
                .collect();
            if missing.is_empty() {
                return Ok(());
            }
            if tokio::time::Instant::now() > deadline {
                bail!("not stopped: {missing:?}");
            }
            // A lane may have stopped between the two looks.
            drop(tokio::time::timeout(Duration::from_millis(200), stopped).await);
        }
    }

    /// Kills the process the hard way.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        Ok(self.child.kill()?)
    }

    /// Kills the process, unless it is dead, starts it again, and lets every call pass from then on.
    pub async fn kill_and_restart(&mut self) -> anyhow::Result<()> {
        self.kill()?;
        self.post.lanes().clear();
        let released = std::mem::take(
            &mut *self
                .post
                .released
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        released.cancel();
        self.spawn().await
    }

    async fn spawn(&mut self) -> anyhow::Result<()> {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.path().join("victim.log"))?;
        let mut command = Command::new(binary()?);
        command.args(["serve", self.victim]);
        let to_others = if self.asks {
            &self.post_address
        } else {
            &self.others_address
        };
        for service in SERVICES {
            if service != self.victim {
                command.arg(format!("--{service}-url={to_others}"));
            }
        }
        if let Some(database) = &self.database {
            command.arg(format!("--database-url={}", database.url()));
        }
        let part = self.victim.to_uppercase();
        for (name, value) in &self.settings {
            let name = name.to_uppercase();
            command.env(format!("PERENNIAL_{part}__{name}"), value);
        }
        let child = command
            .arg(format!("--http=127.0.0.1:{}", self.ports.0))
            .arg(format!("--grpc=127.0.0.1:{}", self.ports.1))
            .arg(format!("--data-dir={}", self.folder.path().display()))
            .arg(format!("--bootstrap-key={KEY}"))
            .env("PERENNIAL_MASTER_KEY", MASTER_KEY)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("starting perennial")?;
        self.child = Guarded(Some(child));
        let deadline = tokio::time::Instant::now() + LIMIT;
        let victim = Rest::new(format!("http://127.0.0.1:{}", self.ports.0), None);
        let others = Rest::new(format!("http://{}", self.others.http), None);
        while !(victim.is_ready().await && others.is_ready().await) {
            if tokio::time::Instant::now() > deadline {
                let log = std::fs::read_to_string(self.folder.path().join("victim.log"));
                bail!("{} was not ready in time: {log:?}", self.victim);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Stops everything and removes the database.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.shutdown.cancel();
        self.others.stop().await?;
        if let Some(database) = self.database.take() {
            database.remove().await?;
        }
        Ok(())
    }
}

/// A process that does not outlive this value, so that a failed test leaves nothing behind.
struct Guarded(Option<Child>);

impl Guarded {
    fn kill(&mut self) -> std::io::Result<()> {
        match self.0.take() {
            Some(mut child) => {
                child.kill()?;
                child.wait().map(drop)
            }
            None => Ok(()),
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if let Err(error) = self.kill() {
            eprintln!("a process could not be killed: {error}");
        }
    }
}
