//! The generators, of fixed versions, fetched by each language's own package manager into the cache
//! folder.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::Language;
use crate::{installed::installed, process, python};

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
    installed(
        "sdk/tools/go",
        &[PROTOC_GEN_GO, PROTOC_GEN_GO_GRPC].join("\n"),
        |folder| {
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
        },
    )
}

/// `protoc-gen-es`.
pub(super) fn typescript() -> Result<PathBuf> {
    let folder = installed("sdk/tools/typescript", PROTOC_GEN_ES, |folder| {
        process::run(
            Command::new("npm")
                .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
                .arg(folder)
                .arg(PROTOC_GEN_ES),
        )
    })?;
    Ok(folder.join("node_modules/.bin/protoc-gen-es"))
}

/// The Python of an environment that has grpcio-tools and mypy-protobuf; their programs are beside it.
pub(super) fn python() -> Result<PathBuf> {
    let packages = [GRPCIO_TOOLS, MYPY_PROTOBUF];
    python::environment("sdk-tools", &packages.join("\n"), &packages)
}
