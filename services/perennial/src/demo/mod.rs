//! `perennial demo`: a realistic quarter of a small company, lived on the test clock of
//! the project, told in tables whose figures are checked against each other, then served.

mod data;
mod report;
mod story;

pub use story::{Extent, live};

use std::path::Path;

use anyhow::Context as _;
use perennial_sdk::Client;

use crate::{Process, cli::ServerArgs, commands};

/// Written when the story has been lived; a second run only serves.
const DONE_FILE: &str = "demo-complete";

/// Fills the data folder unless it is filled, tells the story, and serves.
pub async fn run(server: &ServerArgs, color: bool, no_serve: bool) -> anyhow::Result<()> {
    let mut server = server.clone();
    server
        .data_dir
        .get_or_insert_with(|| "./perennial-demo".to_owned());
    server.log.get_or_insert_with(|| "warn".to_owned());
    let config = commands::load(&server)?;
    let _telemetry = commands::telemetry(&config, color)?;
    let folder = config.data_dir.clone();
    let process = Process::start(config, &[]).await?;
    let key = bootstrap_key(&folder)?;
    let client = Client::builder(process.grpc.to_string(), &key)
        .timeout(std::time::Duration::from_secs(120))
        .connect_lazy()?;
    let done = folder.join(DONE_FILE);
    if done.exists() {
        println!("The demo data is in {} already.", folder.display());
    } else {
        let sent = live(&client, Extent::default()).await?;
        report::tell(&client, &sent).await?;
        std::fs::write(&done, "complete\n")?;
    }
    if no_serve {
        return process.stop().await;
    }
    println!();
    println!(
        "Serving REST on http://{} and gRPC on {}.",
        process.http, process.grpc
    );
    println!("API key of the demo: {key}");
    println!(
        "Try: curl -H 'Authorization: Bearer {key}' http://{}/api/v1/customers?pageSize=3",
        process.http
    );
    process.wait().await
}

fn bootstrap_key(folder: &Path) -> anyhow::Result<String> {
    let path = folder.join("bootstrap.json");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("the demo keeps its key in {}", path.display()))?;
    let kept: serde_json::Value = serde_json::from_str(&text)?;
    Ok(kept["bootstrap_key"]
        .as_str()
        .context("bootstrap.json without a key")?
        .to_owned())
}
