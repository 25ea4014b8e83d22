//! Projects.

use chassis::{
    db::{instant, is_unique_violation, micros},
    short_id::{self, Digits},
};
use kernel::{Timestamp, id::ProjectId};
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, entity::prelude::*};

use super::{currency, entity, id};
use crate::{
    domain::project::{NewProject, Project},
    error::CustomerError,
};
use entity::project::{ActiveModel, Column, Entity, Model};

/// The project with an id.
pub async fn find(db: &impl ConnectionTrait, project: ProjectId) -> Result<Project, CustomerError> {
    let row = Entity::find_by_id(project.to_string()).one(db).await?;
    from_row(row.ok_or(CustomerError::ProjectNotFound)?)
}

/// The project with an id, else with a name, else with an id of the RevenueCat dialect.
pub async fn by_any_name(
    db: &impl ConnectionTrait,
    text: &str,
) -> Result<Option<Project>, CustomerError> {
    for column in [Column::Id, Column::Name, Column::RevenuecatId] {
        if let Some(row) = Entity::find().filter(column.eq(text)).one(db).await? {
            return from_row(row).map(Some);
        }
    }
    Ok(None)
}

/// Projects behind an id in ascending order, one more than the limit when there are more.
pub async fn list(
    db: &impl ConnectionTrait,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<Project>, CustomerError> {
    let mut select = Entity::find();
    if let Some(after) = after {
        select = select.filter(Column::Id.gt(after));
    }
    select
        .order_by_asc(Column::Id)
        .limit(limit + 1)
        .all(db)
        .await?
        .into_iter()
        .map(from_row)
        .collect()
}

/// Makes a project.
pub async fn insert(
    tx: &impl ConnectionTrait,
    id: ProjectId,
    new: NewProject,
    system_now: Timestamp,
) -> Result<Project, CustomerError> {
    require_free(tx, Column::Name, "name", Some(&new.name)).await?;
    let given = new.revenuecat_id.as_deref();
    require_free(tx, Column::RevenuecatId, "revenuecat_id", given).await?;
    let revenuecat_id = short_id(tx, Column::RevenuecatId, "proj", 8, id).await?;
    let company_id = short_id(tx, Column::CompanyId, "pwc_", 24, id).await?;
    let project = new.into_project(id, revenuecat_id, company_id, system_now);
    let row = ActiveModel {
        id: Set(id.to_string()),
        ..to_row(&project)
    };
    match Entity::insert(row).exec_without_returning(tx).await {
        Ok(_) => Ok(project),
        Err(error) if is_unique_violation(&error) => {
            Err(CustomerError::ProjectTaken { field: "name" })
        }
        Err(error) => Err(error.into()),
    }
}

/// Writes a changed project.
pub async fn save(tx: &impl ConnectionTrait, after: &Project) -> Result<(), CustomerError> {
    let changed = Entity::update_many()
        .set(to_row(after))
        .filter(Column::Id.eq(after.id.to_string()))
        .filter(Column::Revision.eq(after.revision - 1))
        .exec(tx)
        .await;
    match changed {
        Ok(changed) if changed.rows_affected == 0 => Err(CustomerError::Stale {
            resource: "project",
        }),
        Ok(_) => Ok(()),
        Err(error) if is_unique_violation(&error) => {
            Err(CustomerError::ProjectTaken { field: "name" })
        }
        Err(error) => Err(error.into()),
    }
}

async fn require_free(
    tx: &impl ConnectionTrait,
    column: Column,
    field: &'static str,
    value: Option<&str>,
) -> Result<(), CustomerError> {
    let Some(value) = value else { return Ok(()) };
    if Entity::find().filter(column.eq(value)).count(tx).await? > 0 {
        return Err(CustomerError::ProjectTaken { field });
    }
    Ok(())
}

/// The id of a project in a dialect.
async fn short_id(
    tx: &impl ConnectionTrait,
    column: Column,
    prefix: &str,
    digits: usize,
    id: ProjectId,
) -> Result<String, CustomerError> {
    for attempt in 0..1000 {
        let candidate = short_id::candidate(id, prefix, (Digits::Hex, digits), id, attempt);
        let taken = Entity::find()
            .filter(column.eq(&candidate))
            .count(tx)
            .await?;
        if taken == 0 {
            return Ok(candidate);
        }
    }
    Err(CustomerError::ProjectTaken {
        field: "revenuecat_id",
    })
}

fn to_row(project: &Project) -> ActiveModel {
    ActiveModel {
        name: Set(project.name.clone()),
        currency: Set(project.currency.code().to_owned()),
        time_zone: Set(project.time_zone.clone()),
        revenuecat_id: Set(project.revenuecat_id.clone()),
        company_id: Set(project.company_id.clone()),
        revision: Set(project.revision),
        create_time: Set(micros(project.create_time)),
        update_time: Set(micros(project.update_time)),
        ..Default::default()
    }
}

fn from_row(row: Model) -> Result<Project, CustomerError> {
    Ok(Project {
        id: id("project id", &row.id)?,
        name: row.name,
        currency: currency(&row.currency)?,
        time_zone: row.time_zone,
        revenuecat_id: row.revenuecat_id,
        company_id: row.company_id,
        revision: row.revision,
        create_time: instant(row.create_time),
        update_time: instant(row.update_time),
    })
}
