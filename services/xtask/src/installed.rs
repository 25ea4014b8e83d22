//! Programs that are fetched once into the cache folder.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::process;

/// A folder of the cache with what is wanted in it. It is made anew when its mark does not hold just that: the mark is
/// written last, so that a broken one is too.
pub(crate) fn installed(
    name: &str,
    wanted: &str,
    install: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let folder = process::cache()?.join(name);
    let mark = folder.join("versions");
    if std::fs::read_to_string(&mark).is_ok_and(|there| there == wanted) {
        return Ok(folder);
    }
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    install(&folder)?;
    std::fs::write(mark, wanted)?;
    Ok(folder)
}
