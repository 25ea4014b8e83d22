//! `perennial catalog`.

use anyhow::Context as _;
use contract::{
    catalog::v1::{
        ArchivePlanRequest, CreatePlanRequest, GetPlanRequest, ListAddonsRequest,
        ListFeaturesRequest, ListPlansRequest, Plan, PlanRef, PublishPlanRequest,
        list_plans_request::OrderBy, plan_ref::Ref,
    },
    json::descriptors,
};
use perennial_sdk::Client;
use prost::Name as _;
use prost_reflect::DynamicMessage;
use serde_json::Value;

use super::{content, list};
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
const FEATURES: [Column; 5] = [
    Column::text("id", "id"),
    Column::text("key", "key"),
    Column::text("name", "name"),
    Column::text("meter", "meterSlug"),
    Column::text("archived", "archiveTime"),
];
const ADDONS: [Column; 6] = [
    Column::text("id", "id"),
    Column::text("key", "key"),
    Column::number("version", "version"),
    Column::name("state", "state", "STATE_"),
    Column::text("name", "name"),
    Column::text("currency", "currencyCode"),
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
            let plan = plan(&content(&file)?).with_context(|| file.display().to_string())?;
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
        CatalogCommand::Features { listing } => {
            let fetch = |page_size, page_token| async move {
                let request = ListFeaturesRequest {
                    page_size,
                    page_token,
                    ..Default::default()
                };
                let answer = client
                    .call(|_| async { client.features().list_features(request.clone()).await });
                let answer = answer.await?;
                Ok((answer.features, answer.next_page_token))
            };
            list(screen, "features", &FEATURES, listing, fetch).await
        }
        CatalogCommand::Addons { listing } => {
            let fetch = |page_size, page_token| async move {
                let request = ListAddonsRequest {
                    page_size,
                    page_token,
                    ..Default::default()
                };
                let answer =
                    client.call(|_| async { client.addons().list_addons(request.clone()).await });
                let answer = answer.await?;
                Ok((answer.addons, answer.next_page_token))
            };
            list(screen, "addons", &ADDONS, listing, fetch).await
        }
    }
}

/// Reads a plan as `catalog plan --output json` prints it, or only what is in its `plan`.
fn plan(text: &str) -> anyhow::Result<Plan> {
    let mut json: Value = serde_json::from_str(text)?;
    if let Some(plan) = json.get_mut("plan") {
        json = plan.take();
    }
    let name = Plan::full_name();
    let descriptor = descriptors()
        .get_message_by_name(&name)
        .with_context(|| format!("no message is called {name}"))?;
    Ok(DynamicMessage::deserialize(descriptor, json)?.transcode_to()?)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use contract::{catalog::v1::GetPlanResponse, json::message_to_json};

    use super::*;

    #[test]
    fn what_was_printed_can_be_read() {
        let printed = Plan {
            key: "pro".to_owned(),
            version: 2,
            billing_cadence: "P1M".to_owned(),
            ..Default::default()
        };
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
