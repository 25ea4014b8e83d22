//! Entitlements as both versions of the contract show them: by subject (v1) and by customer
//! (v2); the differences are listed in metering text §14.4.

use std::collections::{BTreeMap, BTreeSet};

use contract::customer::v1 as customer;
use contract::entitlement::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::entitlement_input::Interval;
use super::error::Problem;
use super::extract::Call;
use super::rate_cards::Priority;
use super::scalars::{
    Annotations, Key, Metadata, Number, Time, Ulid, annotations_of_json, metadata, optional,
};
use super::value::{Period, number_or_zero, period, present, required_time, time};

/// Kind of an entitlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EntitlementType {
    /// A balance that usage consumes.
    Metered,
    /// Plain access.
    Boolean,
    /// A fixed configuration value.
    Static,
}

impl EntitlementType {
    pub(crate) fn into_proto(self) -> pb::list_entitlements_request::Kind {
        use pb::list_entitlements_request::Kind;
        match self {
            Self::Metered => Kind::Metered,
            Self::Boolean => Kind::Boolean,
            Self::Static => Kind::Static,
        }
    }
}

/// A repeated period. The interval is a word where there is one, else a duration.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecurringPeriod {
    pub interval: Interval,
    pub anchor: Time,
    #[serde(rename = "intervalISO")]
    pub interval_iso: String,
}

impl RecurringPeriod {
    pub(crate) fn new(
        interval: String,
        anchor: Option<&prost_types::Timestamp>,
    ) -> Result<Self, Problem> {
        Ok(Self {
            interval: Interval::of_duration(interval.clone()),
            anchor: required_time(anchor)?,
            interval_iso: interval,
        })
    }
}

/// Who has an entitlement, as both versions tell it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owner {
    pub customer_key: Option<String>,
    pub subject_key: String,
}

impl Owner {
    /// What the contract tells of a customer.
    pub(crate) fn of(customer: &customer::Customer) -> Self {
        Self {
            customer_key: optional(customer.key.clone()),
            subject_key: customer
                .usage_attribution
                .as_ref()
                .and_then(|attribution| attribution.subject_keys.first().cloned())
                .unwrap_or_default(),
        }
    }

    /// The owner with this customer id.
    pub(crate) async fn of_id(call: &Call, id: &str) -> Result<Self, Problem> {
        let mut owners = owners(call, [id.to_owned()].into()).await?;
        Ok(owners.remove(id).unwrap_or_default())
    }
}

/// The owners with these customer ids: one call for all of them.
pub(crate) async fn owners(
    call: &Call,
    ids: BTreeSet<String>,
) -> Result<BTreeMap<String, Owner>, Problem> {
    let ids: Vec<String> = ids.into_iter().collect();
    let mut owners = BTreeMap::new();
    for chunk in ids.chunks(200) {
        let request = customer::BatchGetCustomersRequest {
            ids: chunk.to_vec(),
        };
        let answer = call
            .clients()
            .customers()
            .batch_get_customers(call.rpc(request))
            .await;
        for customer in call.take(answer)?.customers {
            let owner = Owner::of(&customer);
            owners.insert(customer.id, owner);
        }
    }
    Ok(owners)
}

/// What both versions show.
struct Shown {
    kind: EntitlementType,
    config: Option<String>,
    metered: Option<ShownMetered>,
    usage_period: Option<RecurringPeriod>,
    current_usage_period: Option<Period>,
}

struct ShownMetered {
    is_soft_limit: bool,
    preserve_overage_at_reset: bool,
    /// Zero when nothing was asked for (metering text §8.3).
    issue_amount: Number,
    issue_priority: Option<Priority>,
    last_reset: Time,
    measure_usage_from: Time,
}

impl Shown {
    fn from_proto(wire: &pb::Entitlement) -> Result<Self, Problem> {
        use pb::entitlement::Kind;
        let usage_period = wire
            .usage_period
            .as_ref()
            .map(|period| {
                RecurringPeriod::new(period.interval.clone(), period.anchor_time.as_ref())
            })
            .transpose()?;
        let (kind, config, metered) = match present(wire.kind.as_ref())? {
            Kind::Boolean(_) => (EntitlementType::Boolean, None, None),
            Kind::Static(fixed) => (EntitlementType::Static, Some(fixed.config.clone()), None),
            Kind::Metered(metered) => {
                let issue = metered.issue.as_ref();
                let shown = ShownMetered {
                    is_soft_limit: metered.soft_limit,
                    preserve_overage_at_reset: metered.preserve_overage_at_reset,
                    issue_amount: number_or_zero(issue.and_then(|issue| issue.amount.as_ref()))?,
                    issue_priority: issue.and_then(|issue| issue.priority).map(Priority),
                    last_reset: required_time(metered.last_reset_time.as_ref())?,
                    measure_usage_from: required_time(metered.measure_usage_from_time.as_ref())?,
                };
                (EntitlementType::Metered, None, Some(shown))
            }
        };
        Ok(Self {
            kind,
            config,
            metered,
            usage_period,
            current_usage_period: period(wire.current_usage_period.as_ref())?,
        })
    }
}

