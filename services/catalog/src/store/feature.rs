//! Features and what holds them.

use chassis::Write;
use chassis::db::{instant, is_unique_violation, micros};
use chassis::keyset::{self, Rows, Slice, SortColumn};
use jiff::Timestamp;
use kernel::id::{FeatureId, MeterId, ProjectId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DatabaseBackend,
    DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait as _,
    Statement, sea_query::OnConflict,
};

use super::entity::{feature as row, feature_hold};
use crate::{
    domain::feature::{FeatureBody, MeterFacts, NewFeature},
    error::CatalogError,
};

/// A stored feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// Identifies it.
    pub id: FeatureId,
    /// Unique among live features.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// Its meter and the slug that the meter had.
    pub meter: Option<(MeterId, String)>,
    /// Filters, unit cost, metadata.
    pub body: FeatureBody,
    /// Counts its writes.
    pub revision: i64,
    /// When it was made.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
    /// When it was archived.
    pub archive_time: Option<Timestamp>,
}

/// What a feature is found by.
#[derive(Clone, Debug)]
pub enum FeatureRef {
    /// Its id.
    Id(FeatureId),
    /// Its key.
    Key(String),
    /// Its id, else its key.
    IdOrKey(String),
}

impl std::fmt::Display for FeatureRef {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => write!(formatter, "{id}"),
            Self::Key(text) | Self::IdOrKey(text) => formatter.write_str(text),
        }
    }
}

fn of(project: ProjectId) -> sea_orm::Select<row::Entity> {
    row::Entity::find().filter(row::Column::ProjectId.eq(project.to_string()))
}

/// Stores a feature. `FeatureKeyTaken` when a live one has the key.
pub async fn insert(
    db: &impl ConnectionTrait,
    project: ProjectId,
    id: FeatureId,
    new: NewFeature,
    meter: Option<MeterFacts>,
    now: Timestamp,
) -> Result<Feature, CatalogError> {
    // Asked first, so that the refusal can name the feature: a failed insert ends the
    // transaction on PostgreSQL. The unique index settles races.
    if let Some(other) = by_keys(db, project, std::slice::from_ref(&new.key), false)
        .await?
        .pop()
    {
        return Err(CatalogError::FeatureKeyTaken {
            key: new.key,
            id: other.id,
        });
    }
    let feature = Feature {
        id,
        key: new.key,
        name: new.name,
        meter: meter.map(|meter| (meter.id, meter.slug)),
        body: new.body,
        revision: 1,
        create_time: now,
        update_time: now,
        archive_time: None,
    };
    let body = serde_json::to_string(&feature.body).map_err(|cause| corrupt(id, cause))?;
    let (meter_id, meter_slug) = feature.meter.clone().unzip();
    let model = row::ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(id.to_string()),
        key: Set(feature.key.clone()),
        name: Set(feature.name.clone()),
        meter_id: Set(meter_id.map(|id| id.to_string())),
        meter_slug: Set(meter_slug),
        body: Set(body),
        revision: Set(feature.revision),
        create_time: Set(micros(now)),
        update_time: Set(micros(now)),
        archive_time: Set(None),
    };
    row::Entity::insert(model)
        .exec_without_returning(db)
        .await
        .map_err(|error| {
            if is_unique_violation(&error) {
                CatalogError::Stale("feature")
            } else {
                error.into()
            }
        })?;
    Ok(feature)
}

