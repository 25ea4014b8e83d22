//! Lint, format and compatibility of the protos with buf, which comes from npm into the cache folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

const BUF_VERSION: &str = "1.75.0";
/// The descriptor set of the last release, which later protos must not break.
const RELEASED: &str = "proto/released.binpb";

/// `cargo xtask proto [--release]`.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    match arguments {
        [] => check(),
        [flag] if flag == "--release" => release(),
        _ => bail!("`cargo xtask proto` takes nothing but --release"),
    }
}

/// Lints, checks the format, and compares with the last release.
pub(crate) fn check() -> Result<()> {
    let Some(buf) = buf()? else { return Ok(()) };
    process::run(Command::new(&buf).arg("lint"))?;
    process::run(Command::new(&buf).args(["format", "--diff", "--exit-code"]))?;
    if !Path::new(RELEASED).is_file() {
        bail!("{RELEASED} is missing; `cargo xtask proto --release` makes it");
    }
    process::run(Command::new(&buf).args(["breaking", "--against", RELEASED]))?;
    println!("protos: lint, format and compatibility with the last release are fine");
    Ok(())
}

/// Makes the protos of now the last release.
fn release() -> Result<()> {
    let Some(buf) = buf()? else {
        bail!("buf is needed");
    };
    process::run(Command::new(&buf).arg("lint"))?;
    process::run(Command::new(&buf).args(["build", "--exclude-source-info", "-o", RELEASED]))?;
    println!("{RELEASED} holds the protos of now");
    Ok(())
}

/// Writes the format.
pub(crate) fn format() -> Result<()> {
    let Some(buf) = buf()? else { return Ok(()) };
    process::run(Command::new(&buf).args(["format", "--write"]))
}

/// The buf binary, installed when missing; `None` after a visible skip where npm is missing too.
pub(crate) fn buf() -> Result<Option<PathBuf>> {
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
