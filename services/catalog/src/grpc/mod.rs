//! The gRPC services: parse, call, reply.

mod addon;
mod entitlement_definition;
mod feature;
mod feature_cost;
mod model_price;
mod named_plan;
mod offering;
mod package;
mod plan;
mod plan_addon;
mod product;
mod store_app;
mod window;

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Db, Env, Link};
use contract::catalog::v1 as pb;
use contract::metering::v1::{
    meter_service_client::MeterServiceClient, usage_service_client::UsageServiceClient,
};
use kernel::id::{FeatureId, ProjectId};
use sea_orm::ConnectionTrait;
use tonic::service::Routes;

use crate::{
    domain::rate_card::{KnownFeature, RateCard},
    error::CatalogError,
    store,
};

/// What all handlers work with.
#[derive(Clone)]
pub struct Catalog {
    env: Env,
    db: Db,
    page_key: [u8; 32],
    meters: MeterServiceClient<Link>,
    usage: UsageServiceClient<Link>,
}

/// The handlers on a database.
pub fn catalog(env: &Env, db: &Db) -> Catalog {
    Catalog {
        env: env.clone(),
        db: db.clone(),
        page_key: env.page_key(),
        meters: MeterServiceClient::new(env.link("metering")),
        usage: UsageServiceClient::new(env.link("metering")),
    }
}

/// All gRPC services of the catalog.
pub fn routes(catalog: Catalog) -> Routes {
    Routes::new(pb::feature_service_server::FeatureServiceServer::new(
        catalog.clone(),
    ))
    .add_service(pb::plan_service_server::PlanServiceServer::new(
        catalog.clone(),
    ))
    .add_service(pb::addon_service_server::AddonServiceServer::new(
        catalog.clone(),
    ))
    .add_service(pb::plan_addon_service_server::PlanAddonServiceServer::new(
        catalog.clone(),
    ))
    .add_service(pb::model_price_service_server::ModelPriceServiceServer::new(catalog.clone()))
    .add_service(pb::named_plan_service_server::NamedPlanServiceServer::new(
        catalog.clone(),
    ))
    .add_service(pb::store_app_service_server::StoreAppServiceServer::new(
        catalog.clone(),
    ))
    .add_service(pb::product_service_server::ProductServiceServer::new(
        catalog.clone(),
    ))
    .add_service(
        pb::entitlement_definition_service_server::EntitlementDefinitionServiceServer::new(
            catalog.clone(),
        ),
    )
    .add_service(pb::offering_service_server::OfferingServiceServer::new(
        catalog.clone(),
    ))
    .add_service(pb::package_service_server::PackageServiceServer::new(
        catalog,
    ))
}

/// Gives every card the id of the live feature that its key names; unknown keys are refused.
async fn resolve_features<'a>(
    db: &impl ConnectionTrait,
    project: ProjectId,
    cards: impl Iterator<Item = &'a mut RateCard>,
) -> Result<(), CatalogError> {
    let mut named: Vec<&mut RateCard> = cards.filter(|card| card.feature_key.is_some()).collect();
    let keys: BTreeSet<String> = named
        .iter()
        .filter_map(|card| card.feature_key.clone())
        .collect();
    if keys.is_empty() {
        return Ok(());
    }
    let keys: Vec<String> = keys.into_iter().collect();
    let live = store::feature::by_keys(db, project, &keys, false).await?;
    let ids: BTreeMap<&str, FeatureId> = live
        .iter()
        .map(|feature| (feature.key.as_str(), feature.id))
        .collect();
    let missing: Vec<String> = keys
        .iter()
        .filter(|key| !ids.contains_key(key.as_str()))
        .cloned()
        .collect();
    if !missing.is_empty() {
        return Err(CatalogError::RateCardFeatureNotFound(missing));
    }
    for card in &mut named {
        card.feature_id = card
            .feature_key
            .as_deref()
            .and_then(|key| ids.get(key))
            .copied();
    }
    Ok(())
}

/// Locks the features that cards were stored with, until the end of the transaction.
async fn lock_features(
    db: &impl ConnectionTrait,
    project: ProjectId,
    cards: &[&RateCard],
) -> Result<(), CatalogError> {
    let ids: BTreeSet<FeatureId> = cards.iter().filter_map(|card| card.feature_id).collect();
    let ids: Vec<FeatureId> = ids.into_iter().collect();
    store::feature::lock(db, project, &ids).await?;
    Ok(())
}

/// What is known about all features that the cards name, by id and by key. Whoever publishes locks
/// them first (`store::feature::lock`).
async fn known_features(
    db: &impl ConnectionTrait,
    project: ProjectId,
    cards: &[&RateCard],
) -> Result<Vec<KnownFeature>, CatalogError> {
    let ids: BTreeSet<FeatureId> = cards.iter().filter_map(|card| card.feature_id).collect();
    let keys: BTreeSet<String> = cards
        .iter()
        .filter(|card| card.feature_id.is_none())
        .filter_map(|card| card.feature_key.clone())
        .collect();
    let ids: Vec<FeatureId> = ids.into_iter().collect();
    let keys: Vec<String> = keys.into_iter().collect();
    let mut found = store::feature::by_ids(db, project, &ids, true).await?;
    found.extend(store::feature::by_keys(db, project, &keys, true).await?);
    Ok(found
        .into_iter()
        .map(|feature| KnownFeature {
            id: feature.id,
            archived: feature.archive_time.is_some(),
            key: feature.key,
        })
        .collect())
}
