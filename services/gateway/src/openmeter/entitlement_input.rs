//! What the operations on entitlements and grants take (metering text §8 and §10).

use contract::customer::v1 as customer;
use contract::entitlement::v1 as pb;
use kernel::Decimal;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, OneOfBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::decode::union;
use super::error::Problem;
use super::rate_cards::{Amount, Priority};
use super::scalars::{Annotations, Key, Metadata, Number, Time, Ulid};

/// The length of a repeated period: a word or an ISO 8601 duration.
#[derive(Clone, Debug)]
pub(crate) struct Interval(String);

impl Serialize for Interval {
    fn serialize<S: serde::Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        writer.serialize_str(&self.0)
    }
}

impl Interval {
    /// From a duration: the word where there is one.
    pub(crate) fn of_duration(duration: String) -> Self {
        Self(match duration.as_str() {
            "P1D" => "DAY".to_owned(),
            "P1W" => "WEEK".to_owned(),
            "P1M" => "MONTH".to_owned(),
            "P1Y" => "YEAR".to_owned(),
            _ => duration,
        })
    }

    /// As a duration.
    pub(crate) fn into_duration(self) -> String {
        match self.0.as_str() {
            "DAY" => "P1D".to_owned(),
            "WEEK" => "P1W".to_owned(),
            "MONTH" => "P1M".to_owned(),
            "YEAR" => "P1Y".to_owned(),
            _ => self.0,
        }
    }
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let text = String::deserialize(reader)?;
        let known = ["DAY", "WEEK", "MONTH", "YEAR"].contains(&text.as_str());
        if known || kernel::calendar::IsoDuration::parse(&text).is_ok() {
            Ok(Self(text))
        } else {
            Err(serde::de::Error::custom(
                "must be DAY, WEEK, MONTH, YEAR or an ISO 8601 duration",
            ))
        }
    }
}

impl PartialSchema for Interval {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new()
            .item(ObjectBuilder::new().schema_type(Type::String))
            .item(
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .enum_values(Some(["DAY", "WEEK", "MONTH", "YEAR"])),
            )
            .into()
    }
}

impl ToSchema for Interval {
    fn name() -> std::borrow::Cow<'static, str> {
        "RecurringPeriodInterval".into()
    }
}

/// A repeated period; it hangs on now unless said otherwise.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecurringPeriodCreateInput {
    interval: Interval,
    anchor: Option<Time>,
}

impl RecurringPeriodCreateInput {
    fn into_usage_period(self) -> pb::UsagePeriod {
        pb::UsagePeriod {
            interval: self.interval.into_duration(),
            anchor_time: self.anchor.map(Into::into),
        }
    }

    fn into_recurrence(self) -> pb::GrantRecurrence {
        pb::GrantRecurrence {
            interval: self.interval.into_duration(),
            anchor_time: self.anchor.map(Into::into),
        }
    }
}

/// From when usage counts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum MeasureUsageFrom {
    /// From the start of the current usage period.
    CurrentPeriodStart,
    /// From now.
    Now,
    /// From this instant.
    At(Time),
}

impl<'de> Deserialize<'de> for MeasureUsageFrom {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let text = String::deserialize(reader)?;
        match text.as_str() {
            "CURRENT_PERIOD_START" => Ok(Self::CurrentPeriodStart),
            "NOW" => Ok(Self::Now),
            other => Time::parse(other).map(Self::At).ok_or_else(|| {
                serde::de::Error::custom("must be CURRENT_PERIOD_START, NOW or an RFC 3339 time")
            }),
        }
    }
}

impl PartialSchema for MeasureUsageFrom {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new()
            .item(
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .enum_values(Some(["CURRENT_PERIOD_START", "NOW"])),
            )
            .item(
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))),
            )
            .into()
    }
}

impl ToSchema for MeasureUsageFrom {}

