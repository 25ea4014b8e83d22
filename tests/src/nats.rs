//! A NATS server with JetStream for one test: a real one, on a free port, with its store in a temporary
//! folder. It can be killed and started again on the same store.

use std::{
    io::Write as _,
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::ports::free_port;

/// Longest time that the server may take to get ready.
const START_LIMIT: Duration = Duration::from_secs(30);
/// Where Debian keeps the server, which is not on everybody's path.
const SBIN: &str = "/usr/sbin/nats-server";

/// A NATS server.
pub struct Nats {
    folder: tempfile::TempDir,
    port: u16,
    arguments: Vec<String>,
    child: Option<Child>,
}

impl Nats {
    /// Starts one. None, and a line that says so, where there is no `nats-server` on the machine.
    pub async fn start() -> Option<Self> {
        Self::with(&[]).await
    }

    /// The same with further arguments.
    pub async fn with(arguments: &[&str]) -> Option<Self> {
        if binary().is_none() {
            // Not by a macro: their output is shown for failed tests only.
            writeln!(
                std::io::stderr(),
                "SKIPPED: a test needs nats-server, which is not on this machine"
            )
            .expect("standard error takes a line");
            return None;
        }
        let mut nats = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            port: 0,
            arguments: arguments.iter().map(|text| (*text).to_owned()).collect(),
            child: None,
        };
        // Somebody else may be quicker with a free port.
        for _ in 0..5 {
            nats.port = free_port().expect("a free port");
            if nats.spawn().await {
                return Some(nats);
            }
        }
        panic!("no nats-server could be started");
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Its address with what opens it.
    pub fn url_as(&self, user: &str, password: &str) -> String {
        format!("nats://{user}:{password}@127.0.0.1:{}", self.port)
    }

    /// Kills it the hard way.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("the server can be killed");
            child.wait().expect("the server ends");
        }
    }

    /// Starts it again, on the same port and store.
    pub async fn restart(&mut self) {
        self.kill();
        let deadline = Instant::now() + START_LIMIT;
        while !self.spawn().await {
            assert!(Instant::now() < deadline, "nats-server does not come back");
        }
    }

    /// Starts it and waits until it listens; false when it ended instead.
    async fn spawn(&mut self) -> bool {
        let child = Command::new(binary().expect("there is a server"))
            .args([
                "-js",
                "-a",
                "127.0.0.1",
                "-p",
                &self.port.to_string(),
                "-sd",
            ])
            .arg(self.folder.path())
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nats-server can be started");
        let child = self.child.insert(child);
        let deadline = Instant::now() + START_LIMIT;
        loop {
            if child
                .try_wait()
                .expect("the server can be looked at")
                .is_some()
            {
                self.child = None;
                return false;
            }
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return true;
            }
            assert!(
                Instant::now() < deadline,
                "nats-server is not ready in time"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.kill();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests are configured by their environment"
)]
fn binary() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join("nats-server"))
        .chain([PathBuf::from(SBIN)])
        .find(|file| file.is_file())
}
