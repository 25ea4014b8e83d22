//! Entitlements and their manual resets.

use std::collections::HashMap;

use chassis::{
    Batch, Write,
    db::{instant, micros},
};
use kernel::{
    Decimal, Timestamp,
    calendar::{IsoDuration, Recurrence},
    id::{CustomerId, EntitlementId, ProjectId, SubscriptionId},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult as _, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait as _, Select, Statement,
    sea_query::{Expr, OnConflict},
};
use serde::{Deserialize, Serialize};

use super::{
    entity::{entitlement as row, usage_reset},
    id_from_text, labels_from_text, labels_to_text,
    slice::{self, Rows, Slice, Sort},
};
use crate::{
    domain::{
        entitlement::{Entitlement, Issue, Kind, Manager, Metered, UsageSource},
        timeline::{ManualReset, Timeline},
        usage::Aggregation,
    },
    error::EntitlementError,
};

/// Values of one `IN` list.
const IN_CHUNK: usize = 500;

/// What only one kind of entitlement has, as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Body {
    Metered {
        measure_from: Timestamp,
        soft_limit: bool,
        preserve_overage: bool,
        issue: Option<StoredIssue>,
        aggregation: Aggregation,
    },
    Static {
        config: String,
    },
    Boolean,
}

#[derive(Serialize, Deserialize)]
struct StoredIssue {
    amount: String,
    priority: Option<u8>,
}

/// Which entitlements a list shows. Filters of different fields must all hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Customers; none for all.
    pub customers: Option<Vec<CustomerId>>,
    /// Ids or keys of features; empty for all.
    pub features: Vec<String>,
    /// Kinds by name; empty for all.
    pub kinds: Vec<&'static str>,
    /// Only those active at an instant.
    pub active_at: Option<Timestamp>,
    /// Deleted ones too.
    pub include_deleted: bool,
    /// Only those of a subscription.
    pub subscription: Option<SubscriptionId>,
    /// By the last write instead of creation.
    pub by_update_time: bool,
    /// Last first.
    pub descending: bool,
}

fn of(project: ProjectId) -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::ProjectId.eq(project.to_string()))
}

fn live(project: ProjectId) -> Select<row::Entity> {
    of(project).filter(row::Column::DeleteTime.is_null())
}

/// Stores a new entitlement. Others that it concerns are still to be told.
pub async fn insert(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    entitlement: &Entitlement,
) -> Result<(), EntitlementError> {
    row::Entity::insert(to_row(project, entitlement)?)
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

/// Stores new entitlements with the commit. Others that they concern are still to be told.
pub fn insert_later(
    write: &Write,
    project: ProjectId,
    entitlements: &[Entitlement],
) -> Result<(), EntitlementError> {
    for chunk in entitlements.chunks(IN_CHUNK) {
        let rows = chunk
            .iter()
            .map(|entitlement| to_row(project, entitlement))
            .collect::<Result<Vec<_>, _>>()?;
        let insert = row::Entity::insert_many(rows);
        write.later(insert.build(write.tx().get_database_backend()));
    }
    Ok(())
}

/// Stores a changed entitlement; `Stale` when it was changed since it was read. Resets are stored by
/// `put_reset`. `hold_due` says whether others that it concerns must be told.
pub async fn update(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    entitlement: &Entitlement,
    hold_due: bool,
) -> Result<(), EntitlementError> {
    let mut update = row::Entity::update_many();
    if hold_due && entitlement.concerns_others() {
        update = update.col_expr(row::Column::HoldDue, Expr::value(true));
    }
    let done = update
        .col_expr(
            row::Column::ActiveTo,
            Expr::value(entitlement.active_to.map(micros)),
        )
        .col_expr(
            row::Column::UpdateTime,
            Expr::value(micros(entitlement.updated)),
        )
        .col_expr(
            row::Column::DeleteTime,
            Expr::value(entitlement.deleted.map(micros)),
        )
        .col_expr(row::Column::Revision, Expr::value(entitlement.revision))
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::Id.eq(entitlement.id.to_string()))
        .filter(row::Column::Revision.eq(entitlement.revision - 1))
        .exec(connection)
        .await?;
    if done.rows_affected == 0 {
        return Err(EntitlementError::Stale);
    }
    Ok(())
}

