//! Python environments in the cache folder, each made by pip.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{installed::installed, process};

/// The Python of an environment that has what a file requires.
pub(crate) fn required(name: &str, requirements: &Path) -> Result<PathBuf> {
    let wanted = std::fs::read_to_string(requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    environment(
        name,
        &wanted,
        &["--requirement", &requirements.to_string_lossy()],
    )
}

/// The Python of an environment with some packages, named as pip takes them; it is made anew when something else is wanted.
pub(crate) fn environment(name: &str, wanted: &str, packages: &[&str]) -> Result<PathBuf> {
    let folder = installed(&format!("python/{name}"), wanted, |folder| {
        process::run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        install(&folder.join("bin/python"), packages)
    })?;
    Ok(folder.join("bin/python"))
}

/// Installs packages into the environment of a Python.
pub(crate) fn install(python: &Path, packages: &[&str]) -> Result<()> {
    process::run(
        Command::new(python)
            .args(["-m", "pip", "install", "--quiet"])
            .args(["--disable-pip-version-check", "--retries=1", "--timeout=20"])
            .args(packages),
    )
}
