//! Daily work against a running server, over gRPC: a file for each kind of thing.

mod access;
mod addons;
mod audit;
mod catalog;
mod clock;
mod customers;
mod features;
mod invoices;
mod keys;
mod meters;
mod prices;
mod projects;
mod subscriptions;
mod usage;

use std::{path::Path, time::Duration};

use anyhow::Context as _;
use contract::{
    customer::v1::{
        Customer, CustomerRef, GetCustomerRequest, GetCustomerResponse, customer_ref::Ref,
    },
    json::{descriptors, message_to_json},
};
use futures::{StreamExt as _, TryStreamExt as _};
use indicatif::{ProgressBar, ProgressStyle};
use kernel::Timestamp;
use perennial_sdk::{Client, Error, pages};
use prost::{Message, Name};
use prost_reflect::DynamicMessage;
use serde_json::Value;
use ulid::Ulid;

use crate::{
    cli::{DailyCommand, Listing},
    failure::misused,
    profile::Target,
    rates, reconcile, revenue,
    screen::{Column, List, Screen},
};

/// Most items of a page.
const PAGE: i32 = 250;

/// The server that a command goes to.
pub(crate) fn connect(target: &Target) -> anyhow::Result<Client> {
    let mut builder = Client::builder(&target.address, &target.key);
    if let Some(project) = &target.project {
        builder = builder.project(project);
    }
    Ok(builder.connect_lazy()?)
}

/// Does the work.
pub(crate) async fn run(
    client: &Client,
    command: DailyCommand,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    match command {
        DailyCommand::Customers(command) => customers::run(client, command, screen).await,
        DailyCommand::Catalog(command) => catalog::run(client, command, screen).await,
        DailyCommand::Subscriptions(command) => subscriptions::run(client, command, screen).await,
        DailyCommand::Access(command) => access::run(client, command, screen).await,
        DailyCommand::Invoices(command) => invoices::run(client, command, screen).await,
        DailyCommand::Audit(query) => audit::run(client, query, screen).await,
        DailyCommand::Keys(command) => keys::run(client, command, screen).await,
        DailyCommand::Project(command) => projects::run(client, command, screen).await,
        DailyCommand::Clock(command) => clock::run(client, command, screen).await,
        DailyCommand::Usage(command) => usage::run(client, command, screen).await,
        DailyCommand::Reconcile { invoices } => reconcile::run(client, &invoices, screen).await,
        DailyCommand::Revenue(query) => revenue::run(client, &query, screen).await,
        DailyCommand::Rates(command) => rates::run(client, command, screen).await,
    }
}

/// Reads an instant of the command line.
pub(crate) fn instant(text: &str) -> anyhow::Result<Timestamp> {
    text.parse()
        .map_err(|_| misused(format!("`{text}` is not an RFC 3339 time")))
}

/// The same for a request; absent when nothing is said.
fn time(text: Option<&str>) -> anyhow::Result<Option<prost_types::Timestamp>> {
    let time = text.map(instant).transpose()?;
    Ok(time.map(contract::convert::timestamp))
}

/// What a file has; `-` is standard input.
pub(crate) fn content(file: &Path) -> anyhow::Result<String> {
    if file == Path::new("-") {
        return Ok(std::io::read_to_string(std::io::stdin())?);
    }
    std::fs::read_to_string(file).with_context(|| file.display().to_string())
}

/// Reads a message from a file that has the JSON of an answer with it in `field`, or its JSON alone.
fn read<M: Message + Name + Default>(file: &Path, field: &str) -> anyhow::Result<M> {
    message(&content(file)?, field).with_context(|| file.display().to_string())
}

fn message<M: Message + Name + Default>(text: &str, field: &str) -> anyhow::Result<M> {
    let mut json: Value = serde_json::from_str(text)?;
    if let Some(inner) = json.get_mut(field) {
        json = inner.take();
    }
    let name = M::full_name();
    let descriptor = descriptors()
        .get_message_by_name(&name)
        .with_context(|| format!("no message is called {name}"))?;
    Ok(DynamicMessage::deserialize(descriptor, json)?.transcode_to()?)
}