/// Stores a manual reset, in place of one at the same minute.
pub async fn put_reset(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    entitlement: EntitlementId,
    reset: &ManualReset,
    now: Timestamp,
) -> Result<(), EntitlementError> {
    let model = usage_reset::ActiveModel {
        project_id: Set(project.to_string()),
        entitlement_id: Set(entitlement.to_string()),
        effective_time: Set(micros(reset.at)),
        anchor_time: Set(micros(reset.anchor)),
        preserve_overage: Set(reset.preserve_overage),
        create_time: Set(micros(now)),
    };
    usage_reset::Entity::insert(model)
        .on_conflict(
            OnConflict::columns([
                usage_reset::Column::ProjectId,
                usage_reset::Column::EntitlementId,
                usage_reset::Column::EffectiveTime,
            ])
            .update_columns([
                usage_reset::Column::AnchorTime,
                usage_reset::Column::PreserveOverage,
            ])
            .to_owned(),
        )
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

/// A live entitlement by id.
pub async fn by_id(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    id: EntitlementId,
) -> Result<Option<Entitlement>, EntitlementError> {
    let found = live(project)
        .filter(row::Column::Id.eq(id.to_string()))
        .one(connection)
        .await?;
    let mut read = from_rows(connection, project, found.into_iter().collect()).await?;
    Ok(read.pop())
}

/// Live entitlements of some customers, for some feature keys (none: all), by start of activity.
pub async fn of_customers(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customers: &[CustomerId],
    feature_keys: Option<&[String]>,
) -> Result<Vec<Entitlement>, EntitlementError> {
    let mut found = Vec::new();
    for chunk in customers.chunks(IN_CHUNK) {
        let ids = chunk.iter().map(ToString::to_string);
        let mut select = live(project).filter(row::Column::CustomerId.is_in(ids));
        if let Some([key]) = feature_keys {
            select = select.filter(row::Column::FeatureKey.eq(key));
        }
        let rows = select
            .order_by_asc(row::Column::ActiveFrom)
            .order_by_asc(row::Column::Id)
            .all(connection)
            .await?;
        found.extend(
            rows.into_iter()
                .filter(|row| feature_keys.is_none_or(|keys| keys.contains(&row.feature_key))),
        );
    }
    from_rows(connection, project, found).await
}

/// What a subscription manages, by start of activity.
#[derive(Clone, Debug, Default)]
pub struct Managed {
    /// Its live entitlements.
    pub there: Vec<Entitlement>,
    /// Those of which others must still be told, deleted ones too.
    pub untold: Vec<Entitlement>,
}

/// What a subscription manages, if a revision of it, or a newer one, was applied.
pub async fn of_applied(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    subscription: SubscriptionId,
    revision: i64,
) -> Result<Option<Managed>, EntitlementError> {
    let found = connection
        .query_all_raw(Statement::from_sql_and_values(
            connection.get_database_backend(),
            "SELECT e.* FROM subscription_applied AS a LEFT JOIN entitlement AS e \
             ON e.project_id = a.project_id AND e.subscription_id = a.subscription_id \
             AND (e.delete_time IS NULL OR e.hold_due) \
             WHERE a.project_id = $1 AND a.subscription_id = $2 AND a.revision >= $3 \
             ORDER BY e.active_from, e.id",
            [
                project.to_string().into(),
                subscription.to_string().into(),
                revision.into(),
            ],
        ))
        .await?;
    if found.is_empty() {
        return Ok(None);
    }
    let mut rows = Vec::with_capacity(found.len());
    for joined in &found {
        // Nothing is joined where there is nothing.
        if joined.try_get::<Option<String>>("", "id")?.is_some() {
            rows.push(row::Model::from_query_result(joined, "")?);
        }
    }
    let due: Vec<bool> = rows.iter().map(|row| row.hold_due).collect();
    let all = from_rows(connection, project, rows).await?;
    let mut managed = Managed::default();
    for (found, due) in all.into_iter().zip(due) {
        if due {
            managed.untold.push(found.clone());
        }
        if found.deleted.is_none() {
            managed.there.push(found);
        }
    }
    Ok(Some(managed))
}

/// One page of a list.
pub async fn list(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    filter: &Filter,
    slice: &Slice,
) -> Result<Rows<Entitlement>, EntitlementError> {
    let mut select = of(project);
    if !filter.include_deleted {
        select = select.filter(row::Column::DeleteTime.is_null());
    }
    if let Some(customers) = &filter.customers {
        let ids = customers.iter().map(ToString::to_string);
        select = select.filter(row::Column::CustomerId.is_in(ids));
    }
    if !filter.features.is_empty() {
        select = select.filter(
            Condition::any()
                .add(row::Column::FeatureId.is_in(filter.features.iter().map(String::as_str)))
                .add(row::Column::FeatureKey.is_in(filter.features.iter().map(String::as_str))),
        );
    }
    if !filter.kinds.is_empty() {
        select = select.filter(row::Column::Kind.is_in(filter.kinds.iter().copied()));
    }
    if let Some(subscription) = filter.subscription {
        select = select.filter(row::Column::SubscriptionId.eq(subscription.to_string()));
    }
    if let Some(now) = filter.active_at.map(micros) {
        select = select
            .filter(row::Column::ActiveFrom.lte(now))
            .filter(
                Condition::any()
                    .add(row::Column::ActiveTo.is_null())
                    .add(row::Column::ActiveTo.gt(now)),
            )
            .filter(
                Condition::any()
                    .add(row::Column::DeleteTime.is_null())
                    .add(row::Column::DeleteTime.gt(now)),
            );
    }
    let sort = Sort {
        time: Some(if filter.by_update_time {
            row::Column::UpdateTime
        } else {
            row::Column::CreateTime
        }),
        id: row::Column::Id,
        descending: filter.descending,
    };
    let page = slice::read(connection, select, sort, slice).await?;
    Ok(Rows {
        rows: from_rows(connection, project, page.rows).await?,
        more: page.more,
        total: page.total,
    })
}

/// Entitlements of which others must still be told, deleted ones too; with the revision
/// that was read.
pub async fn with_hold_due(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    limit: u64,
) -> Result<Vec<Entitlement>, EntitlementError> {
    let rows = of(project)
        .filter(row::Column::HoldDue.eq(true))
        .order_by_asc(row::Column::Id)
        .limit(limit)
        .all(connection)
        .await?;
    from_rows(connection, project, rows).await
}

/// Projects in which others must still be told of something.
pub async fn projects_with_hold_due(
    connection: &impl ConnectionTrait,
) -> Result<Vec<ProjectId>, EntitlementError> {
    let found: Vec<String> = row::Entity::find()
        .select_only()
        .column(row::Column::ProjectId)
        .distinct()
        .filter(row::Column::HoldDue.eq(true))
        .into_tuple()
        .all(connection)
        .await?;
    found.iter().map(|text| id_from_text(text)).collect()
}

/// Notes of entitlements that the others were told of them as of the revision that was read, and whether their meters are
/// held now. If one has changed since, they may have heard the news out of order and are told again.
pub async fn clear_hold_due(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    told: &[(&Entitlement, bool)],
) -> Result<(), EntitlementError> {
    let backend = connection.get_database_backend();
    let set = |entitlement: &Entitlement, meter_held: bool, due: bool| {
        row::Entity::update_many()
            .col_expr(row::Column::HoldDue, Expr::value(due))
            .col_expr(row::Column::MeterHeld, Expr::value(meter_held))
            .filter(row::Column::ProjectId.eq(project.to_string()))
            .filter(row::Column::Id.eq(entitlement.id.to_string()))
    };
    let mut batch = Batch::new();
    for (entitlement, meter_held) in told {
        let cleared = set(entitlement, *meter_held, false)
            .filter(row::Column::Revision.eq(entitlement.revision));
        batch.push(cleared.build(backend));
    }
    let counts = batch.send(connection).await?;
    let mut again = Batch::new();
    for ((entitlement, meter_held), count) in told.iter().zip(counts) {
        if count == 0 {
            again.push(set(entitlement, *meter_held, true).build(backend));
        }
    }
    again.send(connection).await?;
    Ok(())
}

/// Whether another entitlement that has not ended measures with the same feature.
pub async fn measures_too(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    entitlement: &Entitlement,
    now: Timestamp,
) -> Result<bool, EntitlementError> {
    let other = live(project)
        .filter(row::Column::FeatureKey.eq(&entitlement.feature_key))
        .filter(row::Column::FeatureId.eq(entitlement.feature.to_string()))
        .filter(row::Column::UsageQuery.is_not_null())
        .filter(row::Column::Id.ne(entitlement.id.to_string()))
        .filter(
            Condition::any()
                .add(row::Column::ActiveTo.is_null())
                .add(row::Column::ActiveTo.gt(micros(now))),
        )
        .one(connection)
        .await?;
    Ok(other.is_some())
}

/// Projects with entitlements that hold a meter and end by time, and when the first of them does.
pub async fn first_ends(
    connection: &impl ConnectionTrait,
) -> Result<Vec<(ProjectId, Timestamp)>, EntitlementError> {
    let found: Vec<(String, Option<i64>)> = row::Entity::find()
        .select_only()
        .column(row::Column::ProjectId)
        .column_as(row::Column::ActiveTo.min(), "first_end")
        .filter(row::Column::MeterHeld.eq(true))
        .filter(row::Column::ActiveTo.is_not_null())
        .group_by(row::Column::ProjectId)
        .into_tuple()
        .all(connection)
        .await?;
    found
        .into_iter()
        .filter_map(|(project, end)| Some((project, end?)))
        .map(|(project, end)| Ok((id_from_text(&project)?, instant(end))))
        .collect()
}

/// Has the others told of entitlements that hold a meter and have ended; answers how many they are.
pub async fn mark_ended(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    now: Timestamp,
) -> Result<u64, EntitlementError> {
    let marked = row::Entity::update_many()
        .col_expr(row::Column::HoldDue, Expr::value(true))
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::MeterHeld.eq(true))
        .filter(row::Column::ActiveTo.lte(micros(now)))
        .exec(connection)
        .await?;
    Ok(marked.rows_affected)
}

