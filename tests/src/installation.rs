//! Installations made of real processes of the one binary: the all-in-one, or one process or
//! several per service, on free ports. They can be killed and started again on the same data.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use perennial_sdk::Client;

use crate::{
    Rest,
    database::{TestDatabase, server},
    ports::free_ports,
};

/// The parts of a split installation.
const PARTS: [&str; 8] = [
    "customer",
    "metering",
    "catalog",
    "entitlement",
    "billing",
    "subscription",
    "notification",
    "gateway",
];
/// The key that spawned installations are bootstrapped with.
pub(crate) const KEY: &str = "test-bootstrap-key-0123456789";
/// 32 bytes in base64: a fixed key, because all processes of a split installation share it.
pub(crate) const MASTER_KEY: &str = "dGVzdC1tYXN0ZXIta2V5LW9mLTMyLWJ5dGVzLWxvbmc=";
/// Longest time that processes may take to get ready.
const START_LIMIT: Duration = Duration::from_secs(120);

/// Running processes.
pub struct Installation {
    folder: tempfile::TempDir,
    database: Option<TestDatabase>,
    split: bool,
    given_keys: bool,
    flags: Vec<String>,
    nodes: Vec<Node>,
}

/// One process.
struct Node {
    /// Name of its log: the part, with a number from the second replica on.
    name: String,
    part: &'static str,
    program: PathBuf,
    http: u16,
    grpc: u16,
    child: Option<Child>,
}

impl Node {
    fn terminate(&self) -> std::io::Result<()> {
        match &self.child {
            Some(child) => Command::new("kill")
                .arg(child.id().to_string())
                .status()
                .map(drop),
            None => Ok(()),
        }
    }

    /// Waits until it, asked to stop, has ended by itself.
    async fn ended(&mut self) -> anyhow::Result<()> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        let deadline = Instant::now() + Duration::from_secs(30);
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if Instant::now() > deadline {
                child.kill()?;
                child.wait()?;
                bail!("{} did not stop when asked", self.name);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        if !status.success() {
            bail!("{} ended with {status}", self.name);
        }
        Ok(())
    }

    fn kill(&mut self) -> std::io::Result<()> {
        match self.child.take() {
            Some(mut child) => {
                child.kill()?;
                child.wait().map(drop)
            }
            None => Ok(()),
        }
    }
}

impl Installation {
    /// The all-in-one on SQLite, or on PostgreSQL where the tests have one.
    pub async fn all_in_one() -> anyhow::Result<Self> {
        Self::start(&[("serve", 1)], true, &[]).await
    }

    /// The all-in-one with further flags.
    pub async fn all_in_one_with(flags: &[&str]) -> anyhow::Result<Self> {
        Self::start(&[("serve", 1)], true, flags).await
    }

    /// The all-in-one without given keys: it makes them itself.
    pub async fn with_generated_keys() -> anyhow::Result<Self> {
        Self::start(&[("serve", 1)], false, &[]).await
    }

    /// The all-in-one on a database that was filled before.
    pub async fn all_in_one_on(database: TestDatabase) -> anyhow::Result<Self> {
        Self::start_on(Some(database), binary()?, &[("serve", 1)], true, &[]).await
    }

    /// One process per service, of another release, or of this one. Needs PostgreSQL as well.
    pub async fn split_of(program: Option<PathBuf>) -> anyhow::Result<Option<Self>> {
        let Some(server) = server() else {
            return Ok(None);
        };
        let database = Some(TestDatabase::create(&server).await?);
        let program = match program {
            Some(program) => program,
            None => binary()?,
        };
        let parts = PARTS.map(|part| (part, 1));
        Ok(Some(
            Self::start_on(database, program, &parts, true, &[]).await?,
        ))
    }

    /// One process per service. Needs PostgreSQL; none where the tests have none.
    pub async fn split() -> anyhow::Result<Option<Self>> {
        Self::split_with(&[]).await
    }

    /// The same with further flags for every process.
    pub async fn split_with(flags: &[&str]) -> anyhow::Result<Option<Self>> {
        Self::replicated(|_| 1, flags).await
    }

    /// So many processes of each part, which balance their calls over those of the others. Needs PostgreSQL as well.
    pub async fn replicated(
        replicas: impl Fn(&str) -> usize,
        flags: &[&str],
    ) -> anyhow::Result<Option<Self>> {
        if server().is_none() {
            return Ok(None);
        }
        let parts = PARTS.map(|part| (part, replicas(part)));
        Ok(Some(Self::start(&parts, true, flags).await?))
    }

