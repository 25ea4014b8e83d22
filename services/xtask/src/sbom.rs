//! What the binary is made of, as a CycloneDX document: every crate that is linked into it, from cargo's own resolution and the
//! checksums of the lock file.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::process;

/// The crate of the binary.
const ROOT: &str = "perennial";
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// `cargo xtask sbom [FILE]`.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let text = serde_json::to_string_pretty(&document()?)? + "\n";
    match arguments {
        [] => print!("{text}"),
        [file] => std::fs::write(file, text).with_context(|| format!("cannot write {file}"))?,
        _ => bail!("sbom takes one file"),
    }
    Ok(())
}

fn document() -> Result<Value> {
    let metadata = process::output(process::cargo().args([
        "metadata",
        "--format-version=1",
        "--locked",
        "--filter-platform",
        PLATFORM,
    ]))?;
    let lock = std::fs::read_to_string("Cargo.lock").context("cannot read Cargo.lock")?;
    compose(&serde_json::from_str(&metadata)?, &checksums(&lock))
}

/// The checksums of a lock file by name and version.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let mut found = BTreeMap::new();
    for package in lock.split("[[package]]") {
        let field = |name: &str| {
            let line = package
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "))?;
            Some(line.trim_matches('"').to_owned())
        };
        if let (Some(name), Some(version), Some(checksum)) =
            (field("name"), field("version"), field("checksum"))
        {
            found.insert((name, version), checksum);
        }
    }
    found
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn array<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().map_or(&[], Vec::as_slice)
}

/// The crates that a node needs when it runs: not those of its build or its tests.
fn needs(node: &Value) -> impl Iterator<Item = &str> {
    let normal = |dependency: &&Value| {
        let mut kinds = array(dependency, "dep_kinds").iter();
        kinds.any(|kind| kind["kind"].is_null())
    };
    let dependencies = array(node, "deps").iter().filter(normal);
    dependencies.map(|dependency| text(dependency, "pkg"))
}

fn compose(metadata: &Value, checksums: &BTreeMap<(String, String), String>) -> Result<Value> {
    let packages: BTreeMap<&str, &Value> = array(metadata, "packages")
        .iter()
        .map(|package| (text(package, "id"), package))
        .collect();
    let nodes: BTreeMap<&str, &Value> = array(&metadata["resolve"], "nodes")
        .iter()
        .map(|node| (text(node, "id"), node))
        .collect();
    let root = packages
        .iter()
        .find(|(_, package)| text(package, "name") == ROOT)
        .map(|(id, _)| *id)
        .with_context(|| format!("there is no crate {ROOT}"))?;
    let mut reached = BTreeSet::from([root]);
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        let fresh = nodes.get(id).into_iter().flat_map(|node| needs(node));
        open.extend(fresh.filter(|id| reached.insert(id)));
    }
    let reference = |id: &str| packages.get(id).map(|package| purl(package));
    let components = reached.iter().filter(|id| **id != root);
    let components: Vec<Value> = components
        .filter_map(|id| packages.get(id))
        .map(|package| component(package, "library", checksums))
        .collect();
    let dependencies: Vec<Value> = reached
        .iter()
        .filter_map(|id| {
            let on: BTreeSet<String> = needs(nodes.get(id)?).filter_map(reference).collect();
            Some(json!({"ref": reference(id)?, "dependsOn": on}))
        })
        .collect();
    let root = packages.get(root).context("the crate is gone")?;
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": component(root, "application", checksums)},
        "components": components,
        "dependencies": dependencies,
    }))
}

fn purl(package: &Value) -> String {
    format!(
        "pkg:cargo/{}@{}",
        text(package, "name"),
        text(package, "version")
    )
}

fn component(package: &Value, kind: &str, checksums: &BTreeMap<(String, String), String>) -> Value {
    let (name, version) = (text(package, "name"), text(package, "version"));
    let mut component = json!({
        "type": kind,
        "bom-ref": purl(package),
        "name": name,
        "version": version,
        "purl": purl(package),
    });
    if let Some(license) = package["license"].as_str() {
        // Older crates write alternatives with a slash.
        component["licenses"] = json!([{"expression": license.replace('/', " OR ")}]);
    }
    if let Some(checksum) = checksums.get(&(name.to_owned(), version.to_owned())) {
        component["hashes"] = json!([{"alg": "SHA-256", "content": checksum}]);
    }
    component
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_runs_is_listed_with_license_and_checksum() -> Result<()> {
        let package = |name: &str| json!({"id": name, "name": name, "version": "1.0.0", "license": "MIT/Apache-2.0"});
        let needs = |name: &str, kind: Value| json!({"pkg": name, "dep_kinds": [{"kind": kind}]});
        let metadata = json!({
            "packages": [package("perennial"), package("serde"), package("cc"), package("itoa")],
            "resolve": {"nodes": [
                {"id": "perennial", "deps": [needs("serde", json!(null)), needs("cc", json!("build"))]},
                {"id": "serde", "deps": [needs("itoa", json!(null))]},
                {"id": "cc", "deps": []},
                {"id": "itoa", "deps": []},
            ]},
        });
        let lock = "[[package]]\nname = \"serde\"\nversion = \"1.0.0\"\nchecksum = \"abc\"\n";
        let document = compose(&metadata, &checksums(lock))?;
        let names: Vec<&str> = array(&document, "components")
            .iter()
            .map(|one| text(one, "name"))
            .collect();
        assert_eq!(names, ["itoa", "serde"]);
        let serde = &document["components"][1];
        assert_eq!(serde["purl"], "pkg:cargo/serde@1.0.0");
        assert_eq!(serde["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(serde["hashes"][0]["content"], "abc");
        assert_eq!(document["metadata"]["component"]["name"], "perennial");
        assert_eq!(array(&document, "dependencies").len(), 3);
        Ok(())
    }
}
