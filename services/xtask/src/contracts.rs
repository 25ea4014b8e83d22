//! Holds the OpenAPI documents that the gateway serves against the documented contracts, where those
//! contracts and the tool that compares them lie beside the repository.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{build, process};

/// Where the contracts and the tool are, seen from the top of the repository.
const PLACE: &str = "../shared";

/// One dialect that is held against its contract.
struct Contract {
    /// As `perennial openapi` knows it.
    dialect: &'static str,
    /// The documented contract.
    document: &'static str,
    /// What served paths have before the contract's paths.
    prefix: &'static str,
    /// Least share in percent of operations, parameters, request fields, statuses and response
    /// fields. It only ever rises.
    percent_min: u32,
}

/// The dialects that are served.
const CONTRACTS: [Contract; 4] = [
    Contract {
        dialect: "openmeter",
        document: "openmeter.openapi.yaml",
        prefix: "",
        percent_min: 100,
    },
    Contract {
        dialect: "revenuecat",
        document: "revenuecat.openapi.yaml",
        prefix: "",
        percent_min: 100,
    },
    Contract {
        dialect: "profitwell",
        document: "profitwell.openapi.json",
        prefix: "",
        percent_min: 100,
    },
    Contract {
        dialect: "probe",
        document: "probe.openapi.yaml",
        prefix: "",
        percent_min: 100,
    },
];

/// Compares each served dialect.
pub(crate) fn check() -> Result<()> {
    let place = Path::new(PLACE);
    let tool = place.join("tools/contract-check");
    if !tool.is_file() {
        println!("SKIPPED: the documented contracts are not here");
        return Ok(());
    }
    let perennial = build::everything()?
        .perennial
        .context("the perennial binary was not built")?;
    let folder = process::cache()?.join("contracts");
    std::fs::create_dir_all(&folder)?;
    for contract in CONTRACTS {
        println!("\n--- {} ---", contract.dialect);
        let served = folder.join(format!("{}.json", contract.dialect));
        std::fs::write(
            &served,
            process::output(Command::new(&perennial).args(["openapi", contract.dialect]))?,
        )?;
        let mut check = Command::new(&tool);
        check
            .arg(place.join("specs").join(contract.document))
            .arg(&served);
        if !contract.prefix.is_empty() {
            check.args(["--prefix", contract.prefix]);
        }
        process::run(check.args(["--min", &contract.percent_min.to_string(), "--show", "5"]))?;
    }
    Ok(())
}
