//! One selection for every build: the whole workspace with all targets. Another selection would
//! resolve other features, and the big dependencies would be built twice.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;

/// What a build made.
#[derive(Default)]
pub(crate) struct Built {
    /// Test programs, one per crate and target.
    pub tests: Vec<TestProgram>,
    /// The `perennial` binary.
    pub perennial: Option<PathBuf>,
    /// The example of the Rust SDK.
    pub story: Option<PathBuf>,
}

/// A test program of one crate.
pub(crate) struct TestProgram {
    /// Name of the crate.
    pub package: String,
    /// Name of the target.
    pub target: String,
    /// Its folder, in which its tests expect to run.
    pub folder: PathBuf,
    /// The program.
    pub executable: PathBuf,
}

/// Builds everything and tells where the programs are.
pub(crate) fn everything() -> Result<Built> {
    let mut cargo = process::cargo();
    cargo.args([
        "build",
        "--workspace",
        "--all-targets",
        "--message-format=json-render-diagnostics",
    ]);
    if process::in_ci() {
        cargo.arg("--locked");
    }
    let messages = process::output(cargo.stdin(Stdio::null()))?;
    let mut built = Built::default();
    for line in messages.lines() {
        let message: Value =
            serde_json::from_str(line).with_context(|| format!("cargo wrote {line}"))?;
        if let Some(executable) = message["executable"].as_str() {
            built.add(&message, PathBuf::from(executable));
        }
    }
    Ok(built)
}

impl Built {
    fn add(&mut self, message: &Value, executable: PathBuf) {
        let manifest = PathBuf::from(message["manifest_path"].as_str().unwrap_or_default());
        let folder = manifest.parent().map(PathBuf::from).unwrap_or_default();
        let target = message["target"]["name"].as_str().unwrap_or_default();
        if message["profile"]["test"] == Value::Bool(true) {
            // The name of the crate stands in `path+file:///…/kernel#0.1.0` or `…#name@0.1.0`.
            let id = message["package_id"].as_str().unwrap_or_default();
            let (path, version) = id.split_once('#').unwrap_or((id, ""));
            let package = match version.split_once('@') {
                Some((name, _)) => name,
                None => path.rsplit('/').next().unwrap_or(path),
            };
            self.tests.push(TestProgram {
                package: package.to_owned(),
                target: target.to_owned(),
                folder,
                executable,
            });
        } else if target == "perennial" {
            self.perennial = Some(executable);
        } else if target == "story" {
            self.story = Some(executable);
        }
    }
}

impl TestProgram {
    /// Whether it is the part of the Rust SDK's tests that needs a running server.
    pub(crate) fn is_sdk_live(&self) -> bool {
        self.package == "perennial-sdk" && self.target == "live"
    }
}

/// Builds and runs the binary for development.
pub(crate) fn perennial(command: &str, arguments: &[String]) -> Result<()> {
    process::run(
        process::cargo()
            .args(["run", "--quiet", "--package", "perennial", "--", command])
            .args(arguments),
    )
}