impl MeasureUsageFrom {
    fn into_proto(self) -> pb::new_metered_entitlement::MeasureStart {
        use pb::new_metered_entitlement::MeasureStart::{
            MeasureUsageFromPreset, MeasureUsageFromTime,
        };
        use pb::new_metered_entitlement::MeasureUsageFrom as Preset;
        match self {
            Self::CurrentPeriodStart => MeasureUsageFromPreset(Preset::CurrentPeriodStart.into()),
            Self::Now => MeasureUsageFromPreset(Preset::Now.into()),
            Self::At(time) => MeasureUsageFromTime(time.into()),
        }
    }
}

/// A balance that usage consumes, owned by a subject.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntitlementMeteredCreateInputs {
    feature_key: Option<Key>,
    feature_id: Option<Ulid>,
    metadata: Option<Metadata>,
    is_soft_limit: Option<bool>,
    #[expect(dead_code, reason = "accepted without effect, metering text §8.3")]
    is_unlimited: Option<bool>,
    usage_period: RecurringPeriodCreateInput,
    measure_usage_from: Option<MeasureUsageFrom>,
    issue_after_reset: Option<Amount>,
    issue_after_reset_priority: Option<Priority>,
    preserve_overage_at_reset: Option<bool>,
}

/// A balance that usage consumes, owned by a customer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntitlementMeteredV2CreateInputs {
    feature_key: Option<Key>,
    feature_id: Option<Ulid>,
    metadata: Option<Metadata>,
    is_soft_limit: Option<bool>,
    usage_period: RecurringPeriodCreateInput,
    measure_usage_from: Option<MeasureUsageFrom>,
    preserve_overage_at_reset: Option<bool>,
    issue_after_reset: Option<Amount>,
    issue_after_reset_priority: Option<Priority>,
    issue: Option<IssueAfterResetInput>,
    grants: Option<Vec<GrantCreateV2>>,
}

/// What is issued anew in every usage period.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = IssueAfterResetCreate)]
pub(crate) struct IssueAfterResetInput {
    amount: Amount,
    priority: Option<Priority>,
}

/// A fixed configuration value: a JSON document as text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntitlementStaticCreateInputs {
    feature_key: Option<Key>,
    feature_id: Option<Ulid>,
    metadata: Option<Metadata>,
    usage_period: Option<RecurringPeriodCreateInput>,
    config: String,
}

/// Plain access.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntitlementBooleanCreateInputs {
    feature_key: Option<Key>,
    feature_id: Option<Ulid>,
    metadata: Option<Metadata>,
    usage_period: Option<RecurringPeriodCreateInput>,
}

/// An entitlement to make, owned by a subject.
#[derive(Debug, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = EntitlementCreateInputs)]
pub(crate) enum EntitlementCreate {
    /// A balance that usage consumes.
    Metered(EntitlementMeteredCreateInputs),
    /// A fixed configuration value.
    Static(EntitlementStaticCreateInputs),
    /// Plain access.
    Boolean(EntitlementBooleanCreateInputs),
}
union!(EntitlementCreate by "type" {
    "metered" => Metered, "static" => Static, "boolean" => Boolean,
});

/// An entitlement to make, owned by a customer.
#[derive(Debug, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = EntitlementV2CreateInputs)]
pub(crate) enum EntitlementV2Create {
    /// A balance that usage consumes.
    Metered(EntitlementMeteredV2CreateInputs),
    /// A fixed configuration value.
    Static(EntitlementStaticCreateInputs),
    /// Plain access.
    Boolean(EntitlementBooleanCreateInputs),
}
union!(EntitlementV2Create by "type" {
    "metered" => Metered, "static" => Static, "boolean" => Boolean,
});

/// What is issued anew: the object wins over the older pair (metering text §8.3).
fn issue(
    issue: Option<IssueAfterResetInput>,
    amount: Option<Amount>,
    priority: Option<Priority>,
) -> Result<Option<pb::Issue>, Problem> {
    if let Some(issue) = issue {
        return Ok(Some(pb::Issue {
            amount: Some(issue.amount.0.into()),
            priority: issue.priority.map(|priority| priority.0),
        }));
    }
    match (amount, priority) {
        (None, Some(_)) => Err(Problem::invalid(
            "issueAfterResetPriority: needs issueAfterReset",
        )),
        (None, None) => Ok(None),
        (Some(amount), priority) => Ok(Some(pb::Issue {
            amount: Some(amount.0.into()),
            priority: priority.map(|priority| priority.0),
        })),
    }
}

