//! Meters: finders, and the writes that keep one live meter per slug.

use std::collections::{BTreeMap, BTreeSet};

use chassis::db::{instant, is_unique_violation, micros};
use kernel::{
    id::{MeterId, ProjectId},
    key::ResourceKey,
};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, ExprTrait as _,
    FromQueryResult as _, IntoActiveModel as _, Order, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _, Value, sea_query::Expr,
};

use super::entity::meter::{self as row, Column, Entity};
use crate::{
    domain::{
        aggregate::Aggregation,
        jsonpath::JsonPath,
        meter::{Meter, measure},
    },
    error::MeteringError,
};

/// Names one meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MeterName {
    /// By id; deleted ones too.
    Id(String),
    /// By slug; live ones only.
    Slug(String),
    /// By id, else by slug.
    IdOrSlug(String),
}

impl MeterName {
    /// What was given.
    pub fn text(&self) -> &str {
        match self {
            Self::Id(text) | Self::Slug(text) | Self::IdOrSlug(text) => text,
        }
    }
}

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeterOrder {
    /// Slug.
    Slug,
    /// Name.
    Name,
    /// Word of the aggregation.
    Aggregation,
    /// Time of making.
    CreateTime,
    /// Time of the last change.
    UpdateTime,
}

impl MeterOrder {
    const fn column(self) -> Column {
        match self {
            Self::Slug => Column::Slug,
            Self::Name => Column::Name,
            Self::Aggregation => Column::Aggregation,
            Self::CreateTime => Column::CreateTime,
            Self::UpdateTime => Column::UpdateTime,
        }
    }

    /// The sort values of a meter, as text.
    pub fn values(self, meter: &Meter) -> [String; 2] {
        let value = match self {
            Self::Slug => meter.slug.as_str().to_owned(),
            Self::Name => meter.name.clone(),
            Self::Aggregation => meter.measure.aggregation().word().to_owned(),
            Self::CreateTime => micros(meter.create_time).to_string(),
            Self::UpdateTime => micros(meter.update_time).to_string(),
        };
        [value, meter.id.to_string()]
    }

    fn value(self, text: &str) -> Option<Value> {
        match self {
            Self::Slug | Self::Name | Self::Aggregation => Some(text.into()),
            Self::CreateTime | Self::UpdateTime => text.parse::<i64>().ok().map(Into::into),
        }
    }
}

/// Where a page of meters starts.
#[derive(Clone, Debug)]
pub enum MeterPage {
    /// Behind these sort values; at the beginning when none.
    After(Option<Vec<String>>),
    /// At this row.
    Offset(u64),
}

/// Which meters are listed.
#[derive(Clone, Debug)]
pub struct MeterList {
    /// Deleted ones too.
    pub include_deleted: bool,
    /// Only of this event type; empty for all.
    pub event_type: String,
    /// Sort column.
    pub order: MeterOrder,
    /// Sorted down.
    pub descending: bool,
}

fn of_project(project: ProjectId) -> sea_orm::Select<Entity> {
    Entity::find().filter(Column::ProjectId.eq(project.to_string()))
}

/// The meter of a name.
pub async fn by_name(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    name: &MeterName,
) -> Result<Meter, MeteringError> {
    find(connection, project, name, false).await
}

/// The meter of a name, locked until the end of the transaction.
pub async fn lock(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    name: &MeterName,
) -> Result<Meter, MeteringError> {
    find(tx, project, name, true).await
}

/// The meters with these ids, deleted ones too, locked until the end of the transaction, by id; unknown ones are left out.
pub async fn lock_all(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    ids: &BTreeSet<&str>,
) -> Result<BTreeMap<String, Meter>, MeteringError> {
    let rows = of_project(project)
        .filter(Column::Id.is_in(ids.iter().copied()))
        .order_by_asc(Column::Id)
        .lock_exclusive()
        .all(tx)
        .await?;
    rows.into_iter()
        .map(|row| Ok((row.id.clone(), from_row(row)?)))
        .collect()
}