/// An entitlement, owned by a subject. Which parts are there follows from `type`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entitlement {
    r#type: EntitlementType,
    created_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    active_from: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    active_to: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Annotations>,
    #[schema(value_type = Ulid)]
    id: String,
    subject_key: String,
    #[schema(value_type = Key)]
    feature_key: String,
    #[schema(value_type = Ulid)]
    feature_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage_period: Option<RecurringPeriod>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_usage_period: Option<Period>,
    /// Of a static entitlement: a JSON document as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<String>,
    /// Of a metered entitlement, like all that follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_soft_limit: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_unlimited: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issue_after_reset: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issue_after_reset_priority: Option<Priority>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preserve_overage_at_reset: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_reset: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    measure_usage_from: Option<Time>,
}

impl Entitlement {
    pub(crate) fn from_proto(wire: pb::Entitlement, owner: &Owner) -> Result<Self, Problem> {
        let shown = Shown::from_proto(&wire)?;
        let metered = shown.metered.as_ref();
        Ok(Self {
            r#type: shown.kind,
            created_at: required_time(wire.create_time.as_ref())?,
            updated_at: required_time(wire.update_time.as_ref())?,
            deleted_at: time(wire.delete_time.as_ref())?,
            metadata: metadata(wire.metadata),
            active_from: required_time(wire.active_from_time.as_ref())?,
            active_to: time(wire.active_to_time.as_ref())?,
            annotations: annotations_of_json(wire.annotations),
            id: wire.id,
            subject_key: owner.subject_key.clone(),
            feature_key: wire.feature_key,
            feature_id: wire.feature_id,
            usage_period: shown.usage_period,
            current_usage_period: shown.current_usage_period,
            config: shown.config,
            is_soft_limit: metered.map(|metered| metered.is_soft_limit),
            is_unlimited: metered.map(|_| false),
            issue_after_reset: metered.map(|metered| metered.issue_amount),
            issue_after_reset_priority: metered.and_then(|metered| metered.issue_priority),
            preserve_overage_at_reset: metered.map(|metered| metered.preserve_overage_at_reset),
            last_reset: metered.map(|metered| metered.last_reset),
            measure_usage_from: metered.map(|metered| metered.measure_usage_from),
        })
    }
}

/// What is issued anew in every usage period.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IssueAfterReset {
    amount: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<Priority>,
}

/// An entitlement, owned by a customer. Which parts are there follows from `type`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntitlementV2 {
    r#type: EntitlementType,
    created_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    active_from: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    active_to: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Annotations>,
    #[schema(value_type = Ulid)]
    id: String,
    #[schema(value_type = Key)]
    feature_key: String,
    #[schema(value_type = Ulid)]
    feature_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_key: Option<String>,
    #[schema(value_type = Ulid)]
    customer_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage_period: Option<RecurringPeriod>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_usage_period: Option<Period>,
    /// Of a static entitlement: a JSON document as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<String>,
    /// Of a metered entitlement, like all that follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_soft_limit: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preserve_overage_at_reset: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issue_after_reset: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issue_after_reset_priority: Option<Priority>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issue: Option<IssueAfterReset>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_reset: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    measure_usage_from: Option<Time>,
}

impl EntitlementV2 {
    pub(crate) fn from_proto(wire: pb::Entitlement, owner: &Owner) -> Result<Self, Problem> {
        let shown = Shown::from_proto(&wire)?;
        let metered = shown.metered.as_ref();
        Ok(Self {
            r#type: shown.kind,
            created_at: required_time(wire.create_time.as_ref())?,
            updated_at: required_time(wire.update_time.as_ref())?,
            deleted_at: time(wire.delete_time.as_ref())?,
            metadata: metadata(wire.metadata),
            active_from: required_time(wire.active_from_time.as_ref())?,
            active_to: time(wire.active_to_time.as_ref())?,
            annotations: annotations_of_json(wire.annotations),
            id: wire.id,
            feature_key: wire.feature_key,
            feature_id: wire.feature_id,
            customer_key: owner.customer_key.clone(),
            customer_id: wire.customer_id,
            usage_period: shown.usage_period,
            current_usage_period: shown.current_usage_period,
            config: shown.config,
            is_soft_limit: metered.map(|metered| metered.is_soft_limit),
            preserve_overage_at_reset: metered.map(|metered| metered.preserve_overage_at_reset),
            issue_after_reset: metered.map(|metered| metered.issue_amount),
            issue_after_reset_priority: metered.and_then(|metered| metered.issue_priority),
            issue: metered.map(|metered| IssueAfterReset {
                amount: metered.issue_amount,
                priority: metered.issue_priority,
            }),
            last_reset: metered.map(|metered| metered.last_reset),
            measure_usage_from: metered.map(|metered| metered.measure_usage_from),
        })
    }
}

