//! Grants.

use std::collections::HashMap;

use chassis::{
    Exact, Write,
    db::{instant, micros},
};
use kernel::{
    Timestamp,
    calendar::{IsoDuration, Recurrence},
    id::{CustomerId, EntitlementId, GrantId, ProjectId},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryTrait as _, Select,
    sea_query::{Expr, ExprTrait},
};

use super::{
    entity::entitlement_grant as row,
    id_from_text, labels_from_text, labels_to_text,
    slice::{self, Rows, Slice, Sort},
};
use crate::{
    domain::{entitlement::Entitlement, grant::Grant},
    error::EntitlementError,
};

/// Values of one `IN` list.
const IN_CHUNK: usize = 500;

/// A grant with what it has from its entitlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedGrant {
    /// The grant.
    pub grant: Grant,
    /// The customer of the entitlement.
    pub customer: CustomerId,
    /// The feature key of the entitlement.
    pub feature_key: String,
}

/// What a list of grants is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderBy {
    /// Start of the grant.
    EffectiveTime,
    /// Creation.
    CreateTime,
    /// Last write.
    UpdateTime,
    /// Id.
    Id,
}

/// Which grants a list shows. Filters of different fields must all hold.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Of one entitlement.
    pub entitlement: Option<EntitlementId>,
    /// Customers; none for all.
    pub customers: Option<Vec<CustomerId>>,
    /// Ids or keys of features; empty for all.
    pub features: Vec<String>,
    /// Those of deleted entitlements too.
    pub include_deleted: bool,
    /// What it is sorted by.
    pub order_by: OrderBy,
    /// Last first.
    pub descending: bool,
}

fn of(project: ProjectId) -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::ProjectId.eq(project.to_string()))
}

/// Stores a new grant of an entitlement.
pub async fn insert(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    entitlement: &Entitlement,
    grant: &Grant,
) -> Result<(), EntitlementError> {
    row::Entity::insert(to_row(project, entitlement, grant)?)
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

/// Stores new grants with the commit, each with its entitlement.
pub fn insert_later(
    write: &Write,
    project: ProjectId,
    grants: &[(Entitlement, Grant)],
) -> Result<(), EntitlementError> {
    for chunk in grants.chunks(IN_CHUNK) {
        let rows = chunk
            .iter()
            .map(|(entitlement, grant)| to_row(project, entitlement, grant))
            .collect::<Result<Vec<_>, _>>()?;
        let insert = row::Entity::insert_many(rows);
        write.later(insert.build(write.tx().get_database_backend()));
    }
    Ok(())
}

/// Stores the end of a grant; `Stale` when it was changed since it was read.
pub async fn update(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    grant: &Grant,
) -> Result<(), EntitlementError> {
    let done = row::Entity::update_many()
        .col_expr(row::Column::VoidTime, Expr::value(grant.voided.map(micros)))
        .col_expr(row::Column::UpdateTime, Expr::value(micros(grant.updated)))
        .col_expr(row::Column::Revision, Expr::value(grant.revision))
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::Id.eq(grant.id.to_string()))
        .filter(row::Column::Revision.eq(grant.revision - 1))
        .exec(connection)
        .await?;
    if done.rows_affected == 0 {
        return Err(EntitlementError::Stale);
    }
    Ok(())
}

/// Deletes all grants of an entitlement.
pub async fn delete_of(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    entitlement: EntitlementId,
    now: Timestamp,
) -> Result<(), EntitlementError> {
    row::Entity::update_many()
        .col_expr(row::Column::DeleteTime, Expr::value(micros(now)))
        .col_expr(row::Column::UpdateTime, Expr::value(micros(now)))
        .col_expr(
            row::Column::Revision,
            Expr::col(row::Column::Revision).add(1),
        )
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::EntitlementId.eq(entitlement.to_string()))
        .filter(row::Column::DeleteTime.is_null())
        .exec(connection)
        .await?;
    Ok(())
}

/// A grant by id, if its entitlement is not deleted.
pub async fn by_id(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    id: GrantId,
) -> Result<Option<OwnedGrant>, EntitlementError> {
    of(project)
        .filter(row::Column::Id.eq(id.to_string()))
        .filter(row::Column::DeleteTime.is_null())
        .one(connection)
        .await?
        .map(from_row)
        .transpose()
}