/// One feature, or `FeatureNotFound`. By id an archived one only if asked for; by key the
/// live one, else, if asked for, the newest archived one.
pub async fn find(
    db: &impl ConnectionTrait,
    project: ProjectId,
    wanted: &FeatureRef,
    include_archived: bool,
) -> Result<Feature, CatalogError> {
    let condition = match wanted {
        FeatureRef::Id(id) => Condition::all().add(row::Column::Id.eq(id.to_string())),
        FeatureRef::Key(key) => Condition::all().add(row::Column::Key.eq(key)),
        FeatureRef::IdOrKey(text) => Condition::any()
            .add(row::Column::Id.eq(text))
            .add(row::Column::Key.eq(text)),
    };
    let mut select = of(project).filter(condition);
    if !include_archived {
        select = select.filter(row::Column::ArchiveTime.is_null());
    }
    let rows = select.order_by_desc(row::Column::Id).all(db).await?;
    let newest = rows
        .into_iter()
        .max_by_key(|row| (row.archive_time.is_none(), row.id.clone()));
    newest.map_or_else(
        || Err(CatalogError::FeatureNotFound(wanted.to_string())),
        from_row,
    )
}

/// Features by id.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    project: ProjectId,
    ids: &[FeatureId],
    include_archived: bool,
) -> Result<Vec<Feature>, CatalogError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids = ids.iter().map(FeatureId::to_string);
    read(
        db,
        of(project).filter(row::Column::Id.is_in(ids)),
        include_archived,
    )
    .await
}

/// Features by id, archived ones too, locked until the end of the transaction on PostgreSQL: whoever
/// wants to archive one and whoever puts it into effect in a plan come one after the other.
pub async fn lock(
    db: &impl ConnectionTrait,
    project: ProjectId,
    ids: &[FeatureId],
) -> Result<Vec<Feature>, CatalogError> {
    let ids = ids.iter().map(FeatureId::to_string);
    let rows = of(project)
        .filter(row::Column::Id.is_in(ids))
        .order_by_asc(row::Column::Id)
        .lock_exclusive()
        .all(db)
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// Features by key.
pub async fn by_keys(
    db: &impl ConnectionTrait,
    project: ProjectId,
    keys: &[String],
    include_archived: bool,
) -> Result<Vec<Feature>, CatalogError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    read(
        db,
        of(project).filter(row::Column::Key.is_in(keys)),
        include_archived,
    )
    .await
}

async fn read(
    db: &impl ConnectionTrait,
    mut select: sea_orm::Select<row::Entity>,
    include_archived: bool,
) -> Result<Vec<Feature>, CatalogError> {
    if !include_archived {
        select = select.filter(row::Column::ArchiveTime.is_null());
    }
    let rows = select.order_by_desc(row::Column::Id).all(db).await?;
    rows.into_iter().map(from_row).collect()
}

/// What a list shows and how it is sorted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only features of these meters; empty: all.
    pub meter_slugs: Vec<String>,
    /// Archived ones too.
    pub include_archived: bool,
    /// What it is sorted by.
    pub sort: Sort,
}

/// What a list of features is sorted by; ties by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By key.
    #[default]
    Key,
    /// By id.
    Id,
    /// By name.
    Name,
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
            Self::Key => vec![sort(row::Column::Key, false), id],
            Self::Name => vec![sort(row::Column::Name, false), id],
            Self::CreateTime => vec![sort(row::Column::CreateTime, true), id],
            Self::UpdateTime => vec![sort(row::Column::UpdateTime, true), id],
        }
    }

    /// The sort values of a row, for a page token.
    pub fn values(self, feature: &Feature) -> Vec<String> {
        let id = feature.id.to_string();
        match self {
            Self::Id => vec![id],
            Self::Key => vec![feature.key.clone(), id],
            Self::Name => vec![feature.name.clone(), id],
            Self::CreateTime => vec![micros(feature.create_time).to_string(), id],
            Self::UpdateTime => vec![micros(feature.update_time).to_string(), id],
        }
    }
}

/// One page of features.
pub async fn list(
    db: &impl ConnectionTrait,
    project: ProjectId,
    filter: &Filter,
    slice: &Slice,
) -> Result<Rows<Feature>, CatalogError> {
    let select = matching(project, filter);
    let page = keyset::read(db, select, &filter.sort.columns(), slice).await?;
    Ok(Rows {
        rows: page
            .rows
            .into_iter()
            .map(from_row)
            .collect::<Result<_, _>>()?,
        more: page.more,
        total: page.total,
    })
}