/// Shows a list, as far as asked. `fetch` gets the size of a page and its token.
pub(crate) async fn list<Item, Fetch, Pending>(
    screen: &mut Screen<'_>,
    name: &'static str,
    columns: &'static [Column],
    listing: Listing,
    fetch: Fetch,
) -> anyhow::Result<()>
where
    Item: Message + Name,
    Fetch: Fn(i32, String) -> Pending,
    Pending: Future<Output = Result<(Vec<Item>, String), Error>>,
{
    let (found, more) = collect(screen, listing, fetch).await?;
    let items = found.iter().map(message_to_json);
    screen.list(&List {
        name,
        columns,
        items: items.collect::<Result<_, _>>()?,
        more,
    })
}

/// Reads a list page by page, as far as asked; and whether it goes on.
async fn collect<Item, Fetch, Pending>(
    screen: &Screen<'_>,
    listing: Listing,
    fetch: Fetch,
) -> anyhow::Result<(Vec<Item>, bool)>
where
    Fetch: Fn(i32, String) -> Pending,
    Pending: Future<Output = Result<(Vec<Item>, String), Error>>,
{
    // One more than is shown tells whether there are more.
    let most = listing.most(screen.output());
    let read = most.saturating_add(1);
    let size = i32::try_from(read).map_or(PAGE, |read| read.min(PAGE));
    let items = pages(|token| fetch(size, token)).take(read);
    let mut items: Vec<Item> = items.try_collect().await?;
    let more = items.len() > most;
    items.truncate(most);
    Ok((items, more))
}

/// A bar for so many steps, where people look.
pub(crate) fn progress(steps: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(steps).unwrap_or(u64::MAX));
    let style = ProgressStyle::with_template("{wide_bar} {human_pos} of {human_len}, {eta} left");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Waits for something of which nobody knows how long it takes.
pub(crate) async fn waiting<T>(what: &str, work: impl Future<Output = T>) -> T {
    let bar = ProgressBar::new_spinner().with_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(100));
    let done = work.await;
    bar.finish_and_clear();
    done
}

/// A customer as people name it.
fn named(customer: &str) -> CustomerRef {
    CustomerRef {
        r#ref: Some(Ref::IdOrKey(customer.to_owned())),
    }
}

async fn get(client: &Client, named_so: &str) -> Result<GetCustomerResponse, Error> {
    let request = GetCustomerRequest {
        customer_ref: Some(named(named_so)),
        ..Default::default()
    };
    let answer = client.call(|_| async { client.customers().get_customer(request.clone()).await });
    answer.await
}

async fn customer(client: &Client, named_so: &str) -> anyhow::Result<Customer> {
    let customer = get(client, named_so).await?.customer;
    customer.context("the server answered no customer")
}

/// Whether a text is an id; no key is.
fn is_id(text: &str) -> bool {
    text.parse::<Ulid>().is_ok()
}

/// The id of a customer, where a request takes nothing else; none when none is named.
async fn customer_ids(client: &Client, named_so: Option<&str>) -> anyhow::Result<Vec<String>> {
    match named_so {
        Some(name) => Ok(vec![customer(client, name).await?.id]),
        None => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use contract::catalog::v1::{GetPlanResponse, Plan};

    use super::*;

    #[test]
    fn what_was_printed_can_be_read() {
        let printed = Plan {
            key: "pro".to_owned(),
            version: 2,
            billing_cadence: "P1M".to_owned(),
            ..Default::default()
        };
        let plan = |text: &str| message::<Plan>(text, "plan");
        let alone = message_to_json(&printed).unwrap();
        assert_eq!(plan(&alone.to_string()).unwrap(), printed);
        let answer = GetPlanResponse {
            plan: Some(printed.clone()),
        };
        let answer = message_to_json(&answer).unwrap();
        assert_eq!(plan(&answer.to_string()).unwrap(), printed);
        for wrong in ["{\"kee\": \"pro\"}", "[]", "pro"] {
            assert!(plan(wrong).is_err(), "{wrong}");
        }
    }
}
