//! Clients that others wrote and that the suite runs unchanged. Each has an environment of its own in the cache folder, made by its
//! language's own package manager. Where that reaches no registry, the suite says that it left them out.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process;

/// Tells the suite which Python has the packages.
pub(crate) const PYTHON: &str = "PERENNIAL_TEST_PYTHON";

/// The Python of an environment with the packages that the suite's clients need; none, and a line that says why, where it cannot be made.
pub(crate) fn python() -> Option<PathBuf> {
    match installed() {
        Ok(python) => Some(python),
        Err(error) => {
            println!("SKIPPED: the public Python clients of the suite: {error:#}");
            None
        }
    }
}

/// The environment is made anew when its mark does not hold these requirements: the mark is written last, so that a broken one is too.
fn installed() -> Result<PathBuf> {
    let requirements = process::root().join("tests/clients/revenuecat/requirements.txt");
    let wanted = std::fs::read_to_string(&requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let folder = process::cache()?.join("clients/revenuecat");
    let (mark, python) = (folder.join("requirements"), folder.join("bin/python"));
    if std::fs::read_to_string(&mark).is_ok_and(|there| there == wanted) {
        return Ok(python);
    }
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    make(&folder, &python, &requirements)?;
    std::fs::write(mark, wanted)?;
    Ok(python)
}

fn make(folder: &Path, python: &Path, requirements: &Path) -> Result<()> {
    process::run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    process::run(
        Command::new(python)
            .args(["-m", "pip", "install", "--quiet"])
            .args(["--disable-pip-version-check", "--retries=1", "--timeout=20"])
            .arg("--requirement")
            .arg(requirements),
    )
}
