//! One version for everything that is released: the workspace's, which servers and commands say, stands in the packages of the SDKs and in
//! the tags of the image too.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::process;

/// The version of the workspace.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where it stands besides, and what stands before it; a quotation mark, a tag or the end of the line is behind it.
const PLACES: [(&str, &str); 11] = [
    ("sdk/java/pom.xml", "  <version>"),
    ("sdk/java/README.md", "perennial-sdk:"),
    ("sdk/python/pyproject.toml", "\nversion = \""),
    ("sdk/typescript/package.json", "\n  \"version\": \""),
    ("sdk/typescript/package-lock.json", "\n  \"version\": \""),
    ("sdk/go/README.md", "perennial.dev/sdk/go@v"),
    ("k8s/compose.yaml", "/perennial:"),
    ("k8s/base/common/kustomization.yaml", "newTag: "),
    ("k8s/overlays/small/kustomization.yaml", "newTag: "),
    ("k8s/overlays/production/kustomization.yaml", "newTag: "),
    ("k8s/overlays/all-in-one/kustomization.yaml", "newTag: "),
];

/// An error that names the places with another version.
pub(super) fn check() -> Result<()> {
    let others = others(&process::root(), VERSION)?;
    if others.is_empty() {
        println!("sdk: all say version {VERSION}");
        return Ok(());
    }
    bail!("the version is {VERSION}, but:\n  {}", others.join("\n  "))
}

fn others(root: &Path, version: &str) -> Result<Vec<String>> {
    let mut others = Vec::new();
    for (place, before) in PLACES {
        let path = root.join(place);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let found = text.split_once(before).map_or("", |(_, rest)| rest);
        let end = |of: char| !(of.is_ascii_alphanumeric() || "+-.".contains(of));
        let found = found.split(end).next().unwrap_or_default();
        if found != version {
            others.push(format!("{place}: `{found}`"));
        }
    }
    Ok(others)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_released_has_the_version_of_the_workspace() -> Result<()> {
        assert_eq!(others(&process::root(), VERSION)?, Vec::<String>::new());
        Ok(())
    }

    #[test]
    fn every_place_with_another_version_is_named() -> Result<()> {
        let others = others(&process::root(), "99.0.0")?;
        assert_eq!(others.len(), PLACES.len());
        assert_eq!(others[0], format!("sdk/java/pom.xml: `{VERSION}`"));
        Ok(())
    }
}