/// All grants of some entitlements that could still matter after an instant, voided ones too.
pub async fn of_entitlements(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    entitlements: &[EntitlementId],
) -> Result<HashMap<EntitlementId, Vec<Grant>>, EntitlementError> {
    let mut found: HashMap<EntitlementId, Vec<Grant>> = HashMap::new();
    for chunk in entitlements.chunks(IN_CHUNK) {
        let ids = chunk.iter().map(ToString::to_string);
        let rows = of(project)
            .filter(row::Column::EntitlementId.is_in(ids))
            .all(connection)
            .await?;
        for row in rows {
            let grant = from_row(row)?.grant;
            found.entry(grant.entitlement).or_default().push(grant);
        }
    }
    Ok(found)
}

/// One page of a list.
pub async fn list(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    filter: &Filter,
    slice: &Slice,
) -> Result<Rows<OwnedGrant>, EntitlementError> {
    let mut select = of(project);
    if !filter.include_deleted {
        select = select.filter(row::Column::DeleteTime.is_null());
    }
    if let Some(entitlement) = filter.entitlement {
        select = select.filter(row::Column::EntitlementId.eq(entitlement.to_string()));
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
    let sort = Sort {
        time: match filter.order_by {
            OrderBy::EffectiveTime => Some(row::Column::EffectiveTime),
            OrderBy::CreateTime => Some(row::Column::CreateTime),
            OrderBy::UpdateTime => Some(row::Column::UpdateTime),
            OrderBy::Id => None,
        },
        id: row::Column::Id,
        descending: filter.descending,
    };
    let page = slice::read(connection, select, sort, slice).await?;
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

fn to_row(
    project: ProjectId,
    entitlement: &Entitlement,
    grant: &Grant,
) -> Result<row::ActiveModel, EntitlementError> {
    let expiration = grant
        .expiration
        .map(|expiration| serde_json::to_string(&expiration))
        .transpose()
        .map_err(|_| EntitlementError::Corrupt { what: "expiration" })?;
    let recurrence = grant.recurrence.as_ref();
    Ok(row::ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(grant.id.to_string()),
        entitlement_id: Set(entitlement.id.to_string()),
        customer_id: Set(entitlement.customer.to_string()),
        feature_id: Set(entitlement.feature.to_string()),
        feature_key: Set(entitlement.feature_key.clone()),
        amount: Set(Exact(grant.amount)),
        priority: Set(i32::from(grant.priority)),
        effective_time: Set(micros(grant.effective)),
        expiration: Set(expiration),
        expire_time: Set(grant.expires.map(micros)),
        min_rollover: Set(Exact(grant.min_rollover)),
        max_rollover: Set(Exact(grant.max_rollover)),
        recurrence_interval: Set(recurrence.map(|refill| refill.interval.as_str().to_owned())),
        recurrence_anchor: Set(recurrence.map(|refill| micros(refill.anchor))),
        void_time: Set(grant.voided.map(micros)),
        metadata: Set(labels_to_text(&grant.metadata)?),
        annotations: Set(labels_to_text(&grant.annotations)?),
        revision: Set(grant.revision),
        create_time: Set(micros(grant.created)),
        update_time: Set(micros(grant.updated)),
        delete_time: Set(grant.deleted.map(micros)),
    })
}

fn from_row(row: row::Model) -> Result<OwnedGrant, EntitlementError> {
    let corrupt = |what| EntitlementError::Corrupt { what };
    let recurrence = match (&row.recurrence_interval, row.recurrence_anchor) {
        (Some(interval), Some(anchor)) => Some(Recurrence {
            interval: IsoDuration::parse(interval).map_err(|_| corrupt("recurrence"))?,
            anchor: instant(anchor),
        }),
        (None, _) | (_, None) => None,
    };
    let expiration = row
        .expiration
        .as_deref()
        .map(serde_json::from_str)
        .transpose()
        .map_err(|_| corrupt("expiration"))?;
    let grant = Grant {
        id: id_from_text(&row.id)?,
        entitlement: id_from_text(&row.entitlement_id)?,
        amount: row.amount.0,
        priority: u8::try_from(row.priority).map_err(|_| corrupt("priority"))?,
        effective: instant(row.effective_time),
        expiration,
        expires: row.expire_time.map(instant),
        min_rollover: row.min_rollover.0,
        max_rollover: row.max_rollover.0,
        recurrence,
        voided: row.void_time.map(instant),
        deleted: row.delete_time.map(instant),
        metadata: labels_from_text(&row.metadata)?,
        annotations: labels_from_text(&row.annotations)?,
        created: instant(row.create_time),
        updated: instant(row.update_time),
        revision: row.revision,
    };
    Ok(OwnedGrant {
        grant,
        customer: id_from_text(&row.customer_id)?,
        feature_key: row.feature_key,
    })
}