    async fn start(
        parts: &[(&'static str, usize)],
        given_keys: bool,
        flags: &[&str],
    ) -> anyhow::Result<Self> {
        let database = match server() {
            Some(server) => Some(TestDatabase::create(&server).await?),
            None => None,
        };
        Self::start_on(database, binary()?, parts, given_keys, flags).await
    }

    async fn start_on(
        database: Option<TestDatabase>,
        program: PathBuf,
        parts: &[(&'static str, usize)],
        given_keys: bool,
        flags: &[&str],
    ) -> anyhow::Result<Self> {
        let all = parts.iter().flat_map(|(part, count)| {
            (1..=*count).map(move |number| match number {
                1 => (*part, (*part).to_owned()),
                _ => (*part, format!("{part}-{number}")),
            })
        });
        let all: Vec<(&'static str, String)> = all.collect();
        let ports = free_ports(all.len())?;
        let nodes = all.into_iter().zip(ports);
        let nodes = nodes.map(|((part, name), (http, grpc))| Node {
            name,
            part,
            program: program.clone(),
            http,
            grpc,
            child: None,
        });
        let mut installation = Self {
            folder: tempfile::tempdir()?,
            database,
            split: parts.len() > 1,
            given_keys,
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
            nodes: nodes.collect(),
        };
        installation.spawn().await?;
        Ok(installation)
    }

    /// The names of its processes: the part, with a number from the second replica on.
    pub fn names(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.name.clone()).collect()
    }

    /// Starts the processes that do not run; answers when that was.
    pub fn spawn_without_waiting(&mut self) -> anyhow::Result<Instant> {
        for index in 0..self.nodes.len() {
            if self.nodes[index].child.is_none() {
                let mut command = self.command(&self.nodes[index])?;
                let child = command.spawn().context("starting perennial")?;
                self.nodes[index].child = Some(child);
            }
        }
        Ok(Instant::now())
    }

    /// Starts the processes that do not run and waits until all are ready.
    pub async fn spawn(&mut self) -> anyhow::Result<()> {
        let deadline = self.spawn_without_waiting()? + START_LIMIT;
        let ports: Vec<u16> = self.nodes.iter().map(|node| node.http).collect();
        for port in ports {
            let probe = Rest::new(format!("http://127.0.0.1:{port}"), None);
            while !probe.is_ready().await {
                for node in &mut self.nodes {
                    if let Some(child) = &mut node.child
                        && let Some(status) = child.try_wait()?
                    {
                        let name = node.name.clone();
                        bail!("{name} ended with {status}:\n{}", self.log(&name));
                    }
                }
                if Instant::now() > deadline {
                    bail!("the installation was not ready in time");
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Ok(())
    }

    /// Starts the all-in-one with another master key, which it has to refuse; gives back
    /// what it said.
    pub async fn refused_start(&self, master_key: &str) -> anyhow::Result<String> {
        let mut command = self.command(&self.nodes[0])?;
        let mut child = command.arg(format!("--master-key={master_key}")).spawn()?;
        let deadline = Instant::now() + START_LIMIT;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if Instant::now() > deadline {
                child.kill()?;
                child.wait()?;
                bail!("it started with another master key");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        if status.success() {
            bail!("it ended without an error");
        }
        Ok(self.log("serve"))
    }

    /// Kills one process the hard way.
    pub fn kill_part(&mut self, name: &str) -> anyhow::Result<()> {
        let mut running = self.nodes.iter_mut().filter(|node| node.child.is_some());
        let node = running.find(|node| node.name == name);
        node.with_context(|| format!("{name} does not run"))?
            .kill()?;
        Ok(())
    }

    /// Kills every process the hard way.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        for node in &mut self.nodes {
            node.kill()?;
        }
        Ok(())
    }

    /// Asks every process to stop.
    pub fn terminate(&self) -> anyhow::Result<()> {
        for node in &self.nodes {
            node.terminate()?;
        }
        Ok(())
    }

    /// Waits until every process that was asked to stop has ended by itself.
    pub async fn ended(&mut self) -> anyhow::Result<()> {
        for node in &mut self.nodes {
            node.ended().await?;
        }
        Ok(())
    }

    /// Applies the migrations of this release.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        let mut command = tokio::process::Command::new(binary()?);
        command
            .arg("migrate")
            .env("PERENNIAL_MASTER_KEY", MASTER_KEY);
        if let Some(database) = &self.database {
            command.arg(format!("--database-url={}", database.url()));
        }
        let output = command.stdin(Stdio::null()).output().await?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// Asks one process to stop, and starts this release in its place.
    pub async fn renew(&mut self, name: &str) -> anyhow::Result<()> {
        let program = binary()?;
        let mut nodes = self.nodes.iter_mut();
        let node = nodes.find(|node| node.name == name);
        let node = node.with_context(|| format!("there is no {name}"))?;
        node.terminate()?;
        node.ended().await?;
        node.program = program;
        self.spawn().await
    }

    /// Asks every process to stop, waits for it, and removes the database.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.terminate()?;
        self.ended().await?;
        if let Some(database) = self.database.take() {
            database.remove().await?;
        }
        Ok(())
    }

    /// Its database; none on SQLite.
    pub fn database(&self) -> Option<&TestDatabase> {
        self.database.as_ref()
    }

    /// The folder of its data.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A REST client with the bootstrap key, of the last gateway.
    pub fn rest(&self) -> Rest {
        self.rests().pop().expect("there is a gateway")
    }

    /// A REST client of each gateway.
    pub fn rests(&self) -> Vec<Rest> {
        self.doors()
            .map(|node| Rest::new(format!("http://127.0.0.1:{}", node.http), Some(KEY)))
            .collect()
    }

    /// A gRPC client with the bootstrap key, of the last gateway.
    pub fn client(&self) -> Client {
        self.client_with(KEY)
    }

    /// A gRPC client with another key.
    pub fn client_with(&self, key: &str) -> Client {
        self.clients_with(key).pop().expect("there is a gateway")
    }

    /// A gRPC client with the bootstrap key, of the last gateway, which speaks TLS with a certificate for `localhost` of this
    /// authority.
    pub fn client_trusting(&self, authority: &str) -> Client {
        let door = self.doors().last().expect("there is a gateway");
        Client::builder(format!("https://localhost:{}", door.grpc), KEY)
            .root_certificates(authority)
            .connect_lazy()
            .expect("the address and the certificate are good")
    }

    /// A gRPC client of each gateway.
    pub fn clients(&self) -> Vec<Client> {
        self.clients_with(KEY)
    }

    fn clients_with(&self, key: &str) -> Vec<Client> {
        let connect = |node: &Node| {
            Client::builder(format!("127.0.0.1:{}", node.grpc), key)
                .connect_lazy()
                .expect("the address is good")
        };
        self.doors().map(connect).collect()
    }

    /// The processes that clients talk to.
    fn doors(&self) -> impl Iterator<Item = &Node> {
        let door = if self.split { "gateway" } else { "serve" };
        self.nodes.iter().filter(move |node| node.part == door)
    }

    /// What a process wrote to its log.
    pub fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(format!("{name}.log"))).unwrap_or_default()
    }

    fn command(&self, node: &Node) -> anyhow::Result<Command> {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.path().join(format!("{}.log", node.name)))?;
        let mut command = Command::new(&node.program);
        command.arg("serve");
        if self.split {
            command.arg(node.part);
            for other in PARTS {
                if other != "gateway" && other != node.part {
                    let addresses: Vec<String> = self
                        .nodes
                        .iter()
                        .filter(|peer| peer.part == other)
                        .map(|peer| format!("127.0.0.1:{}", peer.grpc))
                        .collect();
                    command.arg(format!("--{other}-url={}", addresses.join(",")));
                }
            }
            if node.part != "gateway" {
                // Many processes share one PostgreSQL server.
                let part = node.part.to_uppercase();
                command.env(format!("PERENNIAL_{part}__DATABASE_CONNECTIONS"), "5");
            }
        }
        command
            .arg(format!("--http=127.0.0.1:{}", node.http))
            .arg(format!("--grpc=127.0.0.1:{}", node.grpc))
            .arg(format!("--data-dir={}", self.folder.path().display()))
            .args(&self.flags);
        if self.given_keys {
            command
                .env("PERENNIAL_MASTER_KEY", MASTER_KEY)
                .arg(format!("--bootstrap-key={KEY}"));
        }
        if let Some(database) = &self.database {
            command.arg(format!("--database-url={}", database.url()));
        }
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        Ok(command)
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        // A failed test must not leave servers behind; a second kill is harmless.
        if let Err(error) = self.kill() {
            eprintln!("a process could not be killed: {error}");
        }
    }
}

/// The binary named by `PERENNIAL_BINARY`, or the one beside the test binary:
/// `target/<profile>/perennial`.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are configured by their environment"
)]
pub(crate) fn binary() -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os("PERENNIAL_BINARY") {
        return Ok(path.into());
    }
    let own = std::env::current_exe()?;
    let path = own
        .parent()
        .and_then(Path::parent)
        .map(|folder| folder.join("perennial"))
        .context("the test binary lies below a target folder")?;
    if !path.exists() {
        bail!(
            "{} is missing; build it with `cargo build --workspace`",
            path.display()
        );
    }
    Ok(path)
}
