//! Customers: found by any of their names, made, changed, deleted.

use chassis::{
    clock::system_now,
    db::{instant, micros},
};
use kernel::{
    Timestamp,
    id::{CustomerId, ProjectId},
};
use sea_orm::{
    ActiveValue::Set, QuerySelect, QueryTrait as _, entity::prelude::*, sea_query::Query,
};

use super::{
    CHUNK, currency, entity, from_json, handle,
    hanging::{self, Hanging, Parts},
    hold, id, subject, subject_key, subscription, to_json,
};
use crate::{
    domain::{
        attribution,
        customer::{Customer, CustomerPatch, NewCustomer},
        display_name::Name,
        handle::{CustomerName, HandleKind},
        hold::{Hold, admit_deletion},
        subject::Subject,
    },
    error::CustomerError,
};
use entity::customer::{ActiveModel, Column, Entity, Model};

/// A customer as written, and the subjects made for its subject keys.
pub struct Written {
    /// The customer.
    pub customer: Customer,
    /// Subjects that had to be made.
    pub provisioned: Vec<Subject>,
}

/// The customer with a name. A deleted one is found by its id only, and only when asked for.
pub async fn find(
    db: &impl ConnectionTrait,
    project: ProjectId,
    name: &CustomerName,
    include_deleted: bool,
    now: Timestamp,
) -> Result<Customer, CustomerError> {
    let found = find_with(db, project, name, include_deleted, Parts::Shown, now).await?;
    Ok(found.0)
}

/// The same with what hangs on it.
pub async fn find_with(
    db: &impl ConnectionTrait,
    project: ProjectId,
    name: &CustomerName,
    include_deleted: bool,
    parts: Parts,
    now: Timestamp,
) -> Result<(Customer, Hanging), CustomerError> {
    let not_found = || CustomerError::CustomerNotFound {
        handle: name.text().to_owned(),
    };
    let shown = |row: &Model| include_deleted || row.delete_time.is_none();
    let which = match name {
        CustomerName::Id(id) => ("$4", vec![id.as_str().into()]),
        CustomerName::Key(key) => (
            "SELECT k.customer_id FROM customer_handle AS k \
             WHERE k.project_id = $1 AND k.handle = $4 AND k.kind = $5",
            vec![key.as_str().into(), HandleKind::Key.word().into()],
        ),
        CustomerName::IdOrKey(_) | CustomerName::Handle(_) => {
            let row = row_by_name(db, project, name).await?.filter(shown);
            return with_hanging(db, project, row.ok_or_else(not_found)?, parts, now).await;
        }
    };
    let found = hanging::with_customer(db, project, which, parts, now).await?;
    let (row, hanging) = found.filter(|(row, _)| shown(row)).ok_or_else(not_found)?;
    Ok((from_row(row, hanging.clone())?, hanging))
}

/// The customer with a name, locked until the end of the transaction. A deleted one is found
/// by its id.
pub async fn find_for_update(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    name: &CustomerName,
    now: Timestamp,
) -> Result<Customer, CustomerError> {
    let not_found = || CustomerError::CustomerNotFound {
        handle: name.text().to_owned(),
    };
    let found = row_by_name(tx, project, name)
        .await?
        .ok_or_else(not_found)?;
    let row = Entity::find_by_id((project.to_string(), found.id))
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or_else(not_found)?;
    one(tx, project, row, now).await
}

async fn row_by_name(
    db: &impl ConnectionTrait,
    project: ProjectId,
    name: &CustomerName,
) -> Result<Option<Model>, CustomerError> {
    let by_id = async |id: &str| {
        Entity::find_by_id((project.to_string(), id.to_owned()))
            .one(db)
            .await
    };
    let handle_of = |text: String| async move { handle::find(db, project, &text).await };
    let (by_own_id, by_handle) = match name {
        CustomerName::Id(text) => (by_id(text).await?, None),
        CustomerName::Key(text) => return row_by_key(db, project, text).await,
        CustomerName::IdOrKey(text) => (
            by_id(text).await?,
            handle_of(text.clone()).await?.filter(|h| h.is_key()),
        ),
        CustomerName::Handle(text) => (by_id(text).await?, handle_of(text.clone()).await?),
    };
    let Some(found) = by_handle else {
        return Ok(by_own_id);
    };
    // Should both match different customers, the lower id wins.
    match by_own_id {
        Some(row) if row.id <= found.customer => Ok(Some(row)),
        Some(_) | None => Ok(by_id(&found.customer).await?),
    }
}

async fn row_by_key(
    db: &impl ConnectionTrait,
    project: ProjectId,
    key: &str,
) -> Result<Option<Model>, CustomerError> {
    let holder = Query::select()
        .column(entity::customer_handle::Column::CustomerId)
        .from(entity::customer_handle::Entity)
        .and_where(entity::customer_handle::Column::ProjectId.eq(project.to_string()))
        .and_where(entity::customer_handle::Column::Handle.eq(key))
        .and_where(entity::customer_handle::Column::Kind.eq(HandleKind::Key.word()))
        .to_owned();
    Ok(Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Id.in_subquery(holder))
        .one(db)
        .await?)
}

