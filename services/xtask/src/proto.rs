//! Lint and format of the protos with buf, which comes from npm into the cache folder.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

const BUF_VERSION: &str = "1.75.0";

/// Lints and checks the format.
pub(crate) fn check() -> Result<()> {
    let Some(buf) = buf()? else { return Ok(()) };
    process::run(Command::new(&buf).arg("lint"))?;
    process::run(Command::new(&buf).args(["format", "--diff", "--exit-code"]))?;
    println!("protos: lint and format are fine");
    Ok(())
}

/// Writes the format.
pub(crate) fn format() -> Result<()> {
    let Some(buf) = buf()? else { return Ok(()) };
    process::run(Command::new(&buf).args(["format", "--write"]))
}

/// The buf binary, installed when missing; `None` after a visible skip where npm is missing too.
fn buf() -> Result<Option<PathBuf>> {
    let folder = process::cache()?
        .join("tools")
        .join(format!("buf-{BUF_VERSION}"));
    let buf = folder.join("node_modules/.bin/buf");
    if buf.is_file() {
        return Ok(Some(buf));
    }
    let Some(npm) = process::find("npm") else {
        if process::in_ci() {
            bail!("buf comes from npm, and npm is not installed");
        }
        println!("SKIPPED: the protos are not checked, because npm is not installed");
        return Ok(None);
    };
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    process::run(
        Command::new(npm)
            .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
            .arg(&folder)
            .arg(format!("@bufbuild/buf@{BUF_VERSION}")),
    )?;
    Ok(Some(buf))
}
