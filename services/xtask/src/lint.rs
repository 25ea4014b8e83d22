//! What the compiler cannot see: formatting, clippy's opinion, the purity of the domains, and files
//! that grew too long to be read in one go.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::process;

/// Longest source file, in lines.
const FILE_LINES_MAX: usize = 800;

/// What a domain may not mention: input, output, wire types, clocks and floats.
const IMPURE: [&str; 8] = [
    "sea_orm",
    "tonic",
    "contract::",
    "chassis::",
    "async fn",
    "Timestamp::now",
    "f64",
    "f32",
];

/// Formats the code.
pub(crate) fn format() -> Result<()> {
    process::run(process::cargo().args(["fmt", "--all"]))
}

/// All checks of the source.
pub(crate) fn lint() -> Result<()> {
    let mut findings = Vec::new();
    let sources = sources()?;
    for path in &sources {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        findings.extend(
            shape(&text)
                .into_iter()
                .map(|finding| format!("{}: {finding}", path.display())),
        );
        if is_pure(path) {
            let impure = impurities(&text).into_iter();
            findings.extend(
                impure.map(|(line, word)| format!("{}:{line}: {word} in a domain", path.display())),
            );
        }
    }
    for finding in &findings {
        eprintln!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} findings in {} files", findings.len(), sources.len());
    }
    println!("{} files: sizes and domains are fine", sources.len());
    process::run(process::cargo().args(["fmt", "--all", "--check"]))?;
    let mut clippy = process::cargo();
    clippy.args(["clippy", "--workspace", "--all-targets", "--quiet"]);
    if process::in_ci() {
        clippy.arg("--locked");
    }
    process::run(clippy.args(["--", "-D", "warnings"]))
}

fn sources() -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in ["services", "tests", "sdk/rust"] {
        found.extend(process::files(Path::new(folder), ".rs")?);
    }
    Ok(found)
}

/// The kernel, and every service's `domain`.
fn is_pure(path: &Path) -> bool {
    path.starts_with("services/kernel/src")
        || path
            .components()
            .any(|part| part.as_os_str() == "domain" || part.as_os_str() == "domain.rs")
}

fn shape(text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let lines = text.lines().count();
    if lines > FILE_LINES_MAX {
        findings.push(format!("{lines} lines, at most {FILE_LINES_MAX}"));
    }
    if !text.starts_with("//!") {
        findings.push("does not start with a `//!` line".to_owned());
    }
    findings
}

/// Lines outside comments that mention an impure word, counted from one.
fn impurities(text: &str) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        found.extend(
            IMPURE
                .iter()
                .filter(|word| mentions(code, word))
                .map(|word| (index + 1, *word)),
        );
    }
    found
}

/// Whether the word stands alone, and is not part of a longer name.
fn mentions(code: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(start, _)| {
        let before = code[..start].chars().next_back().is_some_and(part_of_name);
        let after = code[start + word.len()..]
            .chars()
            .next()
            .is_some_and(part_of_name);
        !before && (!after || word.ends_with("::"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impure_words_are_found_outside_comments_only() {
        assert_eq!(impurities("let x: f64 = 1.0;"), [(1, "f64")]);
        assert_eq!(
            impurities("//! no f64 here\nuse contract::kernel::v1;"),
            [(2, "contract::")]
        );
        assert_eq!(
            impurities("let subcontract = buf64; // tonic\nfn retonic() {}"),
            []
        );
        assert_eq!(
            impurities("pub async fn now() { Timestamp::now() }"),
            [(1, "async fn"), (1, "Timestamp::now")]
        );
    }

    #[test]
    fn only_domains_must_be_pure() {
        assert!(is_pure(Path::new(
            "services/billing/src/domain/rating/flat.rs"
        )));
        assert!(is_pure(Path::new("services/kernel/src/money.rs")));
        assert!(!is_pure(Path::new("services/billing/src/store/invoice.rs")));
    }

    #[test]
    fn long_files_and_files_without_a_head_are_found() {
        assert!(shape("//! Head.\n").is_empty());
        assert_eq!(shape("fn main() {}").len(), 1);
        assert_eq!(shape(&"//! Line.\n".repeat(801)).len(), 1);
    }
}
