//! Installations made of real processes of the one binary: the all-in-one, or one process
//! per service, on free ports. They can be killed and started again on the same data.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use perennial_sdk::Client;

use crate::{
    Rest,
    database::{TestDatabase, server},
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
const START_LIMIT: Duration = Duration::from_secs(60);

/// Running processes.
pub struct Installation {
    folder: tempfile::TempDir,
    database: Option<TestDatabase>,
    split: bool,
    given_keys: bool,
    flags: Vec<String>,
    processes: Vec<(&'static str, Child)>,
    ports: Vec<(u16, u16)>,
}

impl Installation {
    /// The all-in-one on SQLite, or on PostgreSQL where the tests have one.
    pub async fn all_in_one() -> anyhow::Result<Self> {
        Self::start(false, true, &[]).await
    }

    /// The all-in-one with further flags.
    pub async fn all_in_one_with(flags: &[&str]) -> anyhow::Result<Self> {
        Self::start(false, true, flags).await
    }

    /// The all-in-one without given keys: it makes them itself.
    pub async fn with_generated_keys() -> anyhow::Result<Self> {
        Self::start(false, false, &[]).await
    }

    /// One process per service. Needs PostgreSQL; none where the tests have none.
    pub async fn split() -> anyhow::Result<Option<Self>> {
        Self::split_with(&[]).await
    }

    /// The same with further flags for every process.
    pub async fn split_with(flags: &[&str]) -> anyhow::Result<Option<Self>> {
        if server().is_none() {
            return Ok(None);
        }
        Ok(Some(Self::start(true, true, flags).await?))
    }

    async fn start(split: bool, given_keys: bool, flags: &[&str]) -> anyhow::Result<Self> {
        let database = match server() {
            Some(server) => Some(TestDatabase::create(&server).await?),
            None => None,
        };
        let count = if split { PARTS.len() } else { 1 };
        let mut installation = Self {
            folder: tempfile::tempdir()?,
            database,
            split,
            given_keys,
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
            processes: Vec::new(),
            ports: free_ports(count)?,
        };
        installation.spawn().await?;
        Ok(installation)
    }

    fn parts(&self) -> &'static [&'static str] {
        if self.split { &PARTS } else { &["serve"] }
    }

    /// Starts the processes that do not run; answers when that was.
    pub fn spawn_without_waiting(&mut self) -> anyhow::Result<Instant> {
        for (index, part) in self.parts().iter().enumerate() {
            if self.processes.iter().any(|(running, _)| running == part) {
                continue;
            }
            let child = self
                .command(index, part)?
                .spawn()
                .context("starting perennial")?;
            self.processes.push((part, child));
        }
        Ok(Instant::now())
    }

    /// Starts the processes that do not run and waits until all are ready.
    pub async fn spawn(&mut self) -> anyhow::Result<()> {
        let deadline = self.spawn_without_waiting()? + START_LIMIT;
        for (http, _) in self.ports.clone() {
            let probe = Rest::new(format!("http://127.0.0.1:{http}"), None);
            while !probe.is_ready().await {
                let mut ended = None;
                for (part, child) in &mut self.processes {
                    ended = ended.or(child.try_wait()?.map(|status| (*part, status)));
                }
                if let Some((part, status)) = ended {
                    bail!("{part} ended with {status}:\n{}", self.log(part));
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
        let mut command = self.command(0, "serve")?;
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
    pub fn kill_part(&mut self, part: &str) -> anyhow::Result<()> {
        let index = self
            .processes
            .iter()
            .position(|(running, _)| *running == part)
            .with_context(|| format!("{part} does not run"))?;
        let (_, mut child) = self.processes.remove(index);
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Kills every process the hard way.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        for (_, mut child) in self.processes.drain(..) {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Asks every process to stop.
    pub fn terminate(&self) -> anyhow::Result<()> {
        for (_, child) in &self.processes {
            Command::new("kill").arg(child.id().to_string()).status()?;
        }
        Ok(())
    }

    /// Waits until every process that was asked to stop has ended by itself.
    pub async fn ended(&mut self) -> anyhow::Result<()> {
        for (part, mut child) in self.processes.drain(..) {
            let deadline = Instant::now() + Duration::from_secs(30);
            let status = loop {
                if let Some(status) = child.try_wait()? {
                    break status;
                }
                if Instant::now() > deadline {
                    child.kill()?;
                    child.wait()?;
                    bail!("{part} did not stop when asked");
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            };
            if !status.success() {
                bail!("{part} ended with {status}");
            }
        }
        Ok(())
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

    /// The folder of its data.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A REST client with the bootstrap key.
    pub fn rest(&self) -> Rest {
        let (http, _) = self.ports[self.ports.len() - 1];
        Rest::new(format!("http://127.0.0.1:{http}"), Some(KEY))
    }

    /// A gRPC client with the bootstrap key.
    pub fn client(&self) -> Client {
        self.client_with(KEY)
    }

    /// A gRPC client with another key.
    pub fn client_with(&self, key: &str) -> Client {
        let (_, grpc) = self.ports[self.ports.len() - 1];
        Client::builder(format!("127.0.0.1:{grpc}"), key)
            .connect_lazy()
            .expect("the address is good")
    }

    /// What a process wrote to its log.
    pub fn log(&self, part: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(format!("{part}.log"))).unwrap_or_default()
    }

    fn command(&self, index: usize, part: &str) -> anyhow::Result<Command> {
        let (http, grpc) = self.ports[index];
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.path().join(format!("{part}.log")))?;
        let mut command = Command::new(binary()?);
        command.arg("serve");
        if self.split {
            command.arg(part);
            for (other, (_, port)) in PARTS.iter().zip(&self.ports) {
                if *other != "gateway" && *other != part {
                    command.arg(format!("--{other}-url=127.0.0.1:{port}"));
                }
            }
        }
        command
            .arg(format!("--http=127.0.0.1:{http}"))
            .arg(format!("--grpc=127.0.0.1:{grpc}"))
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

pub(crate) fn free_ports(count: usize) -> anyhow::Result<Vec<(u16, u16)>> {
    let bind = || TcpListener::bind("127.0.0.1:0");
    let held: Vec<(TcpListener, TcpListener)> = (0..count)
        .map(|_| Ok((bind()?, bind()?)))
        .collect::<std::io::Result<_>>()?;
    held.iter()
        .map(|(http, grpc)| Ok((http.local_addr()?.port(), grpc.local_addr()?.port())))
        .collect()
}