/// Customers by id in ascending order, deleted ones too; unknown ids are left out.
pub async fn batch(
    db: &impl ConnectionTrait,
    project: ProjectId,
    ids: &[String],
    now: Timestamp,
) -> Result<Vec<Customer>, CustomerError> {
    let mut rows = Vec::new();
    for chunk in ids.chunks(CHUNK) {
        rows.extend(
            Entity::find()
                .filter(Column::ProjectId.eq(project.to_string()))
                .filter(Column::Id.is_in(chunk))
                .all(db)
                .await?,
        );
    }
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    rows.dedup_by(|a, b| a.id == b.id);
    from_rows(db, project, rows, now).await
}

async fn one(
    db: &impl ConnectionTrait,
    project: ProjectId,
    row: Model,
    now: Timestamp,
) -> Result<Customer, CustomerError> {
    let found = with_hanging(db, project, row, Parts::Shown, now).await?;
    Ok(found.0)
}

/// The customer of a row with what hangs on it.
async fn with_hanging(
    db: &impl ConnectionTrait,
    project: ProjectId,
    row: Model,
    parts: Parts,
    now: Timestamp,
) -> Result<(Customer, Hanging), CustomerError> {
    let own = [row.id.clone()];
    let hanging = hanging::on(db, project, &own, parts, now).await?;
    let hanging = hanging.into_values().next().unwrap_or_default();
    Ok((from_row(row, hanging.clone())?, hanging))
}

/// Customers of rows, in the order of the rows, with what hangs on them.
pub async fn from_rows(
    db: &impl ConnectionTrait,
    project: ProjectId,
    rows: Vec<Model>,
    now: Timestamp,
) -> Result<Vec<Customer>, CustomerError> {
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let mut hanging = hanging::on(db, project, &ids, Parts::Shown, now).await?;
    rows.into_iter()
        .map(|row| {
            let own = hanging.remove(&row.id).unwrap_or_default();
            from_row(row, own)
        })
        .collect()
}

fn from_row(row: Model, hanging: Hanging) -> Result<Customer, CustomerError> {
    Ok(Customer {
        id: id("customer id", &row.id)?,
        key: row.key,
        name: Name {
            text: row.name,
            derived: row.name_derived,
        },
        description: row.description,
        subject_keys: if row.delete_time.is_some() {
            from_json("subject keys", &row.deleted_subject_keys)?
        } else {
            hanging.subject_keys
        },
        email: row.email,
        currency: row.currency.as_deref().map(currency).transpose()?,
        address: from_json("address", &row.address)?,
        metadata: from_json("metadata", &row.metadata)?,
        former_keys: hanging.former_keys,
        active_subscriptions: hanging.subscriptions,
        revision: row.revision,
        create_time: instant(row.create_time),
        update_time: instant(row.update_time),
        delete_time: row.delete_time.map(instant),
        profitwell_id: row.profitwell_id.unwrap_or_default(),
        anonymize_time: row.anonymize_time.map(instant),
        exclude_time: row.exclude_time.map(instant),
        last_seen_time: row.last_seen_time.map(instant),
        touch_time: instant(row.touch_time.max(row.update_time)),
    })
}

fn to_row(customer: &Customer) -> ActiveModel {
    let lower = |text: &Option<String>| text.as_deref().map(str::to_lowercase);
    let deleted_subject_keys: &[String] = if customer.delete_time.is_some() {
        &customer.subject_keys
    } else {
        &[]
    };
    ActiveModel {
        key: Set(customer.key.clone()),
        key_lower: Set(lower(&customer.key)),
        name: Set(customer.name.text.clone()),
        name_lower: Set(customer.name.text.to_lowercase()),
        name_derived: Set(customer.name.derived),
        description: Set(customer.description.clone()),
        email: Set(customer.email.clone()),
        email_lower: Set(lower(&customer.email)),
        currency: Set(customer.currency.map(|currency| currency.code().to_owned())),
        address: Set(to_json(&customer.address)),
        metadata: Set(to_json(&customer.metadata)),
        deleted_subject_keys: Set(to_json(&deleted_subject_keys)),
        revision: Set(customer.revision),
        create_time: Set(micros(customer.create_time)),
        update_time: Set(micros(customer.update_time)),
        delete_time: Set(customer.delete_time.map(micros)),
        anonymize_time: Set(customer.anonymize_time.map(micros)),
        exclude_time: Set(customer.exclude_time.map(micros)),
        touch_time: Set(micros(customer.touch_time)),
        ..Default::default()
    }
}

