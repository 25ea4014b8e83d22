//! Subjects: found, listed, upserted, provisioned, deleted.

use std::collections::BTreeSet;

use chassis::db::{instant, is_unique_violation, micros};
use kernel::{
    Timestamp,
    id::{CustomerId, ProjectId},
};
use sea_orm::{
    ActiveValue::Set, QueryOrder, QuerySelect, entity::prelude::*, sea_query::ExprTrait as _,
};

use super::{CHUNK, entity, id};
use crate::{
    domain::{
        customer::Customer,
        subject::{Subject, SubjectPatch},
    },
    error::CustomerError,
};
use entity::subject::{ActiveModel, Column, Entity, Model};

/// How a caller names a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubjectName {
    /// By id; finds deleted subjects too.
    Id(String),
    /// By key, among live subjects.
    Key(String),
    /// By id, else by key.
    IdOrKey(String),
}

/// The subject with a name. A deleted one is found by its id only, and only when asked for.
pub async fn find(
    db: &impl ConnectionTrait,
    project: ProjectId,
    name: &SubjectName,
    include_deleted: bool,
) -> Result<Subject, CustomerError> {
    let (SubjectName::Id(text) | SubjectName::Key(text) | SubjectName::IdOrKey(text)) = name;
    let mut row = None;
    if matches!(name, SubjectName::Id(_) | SubjectName::IdOrKey(_)) {
        row = Entity::find_by_id((project.to_string(), text.clone()))
            .one(db)
            .await?
            .filter(|row| include_deleted || row.delete_time.is_none());
    }
    if row.is_none() && matches!(name, SubjectName::Key(_) | SubjectName::IdOrKey(_)) {
        row = live(db, project, text).await?;
    }
    match row {
        Some(row) => from_row(row),
        None => Err(CustomerError::SubjectNotFound {
            handle: text.clone(),
        }),
    }
}

async fn live(
    db: &impl ConnectionTrait,
    project: ProjectId,
    key: &str,
) -> Result<Option<Model>, CustomerError> {
    Ok(Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::LiveKey.eq(key))
        .one(db)
        .await?)
}

/// Live subjects behind an id in ascending order, one more than the limit when there are more.
pub async fn list(
    db: &impl ConnectionTrait,
    project: ProjectId,
    keys: &[String],
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<Subject>, CustomerError> {
    let mut select = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::DeleteTime.is_null());
    if !keys.is_empty() {
        select = select.filter(Column::LiveKey.is_in(keys));
    }
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

/// What an upsert did.
pub struct Upserted {
    /// The subject before; none when it was made.
    pub before: Option<Subject>,
    /// The subject now.
    pub after: Subject,
}

/// Makes or changes the live subject with a key.
pub async fn upsert(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    patch: SubjectPatch,
    now: Timestamp,
) -> Result<Upserted, CustomerError> {
    let key = patch.checked_key()?.to_owned();
    let Some(row) = live(tx, project, &key).await? else {
        let new = Subject::bare(chassis::id::next(), key, now).patched(patch)?;
        insert(tx, project, &[&new]).await?;
        return Ok(Upserted {
            before: None,
            after: new,
        });
    };
    let before = from_row(row)?;
    let patched = before.clone().patched(patch)?;
    if patched == before {
        return Ok(Upserted {
            before: Some(before),
            after: patched,
        });
    }
    let after = Subject {
        revision: before.revision + 1,
        update_time: now,
        ..patched
    };
    save(tx, project, &after).await?;
    Ok(Upserted {
        before: Some(before),
        after,
    })
}

/// Makes the subjects of a customer's subject keys that have none.
pub async fn provision(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    keys: &[String],
    customer: CustomerId,
    now: Timestamp,
) -> Result<Vec<Subject>, CustomerError> {
    let mut made = Vec::new();
    for chunk in keys.chunks(CHUNK) {
        let known: BTreeSet<String> = Entity::find()
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::LiveKey.is_in(chunk))
            .all(tx)
            .await?
            .into_iter()
            .map(|row| row.key)
            .collect();
        let new: Vec<Subject> = chunk
            .iter()
            .filter(|key| !known.contains(*key))
            .map(|key| Subject::provisioned(chassis::id::next(), key.clone(), customer, now))
            .collect();
        insert(tx, project, &new.iter().collect::<Vec<_>>()).await?;
        made.extend(new);
    }
    Ok(made)
}

/// Deletes a subject; one that is deleted already stays as it is.
pub async fn delete(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    subject: &Subject,
    now: Timestamp,
) -> Result<Subject, CustomerError> {
    if subject.delete_time.is_some() {
        return Ok(subject.clone());
    }
    let after = Subject {
        delete_time: Some(now),
        update_time: now,
        revision: subject.revision + 1,
        ..subject.clone()
    };
    save(tx, project, &after).await?;
    Ok(after)
}

/// Removes the live subjects of a customer's subject keys; answers what they were.
pub async fn erase(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: &Customer,
) -> Result<Vec<Subject>, CustomerError> {
    let mut gone = Vec::new();
    for chunk in customer.subject_keys.chunks(CHUNK) {
        let own = Column::ProjectId
            .eq(project.to_string())
            .and(Column::LiveKey.is_in(chunk));
        let rows = Entity::find().filter(own.clone()).all(tx).await?;
        Entity::delete_many().filter(own).exec(tx).await?;
        for row in rows {
            gone.push(from_row(row)?);
        }
    }
    Ok(gone)
}

async fn insert(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    subjects: &[&Subject],
) -> Result<(), CustomerError> {
    if subjects.is_empty() {
        return Ok(());
    }
    let rows = subjects.iter().map(|subject| ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(subject.id.to_string()),
        ..to_row(subject)
    });
    match Entity::insert_many(rows).exec_without_returning(tx).await {
        Ok(_) => Ok(()),
        // Somebody made the same subject at this very moment; the whole call can be repeated.
        Err(error) if is_unique_violation(&error) => Err(CustomerError::Stale {
            resource: "subject",
        }),
        Err(error) => Err(error.into()),
    }
}

async fn save(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    after: &Subject,
) -> Result<(), CustomerError> {
    let changed = Entity::update_many()
        .set(to_row(after))
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Id.eq(after.id.to_string()))
        .filter(Column::Revision.eq(after.revision - 1))
        .exec(tx)
        .await?;
    if changed.rows_affected == 0 {
        return Err(CustomerError::Stale {
            resource: "subject",
        });
    }
    Ok(())
}

fn to_row(subject: &Subject) -> ActiveModel {
    ActiveModel {
        key: Set(subject.key.clone()),
        live_key: Set(subject.delete_time.is_none().then(|| subject.key.clone())),
        display_name: Set(subject.display_name.clone()),
        metadata: Set(subject.metadata.clone()),
        stripe_customer_id: Set(subject.stripe_customer_id.clone()),
        revision: Set(subject.revision),
        create_time: Set(micros(subject.create_time)),
        update_time: Set(micros(subject.update_time)),
        delete_time: Set(subject.delete_time.map(micros)),
        ..Default::default()
    }
}

fn from_row(row: Model) -> Result<Subject, CustomerError> {
    Ok(Subject {
        id: id("subject id", &row.id)?,
        key: row.key,
        display_name: row.display_name,
        metadata: row.metadata,
        stripe_customer_id: row.stripe_customer_id,
        revision: row.revision,
        create_time: instant(row.create_time),
        update_time: instant(row.update_time),
        delete_time: row.delete_time.map(instant),
    })
}
