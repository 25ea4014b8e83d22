//! A throw-away PostgreSQL for one run of the tests: a fresh folder, a free port, an unprivileged user,
//! nothing synced to disk but for benchmarks. It ends with the value that holds it.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process;

/// How often readiness is asked for, and how long to wait in between: 30 s in all.
const READY_TRIES: u32 = 300;
const READY_PAUSE: Duration = Duration::from_millis(100);

/// A running server.
pub(crate) struct Server {
    binaries: PathBuf,
    folder: PathBuf,
    account: Option<Account>,
    port: u16,
    child: Child,
}

/// Whom the server runs as when we are root, as which it refuses to.
#[derive(Clone, Copy)]
struct Account {
    user: u32,
    group: u32,
}

impl Server {
    /// Starts a server, installing PostgreSQL first where it is missing and we may.
    pub(crate) fn start() -> Result<Self> {
        Self::start_with(&[
            "-c",
            "fsync=off",
            "-c",
            "synchronous_commit=off",
            "-c",
            "full_page_writes=off",
        ])
    }

    /// Starts a server that keeps what it has acknowledged, for benchmarks.
    pub(crate) fn start_durable() -> Result<Self> {
        Self::start_with(&[])
    }

    fn start_with(settings: &[&str]) -> Result<Self> {
        let binaries = match binaries() {
            Some(binaries) => binaries,
            None => {
                install()?;
                binaries().context("PostgreSQL was installed, but its server is not found")?
            }
        };
        let account = if process::is_root() {
            Some(unprivileged()?)
        } else {
            None
        };
        let folder =
            std::env::temp_dir().join(format!("perennial-postgres-{}", std::process::id()));
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        if let Some(account) = account {
            chown(&folder, Some(account.user), Some(account.group))?;
        }
        let data = folder.join("data");
        process::run(
            command(&binaries, "initdb", account)
                .arg("--pgdata")
                .arg(&data)
                .args([
                    "--username=postgres",
                    "--auth=trust",
                    "--encoding=UTF8",
                    "--locale=C.UTF-8",
                    "--no-sync",
                ])
                .stdout(Stdio::null()),
        )?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let log = std::fs::File::create(folder.join("log"))?;
        // A child in our own process group, so that Ctrl-C reaches it as well.
        let child = command(&binaries, "postgres", account)
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-k"])
            .arg(&folder)
            .args([
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "max_connections=500",
            ])
            .args(settings)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start postgres")?;
        let mut server = Self {
            binaries,
            folder,
            account,
            port,
            child,
        };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// Where tests reach it.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        for _ in 0..READY_TRIES {
            if let Some(status) = self.child.try_wait()? {
                let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                bail!("postgres ended with {status}:\n{log}");
            }
            let ready = command(&self.binaries, "pg_isready", None)
                .args([
                    "--quiet",
                    "--host=127.0.0.1",
                    "--port",
                    &self.port.to_string(),
                ])
                .status()?;
            if ready.success() {
                return Ok(());
            }
            std::thread::sleep(READY_PAUSE);
        }
        bail!("postgres was not ready in time")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let stopped = process::run(
            command(&self.binaries, "pg_ctl", self.account)
                .args(["stop", "--silent", "--mode=immediate", "--pgdata"])
                .arg(self.folder.join("data")),
        );
        if stopped.is_err() {
            eprintln!("pg_ctl could not stop the server; killing it");
            self.child.kill().ok();
        }
        self.child.wait().ok();
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// A server program, run as the account in a place that it may read.
fn command(binaries: &Path, program: &str, account: Option<Account>) -> Command {
    let mut command = Command::new(binaries.join(program));
    command.current_dir("/").env("LC_ALL", "C.UTF-8");
    if let Some(account) = account {
        command.uid(account.user).gid(account.group);
    }
    command
}

/// The newest installed server: Debian's folders first, then `PATH`.
fn binaries() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            Some((
                entry.file_name().to_str()?.parse().ok()?,
                entry.path().join("bin"),
            ))
        })
        .filter(|(_, folder)| folder.join("initdb").is_file())
        .collect();
    versions.sort();
    match versions.pop() {
        Some((_, folder)) => Some(folder),
        None => process::find("initdb")?.parent().map(Path::to_path_buf),
    }
}

fn install() -> Result<()> {
    if !process::is_root() || process::find("apt-get").is_none() {
        bail!(
            "PostgreSQL is not installed; install its server, or run `cargo xtask test --sqlite`"
        );
    }
    println!("installing PostgreSQL");
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive")
            .stdout(Stdio::null());
        apt
    };
    process::run(apt().args(["update", "-qq"]))?;
    process::run(apt().args([
        "install",
        "-y",
        "-qq",
        "--no-install-recommends",
        "postgresql",
    ]))
}

/// The `postgres` user of the package, else `nobody`.
fn unprivileged() -> Result<Account> {
    let accounts = std::fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
    ["postgres", "nobody"]
        .iter()
        .find_map(|name| account(&accounts, name))
        .context("neither postgres nor nobody is a user here")
}

fn account(accounts: &str, name: &str) -> Option<Account> {
    let line = accounts
        .lines()
        .find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some(Account {
        user: fields.next()?.parse().ok()?,
        group: fields.next()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_their_whole_name() {
        let accounts = "root:x:0:0:root:/root:/bin/bash\npostgres2:x:7:8::/:/bin/sh\npostgres:x:105:110::/:/bin/sh\n";
        let found = account(accounts, "postgres").map(|account| (account.user, account.group));
        assert_eq!(found, Some((105, 110)));
        assert!(account(accounts, "nobody").is_none());
    }
}
