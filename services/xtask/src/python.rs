//! Python environments in the cache folder, each made by pip from a list of requirements.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process;

/// The Python of an environment that has these requirements. It is made anew when its mark does not hold them: the mark is written
/// last, so that a broken one is too.
pub(crate) fn environment(name: &str, requirements: &Path) -> Result<PathBuf> {
    let wanted = std::fs::read_to_string(requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let folder = process::cache()?.join("python").join(name);
    let (mark, python) = (folder.join("requirements"), folder.join("bin/python"));
    if std::fs::read_to_string(&mark).is_ok_and(|there| there == wanted) {
        return Ok(python);
    }
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    make(&folder, &python, requirements)?;
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