/// Makes a customer.
pub async fn insert(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    new: NewCustomer,
    alias_profitwell_id: bool,
    now: Timestamp,
) -> Result<Written, CustomerError> {
    let id: CustomerId = chassis::id::next();
    let (kind, since) = if alias_profitwell_id {
        (HandleKind::Alias, Some(micros(now)))
    } else {
        (HandleKind::ProfitwellId, None)
    };
    let profitwell_id = handle::take_profitwell_id(tx, project, id, kind, since).await?;
    let customer = new.into_customer(id, profitwell_id, now);
    let yields = match &customer.key {
        Some(key) => handle::admit(tx, project, key, Some(id)).await?,
        None => false,
    };
    subject_key::require_free(tx, project, &customer.subject_keys).await?;
    let row = ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(id.to_string()),
        profitwell_id: Set(Some(customer.profitwell_id.clone())),
        profile_revision: Set(0),
        ..to_row(&customer)
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    if let Some(key) = &customer.key {
        handle::take(tx, project, customer.id, (key, yields)).await?;
    }
    subject_key::claim(tx, project, &customer.subject_keys, customer.id).await?;
    let provisioned =
        subject::provision(tx, project, &customer.subject_keys, customer.id, now).await?;
    Ok(Written {
        customer,
        provisioned,
    })
}

/// Changes a customer that was locked before.
pub async fn update(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    before: &Customer,
    patch: CustomerPatch,
    now: Timestamp,
) -> Result<Written, CustomerError> {
    let mut after = before.changed(patch, now)?;
    if after.key != before.key {
        let yields = match &after.key {
            Some(key) => handle::admit(tx, project, key, Some(after.id)).await?,
            None => false,
        };
        if let Some(former) = &before.key {
            handle::retire(tx, project, former, (after.id, &after.profitwell_id)).await?;
        }
        if let Some(key) = &after.key {
            handle::take(tx, project, after.id, (key, yields)).await?;
        }
    }
    let changes = attribution::difference(&before.subject_keys, &after.subject_keys);
    subject_key::require_free(tx, project, &changes.added).await?;
    subject_key::release(tx, project, &changes.removed, after.id).await?;
    subject_key::claim(tx, project, &changes.added, after.id).await?;
    let provisioned = subject::provision(tx, project, &changes.added, after.id, now).await?;
    save(tx, project, &after).await?;
    let own = [after.id.to_string()];
    after.former_keys = handle::former_keys(tx, project, &own)
        .await?
        .remove(&own[0])
        .unwrap_or_default();
    Ok(Written {
        customer: after,
        provisioned,
    })
}

/// Writes the fields of a customer whose names did not change.
pub async fn save(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    after: &Customer,
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
            resource: "customer",
        });
    }
    Ok(())
}

/// Deletes a customer that was locked before, and frees its names.
pub async fn delete(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    before: &Customer,
    now: Timestamp,
) -> Result<Customer, CustomerError> {
    let after = before.deleted(now)?;
    let mut holds = hold::live(tx, project, after.id, now).await?;
    let promised = subscription::promised(tx, project, after.id, system_now()).await?;
    holds.extend(
        promised
            .into_iter()
            .map(|one| Hold::promised(after.id, one, now)),
    );
    admit_deletion(after.id, holds, now)?;
    save(tx, project, &after).await?;
    handle::release_all(tx, project, after.id).await?;
    subject_key::release_all(tx, project, after.id).await?;
    subscription::forget_reservations(tx, project, after.id).await?;
    Ok(after)
}

/// The customer with an id as the other services give it, deleted or not, with what decides about its subscriptions.
/// Not locked: with the commit it has to be checked that it still stands.
pub async fn with_subscriptions(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    now: Timestamp,
) -> Result<(Customer, Hanging), CustomerError> {
    let name = CustomerName::Id(customer.to_string());
    find_with(tx, project, &name, true, Parts::Subscriptions, now).await
}

/// The customer with an id as the other services give it, locked, deleted or not, with what decides about its
/// subscriptions.
pub async fn locked_with_subscriptions(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    now: Timestamp,
) -> Result<(Customer, Hanging), CustomerError> {
    let row = locked_row(tx, project, customer).await?;
    with_hanging(tx, project, row, Parts::Subscriptions, now).await
}

/// The customer with an id as the other services give it, locked, deleted or not.
pub async fn locked(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    now: Timestamp,
) -> Result<Customer, CustomerError> {
    let row = locked_row(tx, project, customer).await?;
    one(tx, project, row, now).await
}

/// Locks a customer; refused unless it lives.
pub async fn lock_live(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<(), CustomerError> {
    let row = locked_row(tx, project, customer).await?;
    from_row(row, Hanging::default())?.require_live()
}

async fn locked_row(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Model, CustomerError> {
    Entity::find_by_id((project.to_string(), customer.to_string()))
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or_else(|| CustomerError::CustomerNotFound {
            handle: customer.to_string(),
        })
}

/// Stores a customer whose currency changed, with the commit.
pub fn save_currency_later(write: &chassis::Write, project: ProjectId, after: &Customer) {
    let row = ActiveModel {
        currency: Set(after.currency.map(|currency| currency.code().to_owned())),
        revision: Set(after.revision),
        update_time: Set(micros(after.update_time)),
        touch_time: Set(micros(after.touch_time)),
        ..Default::default()
    };
    let update = Entity::update_many()
        .set(row)
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Id.eq(after.id.to_string()));
    write.later(update.build(write.tx().get_database_backend()));
}
