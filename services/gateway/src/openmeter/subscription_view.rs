//! A subscription with everything in it: phases, items, what they include (catalog text §9.6).

use std::collections::{BTreeMap, BTreeSet};

use contract::catalog::v1 as catalog;
use contract::entitlement::v1 as entitlement;
use contract::subscription::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use super::entitlements::{Entitlement, Owner};
use super::error::Problem;
use super::extract::Call;
use super::features::Feature;
use super::plans::ProRatingConfig;
use super::prices::Price;
use super::rate_cards::{Discounts, TaxConfig};
use super::scalars::{Annotations, CurrencyCode, Key, Metadata, Time, Ulid, metadata, optional};
use super::subscriptions::{self, PlanReference, Subscription, SubscriptionStatus};
use super::value::{Period, present, required_time, time};

/// Whether all billable parts share one cycle, and where it stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionAlignment {
    #[serde(skip_serializing_if = "Option::is_none")]
    billables_must_align: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_aligned_billing_period: Option<Period>,
}

/// A subscription with its phases.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionExpanded {
    #[schema(value_type = Ulid)]
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    created_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Time>,
    active_from: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    active_to: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Annotations>,
    status: SubscriptionStatus,
    #[schema(value_type = Ulid)]
    customer_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<PlanReference>,
    #[schema(value_type = CurrencyCode)]
    currency: String,
    billing_cadence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pro_rating_config: Option<ProRatingConfig>,
    billing_anchor: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    alignment: Option<SubscriptionAlignment>,
    phases: Vec<SubscriptionPhaseExpanded>,
}

/// A stage of a subscription.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionPhaseExpanded {
    #[schema(value_type = Ulid)]
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    created_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Time>,
    #[schema(value_type = Key)]
    key: String,
    /// Never set.
    #[serde(skip_serializing_if = "Option::is_none")]
    discounts: Option<Discounts>,
    active_from: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    active_to: Option<Time>,
    /// The versions that count: in a current phase those of now.
    items: Vec<SubscriptionItem>,
    /// All versions by key.
    item_timelines: BTreeMap<String, Vec<SubscriptionItem>>,
}

/// One version of an item.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionItem {
    #[schema(value_type = Ulid)]
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    created_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Time>,
    active_from: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    active_to: Option<Time>,
    #[schema(value_type = Key)]
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Key>)]
    feature_key: Option<String>,
    /// Null for what is charged once.
    billing_cadence: Option<String>,
    /// Null for what is not billed.
    price: Option<Price>,
    #[serde(skip_serializing_if = "Option::is_none")]
    discounts: Option<Discounts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    included: Option<SubscriptionItemIncluded>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_config: Option<TaxConfig>,
}

/// What an item gives.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionItemIncluded {
    feature: Feature,
    #[serde(skip_serializing_if = "Option::is_none")]
    entitlement: Option<Entitlement>,
}

/// What is joined to the items of a subscription.
struct Joined {
    features: BTreeMap<String, catalog::Feature>,
    /// By item.
    entitlements: BTreeMap<String, entitlement::Entitlement>,
    owner: Owner,
}