/// Entitlements with their owners: one more call for all of them.
pub(crate) async fn with_owners<T>(
    call: &Call,
    wires: Vec<pb::Entitlement>,
    show: fn(pb::Entitlement, &Owner) -> Result<T, Problem>,
) -> Result<Vec<T>, Problem> {
    let ids = wires.iter().map(|wire| wire.customer_id.clone()).collect();
    let owners = owners(call, ids).await?;
    let unknown = Owner::default();
    wires
        .into_iter()
        .map(|wire| {
            let owner = owners.get(&wire.customer_id).unwrap_or(&unknown);
            show(wire, owner)
        })
        .collect()
}

/// Sort key of a list of entitlements.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum EntitlementOrderBy {
    /// By time of making.
    #[default]
    CreatedAt,
    /// By time of the last change.
    UpdatedAt,
}

impl EntitlementOrderBy {
    pub(crate) fn into_proto(self) -> pb::list_entitlements_request::OrderBy {
        use pb::list_entitlements_request::OrderBy;
        match self {
            Self::CreatedAt => OrderBy::CreateTime,
            Self::UpdatedAt => OrderBy::UpdateTime,
        }
    }
}

/// Whether deleted things are listed too.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct DeletedParams {
    /// Deleted ones too.
    pub include_deleted: Option<bool>,
}

/// An entitlement by id alone.
pub(crate) fn by_id(id: String) -> Option<pb::EntitlementRef> {
    Some(pb::EntitlementRef {
        customer: None,
        entitlement: Some(pb::entitlement_ref::Entitlement::Id(id)),
    })
}

/// An entitlement of a customer, by id or by feature key.
pub(crate) fn of_customer(
    customer: customer::CustomerRef,
    id_or_feature_key: String,
) -> Option<pb::EntitlementRef> {
    Some(pb::EntitlementRef {
        customer: Some(customer),
        entitlement: Some(pb::entitlement_ref::Entitlement::IdOrFeatureKey(
            id_or_feature_key,
        )),
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use contract::convert::decimal;
    use serde_json::json;

    fn metered(issue: Option<pb::Issue>) -> pb::Entitlement {
        let zero = || Some(prost_types::Timestamp::default());
        pb::Entitlement {
            id: "E".into(),
            customer_id: "C".into(),
            feature_id: "F".into(),
            feature_key: "tokens".into(),
            kind: Some(pb::entitlement::Kind::Metered(pb::MeteredEntitlement {
                measure_usage_from_time: zero(),
                last_reset_time: zero(),
                issue,
                ..pb::MeteredEntitlement::default()
            })),
            usage_period: Some(pb::UsagePeriod {
                interval: "P1M".into(),
                anchor_time: zero(),
            }),
            active_from_time: zero(),
            create_time: zero(),
            update_time: zero(),
            annotations: [("issued".to_owned(), "true".to_owned())].into(),
            ..pb::Entitlement::default()
        }
    }

    #[test]
    fn versions_differ_as_the_contract_says() {
        let owner = Owner {
            customer_key: Some("acme".into()),
            subject_key: "s1".into(),
        };
        let v1 = Entitlement::from_proto(metered(None), &owner).unwrap();
        let v1 = serde_json::to_value(v1).unwrap();
        assert_eq!(v1["subjectKey"], "s1");
        assert_eq!(v1["isUnlimited"], false);
        assert_eq!(v1["issueAfterReset"], 0);
        assert_eq!(v1.get("issueAfterResetPriority"), None);
        assert_eq!(v1.get("issue"), None);
        assert_eq!(v1["annotations"], json!({"issued": true}));
        assert_eq!(
            v1["usagePeriod"],
            json!({"interval": "MONTH", "anchor": "1970-01-01T00:00:00Z", "intervalISO": "P1M"})
        );
        let issue = pb::Issue {
            amount: Some(decimal(50.into())),
            priority: Some(2),
        };
        let v2 = EntitlementV2::from_proto(metered(Some(issue)), &owner).unwrap();
        let v2 = serde_json::to_value(v2).unwrap();
        assert_eq!(v2["customerKey"], "acme");
        assert_eq!(v2.get("isUnlimited"), None);
        assert_eq!(v2["issue"], json!({"amount": 50, "priority": 2}));
        assert_eq!(v2["issueAfterReset"], 50);
    }
}
