//! Exchange rates: one, many from a file, and the list.

use anyhow::{Context as _, bail};
use contract::customer::v1::{
    BatchSetRatesRequest, ExchangeRate, ListRatesRequest, SetRateRequest, SetRateResponse,
};
use kernel::{Decimal, Timestamp};
use perennial_sdk::Client;
use serde_json::json;

use crate::{
    cli::{Listing, RatesCommand},
    daily::{content, instant, list, progress},
    screen::{Column, Screen},
};

/// Rates that are set with one call.
const CALL: usize = 1_000;

const COLUMNS: [Column; 4] = [
    Column::text("from", "fromCurrencyCode"),
    Column::text("to", "toCurrencyCode"),
    Column::number("rate", "rate"),
    Column::text("since", "effectiveTime"),
];

/// A rate to be set.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rate {
    from: String,
    to: String,
    rate: Decimal,
    time: Option<Timestamp>,
}

/// Does it.
pub async fn run(
    client: &Client,
    command: RatesCommand,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
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
            screen.message(&set(client, &rate).await?)
        }
        RatesCommand::Import { file } => {
            // All of it is read before anything is set.
            let rates = parse(&content(&file)?).with_context(|| file.display().to_string())?;
            let mut changed = 0;
            let bar = progress(rates.len());
            for chunk in rates.chunks(CALL) {
                changed += set_all(client, chunk).await?;
                bar.inc(chunk.len().try_into()?);
            }
            bar.finish_and_clear();
            screen.record(&json!({ "rates": rates.len(), "changed": changed }))
        }
        RatesCommand::List => {
            list(
                screen,
                "rates",
                &COLUMNS,
                Listing::ALL,
                |page_size, page_token| async move {
                    let request = ListRatesRequest {
                        page_size,
                        page_token,
                        ..Default::default()
                    };
                    let answer =
                        client.call(|_| async { client.rates().list_rates(request.clone()).await });
                    let answer = answer.await?;
                    Ok((answer.rates, answer.next_page_token))
                },
            )
            .await
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
