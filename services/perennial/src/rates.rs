//! Exchange rates: one, many from a file, and the list.

use std::path::Path;

use anyhow::{Context as _, bail};
use contract::customer::v1::{
    BatchSetRatesRequest, ExchangeRate, ListRatesRequest, SetRateRequest, SetRateResponse,
};
use contract::json::message_to_json;
use futures::TryStreamExt as _;
use kernel::{Decimal, Timestamp};
use perennial_sdk::{Client, Error, pages};
use serde_json::{Value, json};

use crate::cli::RatesCommand;
use crate::commands::instant;

/// Rates that are set with one call.
const CALL: usize = 1_000;

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
            let mut changed = 0;
            for chunk in rates.chunks(CALL) {
                changed += set_all(client, chunk).await?;
            }
            Ok(json!({ "rates": rates.len(), "changed": changed }))
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

impl Rate {
    fn to_wire(&self) -> ExchangeRate {
        ExchangeRate {
            from_currency_code: self.from.clone(),
            to_currency_code: self.to.clone(),
            rate: Some(contract::convert::decimal(self.rate)),
            effective_time: self.time.map(contract::convert::timestamp),
            ..Default::default()
        }
    }
}

async fn set(client: &Client, rate: &Rate) -> anyhow::Result<SetRateResponse> {
    let answer = client.call(|request_id| async {
        let request = SetRateRequest {
            rate: Some(rate.to_wire()),
            request_id,
        };
        client.rates().set_rate(request).await
    });
    Ok(answer.await?)
}

/// Sets rates; answers how many of them were not there as given.
async fn set_all(client: &Client, rates: &[Rate]) -> anyhow::Result<i64> {
    let answer = client.call(|request_id| async {
        let request = BatchSetRatesRequest {
            rates: rates.iter().map(Rate::to_wire).collect(),
            request_id,
        };
        client.rates().batch_set_rates(request).await
    });
    Ok(answer.await?.changed_count)
}

fn text(file: &Path) -> anyhow::Result<String> {
    if file == Path::new("-") {
        return Ok(std::io::read_to_string(std::io::stdin())?);
    }
    std::fs::read_to_string(file).with_context(|| file.display().to_string())
}

/// Reads what a file has. Rates without a time hold from now on.
fn parse(text: &str) -> anyhow::Result<Vec<Rate>> {
    let found = customer::rates_file::parse(text)?;
    if let Some(foreign) = found.iter().find(|rate| rate.project.is_some()) {
        bail!(
            "line {}: `project` is for the file of the server's settings; here the key says which project it is",
            foreign.line
        );
    }
    let rates = found.into_iter().map(|found| Rate {
        from: found.from,
        to: found.to,
        rate: found.rate,
        time: found.time,
    });
    Ok(rates.collect())
}

fn decimal(text: &str) -> anyhow::Result<Decimal> {
    kernel::decimal::parse(text).with_context(|| format!("the rate `{text}`"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_file_is_of_one_project() {
        let rates = parse("from,to,rate\nEUR,USD,1.08\n").unwrap();
        assert_eq!((rates.len(), rates[0].time), (1, None));
        let told = parse("from,to,rate,project\nEUR,USD,1,acme").unwrap_err();
        assert!(told.to_string().starts_with("line 2: `project`"), "{told}");
        assert!(parse("from,to,rate\nEUR,USD,x").is_err());
    }
}
