//! Renders every overlay and holds the result against the rules of `k8s/README.md`. Where no renderer
//! is installed, at least the files are checked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

/// What every container says about itself.
const HARDENED: [&str; 6] = [
    "runAsNonRoot: true",
    "allowPrivilegeEscalation: false",
    "readOnlyRootFilesystem: true",
    "type: RuntimeDefault",
    "limits:",
    "requests:",
];

/// Kinds that start pods.
const WORKLOADS: [&str; 3] = ["Deployment", "StatefulSet", "Job"];

/// Checks the files, then what they render to.
pub(crate) fn check() -> Result<()> {
    let mut findings = Vec::new();
    let files = process::files(Path::new("k8s"), ".yaml")?;
    for path in &files {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let mut found = documents(&text)
            .flat_map(|document| shape(&document))
            .collect::<Vec<_>>();
        if path.ends_with("kustomization.yaml") {
            found.extend(missing(path, &text));
        }
        findings.extend(
            found
                .into_iter()
                .map(|finding| format!("{}: {finding}", path.display())),
        );
    }
    println!("{} files: read", files.len());
    match renderer() {
        Some(renderer) => findings.extend(rendered(&renderer)?),
        None => println!(
            "SKIPPED: nothing is rendered, because neither kustomize nor kubectl is installed"
        ),
    }
    for finding in &findings {
        eprintln!("{finding}");
    }
    if findings.is_empty() {
        return Ok(());
    }
    bail!("{} findings", findings.len())
}

/// Renders and checks each overlay.
fn rendered(renderer: &[String]) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    let validator = validator()?;
    for overlay in overlays()? {
        let name = overlay.display().to_string();
        let text = process::output(
            Command::new(&renderer[0])
                .args(&renderer[1..])
                .arg(&overlay),
        )?;
        let objects: Vec<String> = documents(&text).collect();
        findings.extend(
            rules(&objects)
                .into_iter()
                .map(|finding| format!("{name}: {finding}")),
        );
        if let Some(validator) = &validator {
            let file = process::cache()?.join(format!("{}.yaml", name.replace('/', "-")));
            std::fs::write(&file, &text)?;
            process::run(
                Command::new(validator)
                    .args(["--strict", "--quiet"])
                    .arg(&file),
            )?;
            std::fs::remove_file(&file)?;
        }
        println!("{name}: {} objects", objects.len());
    }
    if validator.is_none() {
        println!("SKIPPED: no schema is checked, because kubernetes-validate is not installed");
    }
    Ok(findings)
}

fn overlays() -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("k8s/overlays").context("cannot read k8s/overlays")? {
        found.push(entry?.path());
    }
    found.sort();
    Ok(found)
}

fn renderer() -> Option<Vec<String>> {
    let with = |program: &str, argument: &str| {
        let program = process::find(program)?;
        Some(vec![
            program.to_string_lossy().into_owned(),
            argument.to_owned(),
        ])
    };
    with("kustomize", "build").or_else(|| with("kubectl", "kustomize"))
}

/// The schema checker of PyPI's `kubernetes-validate`, on the path or in our cache.
fn validator() -> Result<Option<PathBuf>> {
    let cached = process::cache()?.join("tools/k8s/bin/kubernetes-validate");
    Ok(process::find("kubernetes-validate").or_else(|| cached.is_file().then_some(cached)))
}

/// The documents of a YAML stream that hold more than comments.
fn documents(text: &str) -> impl Iterator<Item = String> {
    text.split("\n---")
        .map(|document| {
            let lines = document
                .lines()
                .filter(|line| !line.trim_start().starts_with('#') && *line != "---");
            lines.collect::<Vec<_>>().join("\n")
        })
        .filter(|document| !document.trim().is_empty())
        .collect::<Vec<_>>()
        .into_iter()
}

fn shape(document: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for field in ["apiVersion", "kind"] {
        if top(document, field).is_none() {
            findings.push(format!("a document without {field}"));
        }
    }
    if document.contains('\t') {
        findings.push("a tab".to_owned());
    }
    findings
}

/// The files and folders that a kustomization names and that are not there.
fn missing(path: &Path, text: &str) -> Vec<String> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut findings = Vec::new();
    let mut section = "";
    for line in text.lines() {
        if !line.starts_with([' ', '#']) && line.ends_with(':') {
            section = line.trim_end_matches(':');
        }
        let line = line.trim();
        let named = match section {
            "resources" | "components" => line.strip_prefix("- "),
            "patches" => line.strip_prefix("- path: "),
            _ => None,
        };
        if let Some(named) = named
            && !folder.join(named).exists()
        {
            findings.push(format!("{named} does not exist"));
        }
    }
    findings
}

