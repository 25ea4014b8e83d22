//! Problems of an invoice, kept by the component that found them.

use kernel::Timestamp;
use kernel::id::Ulid;
use serde::{Deserialize, Serialize};

/// The component that calculates.
pub const CALCULATION: &str = "openmeter";
/// The component that takes quantities.
pub const METERING: &str = "openmeter.metering";

/// How much an issue weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Severity {
    /// Stops the invoice.
    Critical,
    /// For information.
    Warning,
}

/// One problem, as found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// Stable code; may be empty.
    pub code: String,
    /// Sentence for people.
    pub message: String,
    /// What it is about; may be empty.
    pub path: String,
}

/// One problem, as kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// Stays while the problem is found again.
    pub id: Ulid,
    /// How much it weighs.
    pub severity: Severity,
    /// Stable code; may be empty.
    pub code: String,
    /// Sentence for people.
    pub message: String,
    /// Who found it.
    pub component: String,
    /// What it is about; may be empty.
    pub path: String,
    /// When it was first found.
    pub create_time: Timestamp,
    /// When it was last found.
    pub update_time: Timestamp,
}

impl Finding {
    /// A critical problem.
    pub fn critical(code: &str, message: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            severity: Severity::Critical,
            code: code.to_owned(),
            message: message.into(),
            path: path.into(),
        }
    }

    /// A problem that stops nothing.
    pub fn warning(code: &str, message: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::critical(code, message, path)
        }
    }
}

/// Replaces what a component reported before by what it reports now; nothing found clears
/// it. The same problem keeps its id.
pub fn report(
    issues: &mut Vec<Issue>,
    component: &str,
    findings: Vec<Finding>,
    now: Timestamp,
    ids: &mut dyn FnMut() -> Ulid,
) {
    let (mine, others): (Vec<Issue>, Vec<Issue>) = issues
        .drain(..)
        .partition(|issue| issue.component == component);
    *issues = others;
    for finding in findings {
        let known = mine.iter().find(|issue| {
            issue.code == finding.code
                && issue.message == finding.message
                && issue.path == finding.path
        });
        issues.push(Issue {
            id: known.map_or_else(&mut *ids, |issue| issue.id),
            severity: finding.severity,
            code: finding.code,
            message: finding.message,
            component: component.to_owned(),
            path: finding.path,
            create_time: known.map_or(now, |issue| issue.create_time),
            update_time: now,
        });
    }
}

/// Adds one problem of a component, once per distinct message; answers whether it is new.
pub fn add(
    issues: &mut Vec<Issue>,
    component: &str,
    finding: Finding,
    now: Timestamp,
    ids: &mut dyn FnMut() -> Ulid,
) -> bool {
    if issues.iter().any(|issue| {
        issue.component == component
            && issue.message == finding.message
            && issue.path == finding.path
    }) {
        return false;
    }
    issues.push(Issue {
        id: ids(),
        severity: finding.severity,
        code: finding.code,
        message: finding.message,
        component: component.to_owned(),
        path: finding.path,
        create_time: now,
        update_time: now,
    });
    true
}

/// Whether something stops the invoice.
pub fn any_critical(issues: &[Issue]) -> bool {
    issues
        .iter()
        .any(|issue| issue.severity == Severity::Critical)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_replaces_the_earlier_one_and_keeps_the_id_of_the_same_problem() {
        let mut next = 0;
        let mut ids = || {
            next += 1;
            Ulid(next)
        };
        let mut issues = Vec::new();
        let now = Timestamp::UNIX_EPOCH;
        report(
            &mut issues,
            "a",
            vec![Finding::critical("x", "one", "")],
            now,
            &mut ids,
        );
        report(
            &mut issues,
            "b",
            vec![Finding::warning("y", "other", "")],
            now,
            &mut ids,
        );
        let first = issues[0].id;
        report(
            &mut issues,
            "a",
            vec![
                Finding::critical("x", "one", ""),
                Finding::critical("x", "two", ""),
            ],
            now,
            &mut ids,
        );
        assert_eq!(
            issues.iter().filter(|issue| issue.component == "a").count(),
            2
        );
        assert!(
            issues
                .iter()
                .any(|issue| issue.id == first && issue.message == "one")
        );
        assert!(any_critical(&issues));
        report(&mut issues, "a", vec![], now, &mut ids);
        assert!(!any_critical(&issues));
        assert!(add(
            &mut issues,
            "b",
            Finding::warning("z", "new", ""),
            now,
            &mut ids
        ));
        assert!(!add(
            &mut issues,
            "b",
            Finding::warning("z", "new", ""),
            now,
            &mut ids
        ));
    }
}
