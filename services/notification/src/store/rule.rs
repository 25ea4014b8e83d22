//! Rules, with the channels they send to and the features they are limited to.

use chassis::keyset::{self, Rows, Slice, SortColumn};
use std::collections::{BTreeMap, BTreeSet};

use chassis::db::{instant, micros};
use jiff::Timestamp;
use kernel::id::{ChannelId, ProjectId, RuleId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};

use super::entity::{channel as channel_row, rule as row, rule_channel, rule_feature};
use crate::{
    domain::rule::{EventType, Feature, RuleSpec},
    error::NotificationError,
};

/// A stored rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Identifies it.
    pub id: RuleId,
    /// What the user says about it.
    pub spec: RuleSpec,
    /// Counts its writes.
    pub revision: i64,
    /// When it was made.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
    /// When it was deleted.
    pub delete_time: Option<Timestamp>,
}

fn of(project: ProjectId) -> sea_orm::Select<row::Entity> {
    row::Entity::find().filter(row::Column::ProjectId.eq(project.to_string()))
}

fn values(rule: &Rule) -> Result<row::ActiveModel, NotificationError> {
    let json =
        |text: Result<String, serde_json::Error>| text.map_err(|cause| corrupt(rule.id, cause));
    Ok(row::ActiveModel {
        name: Set(rule.spec.name.clone()),
        thresholds: Set(json(serde_json::to_string(&rule.spec.thresholds))?),
        disabled: Set(rule.spec.disabled),
        metadata: Set(json(serde_json::to_string(&rule.spec.metadata))?),
        revision: Set(rule.revision),
        update_time: Set(micros(rule.update_time)),
        delete_time: Set(rule.delete_time.map(micros)),
        ..Default::default()
    })
}

/// Stores a new rule.
pub async fn insert(
    db: &impl ConnectionTrait,
    project: ProjectId,
    rule: &Rule,
) -> Result<(), NotificationError> {
    let model = row::ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(rule.id.to_string()),
        event: Set(rule.spec.event.word().to_owned()),
        create_time: Set(micros(rule.create_time)),
        ..values(rule)?
    };
    row::Entity::insert(model)
        .exec_without_returning(db)
        .await?;
    set_parts(db, project, rule).await
}

/// Writes a rule that was read at the revision before.
pub async fn update(
    db: &impl ConnectionTrait,
    project: ProjectId,
    rule: &Rule,
) -> Result<(), NotificationError> {
    let done = row::Entity::update_many()
        .set(values(rule)?)
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::Id.eq(rule.id.to_string()))
        .filter(row::Column::Revision.eq(rule.revision - 1))
        .exec(db)
        .await?;
    if done.rows_affected == 0 {
        return Err(NotificationError::Stale("rule"));
    }
    set_parts(db, project, rule).await
}

