//! `perennial clock`.

use contract::customer::v1::GetClockRequest;
use perennial_sdk::Client;

use super::{instant, waiting};
use crate::{cli::ClockCommand, screen::Screen};

/// Does it.
pub(crate) async fn run(
    client: &Client,
    command: ClockCommand,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    match command {
        ClockCommand::Show => {}
        ClockCommand::Freeze { time } => client.freeze_clock(instant(&time)?).await?,
        ClockCommand::Advance { duration } => {
            let what = format!("advancing by {duration}, doing what falls due");
            waiting(&what, client.advance_clock(&duration)).await?;
        }
        ClockCommand::Reset => client.reset_clock().await?,
    }
    let answer = client.call(|_| async { client.clocks().get_clock(GetClockRequest {}).await });
    screen.message(&answer.await?)
}