impl SubscriptionExpanded {
    /// Joins features and entitlements: one call each.
    pub(crate) async fn load(call: &Call, view: pb::SubscriptionView) -> Result<Self, Problem> {
        let subscription = present(view.subscription)?;
        let items = || {
            view.phases
                .iter()
                .filter_map(|phase| phase.phase.as_ref())
                .flat_map(|phase| &phase.timelines)
                .flat_map(|timeline| &timeline.versions)
        };
        let feature_ids: BTreeSet<String> = items()
            .filter_map(|item| item.rate_card.as_ref())
            .map(|card| card.feature_id.clone())
            .filter(|id| !id.is_empty())
            .collect();
        let entitled = items()
            .filter_map(|item| item.rate_card.as_ref())
            .any(|card| card.entitlement_template.is_some());
        let entitlements = if entitled {
            entitlements(call, &subscription.id).await?
        } else {
            BTreeMap::new()
        };
        let owner = if entitlements.is_empty() {
            Owner::default()
        } else {
            Owner::of_id(call, &subscription.customer_id).await?
        };
        let joined = Joined {
            features: subscriptions::features(call, feature_ids).await?,
            entitlements,
            owner,
        };
        let period = match (
            view.current_billing_period_start_time,
            view.current_billing_period_end_time,
        ) {
            (Some(from), Some(to)) => Some(Period {
                from: required_time(Some(&from))?,
                to: required_time(Some(&to))?,
            }),
            (_, _) => None,
        };
        let phases = view
            .phases
            .into_iter()
            .map(|phase| joined.phase(phase))
            .collect::<Result<_, _>>()?;
        let base = Subscription::from_proto(subscription)?;
        Ok(Self {
            id: base.id,
            name: base.name,
            description: base.description,
            metadata: base.metadata,
            created_at: base.created_at,
            updated_at: base.updated_at,
            deleted_at: base.deleted_at,
            active_from: base.active_from,
            active_to: base.active_to,
            annotations: base.annotations,
            status: base.status,
            customer_id: base.customer_id,
            plan: base.plan,
            currency: base.currency,
            billing_cadence: base.billing_cadence,
            pro_rating_config: base.pro_rating_config,
            billing_anchor: base.billing_anchor,
            alignment: Some(SubscriptionAlignment {
                billables_must_align: Some(true),
                current_aligned_billing_period: period,
            }),
            phases,
        })
    }
}

/// The entitlements that a subscription manages, by item.
async fn entitlements(
    call: &Call,
    subscription: &str,
) -> Result<BTreeMap<String, entitlement::Entitlement>, Problem> {
    let request = entitlement::ListEntitlementsRequest {
        subscription_id: subscription.to_owned(),
        page: 1,
        page_size: 1000,
        ..entitlement::ListEntitlementsRequest::default()
    };
    let answer = call
        .clients()
        .entitlements()
        .list_entitlements(call.rpc(request))
        .await;
    Ok(call
        .take(answer)?
        .entitlements
        .into_iter()
        .map(|entitlement| (entitlement.subscription_item_id.clone(), entitlement))
        .collect())
}

impl Joined {
    fn phase(&self, view: pb::PhaseView) -> Result<SubscriptionPhaseExpanded, Problem> {
        let phase = present(view.phase)?;
        let mut item_timelines = BTreeMap::new();
        for timeline in phase.timelines {
            let versions = timeline
                .versions
                .into_iter()
                .map(|item| self.item(item))
                .collect::<Result<Vec<_>, _>>()?;
            item_timelines.insert(timeline.key, versions);
        }
        Ok(SubscriptionPhaseExpanded {
            id: phase.id,
            name: phase.name,
            description: optional(phase.description),
            metadata: None,
            created_at: required_time(phase.create_time.as_ref())?,
            updated_at: required_time(phase.update_time.as_ref())?,
            deleted_at: None,
            key: phase.key,
            discounts: None,
            active_from: required_time(phase.start_time.as_ref())?,
            active_to: time(phase.end_time.as_ref())?,
            items: view
                .items
                .into_iter()
                .map(|item| self.item(item))
                .collect::<Result<_, _>>()?,
            item_timelines,
        })
    }

    fn item(&self, item: pb::Item) -> Result<SubscriptionItem, Problem> {
        let card = present(item.rate_card)?;
        let included = match self.features.get(&card.feature_id) {
            None => None,
            Some(feature) => Some(SubscriptionItemIncluded {
                feature: Feature::from_proto(feature.clone())?,
                entitlement: self
                    .entitlements
                    .get(&item.id)
                    .map(|entitlement| Entitlement::from_proto(entitlement.clone(), &self.owner))
                    .transpose()?,
            }),
        };
        Ok(SubscriptionItem {
            id: item.id,
            name: card.name,
            description: optional(card.description),
            metadata: metadata(card.metadata),
            created_at: required_time(item.create_time.as_ref())?,
            updated_at: required_time(item.update_time.as_ref())?,
            deleted_at: None,
            active_from: required_time(item.start_time.as_ref())?,
            active_to: time(item.end_time.as_ref())?,
            key: item.key,
            feature_key: optional(card.feature_key),
            billing_cadence: optional(card.billing_cadence),
            price: card.price.map(Price::from_proto).transpose()?,
            discounts: card
                .discounts
                .as_ref()
                .map(Discounts::from_proto)
                .transpose()?,
            included,
            tax_config: card.tax_config.map(TaxConfig::from_proto),
        })
    }
}