async fn set_parts(
    db: &impl ConnectionTrait,
    project: ProjectId,
    rule: &Rule,
) -> Result<(), NotificationError> {
    let (project, id) = (project.to_string(), rule.id.to_string());
    rule_channel::Entity::delete_many()
        .filter(rule_channel::Column::ProjectId.eq(&project))
        .filter(rule_channel::Column::RuleId.eq(&id))
        .exec(db)
        .await?;
    rule_feature::Entity::delete_many()
        .filter(rule_feature::Column::ProjectId.eq(&project))
        .filter(rule_feature::Column::RuleId.eq(&id))
        .exec(db)
        .await?;
    let channels: Vec<rule_channel::ActiveModel> = (0..)
        .zip(&rule.spec.channels)
        .map(|(position, channel)| rule_channel::ActiveModel {
            project_id: Set(project.clone()),
            rule_id: Set(id.clone()),
            channel_id: Set(channel.to_string()),
            position: Set(position),
        })
        .collect();
    let features: Vec<rule_feature::ActiveModel> = (0..)
        .zip(&rule.spec.features)
        .map(|(position, feature)| rule_feature::ActiveModel {
            project_id: Set(project.clone()),
            rule_id: Set(id.clone()),
            feature_id: Set(feature.id.to_string()),
            feature_key: Set(feature.key.clone()),
            position: Set(position),
        })
        .collect();
    if !channels.is_empty() {
        rule_channel::Entity::insert_many(channels)
            .exec_without_returning(db)
            .await?;
    }
    if !features.is_empty() {
        rule_feature::Entity::insert_many(features)
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

/// One rule, deleted or not, or `RuleNotFound`.
pub async fn find(
    db: &impl ConnectionTrait,
    project: ProjectId,
    id: RuleId,
) -> Result<Rule, NotificationError> {
    let found = of(project)
        .filter(row::Column::Id.eq(id.to_string()))
        .all(db)
        .await?;
    let found = with_parts(db, project, found).await?.pop();
    found.ok_or_else(|| NotificationError::RuleNotFound(id.to_string()))
}

/// Some rules by id, deleted or not.
pub async fn some(
    db: &impl ConnectionTrait,
    project: ProjectId,
    ids: &[RuleId],
) -> Result<Vec<Rule>, NotificationError> {
    let found = of(project)
        .filter(row::Column::Id.is_in(ids.iter().map(ToString::to_string)))
        .all(db)
        .await?;
    with_parts(db, project, found).await
}

/// The rules that can fire: live, enabled, with at least one channel that is enabled.
pub async fn ready(
    db: &impl ConnectionTrait,
    project: ProjectId,
    event: EventType,
) -> Result<Vec<Rule>, NotificationError> {
    let found = select_ready(project, event).all(db).await?;
    with_parts(db, project, found).await
}

fn select_ready(project: ProjectId, event: EventType) -> sea_orm::Select<row::Entity> {
    let enabled = channel_row::Entity::find()
        .select_only()
        .column(channel_row::Column::Id)
        .filter(channel_row::Column::ProjectId.eq(project.to_string()))
        .filter(channel_row::Column::Disabled.eq(false))
        .filter(channel_row::Column::DeleteTime.is_null())
        .into_query();
    let reachable = rule_channel::Entity::find()
        .select_only()
        .column(rule_channel::Column::RuleId)
        .filter(rule_channel::Column::ProjectId.eq(project.to_string()))
        .filter(rule_channel::Column::ChannelId.in_subquery(enabled))
        .into_query();
    of(project)
        .filter(row::Column::Event.eq(event.word()))
        .filter(row::Column::DeleteTime.is_null())
        .filter(row::Column::Disabled.eq(false))
        .filter(row::Column::Id.in_subquery(reachable))
        .order_by_asc(row::Column::Id)
}

/// Whether any rule of a type can fire.
pub async fn is_any_ready(
    db: &impl ConnectionTrait,
    project: ProjectId,
    event: EventType,
) -> Result<bool, NotificationError> {
    Ok(!select_ready(project, event)
        .limit(1)
        .all(db)
        .await?
        .is_empty())
}

/// Ids of the live rules that use a channel.
pub async fn using_channel(
    db: &impl ConnectionTrait,
    project: ProjectId,
    channel: ChannelId,
) -> Result<Vec<String>, NotificationError> {
    let rows = of(project)
        .filter(row::Column::DeleteTime.is_null())
        .filter(row::Column::Id.in_subquery(rules_of_channels(project, &[channel.to_string()])))
        .order_by_asc(row::Column::Id)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

fn rules_of_channels(
    project: ProjectId,
    channels: &[String],
) -> sea_orm::sea_query::SelectStatement {
    rule_channel::Entity::find()
        .select_only()
        .column(rule_channel::Column::RuleId)
        .filter(rule_channel::Column::ProjectId.eq(project.to_string()))
        .filter(rule_channel::Column::ChannelId.is_in(channels))
        .into_query()
}

fn rules_of_features(
    project: ProjectId,
    features: &[String],
) -> sea_orm::sea_query::SelectStatement {
    let named = Condition::any()
        .add(rule_feature::Column::FeatureId.is_in(features))
        .add(rule_feature::Column::FeatureKey.is_in(features));
    rule_feature::Entity::find()
        .select_only()
        .column(rule_feature::Column::RuleId)
        .filter(rule_feature::Column::ProjectId.eq(project.to_string()))
        .filter(named)
        .into_query()
}

/// What a list shows and how it is sorted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Disabled ones too.
    pub include_disabled: bool,
    /// Deleted ones too.
    pub include_deleted: bool,
    /// Only rules limited to one of these features, by id or key; empty: all.
    pub features: Vec<String>,
    /// Only rules that send to one of these channels; empty: all.
    pub channels: Vec<String>,
    /// What it is sorted by.
    pub sort: Sort,
}

/// What a list is sorted by; ties by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By id.
    #[default]
    Id,
    /// By the word of the event type.
    Type,
    /// By time of creation.
    CreateTime,
    /// By time of the last change.
    UpdateTime,
}

impl Sort {
    fn columns(self) -> Vec<SortColumn<row::Column>> {
        let sort = |column, numeric| SortColumn { column, numeric };
        let id = sort(row::Column::Id, false);
        match self {
            Self::Id => vec![id],
            Self::Type => vec![sort(row::Column::Event, false), id],
            Self::CreateTime => vec![sort(row::Column::CreateTime, true), id],
            Self::UpdateTime => vec![sort(row::Column::UpdateTime, true), id],
        }
    }

    /// The sort values of a row, for a page token.
    pub fn values(self, rule: &Rule) -> Vec<String> {
        let id = rule.id.to_string();
        match self {
            Self::Id => vec![id],
            Self::Type => vec![rule.spec.event.word().to_owned(), id],
            Self::CreateTime => vec![micros(rule.create_time).to_string(), id],
            Self::UpdateTime => vec![micros(rule.update_time).to_string(), id],
        }
    }
}

/// One page of rules.
pub async fn list(
    db: &impl ConnectionTrait,
    project: ProjectId,
    filter: &Filter,
    slice: &Slice,
) -> Result<Rows<Rule>, NotificationError> {
    let mut select = of(project);
    if !filter.include_deleted {
        select = select.filter(row::Column::DeleteTime.is_null());
    }
    if !filter.include_disabled {
        select = select.filter(row::Column::Disabled.eq(false));
    }
    if !filter.channels.is_empty() {
        let rules = rules_of_channels(project, &filter.channels);
        select = select.filter(row::Column::Id.in_subquery(rules));
    }
    if !filter.features.is_empty() {
        let rules = rules_of_features(project, &filter.features);
        select = select.filter(row::Column::Id.in_subquery(rules));
    }
    let page = keyset::read(db, select, &filter.sort.columns(), slice).await?;
    Ok(Rows {
        rows: with_parts(db, project, page.rows).await?,
        more: page.more,
        total: page.total,
    })
}

/// Reads the channels and features of many rules at once.
async fn with_parts(
    db: &impl ConnectionTrait,
    project: ProjectId,
    rows: Vec<row::Model>,
) -> Result<Vec<Rule>, NotificationError> {
    let ids: BTreeSet<String> = rows.iter().map(|row| row.id.clone()).collect();
    let channels = rule_channel::Entity::find()
        .filter(rule_channel::Column::ProjectId.eq(project.to_string()))
        .filter(rule_channel::Column::RuleId.is_in(&ids))
        .order_by_asc(rule_channel::Column::Position)
        .all(db)
        .await?;
    let features = rule_feature::Entity::find()
        .filter(rule_feature::Column::ProjectId.eq(project.to_string()))
        .filter(rule_feature::Column::RuleId.is_in(&ids))
        .order_by_asc(rule_feature::Column::Position)
        .all(db)
        .await?;
    let mut channels_of: BTreeMap<String, Vec<ChannelId>> = BTreeMap::new();
    for part in channels {
        let id = part
            .channel_id
            .parse()
            .map_err(|cause| corrupt(&part.rule_id, cause))?;
        channels_of.entry(part.rule_id).or_default().push(id);
    }
    let mut features_of: BTreeMap<String, Vec<Feature>> = BTreeMap::new();
    for part in features {
        let feature = Feature {
            id: part
                .feature_id
                .parse()
                .map_err(|cause| corrupt(&part.rule_id, cause))?,
            key: part.feature_key,
        };
        features_of.entry(part.rule_id).or_default().push(feature);
    }
    rows.into_iter()
        .map(|row| {
            let channels = channels_of.remove(&row.id).unwrap_or_default();
            let features = features_of.remove(&row.id).unwrap_or_default();
            from_row(row, channels, features)
        })
        .collect()
}

fn corrupt(id: impl std::fmt::Display, detail: impl std::fmt::Display) -> NotificationError {
    NotificationError::Corrupt {
        what: "rule",
        id: id.to_string(),
        detail: detail.to_string(),
    }
}

fn from_row(
    row: row::Model,
    channels: Vec<ChannelId>,
    features: Vec<Feature>,
) -> Result<Rule, NotificationError> {
    let event = EventType::from_word(&row.event).ok_or_else(|| corrupt(&row.id, "event type"))?;
    Ok(Rule {
        id: row.id.parse().map_err(|cause| corrupt(&row.id, cause))?,
        spec: RuleSpec {
            event,
            channels,
            features,
            thresholds: serde_json::from_str(&row.thresholds)
                .map_err(|cause| corrupt(&row.id, cause))?,
            metadata: serde_json::from_str(&row.metadata)
                .map_err(|cause| corrupt(&row.id, cause))?,
            name: row.name,
            disabled: row.disabled,
        },
        revision: row.revision,
        create_time: instant(row.create_time),
        update_time: instant(row.update_time),
        delete_time: row.delete_time.map(instant),
    })
}
