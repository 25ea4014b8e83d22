//! `perennial catalog`; features and add-ons have files of their own.

use contract::catalog::v1::{
    ArchivePlanRequest, CreatePlanRequest, GetPlanRequest, ListPlansRequest, Plan, PlanRef,
    PublishPlanRequest, list_plans_request::OrderBy, plan_ref::Ref,
};
use perennial_sdk::Client;

use super::{addons, features, list, read};
use crate::{
    cli::CatalogCommand,
    screen::{Column, Screen},
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
            let request = GetPlanRequest {
                plan: Some(PlanRef {
                    r#ref: Some(Ref::IdOrKey(plan)),
                    version: version.unwrap_or_default(),
                    latest: false,
                }),
            };
            let answer = client.call(|_| async { client.plans().get_plan(request.clone()).await });
            screen.message(&answer.await?)
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
        CatalogCommand::Publish { id } => {
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
        CatalogCommand::Archive { id } => {
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
        CatalogCommand::PublishAddon { id } => addons::publish(client, &id, screen).await,
        CatalogCommand::ArchiveAddon { id } => addons::archive(client, &id, screen).await,
    }
}