fn to_row(
    project: ProjectId,
    entitlement: &Entitlement,
) -> Result<row::ActiveModel, EntitlementError> {
    let (body, usage_query) = match &entitlement.kind {
        Kind::Metered(metered) => (
            Body::Metered {
                measure_from: metered.timeline.measure_from,
                soft_limit: metered.soft_limit,
                preserve_overage: metered.timeline.preserve_overage,
                issue: metered.issue.as_ref().map(|issue| StoredIssue {
                    amount: kernel::decimal::format(issue.amount),
                    priority: issue.priority,
                }),
                aggregation: metered.source.aggregation,
            },
            Some(metered.source.query.clone()),
        ),
        Kind::Static { config, .. } => (
            Body::Static {
                config: config.clone(),
            },
            None,
        ),
        Kind::Boolean { .. } => (Body::Boolean, None),
    };
    let body =
        serde_json::to_string(&body).map_err(|_| EntitlementError::Corrupt { what: "body" })?;
    let usage_period = entitlement.usage_period();
    let manager = entitlement.managed_by;
    Ok(row::ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(entitlement.id.to_string()),
        customer_id: Set(entitlement.customer.to_string()),
        feature_id: Set(entitlement.feature.to_string()),
        feature_key: Set(entitlement.feature_key.clone()),
        kind: Set(entitlement.kind.name().to_owned()),
        body: Set(body),
        usage_query: Set(usage_query),
        usage_interval: Set(usage_period.map(|period| period.interval.as_str().to_owned())),
        usage_anchor: Set(usage_period.map(|period| micros(period.anchor))),
        active_from: Set(micros(entitlement.active_from)),
        active_to: Set(entitlement.active_to.map(micros)),
        subscription_id: Set(manager.map(|manager| manager.subscription.to_string())),
        item_id: Set(manager.map(|manager| manager.item.to_string())),
        metadata: Set(labels_to_text(&entitlement.metadata)?),
        annotations: Set(labels_to_text(&entitlement.annotations)?),
        hold_due: Set(entitlement.concerns_others()),
        meter_held: Set(false),
        revision: Set(entitlement.revision),
        create_time: Set(micros(entitlement.created)),
        update_time: Set(micros(entitlement.updated)),
        delete_time: Set(entitlement.deleted.map(micros)),
    })
}