/// What must hold for all objects of an overlay together.
fn rules(objects: &[String]) -> Vec<String> {
    let mut findings = Vec::new();
    let known: BTreeSet<(&str, &str)> = objects
        .iter()
        .filter_map(|object| Some((top(object, "kind")?, name(object)?)))
        .collect();
    if known.len() != objects.len() {
        findings.push("two objects have one kind and name".to_owned());
    }
    for object in objects {
        let (kind, name) = (
            top(object, "kind").unwrap_or_default(),
            name(object).unwrap_or_default(),
        );
        if kind == "Secret" {
            findings.push(format!(
                "Secret {name}: secrets are referenced, never stored"
            ));
        }
        if !WORKLOADS.contains(&kind) {
            continue;
        }
        for rule in HARDENED {
            if !object.lines().any(|line| line.trim() == rule) {
                findings.push(format!("{kind} {name}: no `{rule}`"));
            }
        }
        for account in values(object, "serviceAccountName") {
            if !known.contains(&("ServiceAccount", account)) {
                findings.push(format!("{kind} {name}: no ServiceAccount {account}"));
            }
        }
        for map in referenced(object, "configMapRef:") {
            if !known.contains(&("ConfigMap", map)) {
                findings.push(format!("{kind} {name}: no ConfigMap {map}"));
            }
        }
    }
    findings
}

/// The value of a field at the top of a document.
fn top<'a>(document: &'a str, field: &str) -> Option<&'a str> {
    document
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(": "))
}

/// `metadata.name` in the renderer's form.
fn name(document: &str) -> Option<&str> {
    let metadata = document
        .lines()
        .skip_while(|line| *line != "metadata:")
        .skip(1);
    metadata
        .take_while(|line| line.starts_with(' '))
        .find_map(|line| line.strip_prefix("  name: "))
}

fn values<'a>(document: &'a str, field: &'a str) -> impl Iterator<Item = &'a str> {
    document
        .lines()
        .filter_map(move |line| line.trim().strip_prefix(field)?.strip_prefix(": "))
}

/// The `name` on the line after a reference.
fn referenced<'a>(document: &'a str, reference: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = document.lines().zip(document.lines().skip(1));
    lines.filter_map(move |(line, next)| {
        line.trim()
            .ends_with(reference)
            .then(|| next.trim().strip_prefix("name: "))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: &str = "apiVersion: v1\nkind: Job\nmetadata:\n  name: migrate\nspec:\n  serviceAccountName: migrate\n  envFrom:\n  - configMapRef:\n      name: addresses";

    #[test]
    fn documents_without_content_are_left_out() {
        let text = "# Head.\n---\nkind: A\n---\n# Only a comment.\n---\nkind: B\n";
        assert_eq!(documents(text).count(), 2);
    }

    #[test]
    fn documents_need_a_kind_and_a_version() {
        assert_eq!(shape("apiVersion: v1\nkind: Job"), Vec::<String>::new());
        assert_eq!(shape("kind:\tJob").len(), 3);
    }

    #[test]
    fn pods_must_be_hardened_and_their_references_must_exist() {
        let findings = rules(&[OPEN.to_owned()]);
        assert_eq!(findings.len(), HARDENED.len() + 2, "{findings:?}");
        assert!(findings.contains(&"Job migrate: no ServiceAccount migrate".to_owned()));
        assert!(findings.contains(&"Job migrate: no ConfigMap addresses".to_owned()));
    }

    #[test]
    fn secrets_are_never_stored() {
        let secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: keys".to_owned();
        assert_eq!(
            rules(&[secret]),
            ["Secret keys: secrets are referenced, never stored"]
        );
    }

    #[test]
    fn named_files_must_exist() {
        let text = "resources:\n  - nowhere.yaml\nlabels:\n  - pairs:\npatches:\n  - path: lost.yaml\n    target:\n";
        let findings = missing(Path::new("k8s/none/kustomization.yaml"), text);
        assert_eq!(
            findings,
            ["nowhere.yaml does not exist", "lost.yaml does not exist"]
        );
    }
}
