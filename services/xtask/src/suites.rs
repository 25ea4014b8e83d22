//! The test recipes: build once, run every test program, count what they say, and sum it up in one
//! line at the end.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::build::{self, Built, TestProgram};
use crate::postgres::Server;

/// The crate whose tests run against a whole system.
const SUITE: &str = "suite";
/// The crates whose tests run on each database.
const ON_EACH_DATABASE: [&str; 8] = [
    "customer",
    "metering",
    "catalog",
    "entitlement",
    "billing",
    "subscription",
    "notification",
    SUITE,
];
/// Tells the suite's harness which PostgreSQL server to make its databases on.
const DATABASE_URL: &str = "PERENNIAL_TEST_DATABASE_URL";

/// What one run of one program counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    passed: u64,
    failed: u64,
    ignored: u64,
}

/// Counts by suite, in the order in which they ran.
#[derive(Default)]
struct Report {
    rows: Vec<(String, Count)>,
}

/// Everything: units of all crates, then the suite on SQLite and on PostgreSQL.
pub(crate) fn test(arguments: &[String]) -> Result<()> {
    let (flags, filters): (Vec<&String>, Vec<&String>) = arguments
        .iter()
        .partition(|argument| *argument == "--sqlite");
    let built = build::everything()?;
    let mut report = Report::default();
    for program in built
        .tests
        .iter()
        .filter(|program| !ON_EACH_DATABASE.contains(&program.package.as_str()))
    {
        report.run(&program.package, program, &built, &filters, None)?;
    }
    run_on(
        &mut report,
        &built,
        "SQLite",
        &ON_EACH_DATABASE,
        &filters,
        None,
    )?;
    if flags.is_empty() {
        match std::env::var(DATABASE_URL) {
            Ok(url) => run_on(
                &mut report,
                &built,
                "PostgreSQL",
                &ON_EACH_DATABASE,
                &filters,
                Some(&url),
            )?,
            Err(_) => {
                let server = Server::start()?;
                run_on(
                    &mut report,
                    &built,
                    "PostgreSQL",
                    &ON_EACH_DATABASE,
                    &filters,
                    Some(&server.url()),
                )?;
            }
        }
    } else {
        println!("SKIPPED: the suite on PostgreSQL, because --sqlite was given");
    }
    report.close()
}

/// The stories of the suite alone.
pub(crate) fn stories(arguments: &[String]) -> Result<()> {
    let built = build::everything()?;
    let mut report = Report::default();
    let all = "e2e::".to_owned();
    let filters: Vec<&String> = if arguments.is_empty() {
        vec![&all]
    } else {
        arguments.iter().collect()
    };
    run_on(&mut report, &built, "SQLite", &[SUITE], &filters, None)?;
    report.close()
}

fn run_on(
    report: &mut Report,
    built: &Built,
    database: &str,
    packages: &[&str],
    filters: &[&String],
    url: Option<&str>,
) -> Result<()> {
    for program in built
        .tests
        .iter()
        .filter(|program| packages.contains(&program.package.as_str()))
    {
        report.run(
            &format!("{} on {database}", program.package),
            program,
            built,
            filters,
            url,
        )?;
    }
    Ok(())
}

impl Report {
    fn run(
        &mut self,
        name: &str,
        program: &TestProgram,
        built: &Built,
        filters: &[&String],
        url: Option<&str>,
    ) -> Result<()> {
        println!("\n--- {name} ---");
        let mut command = Command::new(&program.executable);
        command
            .args(filters)
            .current_dir(&program.folder)
            .env("CARGO_MANIFEST_DIR", &program.folder);
        command.env_remove(DATABASE_URL);
        if let Some(url) = url {
            command.env(DATABASE_URL, url);
        }
        if let Some(perennial) = &built.perennial {
            command.env("PERENNIAL_BINARY", perennial);
        }
        let count = counted(&mut command, &program.executable)?;
        match self.rows.iter_mut().find(|(known, _)| known == name) {
            Some((_, sum)) => *sum = sum.plus(count),
            None => self.rows.push((name.to_owned(), count)),
        }
        Ok(())
    }

    /// Prints the table and the closing line; an error when anything failed.
    fn close(&self) -> Result<()> {
        println!(
            "\n{:<28} {:>7} {:>7} {:>8}",
            "", "passed", "failed", "ignored"
        );
        let mut sum = Count::default();
        for (name, count) in &self.rows {
            println!(
                "{name:<28} {:>7} {:>7} {:>8}",
                count.passed, count.failed, count.ignored
            );
            sum = sum.plus(*count);
        }
        println!("\n{} passed, {} failed", sum.passed, sum.failed);
        if sum.failed > 0 {
            bail!("{} tests failed", sum.failed);
        }
        if sum.passed == 0 {
            bail!("no test ran");
        }
        Ok(())
    }
}

impl Count {
    fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            ignored: self.ignored + other.ignored,
        }
    }

    /// Reads `test result: ok. 10 passed; 0 failed; 1 ignored; …`.
    fn parse(line: &str) -> Option<Self> {
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
}

/// Runs a test program, passing its output on line by line. One that dies counts as a failed test.
fn counted(command: &mut Command, executable: &Path) -> Result<Count> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {}", executable.display()))?;
    let output = child.stdout.take().context("the output is piped")?;
    let mut count = Count::default();
    for line in BufReader::new(output).split(b'\n') {
        let line = line?;
        let mut out = std::io::stdout().lock();
        out.write_all(&line)?;
        out.write_all(b"\n")?;
        if let Some(more) = Count::parse(&String::from_utf8_lossy(&line)) {
            count = count.plus(more);
        }
    }
    let status = child.wait()?;
    if !status.success() && count.failed == 0 {
        println!("{} ended with {status}", executable.display());
        count.failed = 1;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_are_counted() {
        let line = "test result: FAILED. 58 passed; 1 failed; 2 ignored; 0 measured; 3 filtered out; finished in 0.17s";
        assert_eq!(
            Count::parse(line),
            Some(Count {
                passed: 58,
                failed: 1,
                ignored: 2
            })
        );
        assert_eq!(Count::parse("test decimal::tests::x ... ok"), None);
    }
}