/// Entitlements from their rows, with their resets, in the order of the rows.
async fn from_rows(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    rows: Vec<row::Model>,
) -> Result<Vec<Entitlement>, EntitlementError> {
    // A reset is a change: what was never changed has none.
    let metered: Vec<&str> = rows
        .iter()
        .filter(|row| row.usage_query.is_some() && row.revision > 1)
        .map(|row| row.id.as_str())
        .collect();
    let mut resets: HashMap<String, Vec<ManualReset>> = HashMap::new();
    for chunk in metered.chunks(IN_CHUNK) {
        let found = usage_reset::Entity::find()
            .filter(usage_reset::Column::ProjectId.eq(project.to_string()))
            .filter(usage_reset::Column::EntitlementId.is_in(chunk.iter().copied()))
            .order_by_asc(usage_reset::Column::EffectiveTime)
            .all(connection)
            .await?;
        for reset in found {
            resets
                .entry(reset.entitlement_id)
                .or_default()
                .push(ManualReset {
                    at: instant(reset.effective_time),
                    anchor: instant(reset.anchor_time),
                    preserve_overage: reset.preserve_overage,
                });
        }
    }
    rows.into_iter()
        .map(|row| {
            let resets = resets.remove(&row.id).unwrap_or_default();
            from_row(row, resets)
        })
        .collect()
}