fn feature(id: Option<Ulid>, key: Option<Key>) -> (String, String) {
    (
        id.map(String::from).unwrap_or_default(),
        key.map(String::from).unwrap_or_default(),
    )
}

impl EntitlementStaticCreateInputs {
    fn into_proto(self) -> pb::NewEntitlement {
        let (feature_id, feature_key) = feature(self.feature_id, self.feature_key);
        pb::NewEntitlement {
            customer: None,
            feature_id,
            feature_key,
            kind: Some(pb::new_entitlement::Kind::Static(pb::StaticEntitlement {
                config: self.config,
            })),
            usage_period: self
                .usage_period
                .map(RecurringPeriodCreateInput::into_usage_period),
            metadata: self.metadata.unwrap_or_default(),
        }
    }
}

impl EntitlementBooleanCreateInputs {
    fn into_proto(self) -> pb::NewEntitlement {
        let (feature_id, feature_key) = feature(self.feature_id, self.feature_key);
        pb::NewEntitlement {
            customer: None,
            feature_id,
            feature_key,
            kind: Some(pb::new_entitlement::Kind::Boolean(
                pb::BooleanEntitlement {},
            )),
            usage_period: self
                .usage_period
                .map(RecurringPeriodCreateInput::into_usage_period),
            metadata: self.metadata.unwrap_or_default(),
        }
    }
}

impl EntitlementCreate {
    /// The message, for this customer.
    pub(crate) fn into_proto(
        self,
        customer: customer::CustomerRef,
    ) -> Result<pb::NewEntitlement, Problem> {
        let new = match self {
            Self::Static(fixed) => fixed.into_proto(),
            Self::Boolean(plain) => plain.into_proto(),
            Self::Metered(metered) => {
                let (feature_id, feature_key) = feature(metered.feature_id, metered.feature_key);
                pb::NewEntitlement {
                    customer: None,
                    feature_id,
                    feature_key,
                    kind: Some(pb::new_entitlement::Kind::Metered(
                        pb::NewMeteredEntitlement {
                            measure_start: metered
                                .measure_usage_from
                                .map(MeasureUsageFrom::into_proto),
                            soft_limit: metered.is_soft_limit.unwrap_or_default(),
                            preserve_overage_at_reset: metered
                                .preserve_overage_at_reset
                                .unwrap_or_default(),
                            issue: issue(
                                None,
                                metered.issue_after_reset,
                                metered.issue_after_reset_priority,
                            )?,
                            grants: Vec::new(),
                        },
                    )),
                    usage_period: Some(metered.usage_period.into_usage_period()),
                    metadata: metered.metadata.unwrap_or_default(),
                }
            }
        };
        Ok(pb::NewEntitlement {
            customer: Some(customer),
            ..new
        })
    }
}

impl EntitlementV2Create {
    /// The message, for this customer.
    pub(crate) fn into_proto(
        self,
        customer: customer::CustomerRef,
    ) -> Result<pb::NewEntitlement, Problem> {
        let new = match self {
            Self::Static(fixed) => fixed.into_proto(),
            Self::Boolean(plain) => plain.into_proto(),
            Self::Metered(metered) => {
                let (feature_id, feature_key) = feature(metered.feature_id, metered.feature_key);
                pb::NewEntitlement {
                    customer: None,
                    feature_id,
                    feature_key,
                    kind: Some(pb::new_entitlement::Kind::Metered(
                        pb::NewMeteredEntitlement {
                            measure_start: metered
                                .measure_usage_from
                                .map(MeasureUsageFrom::into_proto),
                            soft_limit: metered.is_soft_limit.unwrap_or_default(),
                            preserve_overage_at_reset: metered
                                .preserve_overage_at_reset
                                .unwrap_or_default(),
                            issue: issue(
                                metered.issue,
                                metered.issue_after_reset,
                                metered.issue_after_reset_priority,
                            )?,
                            grants: metered
                                .grants
                                .unwrap_or_default()
                                .into_iter()
                                .map(GrantCreateV2::into_proto)
                                .collect(),
                        },
                    )),
                    usage_period: Some(metered.usage_period.into_usage_period()),
                    metadata: metered.metadata.unwrap_or_default(),
                }
            }
        };
        Ok(pb::NewEntitlement {
            customer: Some(customer),
            ..new
        })
    }
}