async fn find(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    name: &MeterName,
    lock: bool,
) -> Result<Meter, MeteringError> {
    let by_id = |id: &str| of_project(project).filter(Column::Id.eq(id));
    let by_slug = |slug: &str| {
        of_project(project)
            .filter(Column::Slug.eq(slug))
            .filter(Column::DeleteTime.is_null())
    };
    let attempts = match name {
        MeterName::Id(id) => vec![by_id(id)],
        MeterName::Slug(slug) => vec![by_slug(slug)],
        MeterName::IdOrSlug(text) => vec![by_id(text), by_slug(text)],
    };
    for attempt in attempts {
        let attempt = if lock {
            attempt.lock_exclusive()
        } else {
            attempt
        };
        if let Some(found) = attempt.one(connection).await? {
            return from_row(found);
        }
    }
    Err(MeteringError::MeterNotFound(name.text().to_owned()))
}

/// The meters with these ids, deleted ones too, and the live ones with these slugs, by ascending id.
pub async fn by_ids_and_slugs(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    ids: Vec<String>,
    slugs: Vec<String>,
) -> Result<Vec<Meter>, MeteringError> {
    let wanted = Condition::any().add(Column::Id.is_in(ids)).add(
        Condition::all()
            .add(Column::Slug.is_in(slugs))
            .add(Column::DeleteTime.is_null()),
    );
    let rows = of_project(project)
        .filter(wanted)
        .order_by_asc(Column::Id)
        .all(connection)
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// The live meters that measure any of these event types, by ascending id.
pub async fn live_of_types(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    types: Vec<String>,
) -> Result<Vec<Meter>, MeteringError> {
    let rows = live_measuring(project, types).all(connection).await?;
    rows.into_iter().map(from_row).collect()
}

fn live_measuring(project: ProjectId, types: Vec<String>) -> sea_orm::Select<Entity> {
    of_project(project)
        .filter(Column::EventType.is_in(types))
        .filter(Column::DeleteTime.is_null())
        .order_by_asc(Column::Id)
}

/// The same, each with the generation of its rollup, if it has one.
pub async fn live_with_generation(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    types: Vec<String>,
) -> Result<Vec<(Meter, Option<i64>)>, MeteringError> {
    let query = live_measuring(project, types)
        .expr_as(
            Expr::cust(
                "(SELECT r.generation FROM meter_rollup AS r \
                 WHERE r.project_id = meter.project_id AND r.meter_id = meter.id)",
            ),
            "generation",
        )
        .build(connection.get_database_backend());
    let rows = connection.query_all_raw(query).await?;
    rows.iter()
        .map(|found| {
            let meter = from_row(row::Model::from_query_result(found, "")?)?;
            Ok((meter, found.try_get("", "generation")?))
        })
        .collect()
}

/// All meters that measure an event type, deleted ones too, by ascending id.
pub async fn of_type(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    event_type: &str,
) -> Result<Vec<Meter>, MeteringError> {
    let rows = of_project(project)
        .filter(Column::EventType.eq(event_type))
        .order_by_asc(Column::Id)
        .all(connection)
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// A page of meters, and the number of all matches where the page is given by its number.
pub async fn list(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    list: &MeterList,
    page: &MeterPage,
    limit: u64,
) -> Result<(Vec<Meter>, u64), MeteringError> {
    let mut query = of_project(project);
    if !list.include_deleted {
        query = query.filter(Column::DeleteTime.is_null());
    }
    if !list.event_type.is_empty() {
        query = query.filter(Column::EventType.eq(list.event_type.as_str()));
    }
    let total = match page {
        MeterPage::Offset(_) => query.clone().count(connection).await?,
        MeterPage::After(_) => 0,
    };
    let order = if list.descending {
        Order::Desc
    } else {
        Order::Asc
    };
    let column = list.order.column();
    query = query
        .order_by(column, order.clone())
        .order_by(Column::Id, order)
        .limit(limit);
    match page {
        MeterPage::Offset(offset) => query = query.offset(*offset),
        MeterPage::After(None) => {}
        MeterPage::After(Some(last)) => {
            if let [value, id] = last.as_slice()
                && let Some(value) = list.order.value(value)
            {
                query = query.filter(behind(column, value, id, list.descending));
            }
        }
    }
    let rows = query.all(connection).await?;
    let meters: Result<Vec<Meter>, MeteringError> = rows.into_iter().map(from_row).collect();
    Ok((meters?, total))
}

fn behind(column: Column, value: Value, id: &str, descending: bool) -> Condition {
    let place = Expr::col((Entity, column));
    let own = Expr::col((Entity, Column::Id));
    let (further, tie) = if descending {
        (place.clone().lt(value.clone()), own.lt(id))
    } else {
        (place.clone().gt(value.clone()), own.gt(id))
    };
    Condition::any().add(further).add(place.eq(value).and(tie))
}

/// Stores a new meter. A taken slug is `SlugTaken`.
pub async fn insert(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    meter: &Meter,
) -> Result<(), MeteringError> {
    match Entity::insert(to_row(project, meter)?.into_active_model())
        .exec_without_returning(tx)
        .await
    {
        Ok(_) => Ok(()),
        Err(error) if is_unique_violation(&error) => {
            Err(MeteringError::SlugTaken(meter.slug.as_str().to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Stores the next revision of a meter; `Stale` when another one was faster.
pub async fn update(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    meter: &Meter,
) -> Result<(), MeteringError> {
    let row = to_row(project, meter)?;
    let changed = Entity::update_many()
        .col_expr(Column::Name, Expr::value(row.name))
        .col_expr(Column::Description, Expr::value(row.description))
        .col_expr(Column::GroupBy, Expr::value(row.group_by))
        .col_expr(Column::Metadata, Expr::value(row.metadata))
        .col_expr(Column::Revision, Expr::value(row.revision))
        .col_expr(Column::UpdateTime, Expr::value(row.update_time))
        .col_expr(Column::DeleteTime, Expr::value(row.delete_time))
        .filter(Column::ProjectId.eq(row.project_id))
        .filter(Column::Id.eq(row.id))
        .filter(Column::Revision.eq(meter.revision - 1))
        .exec(tx)
        .await?;
    if changed.rows_affected == 1 {
        Ok(())
    } else {
        Err(MeteringError::Stale)
    }
}

fn corrupt() -> MeteringError {
    MeteringError::Corrupt { what: "meter" }
}

fn to_row(project: ProjectId, meter: &Meter) -> Result<row::Model, MeteringError> {
    let paths: BTreeMap<&str, &str> = meter
        .group_by
        .iter()
        .map(|(key, path)| (key.as_str(), path.as_str()))
        .collect();
    Ok(row::Model {
        project_id: project.to_string(),
        id: meter.id.to_string(),
        slug: meter.slug.as_str().to_owned(),
        name: meter.name.clone(),
        description: meter.description.clone(),
        event_type: meter.event_type.clone(),
        event_from: meter.event_from.map(micros),
        aggregation: meter.measure.aggregation().word().to_owned(),
        value_property: meter
            .measure
            .path()
            .map(|path| path.as_str().to_owned())
            .unwrap_or_default(),
        group_by: serde_json::to_string(&paths).map_err(|_| corrupt())?,
        metadata: serde_json::to_string(&meter.metadata).map_err(|_| corrupt())?,
        revision: meter.revision,
        create_time: micros(meter.create_time),
        update_time: micros(meter.update_time),
        delete_time: meter.delete_time.map(micros),
    })
}

fn from_row(row: row::Model) -> Result<Meter, MeteringError> {
    let paths: BTreeMap<String, String> =
        serde_json::from_str(&row.group_by).map_err(|_| corrupt())?;
    let group_by: Result<BTreeMap<String, JsonPath>, _> = paths
        .into_iter()
        .map(|(key, path)| JsonPath::parse(&path).map(|path| (key, path)))
        .collect();
    Ok(Meter {
        id: row.id.parse::<MeterId>().map_err(|_| corrupt())?,
        slug: ResourceKey::parse(&row.slug).map_err(|_| corrupt())?,
        name: row.name,
        description: row.description,
        event_type: row.event_type,
        event_from: row.event_from.map(instant),
        measure: measure(
            Aggregation::from_word(&row.aggregation),
            &row.value_property,
        )
        .map_err(|_| corrupt())?,
        group_by: group_by.map_err(|_| corrupt())?,
        metadata: serde_json::from_str(&row.metadata).map_err(|_| corrupt())?,
        revision: row.revision,
        create_time: instant(row.create_time),
        update_time: instant(row.update_time),
        delete_time: row.delete_time.map(instant),
    })
}
