//! `perennial access`.

use anyhow::{Context as _, bail};
use contract::{
    entitlement::v1::{
        EntitlementRef, GetCustomerAccessRequest, GetEntitlementValueRequest,
        GrantPromotionalAccessRequest, RevokePromotionalAccessRequest,
        entitlement_ref::Entitlement, grant_promotional_access_request::Span,
    },
    json::message_to_json,
};
use perennial_sdk::Client;

use super::named;
use crate::{
    cli::AccessCommand,
    screen::{Column, List, Screen},
};

const COLUMNS: [Column; 7] = [
    Column::text("feature", "featureKey"),
    Column::flag("access", "hasAccess"),
    Column::number("usage", "metered.usage"),
    Column::number("balance", "metered.balance"),
    Column::number("overage", "metered.overage"),
    Column::text("config", "static.config"),
    Column::text("until", "activeToTime"),
];

/// Does it.
pub(crate) async fn run(
    client: &Client,
    command: AccessCommand,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    match command {
        AccessCommand::List { customer } => {
            let request = GetCustomerAccessRequest {
                customer: Some(named(&customer)),
            };
            let answer = client.call(|_| async {
                client
                    .entitlements()
                    .get_customer_access(request.clone())
                    .await
            });
            let answer = answer.await?;
            let items = answer.values.iter().map(message_to_json);
            screen.list(&List {
                name: "values",
                columns: &COLUMNS,
                items: items.collect::<Result<_, _>>()?,
                more: false,
            })
        }
        AccessCommand::Check { customer, feature } => {
            let request = GetEntitlementValueRequest {
                entitlement: Some(EntitlementRef {
                    customer: Some(named(&customer)),
                    entitlement: Some(Entitlement::FeatureKey(feature.clone())),
                }),
                allow_missing: true,
                ..Default::default()
            };
            let answer = client.call(|_| async {
                client
                    .entitlements()
                    .get_entitlement_value(request.clone())
                    .await
            });
            let answer = answer.await?;
            screen.message(&answer)?;
            let value = answer.value.context("the server answered no value")?;
            if !value.has_access {
                bail!("`{customer}` may not use `{feature}`");
            }
            Ok(())
        }
        AccessCommand::Grant {
            customer,
            feature,
            duration,
        } => {
            let answer = client.call(|request_id| async {
                let request = GrantPromotionalAccessRequest {
                    customer: Some(named(&customer)),
                    feature_key: feature.clone(),
                    span: Some(Span::Duration(duration.clone())),
                    request_id,
                };
                client.access().grant_promotional_access(request).await
            });
            screen.message(&answer.await?)
        }
        AccessCommand::Revoke { customer, feature } => {
            let answer = client.call(|request_id| async {
                let request = RevokePromotionalAccessRequest {
                    customer: Some(named(&customer)),
                    feature_key: feature.clone(),
                    request_id,
                };
                client.access().revoke_promotional_access(request).await
            });
            screen.message(&answer.await?)
        }
    }
}
