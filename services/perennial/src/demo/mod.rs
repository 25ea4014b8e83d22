//! `perennial demo`: a realistic quarter of a small company, lived on the test clock of
//! the project, told in tables whose figures are checked against each other, then served.

mod data;
mod report;
mod story;

pub use story::{Extent, live};

use std::path::Path;

use anyhow::Context as _;
use perennial_sdk::Client;

use crate::{Process, cli::ServerArgs, commands, failure::nobody_reads, screen::Screen};

/// Written when the story has been lived; a second run only serves.
const DONE_FILE: &str = "demo-complete";

/// Fills the data folder unless it is filled, tells the story, and serves.
pub async fn run(
    server: &ServerArgs,
    color: bool,
    no_serve: bool,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
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
    let mut told = tell(&client, &folder, screen).await;
    if told.is_ok() && !no_serve {
        told = invite(&process, &key, screen);
    }
    if told.is_err() || no_serve {
        process.stop().await?;
        return told;
    }
    process.wait().await
}

/// Lives the story and tells it, unless it was lived before.
async fn tell(client: &Client, folder: &Path, screen: &mut Screen<'_>) -> anyhow::Result<()> {
    let done = folder.join(DONE_FILE);
    if done.exists() {
        let there = format!("The demo data is in {} already.", folder.display());
        return screen.line(&there);
    }
    let sent = live(client, Extent::default()).await?;
    let told = report::tell(client, &sent, screen).await;
    // Nobody has to read it: the story is lived all the same.
    if told.as_ref().err().is_none_or(nobody_reads) {
        std::fs::write(&done, "complete\n")?;
    }
    told
}

/// Says what can be done with the server.
fn invite(process: &Process, key: &str, screen: &mut Screen<'_>) -> anyhow::Result<()> {
    let (http, grpc) = (process.http, process.grpc);
    screen.line("")?;
    screen.line(&format!(
        "Serving REST on http://{http} and gRPC on {grpc}."
    ))?;
    screen.line(&format!("API key of the demo: {key}"))?;
    screen.line(&format!(
        "Try: curl -H 'Authorization: Bearer {key}' http://{http}/api/v1/customers?pageSize=3"
    ))
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::io::{self, ErrorKind, Write};

    use super::story::Sent;
    use super::*;
    use crate::cli::Output;

    /// A pipe of which the other end is closed.
    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_demo_that_nobody_reads_ends_quietly() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(DONE_FILE), "complete\n").unwrap();
        let client = Client::builder("http://127.0.0.1:1", "key")
            .connect_lazy()
            .unwrap();
        let mut out = Closed;
        let screen = &mut Screen::new(&mut out, Output::Text, false);
        let told = tell(&client, folder.path(), screen).await;
        assert!(nobody_reads(&told.unwrap_err()));
        let told = report::tell(&client, &Sent::default(), screen).await;
        assert!(nobody_reads(&told.unwrap_err()));
    }
}
