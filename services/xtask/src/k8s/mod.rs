//! Renders every overlay, every service alone and every component, and holds the result against the rules of `k8s/README.md`:
//! by rules of ours, by the schemas of Kubernetes and by a linter. What a missing tool leaves out is said.

mod arrows;
mod links;
mod objects;
mod rules;
mod tools;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use self::arrows::Arrows;
use self::objects::Object;
use self::tools::Tools;
use crate::{dashboards, process};

/// Components that are of no use without others, and those others.
const TOGETHER: [(&str, &[&str]); 2] = [
    ("autoscaling-lag", &["autoscaling", "nats"]),
    ("cloudnative-pg", &["database-per-service"]),
];
/// Components that are rendered once more after others, because they do something else there, and those others.
const AFTER: [(&str, &[&str]); 1] = [("headless", &["tls"])];

/// Where each service can be rendered alone.
const ALONE: &str = "k8s/base/";

/// What is rendered together.
struct Rendering {
    name: String,
    objects: Vec<Object>,
}

/// Everything that can be checked of `k8s/`.
pub(crate) fn check() -> Result<()> {
    let mut findings = dashboards::check()?;
    findings.extend(runbooks()?);
    let Some(renderer) = renderer() else {
        println!(
            "SKIPPED: nothing is rendered, because neither kustomize nor kubectl is installed"
        );
        return conclude(&findings);
    };
    let arrows = Arrows::read()?;
    let renderings = render(&renderer)?;
    for rendering in &renderings {
        let found = rules::check(&rendering.objects).into_iter();
        let found = found.chain(arrows.check(&rendering.objects));
        let found = found.chain(links::check(&rendering.objects));
        findings.extend(found.map(|finding| format!("{}: {finding}", rendering.name)));
        println!("{}: {} objects", rendering.name, rendering.objects.len());
    }
    match tools::installed() {
        Ok(tools) => findings.extend(judged(&tools, &renderings)?),
        Err(error) => println!("SKIPPED: the schemas and the linter: {error:#}"),
    }
    conclude(&findings)
}

fn conclude(findings: &[String]) -> Result<()> {
    for finding in findings {
        eprintln!("{finding}");
    }
    if findings.is_empty() {
        return Ok(());
    }
    bail!("{} findings", findings.len())
}

/// The overlays, each service alone, and the base with each component.
fn render(renderer: &[String]) -> Result<Vec<Rendering>> {
    let mut renderings = Vec::new();
    for folder in folders("k8s/overlays")? {
        renderings.push(rendering(renderer, folder.display().to_string(), &folder)?);
    }
    for folder in folders(ALONE)? {
        if folder.join("service.yaml").is_file() {
            renderings.push(rendering(renderer, folder.display().to_string(), &folder)?);
        }
    }
    let around = process::cache()?.join("k8s");
    std::fs::create_dir_all(&around)?;
    for folder in folders("k8s/components")? {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let title = format!("k8s/base with {name}");
        let together = of(&TOGETHER, &name).unwrap_or_default();
        let mut ways = vec![(title.clone(), together)];
        if let Some(others) = of(&AFTER, &name) {
            ways.push((format!("{title} after {}", others.join(", ")), others));
        }
        for (title, others) in ways {
            let text = with_component(&around, others, &name)?;
            std::fs::write(around.join("kustomization.yaml"), text)?;
            renderings.push(rendering(renderer, title, &around)?);
        }
    }
    std::fs::remove_dir_all(&around)?;
    Ok(renderings)
}

fn rendering(renderer: &[String], name: String, folder: &Path) -> Result<Rendering> {
    let mut command = Command::new(&renderer[0]);
    let text = process::output(command.args(&renderer[1..]).arg(folder))?;
    let objects = objects::read(&text).with_context(|| name.clone())?;
    Ok(Rendering { name, objects })
}

/// The components that a table has for one.
fn of(
    table: &[(&str, &'static [&'static str])],
    component: &str,
) -> Option<&'static [&'static str]> {
    let row = table.iter().find(|(name, _)| *name == component)?;
    Some(row.1)
}

/// A kustomization, in a folder outside the repository, of the base and a component after others. Renderers take relative paths only.
fn with_component(around: &Path, others: &[&str], component: &str) -> Result<String> {
    let up = "../".repeat(around.components().count() - 1);
    let root = process::root().canonicalize()?;
    let k8s = format!(
        "{up}{}/k8s",
        root.display().to_string().trim_start_matches('/')
    );
    let mut text = format!(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: perennial\nresources: [{k8s}/base]\ncomponents:\n"
    );
    for name in others {
        text.push_str(&format!("  - {k8s}/components/{name}\n"));
    }
    text.push_str(&format!("  - {k8s}/components/{component}\n"));
    Ok(text)
}

/// What the tools say of everything that was rendered. They are shown each object once: a service alone is in the overlays as well.
fn judged(tools: &Tools, renderings: &[Rendering]) -> Result<Vec<String>> {
    // Not in the cache: the linter does not look into hidden folders.
    let folder = std::env::temp_dir().join(format!("perennial-k8s-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let (mut unknown, mut seen) = (BTreeSet::new(), BTreeSet::new());
    let mut files = Vec::new();
    for rendering in renderings {
        if rendering.name.starts_with(ALONE) {
            continue;
        }
        let (mut known, others): (Vec<&Object>, Vec<&Object>) = rendering
            .objects
            .iter()
            .partition(|object| object.is_builtin());
        unknown.extend(others.iter().map(|object| object.kind().to_owned()));
        known.retain(|object| seen.insert(object.1.clone()));
        if known.is_empty() {
            continue;
        }
        let file = folder.join(format!(
            "{}.yaml",
            rendering.name.replace(['/', ' ', ','], "-")
        ));
        std::fs::write(&file, objects::write(&known))?;
        files.push(file);
    }
    println!(
        "no schema is at hand for {}",
        unknown.into_iter().collect::<Vec<_>>().join(", ")
    );
    let findings = tools.check(&folder, &files);
    std::fs::remove_dir_all(&folder)?;
    findings
}

/// Alerts lead to a heading of the README, and each of them has one.
fn runbooks() -> Result<Vec<String>> {
    let rules = read("k8s/components/monitoring/rules.yaml")?;
    let readme = read("k8s/README.md")?;
    let mut findings = Vec::new();
    for alert in rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
    {
        if !readme.lines().any(|line| line == format!("### {alert}")) {
            findings.push(format!(
                "k8s/README.md: nothing is said of the alert {alert}"
            ));
        }
        let link = format!("k8s/README.md#{}", alert.to_lowercase());
        if !rules.lines().any(|line| line.trim_end().ends_with(&link)) {
            findings.push(format!("the alert {alert} does not lead to {link}"));
        }
    }
    Ok(findings)
}

fn read(path: &str) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))
}

fn folders(path: &str) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(path).with_context(|| format!("cannot read {path}"))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.join("kustomization.yaml").is_file() {
            found.push(path);
        }
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