/// Unit of an expiration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum ExpirationDuration {
    /// Hours.
    Hour,
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months.
    Month,
    /// Years.
    Year,
}

/// How long a grant lives.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExpirationPeriod {
    pub duration: ExpirationDuration,
    #[schema(minimum = 1, maximum = 1000)]
    pub count: i32,
}

impl ExpirationPeriod {
    fn into_proto(self) -> pb::GrantExpiration {
        use pb::grant_expiration::Unit;
        pb::GrantExpiration {
            unit: match self.duration {
                ExpirationDuration::Hour => Unit::Hour,
                ExpirationDuration::Day => Unit::Day,
                ExpirationDuration::Week => Unit::Week,
                ExpirationDuration::Month => Unit::Month,
                ExpirationDuration::Year => Unit::Year,
            }
            .into(),
            count: self.count,
        }
    }

    pub(crate) fn from_proto(wire: &pb::GrantExpiration) -> Self {
        use pb::grant_expiration::Unit;
        Self {
            duration: match wire.unit() {
                Unit::Hour => ExpirationDuration::Hour,
                Unit::Unspecified | Unit::Day => ExpirationDuration::Day,
                Unit::Week => ExpirationDuration::Week,
                Unit::Month => ExpirationDuration::Month,
                Unit::Year => ExpirationDuration::Year,
            },
            count: wire.count,
        }
    }
}

/// A grant to make; what is left at a reset is lost unless said otherwise.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EntitlementGrantCreateInput)]
pub(crate) struct GrantCreate {
    amount: Amount,
    priority: Option<Priority>,
    effective_at: Time,
    expiration: ExpirationPeriod,
    max_rollover_amount: Option<Number>,
    min_rollover_amount: Option<Number>,
    metadata: Option<Metadata>,
    recurrence: Option<RecurringPeriodCreateInput>,
}

impl GrantCreate {
    pub(crate) fn into_proto(self) -> pb::NewGrant {
        pb::NewGrant {
            amount: Some(self.amount.0.into()),
            priority: self.priority.map(|priority| priority.0).unwrap_or_default(),
            effective_time: Some(self.effective_at.into()),
            expiration: Some(self.expiration.into_proto()),
            min_rollover_amount: self.min_rollover_amount.map(Into::into),
            // The most important difference between the versions (metering text §10.1).
            max_rollover_amount: Some(
                self.max_rollover_amount
                    .unwrap_or(Number(Decimal::ZERO))
                    .into(),
            ),
            recurrence: self
                .recurrence
                .map(RecurringPeriodCreateInput::into_recurrence),
            metadata: self.metadata.unwrap_or_default(),
            annotations: Metadata::default(),
        }
    }
}

/// A grant to make; what is left at a reset stays unless said otherwise.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EntitlementGrantCreateInputV2)]
pub(crate) struct GrantCreateV2 {
    amount: Amount,
    priority: Option<Priority>,
    effective_at: Time,
    min_rollover_amount: Option<Number>,
    metadata: Option<Metadata>,
    recurrence: Option<RecurringPeriodCreateInput>,
    max_rollover_amount: Option<Number>,
    expiration: Option<ExpirationPeriod>,
    annotations: Option<Annotations>,
}

