//! Tells what came out, in tables, and checks that the figures add up: usage counted is
//! usage sent, invoices are the sum of their lines, and movements explain the change of MRR.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use contract::{
    billing::v1::{self as billing, InvoiceState},
    convert::from_decimal,
    entitlement::v1::{self as entitlement, entitlement_value::Kind},
    metering::v1 as metering,
};
use futures::TryStreamExt as _;
use kernel::decimal::format;
use perennial_sdk::{Client, Error, pages};
use rust_decimal::Decimal;

use super::{data, story::Sent};
use crate::screen::Screen;

/// Tells the story; an error when figures do not add up.
pub async fn tell(client: &Client, sent: &Sent, screen: &mut Screen<'_>) -> anyhow::Result<()> {
    screen.line(&format!(
        "A quarter of a small company: {} customers, {} plans, {} usage events.",
        sent.customers.len(),
        data::PLANS.len(),
        sent.events
    ))?;
    usage(client, sent, screen).await?;
    balances(client, sent, screen).await?;
    invoices(client, screen).await?;
    reconciled(client, screen).await?;
    revenue(client, screen).await
}

fn number(value: Option<&contract::kernel::v1::Decimal>) -> anyhow::Result<Decimal> {
    value.map_or(Ok(Decimal::ZERO), |value| {
        from_decimal(value).context("a number of the server")
    })
}

fn same(what: &str, counted: Decimal, expected: Decimal) -> anyhow::Result<()> {
    if counted != expected {
        bail!(
            "{what}: {} does not equal {}",
            format(counted),
            format(expected)
        );
    }
    Ok(())
}

async fn usage(client: &Client, sent: &Sent, screen: &mut Screen<'_>) -> anyhow::Result<()> {
    screen.line("\nUsage by meter")?;
    screen.line(&format!(
        "  {:14} {:8} {:>14} {:>14}",
        "meter", "group", "counted", "sent"
    ))?;
    let requests: BTreeMap<&str, Decimal> = sent
        .requests
        .iter()
        .map(|(region, count)| (*region, Decimal::from(*count)))
        .collect();
    let tokens: BTreeMap<&str, Decimal> = sent
        .tokens_by_model
        .iter()
        .map(|(model, sum)| (*model, *sum))
        .collect();
    for (meter, key, expected, total) in [
        (
            "api_requests",
            "region",
            requests,
            Decimal::from(sent.events),
        ),
        ("tokens", "model", tokens, sent.tokens),
    ] {
        let answer = client
            .call(|_| async {
                client
                    .usage()
                    .query_meter(metering::QueryMeterRequest {
                        meter: Some(metering::MeterRef {
                            r#ref: Some(metering::meter_ref::Ref::Slug(meter.into())),
                        }),
                        group_by: vec![key.to_owned()],
                        ..Default::default()
                    })
                    .await
            })
            .await?;
        let mut counted = Decimal::ZERO;
        let mut rows: Vec<(String, Decimal)> = answer
            .rows
            .iter()
            .map(|row| Ok((row.group_by[key].clone(), number(row.value.as_ref())?)))
            .collect::<anyhow::Result<_>>()?;
        rows.sort();
        for (group, value) in rows {
            let wanted = expected.get(group.as_str()).copied().unwrap_or_default();
            screen.line(&format!(
                "  {meter:14} {group:8} {:>14} {:>14}",
                format(value),
                format(wanted)
            ))?;
            same(&format!("{meter} of {group}"), value, wanted)?;
            counted += value;
        }
        screen.line(&format!(
            "  {meter:14} {:8} {:>14} {:>14}",
            "all",
            format(counted),
            format(total)
        ))?;
        same(meter, counted, total)?;
    }
    Ok(())
}

async fn balances(client: &Client, sent: &Sent, screen: &mut Screen<'_>) -> anyhow::Result<()> {
    screen.line("\nBalances of API requests in the last hour of March, first ten customers")?;
    screen.line(&format!(
        "  {:24} {:>8} {:>10} {:>10} {:>10}",
        "customer", "access", "balance", "usage", "overage"
    ))?;
    let customers = data::customers();
    let answer = client
        .call(|_| async {
            client
                .entitlements()
                .batch_get_values(entitlement::BatchGetValuesRequest {
                    queries: sent.customers[..10]
                        .iter()
                        .map(|customer| entitlement::batch_get_values_request::Query {
                            customer_id: customer.clone(),
                            feature_keys: vec!["api_requests".into()],
                        })
                        .collect(),
                    time: Some(contract::convert::timestamp(data::instant(
                        data::DAYS - 1,
                        23 * 3_600,
                    ))),
                    ..Default::default()
                })
                .await
        })
        .await?;
    for balance in answer.balances {
        let index = usize::try_from(balance.query_index).unwrap_or_default();
        let Some(value) = balance.value else { continue };
        let Some(Kind::Metered(metered)) = value.kind else {
            continue;
        };
        screen.line(&format!(
            "  {:24} {:>8} {:>10} {:>10} {:>10}",
            customers[index].name,
            if value.has_access { "yes" } else { "no" },
            format(number(metered.balance.as_ref())?),
            format(number(metered.usage.as_ref())?),
            format(number(metered.overage.as_ref())?),
        ))?;
    }
    Ok(())
}

