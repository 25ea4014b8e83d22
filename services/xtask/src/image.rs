//! The file system of the image, laid out by the script that its Dockerfile uses, and run in there by a user who owns nothing of it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::{build, process};

const LAYOUT: &str = "k8s/image/layout.sh";
const BINARY: &str = "usr/local/bin/perennial";
/// The user of the image, as `chroot` takes it.
const USER: &str = "65532:65532";
/// Names of programs that have no business in it.
const UNWANTED: [&str; 6] = ["sh", "bash", "dash", "busybox", "apt", "dpkg"];
/// How often something is waited for, and the pause in between: 60 s in all.
const TRIES: u32 = 600;
const PAUSE: Duration = Duration::from_millis(100);

/// A laid out image; removed with the value.
struct Image {
    root: PathBuf,
}

/// Lays out and runs the image.
pub(crate) fn check() -> Result<()> {
    if !process::is_root() {
        println!("SKIPPED: the image is not run, because only root may change its root folder");
        return Ok(());
    }
    let image = Image::lay_out(&binary()?)?;
    image.look()?;
    process::run(image.inside().arg("--version"))?;
    image.serve()
}

/// The given binary, else a fresh one.
fn binary() -> Result<PathBuf> {
    match std::env::var_os("PERENNIAL_BINARY") {
        Some(path) => Ok(PathBuf::from(path)),
        None => build::everything()?
            .perennial
            .context("the perennial binary was not built"),
    }
}

impl Image {
    fn lay_out(binary: &Path) -> Result<Self> {
        let root = std::env::temp_dir().join(format!("perennial-image-{}", std::process::id()));
        let image = Self { root };
        std::fs::create_dir_all(&image.root)?;
        process::run(Command::new("sh").arg(LAYOUT).arg(binary).arg(&image.root))?;
        Ok(image)
    }

    /// No shell, and nothing that the user of the image may change but its data.
    fn look(&self) -> Result<()> {
        let files = process::files(&self.root, "")?;
        let named = |file: &&PathBuf| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            UNWANTED.iter().any(|unwanted| name == *unwanted)
        };
        if let Some(file) = files.iter().find(named) {
            bail!("{} has no business in the image", file.display());
        }
        let owned = Command::new("find")
            .arg(&self.root)
            .args(["-uid", "65532"])
            .output()?;
        let owned = String::from_utf8_lossy(&owned.stdout).into_owned();
        let data = self.root.join("data").display().to_string();
        if owned.trim() != data {
            bail!("the user of the image owns {owned}");
        }
        let besides = files.iter().filter(|file| !file.ends_with(BINARY));
        let bytes: u64 = besides
            .filter_map(|file| Some(file.metadata().ok()?.len()))
            .sum();
        println!(
            "{} files, {} KiB beside the binary",
            files.len(),
            bytes / 1024
        );
        Ok(())
    }

    /// The binary as the image starts it.
    fn inside(&self) -> Command {
        let mut command = Command::new("chroot");
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .arg(format!("--userspec={USER}"))
            .arg(&self.root)
            .arg(format!("/{BINARY}"))
            .stdin(Stdio::null());
        command
    }

    /// Serves until it is ready, then is asked to stop.
    fn serve(&self) -> Result<()> {
        let (http, grpc) = (process::free_port()?, process::free_port()?);
        let log = std::fs::File::create(self.root.join("log"))?;
        let mut child = self
            .inside()
            .args(["serve", "--data-dir", "/data"])
            .args(["--http", &format!("127.0.0.1:{http}")])
            .args(["--grpc", &format!("127.0.0.1:{grpc}")])
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start chroot")?;
        let outcome = answers_and_stops(&mut child, http);
        // Gone already, unless something went wrong.
        child.kill().ok();
        child.wait().ok();
        outcome
            .with_context(|| std::fs::read_to_string(self.root.join("log")).unwrap_or_default())?;
        println!("the image serves as user {USER}, and stops when it is asked to");
        Ok(())
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.root) {
            eprintln!("{} stays behind: {error}", self.root.display());
        }
    }
}

fn answers_and_stops(child: &mut Child, http: u16) -> Result<()> {
    let early = wait(|| {
        let ended = child.try_wait()?;
        Ok((ended.is_some() || process::is_ready(http)).then_some(ended))
    })?;
    if let Some(status) = early.context("it was not ready in time")? {
        bail!("it ended with {status}");
    }
    process::run(Command::new("kill").arg(child.id().to_string()))?;
    let status: ExitStatus = wait(|| Ok(child.try_wait()?))?.context("it did not stop")?;
    if !status.success() {
        bail!("it ended with {status} when it was asked to stop");
    }
    Ok(())
}

/// Asks until there is an answer; none when it takes too long.
fn wait<T>(mut ask: impl FnMut() -> Result<Option<T>>) -> Result<Option<T>> {
    for _ in 0..TRIES {
        if let Some(answer) = ask()? {
            return Ok(Some(answer));
        }
        std::thread::sleep(PAUSE);
    }
    Ok(None)
}