/// The question for one page of features, as `list` asks it.
#[cfg(test)]
pub fn page_of(project: ProjectId, filter: &Filter, slice: &Slice) -> sea_orm::Select<row::Entity> {
    keyset::page_of(matching(project, filter), &filter.sort.columns(), slice)
}

fn matching(project: ProjectId, filter: &Filter) -> sea_orm::Select<row::Entity> {
    let mut select = of(project);
    if !filter.include_archived {
        select = select.filter(row::Column::ArchiveTime.is_null());
    }
    if !filter.meter_slugs.is_empty() {
        select = select.filter(row::Column::MeterSlug.is_in(&filter.meter_slugs));
    }
    select
}

/// Archives a live feature that was read at the revision before.
pub async fn archive(
    db: &impl ConnectionTrait,
    project: ProjectId,
    feature: Feature,
    now: Timestamp,
) -> Result<Feature, CatalogError> {
    let archived = Feature {
        revision: feature.revision + 1,
        update_time: now,
        archive_time: Some(now),
        ..feature
    };
    let model = row::ActiveModel {
        revision: Set(archived.revision),
        update_time: Set(micros(now)),
        archive_time: Set(Some(micros(now))),
        ..Default::default()
    };
    let done = row::Entity::update_many()
        .set(model)
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::Id.eq(archived.id.to_string()))
        .filter(row::Column::Revision.eq(feature.revision))
        .exec(db)
        .await?;
    if done.rows_affected == 0 {
        return Err(CatalogError::Stale("feature"));
    }
    Ok(archived)
}

/// One hold of a holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The feature held.
    pub feature: FeatureId,
    /// First instant at which it counts.
    pub start: Timestamp,
    /// First instant at which it no longer does.
    pub end: Option<Timestamp>,
}

/// Who holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// What kind of thing, such as `subscription`.
    pub reason: &'static str,
    /// Its id.
    pub id: String,
}

/// Whether a revision of a holder is not older than what was applied before, and remembers it; 0 is
/// not ordered. Until the transaction ends, no other replaces the holds of the holder.
pub async fn is_newer(
    tx: &DatabaseTransaction,
    project: ProjectId,
    holder: &Holder,
    revision: i64,
) -> Result<bool, CatalogError> {
    if revision == 0 {
        chassis::db::lock(tx, &format!("catalog.holder.{project}.{holder:?}")).await?;
        return Ok(true);
    }
    let advance = advancement(tx.get_database_backend(), project, holder, revision);
    let done = tx.execute_raw(advance).await?;
    Ok(done.rows_affected() == 1)
}

/// Remembers a revision of a holder with the commit, which fails as `ABORTED` unless nothing newer was applied before, or
/// anything meanwhile. For writes whose every statement goes with the commit.
pub fn advance_later(write: &Write, project: ProjectId, holder: &Holder, revision: i64) {
    let mut advance = advancement(write.tx().get_database_backend(), project, holder, revision);
    // What goes with it was seen by the same statement: as it was before it waited for anybody.
    advance.sql.push_str(
        " AND feature_holder.revision = (SELECT known.revision FROM feature_holder AS known \
         WHERE known.project_id = $1 AND known.reason = $2 AND known.holder_id = $3)",
    );
    write.later_once(advance);
}

fn advancement(
    backend: DatabaseBackend,
    project: ProjectId,
    holder: &Holder,
    revision: i64,
) -> Statement {
    Statement::from_sql_and_values(
        backend,
        "INSERT INTO feature_holder (project_id, reason, holder_id, revision) \
         VALUES ($1, $2, $3, $4) ON CONFLICT (project_id, reason, holder_id) \
         DO UPDATE SET revision = excluded.revision \
         WHERE feature_holder.revision <= excluded.revision",
        [
            project.to_string().into(),
            holder.reason.into(),
            holder.id.as_str().into(),
            revision.into(),
        ],
    )
}

