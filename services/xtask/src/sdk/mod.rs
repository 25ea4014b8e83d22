//! The client SDKs: generated from `proto/` by one recipe, compared with what is checked in, and run
//! against the all-in-one.

mod files;
mod generate;
mod image;
mod live;
mod reference;
mod tools;
mod version;

use std::path::Path;

use anyhow::{Result, bail};

use crate::build::{self, Built};
use crate::process;
use crate::suites::Report;

pub(crate) use live::test;

/// A language whose generated code is checked in. Rust's is made while it is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Go,
    TypeScript,
    Python,
    Java,
}

impl Language {
    pub(crate) const ALL: [Self; 4] = [Self::Go, Self::TypeScript, Self::Python, Self::Java];

    /// Its folder below `sdk/`.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::TypeScript => "typescript",
            Self::Python => "python",
            Self::Java => "java",
        }
    }

    /// Where its generated code is, from the top of the repository.
    pub(crate) fn generated(self) -> &'static str {
        match self {
            Self::Go => "sdk/go/gen",
            Self::TypeScript => "sdk/typescript/src/gen",
            Self::Python => "sdk/python/gen",
            Self::Java => "sdk/java/gen",
        }
    }
}

/// The contract as data for the reference that the gateway serves.
const REFERENCE: &str = "services/gateway/src/docs/protos.json";

/// `cargo xtask sdk [--check]`.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    match arguments {
        [] => write(),
        [flag] if flag == "--check" => check(),
        [flag] if flag == "--test" => test_alone(),
        _ => bail!("`cargo xtask sdk` takes nothing but --check or --test"),
    }
}

/// The tests and stories of the SDKs and nothing else.
fn test_alone() -> Result<()> {
    let built = match std::env::var_os("PERENNIAL_BINARY") {
        Some(perennial) => Built {
            perennial: Some(perennial.into()),
            ..Built::default()
        },
        None => build::everything()?,
    };
    let mut report = Report::default();
    test(&built, &mut report)?;
    report.close()
}

/// Generates and replaces what is checked in.
fn write() -> Result<()> {
    let fresh = process::cache()?.join("sdk/generated");
    for language in generate::into(&fresh)? {
        let changed = files::mirror(
            &fresh.join(language.folder()),
            &process::root().join(language.generated()),
            &[],
        )?;
        println!("{}: {changed} files changed", language.generated());
    }
    let (made, there) = references(&fresh);
    if made.is_some() && made != there {
        files::write(&process::root().join(REFERENCE), &made.unwrap_or_default())?;
        println!("{REFERENCE}: changed");
    }
    Ok(())
}

/// Generates and compares; an error when anything differs.
pub(crate) fn check() -> Result<()> {
    version::check()?;
    let fresh = process::cache()?.join("sdk/generated");
    let mut different = Vec::new();
    for language in generate::into(&fresh)? {
        for file in files::differences(
            &fresh.join(language.folder()),
            &process::root().join(language.generated()),
        )? {
            different.push(format!("{}/{file}", language.generated()));
        }
    }
    let (made, there) = references(&fresh);
    if made.is_some() && made != there {
        different.push(REFERENCE.to_owned());
    }
    if different.is_empty() {
        println!("sdk: the generated code fits the protos");
        return Ok(());
    }
    let shown = different.iter().take(10).cloned().collect::<Vec<_>>();
    bail!(
        "{} generated files do not fit the protos; run `cargo xtask sdk`:\n  {}",
        different.len(),
        shown.join("\n  ")
    )
}

/// The reference as just made, and as checked in.
fn references(fresh: &Path) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    (
        std::fs::read(fresh.join(generate::REFERENCE)).ok(),
        std::fs::read(process::root().join(REFERENCE)).ok(),
    )
}
