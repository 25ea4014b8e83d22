//! Assignments of add-on versions to plan versions.

use chassis::keyset::{self, Rows, Slice, SortColumn};
use std::collections::BTreeMap;

use chassis::db::{instant, is_unique_violation, micros};
use jiff::Timestamp;
use kernel::id::{AddonId, PlanAddonId, PlanId, ProjectId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder,
};

use super::{
    entity::plan_addon as row,
    offer::{AddonVersion, OfferRef, Selection},
};
use crate::error::CatalogError;

/// A stored assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanAddon {
    /// Identifies it; not shown.
    pub id: PlanAddonId,
    /// The plan version.
    pub plan: PlanId,
    /// The add-on version.
    pub addon: AddonId,
    /// Key of the add-on.
    pub addon_key: String,
    /// Number of the add-on version.
    pub addon_number: i32,
    /// What the user says about it.
    pub terms: Terms,
    /// Counts its writes.
    pub revision: i64,
    /// When it was made.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
    /// When it was deleted.
    pub delete_time: Option<Timestamp>,
}

/// What the user says about an assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Key of the first phase in which the add-on can be bought.
    pub from_phase: String,
    /// How many instances a subscription may hold.
    pub max_quantity: Option<i32>,
    /// Free values.
    pub metadata: BTreeMap<String, String>,
}

fn of(project: ProjectId) -> sea_orm::Select<row::Entity> {
    row::Entity::find().filter(row::Column::ProjectId.eq(project.to_string()))
}

/// Stores an assignment. `PlanAddonExists` when the plan has the add-on.
pub async fn insert(
    db: &impl ConnectionTrait,
    project: ProjectId,
    id: PlanAddonId,
    (plan, addon): (PlanId, &AddonVersion),
    terms: Terms,
    now: Timestamp,
) -> Result<PlanAddon, CatalogError> {
    let stored = PlanAddon {
        id,
        plan,
        addon: addon.id,
        addon_key: addon.offer.key.clone(),
        addon_number: addon.number,
        terms,
        revision: 1,
        create_time: now,
        update_time: now,
        delete_time: None,
    };
    let model = row::ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(id.to_string()),
        plan_id: Set(plan.to_string()),
        addon_id: Set(addon.id.to_string()),
        addon_key: Set(stored.addon_key.clone()),
        addon_number: Set(stored.addon_number),
        from_phase: Set(stored.terms.from_phase.clone()),
        max_quantity: Set(stored.terms.max_quantity),
        metadata: Set(metadata(&stored)?),
        revision: Set(1),
        create_time: Set(micros(now)),
        update_time: Set(micros(now)),
        delete_time: Set(None),
    };
    row::Entity::insert(model)
        .exec_without_returning(db)
        .await
        .map_err(|error| {
            if is_unique_violation(&error) {
                CatalogError::PlanAddonExists
            } else {
                error.into()
            }
        })?;
    Ok(stored)
}

/// The assignment of a plan that `addon` names: the live one, else the newest deleted one.
/// By key the highest version assigned, unless a number is given.
pub async fn find(
    db: &impl ConnectionTrait,
    project: ProjectId,
    plan: PlanId,
    addon: &OfferRef<AddonId>,
) -> Result<Option<PlanAddon>, CatalogError> {
    let mut select = of(project).filter(row::Column::PlanId.eq(plan.to_string()));
    match addon {
        OfferRef::Id(id) => select = select.filter(row::Column::AddonId.eq(id.to_string())),
        OfferRef::Key(key, selection) => {
            select = select.filter(row::Column::AddonKey.eq(key));
            if let Selection::Number(number) = selection {
                select = select.filter(row::Column::AddonNumber.eq(*number));
            }
        }
    }
    let rows = select.all(db).await?;
    rows.into_iter()
        .max_by_key(|row| (row.delete_time.is_none(), row.addon_number, row.id.clone()))
        .map(from_row)
        .transpose()
}

/// All live assignments of a plan, oldest first.
pub async fn of_plan(
    db: &impl ConnectionTrait,
    project: ProjectId,
    plan: PlanId,
) -> Result<Vec<PlanAddon>, CatalogError> {
    let rows = of(project)
        .filter(row::Column::PlanId.eq(plan.to_string()))
        .filter(row::Column::DeleteTime.is_null())
        .order_by_asc(row::Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// Whether any plan has the add-on version.
pub async fn is_assigned(
    db: &impl ConnectionTrait,
    project: ProjectId,
    addon: AddonId,
) -> Result<bool, CatalogError> {
    let count = of(project)
        .filter(row::Column::AddonId.eq(addon.to_string()))
        .filter(row::Column::DeleteTime.is_null())
        .count(db)
        .await?;
    Ok(count > 0)
}

/// What a list shows and how it is sorted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only these add-on versions; empty: all.
    pub addon_ids: Vec<String>,
    /// Only add-ons with these keys; empty: all.
    pub addon_keys: Vec<String>,
    /// Only these versions of add-ons, by key and number; empty: all.
    pub key_numbers: Vec<(String, i32)>,
    /// Deleted ones too.
    pub include_deleted: bool,
    /// What it is sorted by.
    pub sort: Sort,
}

/// What a list of assignments is sorted by; ties by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By id.
    #[default]
    Id,
    /// By key of the add-on, then its number.
    Key,
    /// By number of the add-on version.
    Number,
    /// By time of creation.
    CreateTime,
    /// By time of the last change.
    UpdateTime,
}