impl GrantCreateV2 {
    pub(crate) fn into_proto(self) -> pb::NewGrant {
        pb::NewGrant {
            amount: Some(self.amount.0.into()),
            priority: self.priority.map(|priority| priority.0).unwrap_or_default(),
            effective_time: Some(self.effective_at.into()),
            expiration: self.expiration.map(ExpirationPeriod::into_proto),
            min_rollover_amount: self.min_rollover_amount.map(Into::into),
            max_rollover_amount: self.max_rollover_amount.map(Into::into),
            recurrence: self
                .recurrence
                .map(RecurringPeriodCreateInput::into_recurrence),
            metadata: self.metadata.unwrap_or_default(),
            annotations: self
                .annotations
                .unwrap_or_default()
                .0
                .into_iter()
                .map(|(name, value)| (name, value.to_string()))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::openmeter::decode::from_json;
    use serde_json::json;

    fn metered(body: serde_json::Value) -> Result<pb::NewMeteredEntitlement, Problem> {
        let new: EntitlementV2Create = from_json(&body).unwrap();
        let kind = new.into_proto(customer::CustomerRef::default())?.kind;
        let Some(pb::new_entitlement::Kind::Metered(metered)) = kind else {
            panic!("not metered");
        };
        Ok(metered)
    }

    #[test]
    fn the_issue_object_wins_over_the_older_pair() {
        let new = metered(json!({
            "type": "metered", "featureKey": "a", "usagePeriod": {"interval": "MONTH"},
            "issue": {"amount": 50}, "issueAfterReset": 7, "issueAfterResetPriority": 3,
        }))
        .unwrap();
        let issue = new.issue.unwrap();
        assert_eq!(issue.amount.unwrap().value, "50");
        assert_eq!(issue.priority, None);
    }

    #[test]
    fn a_priority_needs_an_amount() {
        let refused = metered(json!({
            "type": "metered", "featureKey": "a", "usagePeriod": {"interval": "P2W"},
            "issueAfterResetPriority": 3,
        }));
        assert!(refused.is_err());
    }

    #[test]
    fn usage_is_measured_from_a_word_or_an_instant() {
        use pb::new_metered_entitlement::MeasureStart as Wire;
        let from = |from: &str| {
            metered(json!({
                "type": "metered", "featureKey": "a", "usagePeriod": {"interval": "DAY"},
                "measureUsageFrom": from,
            }))
            .unwrap()
            .measure_start
            .unwrap()
        };
        assert!(matches!(from("NOW"), Wire::MeasureUsageFromPreset(1)));
        assert!(matches!(
            from("CURRENT_PERIOD_START"),
            Wire::MeasureUsageFromPreset(2)
        ));
        assert!(matches!(
            from("2024-01-01T00:00:00Z"),
            Wire::MeasureUsageFromTime(_)
        ));
    }

    #[test]
    fn rollover_defaults_differ_between_the_versions() {
        let v1: GrantCreate = from_json(&json!({
            "amount": 100, "effectiveAt": "2024-01-01T00:00:00Z",
            "expiration": {"duration": "YEAR", "count": 1},
        }))
        .unwrap();
        assert_eq!(v1.into_proto().max_rollover_amount.unwrap().value, "0");
        let v2: GrantCreateV2 = from_json(&json!({
            "amount": 100, "effectiveAt": "2024-01-01T00:00:00Z", "annotations": {"a": 1},
        }))
        .unwrap();
        let wire = v2.into_proto();
        assert_eq!(wire.max_rollover_amount, None);
        assert_eq!(wire.priority, 0);
        assert_eq!(wire.annotations["a"], "1");
    }

    #[test]
    fn amounts_are_not_negative_and_priorities_at_most_255() {
        let read = |value| from_json::<GrantCreateV2>(&value).map(drop);
        let at = "2024-01-01T00:00:00Z";
        assert!(read(json!({"amount": -1, "effectiveAt": at})).is_err());
        assert!(read(json!({"amount": 1, "effectiveAt": at, "priority": 256})).is_err());
        assert!(read(json!({"amount": 1, "effectiveAt": at, "priority": 0})).is_err());
        assert!(read(json!({"amount": 0, "effectiveAt": at})).is_ok());
    }

    #[test]
    fn what_is_not_there_is_named() {
        let complaint = |value| from_json::<GrantCreateV2>(&value).unwrap_err().to_string();
        let at = "2024-01-01T00:00:00Z";
        assert_eq!(complaint(json!({"effectiveAt": at})), "amount: is required");
        assert_eq!(
            complaint(json!({"amount": "1", "effectiveAt": at})),
            "amount: must be a number"
        );
        assert_eq!(
            complaint(json!({"amount": null, "effectiveAt": at})),
            "amount: must be a number"
        );
    }
}