fn from_row(row: row::Model, resets: Vec<ManualReset>) -> Result<Entitlement, EntitlementError> {
    let corrupt = |what| EntitlementError::Corrupt { what };
    let usage_period = match (&row.usage_interval, row.usage_anchor) {
        (Some(interval), Some(anchor)) => Some(Recurrence {
            interval: IsoDuration::parse(interval).map_err(|_| corrupt("usage period"))?,
            anchor: instant(anchor),
        }),
        (None, _) | (_, None) => None,
    };
    let body: Body = serde_json::from_str(&row.body).map_err(|_| corrupt("body"))?;
    let kind = match body {
        Body::Boolean => Kind::Boolean { usage_period },
        Body::Static { config } => Kind::Static {
            config,
            usage_period,
        },
        Body::Metered {
            measure_from,
            soft_limit,
            preserve_overage,
            issue,
            aggregation,
        } => Kind::Metered(Metered {
            timeline: Timeline {
                measure_from,
                schedule: usage_period.ok_or_else(|| corrupt("usage period"))?,
                preserve_overage,
                resets,
            },
            soft_limit,
            issue: issue.map(read_issue).transpose()?,
            source: UsageSource {
                aggregation,
                query: row.usage_query.unwrap_or_default(),
            },
        }),
    };
    let managed_by = match (&row.subscription_id, &row.item_id) {
        (Some(subscription), Some(item)) => Some(Manager {
            subscription: id_from_text(subscription)?,
            item: id_from_text(item)?,
        }),
        (None, _) | (_, None) => None,
    };
    Ok(Entitlement {
        id: id_from_text(&row.id)?,
        customer: id_from_text(&row.customer_id)?,
        feature: id_from_text(&row.feature_id)?,
        feature_key: row.feature_key,
        kind,
        active_from: instant(row.active_from),
        active_to: row.active_to.map(instant),
        managed_by,
        metadata: labels_from_text(&row.metadata)?,
        annotations: labels_from_text(&row.annotations)?,
        created: instant(row.create_time),
        updated: instant(row.update_time),
        deleted: row.delete_time.map(instant),
        revision: row.revision,
    })
}

fn read_issue(stored: StoredIssue) -> Result<Issue, EntitlementError> {
    let amount: Decimal = kernel::decimal::parse(&stored.amount)?;
    Ok(Issue {
        amount,
        priority: stored.priority,
    })
}