impl Sort {
    fn columns(self) -> Vec<SortColumn<row::Column>> {
        let sort = |column, numeric| SortColumn { column, numeric };
        let id = sort(row::Column::Id, false);
        let number = sort(row::Column::AddonNumber, true);
        match self {
            Self::Id => vec![id],
            Self::Key => vec![sort(row::Column::AddonKey, false), number, id],
            Self::Number => vec![number, id],
            Self::CreateTime => vec![sort(row::Column::CreateTime, true), id],
            Self::UpdateTime => vec![sort(row::Column::UpdateTime, true), id],
        }
    }

    /// The sort values of a row, for a page token.
    pub fn values(self, assignment: &PlanAddon) -> Vec<String> {
        let id = assignment.id.to_string();
        let number = assignment.addon_number.to_string();
        match self {
            Self::Id => vec![id],
            Self::Key => vec![assignment.addon_key.clone(), number, id],
            Self::Number => vec![number, id],
            Self::CreateTime => vec![micros(assignment.create_time).to_string(), id],
            Self::UpdateTime => vec![micros(assignment.update_time).to_string(), id],
        }
    }
}

/// One page of the assignments of a plan.
pub async fn list(
    db: &impl ConnectionTrait,
    project: ProjectId,
    plan: PlanId,
    filter: &Filter,
    slice: &Slice,
) -> Result<Rows<PlanAddon>, CatalogError> {
    let mut select = of(project).filter(row::Column::PlanId.eq(plan.to_string()));
    if !filter.include_deleted {
        select = select.filter(row::Column::DeleteTime.is_null());
    }
    if !filter.addon_ids.is_empty() {
        select = select.filter(row::Column::AddonId.is_in(&filter.addon_ids));
    }
    if !filter.addon_keys.is_empty() {
        select = select.filter(row::Column::AddonKey.is_in(&filter.addon_keys));
    }
    if !filter.key_numbers.is_empty() {
        let mut any = Condition::any();
        for (key, number) in &filter.key_numbers {
            let version = Condition::all()
                .add(row::Column::AddonKey.eq(key))
                .add(row::Column::AddonNumber.eq(*number));
            any = any.add(version);
        }
        select = select.filter(any);
    }
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

/// Writes an assignment that was read at the revision before.
pub async fn update(
    db: &impl ConnectionTrait,
    project: ProjectId,
    mut stored: PlanAddon,
    now: Timestamp,
) -> Result<PlanAddon, CatalogError> {
    let before = stored.revision;
    stored.revision += 1;
    stored.update_time = now;
    let model = row::ActiveModel {
        from_phase: Set(stored.terms.from_phase.clone()),
        max_quantity: Set(stored.terms.max_quantity),
        metadata: Set(metadata(&stored)?),
        revision: Set(stored.revision),
        update_time: Set(micros(now)),
        delete_time: Set(stored.delete_time.map(micros)),
        ..Default::default()
    };
    let done = row::Entity::update_many()
        .set(model)
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::Id.eq(stored.id.to_string()))
        .filter(row::Column::Revision.eq(before))
        .exec(db)
        .await?;
    if done.rows_affected == 0 {
        return Err(CatalogError::Stale("plan add-on"));
    }
    Ok(stored)
}

/// Deletes all assignments of a plan that is deleted.
pub async fn delete_of_plan(
    db: &impl ConnectionTrait,
    project: ProjectId,
    plan: PlanId,
    now: Timestamp,
) -> Result<(), CatalogError> {
    let model = row::ActiveModel {
        delete_time: Set(Some(micros(now))),
        ..Default::default()
    };
    row::Entity::update_many()
        .set(model)
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::PlanId.eq(plan.to_string()))
        .filter(row::Column::DeleteTime.is_null())
        .exec(db)
        .await?;
    Ok(())
}

fn corrupt(id: impl std::fmt::Display, cause: serde_json::Error) -> CatalogError {
    CatalogError::Corrupt {
        what: "plan add-on",
        id: id.to_string(),
        cause,
    }
}

fn metadata(stored: &PlanAddon) -> Result<String, CatalogError> {
    serde_json::to_string(&stored.terms.metadata).map_err(|cause| corrupt(stored.id, cause))
}

fn from_row(row: row::Model) -> Result<PlanAddon, CatalogError> {
    let bad = |text: &str| corrupt(&row.id, serde::de::Error::custom(text));
    Ok(PlanAddon {
        id: row.id.parse().map_err(|_| bad("id"))?,
        plan: row.plan_id.parse().map_err(|_| bad("plan id"))?,
        addon: row.addon_id.parse().map_err(|_| bad("add-on id"))?,
        terms: Terms {
            metadata: serde_json::from_str(&row.metadata)
                .map_err(|cause| corrupt(&row.id, cause))?,
            from_phase: row.from_phase,
            max_quantity: row.max_quantity,
        },
        addon_key: row.addon_key,
        addon_number: row.addon_number,
        revision: row.revision,
        create_time: instant(row.create_time),
        update_time: instant(row.update_time),
        delete_time: row.delete_time.map(instant),
    })
}
