//! Aliases of live customers: rows of the name space.

use chassis::db::{instant, is_unique_violation, micros};
use kernel::{
    Timestamp,
    id::{CustomerId, ProjectId},
};
use sea_orm::{ActiveValue::Set, entity::prelude::*, sea_query::ExprTrait as _};

use super::entity::customer_handle::{ActiveModel, Column, Entity};
use crate::{
    domain::{
        alias::{ALIASES_MAX, Alias},
        handle::HandleKind,
    },
    error::CustomerError,
};

/// The aliases of a customer by time of creation, without its canonical id.
pub async fn of_customer(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Vec<Alias>, CustomerError> {
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::CustomerId.eq(customer.to_string()))
        .filter(Column::Kind.eq(HandleKind::Alias.word()))
        .all(db)
        .await?;
    let mut aliases: Vec<Alias> = rows
        .into_iter()
        .map(|row| Alias {
            text: row.handle,
            create_time: instant(row.create_time.unwrap_or_default()),
            canonical: false,
        })
        .collect();
    aliases.sort_by(|a, b| (a.create_time, &a.text).cmp(&(b.create_time, &b.text)));
    Ok(aliases)
}

/// Gives a customer an admitted alias. A former key is taken from whoever had it, and its own
/// ProfitWell id gets listed.
pub async fn add(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    alias: &str,
    now: Timestamp,
) -> Result<(), CustomerError> {
    if of_customer(tx, project, customer).await?.len() >= ALIASES_MAX {
        return Err(CustomerError::invalid(
            "alias",
            format!("a customer must not have more than {ALIASES_MAX}"),
        ));
    }
    Entity::delete_many()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Handle.eq(alias))
        .filter(
            Column::Kind
                .eq(HandleKind::FormerKey.word())
                .or(Column::CustomerId.eq(customer.to_string())),
        )
        .exec(tx)
        .await?;
    let row = ActiveModel {
        project_id: Set(project.to_string()),
        handle: Set(alias.to_owned()),
        customer_id: Set(customer.to_string()),
        kind: Set(HandleKind::Alias.word().to_owned()),
        create_time: Set(Some(micros(now))),
    };
    match Entity::insert(row).exec_without_returning(tx).await {
        Ok(_) => Ok(()),
        Err(error) if is_unique_violation(&error) => Err(CustomerError::AliasTaken {
            alias: alias.to_owned(),
        }),
        Err(error) => Err(error.into()),
    }
}

/// Takes an alias from a customer. Its ProfitWell id names it on, unlisted.
pub async fn remove(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    (customer, profitwell_id): (CustomerId, &str),
    alias: &str,
) -> Result<(), CustomerError> {
    let own = |kind: HandleKind| {
        Column::ProjectId
            .eq(project.to_string())
            .and(Column::Handle.eq(alias))
            .and(Column::CustomerId.eq(customer.to_string()))
            .and(Column::Kind.eq(kind.word()))
    };
    let found = if alias == profitwell_id {
        Entity::update_many()
            .col_expr(Column::Kind, Expr::value(HandleKind::ProfitwellId.word()))
            .filter(own(HandleKind::Alias))
            .exec(tx)
            .await?
            .rows_affected
    } else {
        Entity::delete_many()
            .filter(own(HandleKind::Alias))
            .exec(tx)
            .await?
            .rows_affected
    };
    if found == 0 {
        return Err(CustomerError::AliasNotFound {
            alias: alias.to_owned(),
        });
    }
    Ok(())
}

/// Moves an alias from one customer to another.
pub async fn transfer(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    (source, target): (CustomerId, CustomerId),
    alias: &str,
) -> Result<(), CustomerError> {
    let moved = Entity::update_many()
        .col_expr(Column::CustomerId, Expr::value(target.to_string()))
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Handle.eq(alias))
        .filter(Column::CustomerId.eq(source.to_string()))
        .filter(Column::Kind.eq(HandleKind::Alias.word()))
        .exec(tx)
        .await?;
    if moved.rows_affected == 0 {
        return Err(CustomerError::AliasNotFound {
            alias: alias.to_owned(),
        });
    }
    Ok(())
}