async fn invoices(client: &Client, screen: &mut Screen<'_>) -> anyhow::Result<()> {
    let all: Vec<billing::Invoice> = pages(|page_token| async move {
        let answer = client
            .invoices()
            .list_invoices(billing::ListInvoicesRequest {
                page_size: 100,
                page_token,
                include_lines: true,
                ..Default::default()
            })
            .await?
            .into_inner();
        Ok::<_, Error>((answer.invoices, answer.next_page_token))
    })
    .try_collect()
    .await?;
    let mut months: BTreeMap<String, (usize, Decimal)> = BTreeMap::new();
    let mut open = (0, Decimal::ZERO);
    let mut lines = 0;
    for invoice in &all {
        let totals = invoice.totals.clone().unwrap_or_default();
        let total = number(totals.total.as_ref())?;
        let mut of_lines = Decimal::ZERO;
        for line in invoice
            .lines
            .iter()
            .filter(|line| line.delete_time.is_none())
        {
            let totals = line.totals.clone().unwrap_or_default();
            of_lines += number(totals.total.as_ref())?;
            lines += 1;
        }
        same(&format!("invoice {}", invoice.number), total, of_lines)?;
        if invoice.state() == InvoiceState::Gathering {
            open = (open.0 + 1, open.1 + total);
            continue;
        }
        let month = invoice
            .issue_time
            .as_ref()
            .and_then(|time| contract::convert::from_timestamp(time).ok())
            .map_or_else(
                || "not issued".to_owned(),
                |time| time.to_string()[..7].to_owned(),
            );
        let entry = months.entry(month).or_default();
        *entry = (entry.0 + 1, entry.1 + total);
    }
    screen.line("\nInvoices by month of issue")?;
    screen.line(&format!(
        "  {:12} {:>8} {:>14}",
        "month", "invoices", "total USD"
    ))?;
    for (month, (count, total)) in &months {
        screen.line(&format!("  {month:12} {count:>8} {:>14}", format(*total)))?;
    }
    screen.line(&format!(
        "  {:12} {:>8} {:>14}",
        "gathering",
        open.0,
        format(open.1)
    ))?;
    screen.line(&format!(
        "  Each of the {} invoices equals the sum of its lines ({lines} in all).",
        all.len()
    ))?;
    if let Some(sample) = all
        .iter()
        .filter(|invoice| invoice.state() != InvoiceState::Gathering)
        .find(|invoice| invoice.lines.iter().any(|line| line.children.len() > 1))
    {
        screen.line(&format!(
            "  For example {} for {}:",
            sample.number,
            sample.customer.clone().unwrap_or_default().name
        ))?;
        for child in sample.lines.iter().flat_map(|line| &line.children) {
            let totals = child.totals.clone().unwrap_or_default();
            screen.line(&format!(
                "    {:46} {:>8} x {:>7} = {:>9}",
                child.name,
                format(number(child.quantity.as_ref())?),
                format(number(child.per_unit_amount.as_ref())?),
                format(number(totals.total.as_ref())?),
            ))?;
        }
    }
    Ok(())
}

async fn reconciled(client: &Client, screen: &mut Screen<'_>) -> anyhow::Result<()> {
    let found = crate::reconcile::check(client, &[]).await?;
    screen.line(&format!("  {}.", found.summary()))?;
    if let Some((place, difference)) = found.differences.first() {
        bail!("{place}: {difference:?}");
    }
    Ok(())
}

async fn revenue(client: &Client, screen: &mut Screen<'_>) -> anyhow::Result<()> {
    let months = crate::revenue::months("2026-01", "2026-03");
    let table = crate::revenue::read(client, months, crate::revenue::movements()).await?;
    screen.line("")?;
    table.show(screen)?;
    for (month, values) in &table.rows {
        let values: Vec<Decimal> = values.iter().copied().flatten().collect();
        let Some((end, moved)) = values.split_last() else {
            continue;
        };
        same(&format!("movements of {month}"), moved.iter().sum(), *end)?;
    }
    screen.line("  In each month the movements add up to the change of MRR.")?;
    Ok(())
}
