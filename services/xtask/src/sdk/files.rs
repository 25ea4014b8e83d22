//! Trees of files: compared, and made equal without touching what is equal already.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};

/// All files below a folder, by path; none when there is no such folder. Names in `left_out` are
/// passed over wherever they stand.
pub(super) fn list(folder: &Path, left_out: &[&str]) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    if folder.is_dir() {
        walk(folder, "", left_out, &mut found)?;
    }
    Ok(found)
}

fn walk(
    folder: &Path,
    prefix: &str,
    left_out: &[&str],
    found: &mut BTreeSet<String>,
) -> Result<()> {
    for entry in
        std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if left_out.contains(&name.as_str()) {
            continue;
        }
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{path}/"), left_out, found)?;
        } else {
            found.insert(path);
        }
    }
    Ok(())
}

/// Paths of files that are in one folder only, or that differ.
pub(super) fn differences(left: &Path, right: &Path) -> Result<Vec<String>> {
    let mut different = Vec::new();
    let names = list(left, &[])?;
    for name in names.union(&list(right, &[])?) {
        if std::fs::read(left.join(name)).ok() != std::fs::read(right.join(name)).ok() {
            different.push(name.clone());
        }
    }
    Ok(different)
}

/// Makes `to` hold the files of `from` and no others, but for names that are left out. Tells how
/// many files that changed.
pub(super) fn mirror(from: &Path, to: &Path, left_out: &[&str]) -> Result<usize> {
    let wanted = list(from, left_out)?;
    let mut changed = 0;
    for name in list(to, left_out)?.difference(&wanted) {
        std::fs::remove_file(to.join(name))?;
        changed += 1;
    }
    for name in &wanted {
        let target = to.join(name);
        let bytes = std::fs::read(from.join(name))?;
        if std::fs::read(&target).ok().as_ref() == Some(&bytes) {
            continue;
        }
        write(&target, &bytes)?;
        changed += 1;
    }
    Ok(changed)
}

/// Writes a file and the folders above it.
pub(super) fn write(file: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
    }
    std::fs::write(file, bytes).with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_mirror_is_equal_and_keeps_what_is_left_out() {
        let top = std::env::temp_dir().join(format!("xtask-files-{}", std::process::id()));
        let (from, to) = (top.join("from"), top.join("to"));
        write(&from.join("a/one"), b"1").unwrap();
        write(&from.join("two"), b"2").unwrap();
        write(&to.join("two"), b"other").unwrap();
        write(&to.join("stale"), b"3").unwrap();
        write(&to.join("kept/x"), b"4").unwrap();
        assert_eq!(
            differences(&from, &to).unwrap(),
            ["a/one", "kept/x", "stale", "two"]
        );
        assert_eq!(mirror(&from, &to, &["kept"]).unwrap(), 3);
        assert_eq!(differences(&from, &to).unwrap(), ["kept/x"]);
        assert_eq!(mirror(&from, &to, &["kept"]).unwrap(), 0);
        std::fs::remove_dir_all(&top).unwrap();
    }
}
