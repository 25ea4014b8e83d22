//! The recipes of the repository, in Rust: `cargo xtask <recipe>`. CI runs nothing that is not here,
//! so that every check has a name a developer can call.
#![expect(
    clippy::disallowed_methods,
    reason = "a build tool is configured by its environment"
)]

mod bench;
mod build;
mod clients;
mod contracts;
mod count;
mod dashboards;
mod image;
mod installed;
mod k8s;
mod lint;
mod postgres;
mod process;
mod proto;
mod python;
mod sbom;
mod sdk;
mod suites;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask <recipe>

  fmt                  format the Rust code and the protos
  lint                 formatting, clippy, purity of the domains, file sizes
  proto                lint and format of the protos, and whether they break the last release;
                       --release makes the protos of now the last release
  test [FILTER]        all tests: units, the suite on SQLite and on PostgreSQL, the SDKs
                       (--sqlite leaves PostgreSQL out)
  e2e [FILTER]         only the stories of the suite, on SQLite
  sdk                  generate the code of the client SDKs; --check compares it with what is checked in,
                       --test runs the SDKs against the all-in-one (PERENNIAL_BINARY, else a fresh build)
  k8s                  render and check the manifests
  dashboards           write the dashboards of Grafana; `k8s` compares them with what is checked in;
                       --render draws one over a running installation (needs prometheus)
  image                lay out the file system of the image and run it in there, as nobody (needs root)
  sbom [FILE]          what the binary is made of, as CycloneDX; on standard output without a file
  contracts            hold the served OpenAPI documents against the documented contracts
  bench NAME [ARGUMENT]...
                       one benchmark (ingest, …) in release, beside the ceiling of the store; SQLite, or
                       a throw-away durable PostgreSQL with --postgres, or PERENNIAL_TEST_DATABASE_URL
  run [ARGUMENT]...    the all-in-one, built for development
  migrate [SERVICE]... migrations alone
  ci                   lint, proto, sdk, test, k8s, image, contracts: what CI runs
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (recipe, rest) = match arguments.split_first() {
        Some((recipe, rest)) => (recipe.as_str(), rest),
        None => ("help", [].as_slice()),
    };
    match recipes(recipe, rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {recipe}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn recipes(recipe: &str, rest: &[String]) -> Result<()> {
    std::env::set_current_dir(process::root())?;
    match recipe {
        "fmt" => lint::format().and_then(|()| proto::format()),
        "lint" => lint::lint(),
        "proto" => proto::run(rest),
        "test" => suites::test(rest),
        "e2e" => suites::stories(rest),
        "sdk" => sdk::run(rest),
        "k8s" => k8s::check(),
        "dashboards" => dashboards::run(rest),
        "image" => image::check(),
        "sbom" => sbom::run(rest),
        "contracts" => contracts::check(),
        "bench" => bench::run(rest),
        "run" => build::perennial("serve", rest),
        "migrate" => build::perennial("migrate", rest),
        "ci" => ci(),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        _ => bail!("no such recipe\n\n{HELP}"),
    }
}

/// Every check, in the order in which a failure is cheapest to learn.
fn ci() -> Result<()> {
    type Step = (&'static str, fn() -> Result<()>);
    let steps: [Step; 7] = [
        ("lint", lint::lint),
        ("proto", proto::check),
        ("sdk", sdk::check),
        ("test", || suites::test(&[])),
        ("k8s", k8s::check),
        ("image", image::check),
        ("contracts", contracts::check),
    ];
    let mut failed = Vec::new();
    for (name, step) in steps {
        println!("\n=== {name} ===");
        let start = Instant::now();
        match step() {
            Ok(()) => println!("=== {name}: passed in {} s ===", start.elapsed().as_secs()),
            Err(error) => {
                println!(
                    "=== {name}: FAILED after {} s ===\n{error:#}",
                    start.elapsed().as_secs()
                );
                failed.push(name);
            }
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    bail!("failed: {}", failed.join(", "))
}
