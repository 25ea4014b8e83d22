//! Calculates invoices again and tells what differs from what is recorded.

use anyhow::bail;
use contract::{
    billing::v1::{
        InvoiceDifference, ReconcileInvoicesRequest, ReconcileInvoicesResponse,
        invoice_difference::Kind,
    },
    json::message_to_json,
};
use perennial_sdk::Client;
use serde_json::{Value, json};

use crate::{
    cli::Output,
    daily::waiting,
    screen::{Screen, no_table},
};

/// Invoices of one call.
const PAGE: usize = 250;

/// What a new calculation found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Invoices that were calculated again.
    pub invoices: usize,
    /// Their lines.
    pub lines: usize,
    /// Subscriptions that were looked at.
    pub subscriptions: usize,
    /// What differs: where, and what.
    pub differences: Vec<(String, InvoiceDifference)>,
}

/// Calculates the named invoices again, or all invoices and subscriptions of the project.
pub async fn check(client: &Client, ids: &[String]) -> anyhow::Result<Found> {
    let mut found = Found::default();
    for named in ids.chunks(PAGE) {
        found.take(ask(client, named, String::new()).await?);
    }
    if !ids.is_empty() {
        return Ok(found);
    }
    let mut token = String::new();
    loop {
        let mut page = ask(client, &[], token).await?;
        token = std::mem::take(&mut page.next_page_token);
        found.take(page);
        if token.is_empty() {
            return Ok(found);
        }
    }
}

async fn ask(
    client: &Client,
    named: &[String],
    page_token: String,
) -> anyhow::Result<ReconcileInvoicesResponse> {
    let request = ReconcileInvoicesRequest {
        invoice_ids: named.to_vec(),
        page_size: i32::try_from(PAGE)?,
        page_token,
    };
    let answer =
        client.call(|_| async { client.invoices().reconcile_invoices(request.clone()).await });
    Ok(answer.await?)
}

impl Found {
    fn take(&mut self, page: ReconcileInvoicesResponse) {
        self.invoices += page.invoices.len();
        self.subscriptions += page.subscriptions.len();
        for invoice in page.invoices {
            self.lines += usize::try_from(invoice.line_count).unwrap_or_default();
            let place = format!("invoice {} ({})", invoice.number, invoice.invoice_id);
            let differences = invoice.differences.into_iter();
            self.differences
                .extend(differences.map(|difference| (place.clone(), difference)));
        }
        for subscription in page.subscriptions {
            let place = format!("subscription {}", subscription.subscription_id);
            let missing = subscription.missing_lines.into_iter();
            self.differences
                .extend(missing.map(|difference| (place.clone(), difference)));
        }
    }

    /// What was looked at, in words.
    pub fn summary(&self) -> String {
        format!(
            "{} invoices with {} lines and {} subscriptions calculated again: {}",
            self.invoices,
            self.lines,
            self.subscriptions,
            match self.differences.len() {
                0 => "nothing differs".to_owned(),
                1 => "1 difference".to_owned(),
                count => format!("{count} differences"),
            }
        )
    }

    fn to_json(&self) -> anyhow::Result<Value> {
        let differences = self
            .differences
            .iter()
            .map(|(place, difference)| {
                Ok(json!({ "place": place, "difference": message_to_json(difference)? }))
            })
            .collect::<anyhow::Result<Vec<Value>>>()?;
        Ok(json!({
            "invoices": self.invoices,
            "lines": self.lines,
            "subscriptions": self.subscriptions,
            "differences": differences,
        }))
    }
}

fn sentence(place: &str, difference: &InvoiceDifference) -> String {
    let why = match difference.kind() {
        Kind::Quantity => "usage has changed since",
        Kind::Rating => "the recorded quantities are rated to something else",
        Kind::Totals => "the sums do not add up",
        Kind::Subscription | Kind::Unspecified => "the subscription asks for something else",
    };
    let nothing = |text: &str| {
        if text.is_empty() {
            "nothing".to_owned()
        } else {
            text.to_owned()
        }
    };
    let line = match difference.line_id.as_str() {
        "" => String::new(),
        id => format!(", line {id}"),
    };
    format!(
        "{place}{line}: {} is {}, should be {} ({why})",
        difference.field,
        nothing(&difference.recorded),
        nothing(&difference.recomputed)
    )
}

/// Shows what a new calculation found; an error when something differs.
pub async fn run(client: &Client, ids: &[String], screen: &mut Screen<'_>) -> anyhow::Result<()> {
    if screen.output() == Output::Csv {
        return Err(no_table());
    }
    let found = waiting("calculating again", check(client, ids)).await?;
    if screen.output() == Output::Json {
        screen.record(&found.to_json()?)?;
    } else {
        for (place, difference) in &found.differences {
            screen.line(&sentence(place, difference))?;
        }
        screen.line(&found.summary())?;
    }
    if found.differences.is_empty() {
        Ok(())
    } else {
        bail!("what is recorded is not what a new calculation has")
    }
}
