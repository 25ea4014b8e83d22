//! The test recipes: build once, run every test program, count what they say, and sum it up in one
//! line at the end.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::build::{self, Built, TestProgram};
use crate::clients;
use crate::count::{Count, run_counted};
use crate::postgres::Server;
use crate::sdk;

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

/// Counts by suite, in the order in which they ran.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<(String, Count)>,
    /// Set once somebody has looked for it.
    python: OnceCell<Option<PathBuf>>,
}

/// Everything: units of all crates, then the suite on SQLite and on PostgreSQL.
pub(crate) fn test(arguments: &[String]) -> Result<()> {
    let (flags, filters): (Vec<&String>, Vec<&String>) = arguments
        .iter()
        .partition(|argument| *argument == "--sqlite");
    let built = build::everything()?;
    let mut report = Report::default();
    for program in built.tests.iter().filter(|program| {
        !ON_EACH_DATABASE.contains(&program.package.as_str()) && !program.is_sdk_live()
    }) {
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
    if filters.is_empty() {
        sdk::test(&built, &mut report)?;
    } else {
        println!("SKIPPED: the SDKs, because a filter was given");
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
        if program.package == SUITE {
            // Its tests wait for processes and timers as much as they compute.
            let cores = std::thread::available_parallelism()?.get();
            command.arg(format!("--test-threads={}", 2 * cores));
            if let Some(python) = self.python() {
                command.env(clients::PYTHON, python);
            }
        }
        self.add(name, run_counted(&mut command, Count::parse_cargo)?);
        Ok(())
    }

    /// The Python with the clients that the suite runs, made when it is first wanted.
    fn python(&self) -> Option<&PathBuf> {
        self.python.get_or_init(clients::python).as_ref()
    }

    /// Adds what a suite counted.
    pub(crate) fn add(&mut self, name: &str, count: Count) {
        match self.rows.iter_mut().find(|(known, _)| known == name) {
            Some((_, sum)) => *sum = sum.plus(count),
            None => self.rows.push((name.to_owned(), count)),
        }
    }

    /// Prints the table and the closing line; an error when anything failed.
    pub(crate) fn close(&self) -> Result<()> {
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
