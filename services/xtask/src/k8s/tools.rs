//! Tools of others that judge manifests, in an environment of their own: `kubernetes-validate` for the schemas, `checkov` for
//! what is known to be careless.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::{process, python};

const REQUIREMENTS: &str = "k8s/requirements.txt";
/// What the linter is asked for, and why it is not asked for the rest.
const SETTINGS: &str = "k8s/checkov.yaml";

/// Where they are.
pub(super) struct Tools {
    folder: PathBuf,
}

/// The tools, installed first where they are missing.
pub(super) fn installed() -> Result<Tools> {
    let python = python::required("k8s", &process::root().join(REQUIREMENTS))?;
    let folder = python.parent().context("no folder")?.to_owned();
    Ok(Tools { folder })
}

impl Tools {
    /// What they find in files of a folder.
    pub(super) fn check(&self, folder: &Path, files: &[PathBuf]) -> Result<Vec<String>> {
        let mut validate = Command::new(self.folder.join("kubernetes-validate"));
        process::run(validate.args(["--strict", "--quiet"]).args(files))?;
        println!("{} renderings are good by the schemas", files.len());
        let output = Command::new(self.folder.join("checkov"))
            .args(["--quiet", "--compact", "--skip-download", "--soft-fail"])
            .args(["--framework", "kubernetes", "--output", "json"])
            .args(["--config-file", SETTINGS, "--directory"])
            .arg(folder)
            .stdin(std::process::Stdio::null())
            .output()
            .context("cannot run checkov")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let report: Value = serde_json::from_str(&text)
            .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
        let summary = &report["summary"];
        if summary["passed"].as_u64().unwrap_or_default() == 0 {
            bail!("checkov has checked nothing: {report}");
        }
        println!(
            "checkov {}: {} checks passed, {} failed",
            summary["checkov_version"], summary["passed"], summary["failed"]
        );
        Ok(failures(&report))
    }
}

fn failures(report: &Value) -> Vec<String> {
    let failed = report
        .pointer("/results/failed_checks")
        .and_then(Value::as_array);
    let text = |check: &Value, field: &str| check[field].as_str().unwrap_or_default().to_owned();
    let lines = failed.into_iter().flatten().map(|check| {
        let place = (text(check, "file_path"), text(check, "resource"));
        let said = (text(check, "check_id"), text(check, "check_name"));
        format!("{} {}: {} {}", place.0, place.1, said.0, said.1)
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_failed_is_told_by_place_and_check() {
        let report = json!({"results": {"failed_checks": [{
            "file_path": "/a.yaml", "resource": "Deployment.default.b", "check_id": "CKV_1", "check_name": "Limits"
        }]}});
        assert_eq!(
            failures(&report),
            ["/a.yaml Deployment.default.b: CKV_1 Limits"]
        );
        assert_eq!(failures(&json!({})), Vec::<String>::new());
    }
}
