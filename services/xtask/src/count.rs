//! Counting what test runners say: each one's closing line, whatever the language.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

/// What one run of one program counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub passed: u64,
    pub failed: u64,
    pub ignored: u64,
}

impl Count {
    /// One that passed.
    pub(crate) const PASSED: Self = Self {
        passed: 1,
        failed: 0,
        ignored: 0,
    };
    /// One that failed.
    pub(crate) const FAILED: Self = Self {
        passed: 0,
        failed: 1,
        ignored: 0,
    };

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            ignored: self.ignored + other.ignored,
        }
    }

    /// Of `ran` tests, so many failed and so many were left out.
    fn of(ran: u64, failed: u64, ignored: u64) -> Self {
        Self {
            passed: ran.saturating_sub(failed + ignored),
            failed,
            ignored,
        }
    }

    /// Reads `test result: ok. 10 passed; 0 failed; 1 ignored; …`.
    pub(crate) fn parse_cargo(line: &str) -> Option<Self> {
        let mut count = Self::default();
        for part in line.strip_prefix("test result: ")?.split(['.', ';']) {
            match part.trim().split_once(' ') {
                Some((number, "passed")) => count.passed = number.parse().ok()?,
                Some((number, "failed")) => count.failed = number.parse().ok()?,
                Some((number, "ignored")) => count.ignored = number.parse().ok()?,
                Some(_) | None => {}
            }
        }
        Some(count)
    }

    /// Reads the line of one test from Go, `--- PASS: TestX (0.01s)`; those of subtests are indented.
    pub(crate) fn parse_go(line: &str) -> Option<Self> {
        match line.split(": ").next()? {
            "--- PASS" => Some(Self::PASSED),
            "--- FAIL" => Some(Self::FAILED),
            "--- SKIP" => Some(Self::of(1, 0, 1)),
            _ => None,
        }
    }

    /// Reads the closing lines of a TAP report: `# pass 10`, `# fail 0`, `# skipped 0`.
    pub(crate) fn parse_tap(line: &str) -> Option<Self> {
        let (word, number) = line.strip_prefix("# ")?.split_once(' ')?;
        let number = number.parse().ok()?;
        match word {
            "pass" => Some(Self::of(number, 0, 0)),
            "fail" | "cancelled" => Some(Self::of(number, number, 0)),
            "skipped" | "todo" => Some(Self::of(number, 0, number)),
            _ => None,
        }
    }

    /// Reads the line of one test from Python's unittest, `test_x (…) ... ok`, or only its end, where
    /// the test itself wrote something in between.
    pub(crate) fn parse_unittest(line: &str) -> Option<Self> {
        let outcome = match line.rsplit_once(" ... ") {
            Some((_, outcome)) => outcome,
            None if ["ok", "FAIL", "ERROR"].contains(&line) => line,
            None => return None,
        };
        match outcome.split(' ').next()? {
            "ok" => Some(Self::PASSED),
            "FAIL" | "ERROR" => Some(Self::FAILED),
            "skipped" => Some(Self::of(1, 0, 1)),
            _ => None,
        }
    }

    /// Reads Surefire's line per class, `Tests run: 5, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: …`.
    pub(crate) fn parse_surefire(line: &str) -> Option<Self> {
        let (_, counts) = line.split_once("Tests run: ")?;
        let (mut numbers, mut timed) = ([0; 4], false);
        for (index, part) in counts.split(", ").enumerate() {
            timed |= part.starts_with("Time elapsed");
            let number = part.rsplit(' ').next()?;
            if let (Some(place), Ok(number)) = (numbers.get_mut(index), number.parse()) {
                *place = number;
            }
        }
        let [ran, failures, errors, skipped] = numbers;
        timed.then(|| Self::of(ran, failures + errors, skipped))
    }
}

/// Runs a test program, passing its output on line by line, and counts by what it says. One that
/// dies, or says nothing that counts, is a failed test.
pub(crate) fn run_counted(
    command: &mut Command,
    parse: fn(&str) -> Option<Count>,
) -> Result<Count> {
    let name = command.get_program().to_string_lossy().into_owned();
    let (output, writer) = std::io::pipe()?;
    let mut child = command
        .stdin(Stdio::null())
        .stderr(writer.try_clone()?)
        .stdout(writer)
        .spawn()
        .with_context(|| format!("cannot run {name}"))?;
    // The command holds our ends of the pipe, which would never close.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut sum = Count::default();
    for line in BufReader::new(output).split(b'\n') {
        let line = line?;
        let mut out = std::io::stdout().lock();
        out.write_all(&line)?;
        out.write_all(b"\n")?;
        if let Some(count) = parse(&String::from_utf8_lossy(&line)) {
            sum = sum.plus(count);
        }
    }
    let status = child.wait()?;
    if !status.success() && sum.failed == 0 {
        println!("{name} ended with {status}");
        sum.failed = 1;
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_of_cargo_are_counted() {
        let line = "test result: FAILED. 58 passed; 1 failed; 2 ignored; 0 measured; 3 filtered out; finished in 0.17s";
        assert_eq!(
            Count::parse_cargo(line),
            Some(Count {
                passed: 58,
                failed: 1,
                ignored: 2
            })
        );
        assert_eq!(Count::parse_cargo("test decimal::tests::x ... ok"), None);
    }

    #[test]
    fn lines_of_other_runners_are_counted() {
        assert_eq!(
            Count::parse_go("--- FAIL: TestDeadline (0.30s)"),
            Some(Count::FAILED)
        );
        assert_eq!(Count::parse_go("    --- PASS: TestX/sub (0.00s)"), None);
        assert_eq!(Count::parse_tap("# pass 7"), Some(Count::of(7, 0, 0)));
        assert_eq!(Count::parse_tap("# Subtest: pages"), None);
        assert_eq!(
            Count::parse_unittest("test_a (test_errors.Errors.test_a) ... ok"),
            Some(Count::PASSED)
        );
        assert_eq!(Count::parse_unittest("ERROR"), Some(Count::FAILED));
        assert_eq!(Count::parse_unittest("OK"), None);
        let line = "[INFO] Tests run: 5, Failures: 1, Errors: 1, Skipped: 1";
        assert_eq!(Count::parse_surefire(line), None);
        assert_eq!(
            Count::parse_surefire(&format!(
                "{line}, Time elapsed: 1.2 s -- in dev.perennial.ErrorsTest"
            )),
            Some(Count {
                passed: 2,
                failed: 2,
                ignored: 1
            })
        );
    }
}
