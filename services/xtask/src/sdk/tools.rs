//! The generators, of fixed versions, fetched by each language's own package manager into the cache
//! folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::Language;
use crate::process;

const PROTOC_GEN_GO: &str = "google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12";
const PROTOC_GEN_GO_GRPC: &str = "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2";
const PROTOC_GEN_ES: &str = "@bufbuild/protoc-gen-es@2.17.0";
const GRPCIO_TOOLS: &str = "grpcio-tools==1.85.1";
const MYPY_PROTOBUF: &str = "mypy-protobuf==5.1.0";

/// The programs without which a language is skipped.
pub(super) fn programs(language: Language) -> &'static [&'static str] {
    match language {
        Language::Go => &["go"],
        Language::TypeScript => &["node", "npm"],
        Language::Python => &["python3"],
        Language::Java => &["java", "mvn"],
    }
}

/// Whether a language can be worked on here; says so when not.
pub(super) fn present(language: Language, what: &str) -> bool {
    let missing = programs(language)
        .iter()
        .find(|program| process::find(program).is_none());
    if let Some(program) = missing {
        println!(
            "SKIPPED: sdk/{}: {what}, because {program} is not installed",
            language.folder()
        );
    }
    missing.is_none()
}

/// Folder with `protoc-gen-go` and `protoc-gen-go-grpc`.
pub(super) fn go() -> Result<PathBuf> {
    installed("go", &[PROTOC_GEN_GO, PROTOC_GEN_GO_GRPC], |folder| {
        for module in [PROTOC_GEN_GO, PROTOC_GEN_GO_GRPC] {
            process::run(
                Command::new("go")
                    .args(["install", module])
                    .current_dir(folder)
                    .env("GOBIN", folder)
                    .env("GOFLAGS", ""),
            )?;
        }
        Ok(())
    })
}

/// `protoc-gen-es`.
pub(super) fn typescript() -> Result<PathBuf> {
    let folder = installed("typescript", &[PROTOC_GEN_ES], |folder| {
        process::run(
            Command::new("npm")
                .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
                .arg(folder)
                .arg(PROTOC_GEN_ES),
        )
    })?;
    Ok(folder.join("node_modules/.bin/protoc-gen-es"))
}

/// Folder with the programs of a virtual environment that has grpcio-tools and mypy-protobuf.
pub(super) fn python() -> Result<PathBuf> {
    let folder = installed("python", &[GRPCIO_TOOLS, MYPY_PROTOBUF], |folder| {
        environment(folder, &[GRPCIO_TOOLS, MYPY_PROTOBUF])
    })?;
    Ok(folder.join("bin"))
}

/// Makes a virtual environment with some packages.
pub(super) fn environment(folder: &Path, packages: &[&str]) -> Result<()> {
    process::run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    process::run(
        Command::new(folder.join("bin/python"))
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .args(packages),
    )
}

/// The folder of a tool. It is installed when its mark does not name these versions: the mark is
/// written last, so that a broken installation is made again.
pub(super) fn installed(
    name: &str,
    versions: &[&str],
    install: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let folder = process::cache()?.join("sdk/tools").join(name);
    let mark = folder.join("versions");
    let wanted = versions.join("\n");
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