/// Replaces all holds of a holder, with the commit.
pub fn replace_holds_later(write: &Write, project: ProjectId, holder: &Holder, holds: &[Hold]) {
    use feature_hold::Column;
    let backend = write.tx().get_database_backend();
    let project = project.to_string();
    // Of holds on the same feature from the same instant the longest says it all.
    let mut longest = std::collections::BTreeMap::new();
    for hold in holds {
        let end = longest
            .entry((hold.feature, hold.start))
            .or_insert(hold.end);
        *end = end.zip(hold.end).map(|(a, b)| a.max(b));
    }
    let mut kept = Condition::any();
    for (feature, start) in longest.keys() {
        kept = kept.add(
            Condition::all()
                .add(Column::FeatureId.eq(feature.to_string()))
                .add(Column::StartTime.eq(micros(*start))),
        );
    }
    let mut others = feature_hold::Entity::delete_many()
        .filter(Column::ProjectId.eq(&project))
        .filter(Column::Reason.eq(holder.reason))
        .filter(Column::HolderId.eq(&holder.id));
    if !longest.is_empty() {
        others = others.filter(kept.not());
    }
    write.later(others.build(backend));
    if longest.is_empty() {
        return;
    }
    let rows = longest
        .into_iter()
        .map(|((feature, start), end)| feature_hold::ActiveModel {
            project_id: Set(project.clone()),
            reason: Set(holder.reason.to_owned()),
            holder_id: Set(holder.id.clone()),
            feature_id: Set(feature.to_string()),
            start_time: Set(micros(start)),
            end_time: Set(end.map(micros)),
        });
    let key = [
        Column::ProjectId,
        Column::Reason,
        Column::HolderId,
        Column::FeatureId,
        Column::StartTime,
    ];
    let rows = feature_hold::Entity::insert_many(rows).on_conflict(
        OnConflict::columns(key)
            .update_column(Column::EndTime)
            .to_owned(),
    );
    write.later(rows.build(backend));
}

/// Who holds the feature now, as `reason id`, at most ten.
pub async fn holders(
    db: &impl ConnectionTrait,
    project: ProjectId,
    feature: FeatureId,
    now: Timestamp,
) -> Result<Vec<String>, CatalogError> {
    let end = feature_hold::Column::EndTime;
    let rows = feature_hold::Entity::find()
        .filter(feature_hold::Column::ProjectId.eq(project.to_string()))
        .filter(feature_hold::Column::FeatureId.eq(feature.to_string()))
        .filter(feature_hold::Column::StartTime.lte(micros(now)))
        .filter(Condition::any().add(end.is_null()).add(end.gt(micros(now))))
        .order_by_asc(feature_hold::Column::HolderId)
        .limit(10)
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| format!("{} {}", row.reason, row.holder_id))
        .collect())
}

fn corrupt(id: impl std::fmt::Display, cause: serde_json::Error) -> CatalogError {
    CatalogError::Corrupt {
        what: "feature",
        id: id.to_string(),
        cause,
    }
}

fn from_row(row: row::Model) -> Result<Feature, CatalogError> {
    let bad = |text: &str| corrupt(&row.id, serde::de::Error::custom(text));
    let meter = match (&row.meter_id, &row.meter_slug) {
        (Some(id), Some(slug)) => Some((id.parse().map_err(|_| bad("meter id"))?, slug.clone())),
        (None | Some(_), None) | (None, Some(_)) => None,
    };
    Ok(Feature {
        id: row.id.parse().map_err(|_| bad("id"))?,
        meter,
        body: serde_json::from_str(&row.body).map_err(|cause| corrupt(&row.id, cause))?,
        key: row.key,
        name: row.name,
        revision: row.revision,
        create_time: instant(row.create_time),
        update_time: instant(row.update_time),
        archive_time: row.archive_time.map(instant),
    })
}
