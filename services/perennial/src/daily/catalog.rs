//! `perennial catalog`; features and add-ons have files of their own.

use anyhow::Context as _;
use contract::{
    catalog::v1::{
        ArchivePlanRequest, CreatePlanRequest, GetPlanRequest, GetPlanResponse, ListPlansRequest,
        Plan, PlanRef, PublishPlanRequest, list_plans_request::OrderBy, plan_ref::Ref,
    },
    json::message_to_json,
    kernel::v1::ValidationIssue,
};
use perennial_sdk::{Client, Error};

use super::{
    addons, features, is_id, list,
    prices::{item, table},
    read,
};
use crate::{
    cli::{CatalogCommand, Output},
    screen::{Column, List, Screen},
};

const PLANS: [Column; 7] = [
    Column::text("id", "id"),
    Column::text("key", "key"),
    Column::number("version", "version"),
    Column::name("state", "state", "STATE_"),
    Column::text("name", "name"),
    Column::text("currency", "currencyCode"),
    Column::text("billed every", "billingCadence"),
];

/// Does it.
pub(crate) async fn run(
    client: &Client,
    command: CatalogCommand,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    match command {
        CatalogCommand::Plans { plan, listing } => {
            let keys: Vec<String> = plan.into_iter().collect();
            let fetch = |page_size, page_token| {
                let request = ListPlansRequest {
                    page_size,
                    page_token,
                    keys: keys.clone(),
                    order_by: OrderBy::Key.into(),
                    ..Default::default()
                };
                async move {
                    let answer =
                        client.call(|_| async { client.plans().list_plans(request.clone()).await });
                    let answer = answer.await?;
                    Ok((answer.plans, answer.next_page_token))
                }
            };
            list(screen, "plans", &PLANS, listing, fetch).await
        }
        CatalogCommand::Plan { plan, version } => {
            let version = version.unwrap_or_default();
            let answer = get(client, plan, version, false).await?;
            if screen.output() == Output::Json {
                return screen.message(&answer);
            }
            show(&answer.plan.context("the server answered no plan")?, screen)
        }
        CatalogCommand::Create { file } => {
            let plan: Plan = read(&file, "plan")?;
            let answer = client.call(|request_id| async {
                let request = CreatePlanRequest {
                    plan: Some(plan.clone()),
                    request_id,
                };
                client.plans().create_plan(request).await
            });
            screen.message(&answer.await?)
        }
        CatalogCommand::Publish { plan } => {
            let id = id(client, plan, true).await?;
            let answer = client.call(|request_id| async {
                let request = PublishPlanRequest {
                    id: id.clone(),
                    effective_time: None,
                    request_id,
                };
                client.plans().publish_plan(request).await
            });
            screen.message(&answer.await?)
        }
        CatalogCommand::Archive { plan } => {
            let id = id(client, plan, false).await?;
            let answer = client.call(|request_id| async {
                let request = ArchivePlanRequest {
                    id: id.clone(),
                    request_id,
                };
                client.plans().archive_plan(request).await
            });
            screen.message(&answer.await?)
        }
        CatalogCommand::Features { listing } => features::show_all(client, listing, screen).await,
        CatalogCommand::CreateFeature {
            feature_key,
            name,
            meter,
        } => features::create(client, feature_key, name, meter, screen).await,
        CatalogCommand::ArchiveFeature { feature } => {
            features::archive(client, feature, screen).await
        }
        CatalogCommand::Addons { listing } => addons::show_all(client, listing, screen).await,
        CatalogCommand::Addon { addon, version } => {
            addons::show(client, addon, version, screen).await
        }
        CatalogCommand::CreateAddon { file } => addons::create(client, &file, screen).await,
        CatalogCommand::PublishAddon { addon } => addons::publish(client, addon, screen).await,
        CatalogCommand::ArchiveAddon { addon } => addons::archive(client, addon, screen).await,
    }
}

/// A version of a plan: this one, else the newest or the one that is sold.
async fn get(
    client: &Client,
    plan: String,
    version: i32,
    latest: bool,
) -> Result<GetPlanResponse, Error> {
    let request = GetPlanRequest {
        plan: Some(PlanRef {
            r#ref: Some(Ref::IdOrKey(plan)),
            version,
            latest,
        }),
    };
    let answer = client.call(|_| async { client.plans().get_plan(request.clone()).await });
    answer.await
}

/// The id of a version, of which an id or the plan's key is given: then of the newest, or of the one that is sold.
async fn id(client: &Client, plan: String, latest: bool) -> anyhow::Result<String> {
    if is_id(&plan) {
        return Ok(plan);
    }
    let found = get(client, plan, 0, latest).await?.plan;
    Ok(found.context("the server answered no plan")?.id)
}

/// The head of a plan, a table of what it sells, and what keeps it from being sold.
fn show(plan: &Plan, screen: &mut Screen<'_>) -> anyhow::Result<()> {
    let head = List {
        name: "plans",
        columns: &PLANS,
        items: vec![message_to_json(plan)?],
        more: false,
    };
    let mut items = Vec::new();
    let mut from = String::new();
    for phase in &plan.phases {
        let cards = phase.rate_cards.iter();
        items.extend(cards.map(|card| item(&phase.key, &from, card, &plan.currency_code)));
        from = format!("{from}+{}", phase.duration)
            .trim_start_matches('+')
            .to_owned();
    }
    screen.parted(&head, &table(items))?;
    issues(&plan.validation_issues, screen)
}

/// What is wrong with a draft, for people.
pub(super) fn issues(issues: &[ValidationIssue], screen: &mut Screen<'_>) -> anyhow::Result<()> {
    if screen.output() == Output::Text {
        for issue in issues {
            screen.line(&format!("{}: {}", issue.field, issue.message))?;
        }
    }
    Ok(())
}
