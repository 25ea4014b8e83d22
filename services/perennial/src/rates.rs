//! Exchange rates: one, many from a file, and the list.

use std::path::Path;

use anyhow::{Context as _, bail};
use contract::customer::v1::{ExchangeRate, ListRatesRequest, SetRateRequest, SetRateResponse};
use contract::json::message_to_json;
use futures::TryStreamExt as _;
use kernel::{Decimal, Timestamp};
use perennial_sdk::{Client, Error, pages};
use serde_json::{Value, json};

use crate::cli::RatesCommand;
use crate::commands::instant;

/// Columns of a file.
const COLUMNS: [&str; 4] = ["from", "to", "rate", "time"];

/// A rate to be set.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rate {
    from: String,
    to: String,
    rate: Decimal,
    time: Option<Timestamp>,
}

/// Does it; the answer is to be printed.
pub async fn run(client: &Client, command: RatesCommand) -> anyhow::Result<Value> {
    match command {
        RatesCommand::Set { from, to, rate, at } => {
            let time = at.as_deref().map(instant).transpose()?;
            let rate = decimal(&rate)?;
            let rate = Rate {
                from,
                to,
                rate,
                time,
            };
            Ok(message_to_json(&set(client, &rate).await?)?)
        }
        RatesCommand::Import { file } => {
            // All of it is read before anything is set.
            let rates = parse(&text(&file)?).with_context(|| file.display().to_string())?;
            for rate in &rates {
                set(client, rate).await?;
            }
            Ok(json!({ "rates": rates.len() }))
        }
        RatesCommand::List => {
            let rates: Vec<ExchangeRate> = pages(|page_token| async move {
                let request = ListRatesRequest {
                    page_size: 250,
                    page_token,
                    ..Default::default()
                };
                let answer = client.rates().list_rates(request).await?.into_inner();
                Ok::<_, Error>((answer.rates, answer.next_page_token))
            })
            .try_collect()
            .await?;
            let rates = rates.iter().map(message_to_json);
            Ok(json!({ "rates": rates.collect::<Result<Vec<_>, _>>()? }))
        }
    }
}

async fn set(client: &Client, rate: &Rate) -> anyhow::Result<SetRateResponse> {
    let answer = client.call(|request_id| async {
        let rate = ExchangeRate {
            from_currency_code: rate.from.clone(),
            to_currency_code: rate.to.clone(),
            rate: Some(contract::convert::decimal(rate.rate)),
            effective_time: rate.time.map(contract::convert::timestamp),
            ..Default::default()
        };
        let request = SetRateRequest {
            rate: Some(rate),
            request_id,
        };
        client.rates().set_rate(request).await
    });
    Ok(answer.await?)
}

fn text(file: &Path) -> anyhow::Result<String> {
    if file == Path::new("-") {
        return Ok(std::io::read_to_string(std::io::stdin())?);
    }
    std::fs::read_to_string(file).with_context(|| file.display().to_string())
}

/// Reads a head that names the columns, in any order, and a rate from each line after it that is not empty.
fn parse(text: &str) -> anyhow::Result<Vec<Rate>> {
    let mut lines = text.lines().enumerate();
    let (_, head) = lines.next().context("is empty")?;
    let head: Vec<String> = cells(head).map(str::to_lowercase).collect();
    if let Some(other) = head.iter().find(|name| !COLUMNS.contains(&name.as_str())) {
        bail!("line 1: `{other}` is none of the columns from, to, rate, time");
    }
    for name in &COLUMNS[..3] {
        if !head.iter().any(|column| column == name) {
            bail!("line 1: there is no column `{name}`");
        }
    }
    let filled = lines.filter(|(_, line)| !line.trim().is_empty());
    filled
        .map(|(index, line)| {
            let cells: Vec<&str> = cells(line).collect();
            let cell = |name: &str| {
                let place = head.iter().position(|column| column == name)?;
                cells.get(place).copied().filter(|cell| !cell.is_empty())
            };
            let needed = |name: &str| cell(name).with_context(|| format!("`{name}` is missing"));
            let rate = || {
                anyhow::Ok(Rate {
                    from: needed("from")?.to_owned(),
                    to: needed("to")?.to_owned(),
                    rate: decimal(needed("rate")?)?,
                    time: cell("time").map(instant).transpose()?,
                })
            };
            rate().with_context(|| format!("line {}", index + 1))
        })
        .collect()
}

fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(|cell| cell.trim().trim_matches('"'))
}

fn decimal(text: &str) -> anyhow::Result<Decimal> {
    kernel::decimal::parse(text).with_context(|| format!("the rate `{text}`"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_file_names_its_columns() {
        let text = "to,from,rate,time\nUSD,EUR,1.08,2026-01-01T00:00:00Z\n\n\"USD\", GBP ,1.27,\n";
        let rates = parse(text).unwrap();
        assert_eq!(
            (rates.len(), rates[0].from.as_str(), rates[1].from.as_str()),
            (2, "EUR", "GBP")
        );
        assert_eq!((rates[0].time.is_some(), rates[1].time), (true, None));
        assert_eq!(rates[1].rate, decimal("1.27").unwrap());
    }

    #[test]
    fn what_is_wrong_is_told_by_its_line() {
        for (text, expected) in [
            ("", "is empty"),
            ("from,to", "line 1: there is no column `rate`"),
            (
                "from,to,rate,luck",
                "line 1: `luck` is none of the columns from, to, rate, time",
            ),
            ("from,to,rate\nEUR,USD", "line 2: `rate` is missing"),
            (
                "from,to,rate\nEUR,USD,1,2\nEUR,USD,x",
                "line 3: the rate `x`",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert!(format!("{error:#}").starts_with(expected), "{error:#}");
        }
    }
}
