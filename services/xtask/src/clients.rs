//! Clients that others wrote and that the suite runs unchanged. Each has an environment of its own in the cache folder, made by its
//! language's own package manager. Where that reaches no registry, the suite says that it left them out.

use std::path::PathBuf;

use crate::{process, python};

/// Tells the suite which Python has the packages.
pub(crate) const PYTHON: &str = "PERENNIAL_TEST_PYTHON";

/// The Python of an environment with the packages that the suite's clients need; none, and a line that says why, where it cannot be made.
pub(crate) fn python() -> Option<PathBuf> {
    let requirements = process::root().join("tests/clients/revenuecat/requirements.txt");
    match python::required("revenuecat", &requirements) {
        Ok(python) => Some(python),
        Err(error) => {
            println!("SKIPPED: the public Python clients of the suite: {error:#}");
            None
        }
    }
}
