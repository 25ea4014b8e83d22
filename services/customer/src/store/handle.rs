//! The name space of a project: keys, former keys, aliases and ProfitWell ids of live
//! customers.

use std::collections::BTreeMap;

use chassis::{
    db::is_unique_violation,
    short_id::{self, Digits},
};
use kernel::id::{CustomerId, ProjectId};
use sea_orm::{
    ActiveValue::Set,
    entity::prelude::*,
    sea_query::{ExprTrait as _, OnConflict},
};

use super::{CHUNK, corrupt, entity, id, subject_key};
use crate::{
    domain::handle::{Claims, HandleKind, admit_key},
    error::CustomerError,
};
use entity::customer_handle::{ActiveModel, Column, Entity};

/// How an id of the ProfitWell dialect begins.
pub const PROFITWELL_PREFIX: &str = "pwu_";
/// What follows.
pub const PROFITWELL_FORM: (Digits, usize) = (Digits::Base32, 24);
/// More collisions than this are no accident.
const ATTEMPTS_MAX: u32 = 1000;

/// Whom a text names.
pub struct Found {
    /// Id of the customer.
    pub customer: String,
    /// Why.
    pub kind: HandleKind,
}

impl Found {
    /// Whether the text is the customer's key.
    pub fn is_key(&self) -> bool {
        self.kind == HandleKind::Key
    }
}

/// Whom a text names, if anybody.
pub async fn find(
    db: &impl ConnectionTrait,
    project: ProjectId,
    text: &str,
) -> Result<Option<Found>, CustomerError> {
    let row = Entity::find_by_id((project.to_string(), text.to_owned()))
        .one(db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let kind = HandleKind::from_word(&row.kind).ok_or_else(|| corrupt("handle kind", &row.kind))?;
    Ok(Some(Found {
        customer: row.customer_id,
        kind,
    }))
}

/// Customers of keys, by key. Former keys and aliases do not count.
pub async fn by_keys(
    db: &impl ConnectionTrait,
    project: ProjectId,
    keys: &[String],
) -> Result<BTreeMap<String, String>, CustomerError> {
    let mut found = BTreeMap::new();
    for chunk in keys.chunks(CHUNK) {
        let rows = Entity::find()
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::Handle.is_in(chunk))
            .filter(Column::Kind.eq(HandleKind::Key.word()))
            .all(db)
            .await?;
        found.extend(rows.into_iter().map(|row| (row.handle, row.customer_id)));
    }
    Ok(found)
}

/// Former keys of customers, sorted, by customer id.
pub async fn former_keys(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customers: &[String],
) -> Result<BTreeMap<String, Vec<String>>, CustomerError> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for chunk in customers.chunks(CHUNK) {
        let rows = Entity::find()
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::CustomerId.is_in(chunk))
            .filter(Column::Kind.eq(HandleKind::FormerKey.word()))
            .all(db)
            .await?;
        for row in rows {
            found.entry(row.customer_id).or_default().push(row.handle);
        }
    }
    for keys in found.values_mut() {
        keys.sort();
    }
    Ok(found)
}

/// Whether a text may become the key of a customer; refused when not. Answers whether it is a
/// name already, which has to yield.
pub async fn admit(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    key: &str,
    own: Option<CustomerId>,
) -> Result<bool, CustomerError> {
    let claims = Claims {
        subject_of: subject_key::holder(tx, project, key).await?,
        ..claims(tx, project, key).await?
    };
    admit_key(key, own, &claims)?;
    Ok(claims.handle_of.is_some())
}

/// What a text is already as the id or another name of a customer.
pub async fn claims(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    text: &str,
) -> Result<Claims, CustomerError> {
    // Only what looks like an id can be one.
    let is_id = text.parse::<CustomerId>().is_ok()
        && entity::customer::Entity::find_by_id((project.to_string(), text.to_owned()))
            .one(tx)
            .await?
            .is_some();
    Ok(Claims {
        is_id,
        subject_of: None,
        handle_of: match find(tx, project, text).await? {
            Some(found) => Some((id("customer id", &found.customer)?, found.kind)),
            None => None,
        },
    })
}

/// Gives a new customer its ProfitWell id, and stores it as one of its names.
pub async fn take_profitwell_id(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    kind: HandleKind,
    create_time: Option<i64>,
) -> Result<String, CustomerError> {
    for attempt in 0..ATTEMPTS_MAX {
        let text = short_id::candidate(
            project,
            PROFITWELL_PREFIX,
            PROFITWELL_FORM,
            customer,
            attempt,
        );
        let row = ActiveModel {
            project_id: Set(project.to_string()),
            handle: Set(text.clone()),
            customer_id: Set(customer.to_string()),
            kind: Set(kind.word().to_owned()),
            create_time: Set(create_time),
        };
        let inserted = Entity::insert(row)
            .on_conflict(
                OnConflict::columns([Column::ProjectId, Column::Handle])
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(tx)
            .await?;
        if inserted == 1 {
            return Ok(text);
        }
    }
    Err(corrupt("ProfitWell id", &customer.to_string()))
}

/// Makes an admitted text the key of a customer. A former key is taken from whoever had it.
pub async fn take(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    (key, yields): (&str, bool),
) -> Result<(), CustomerError> {
    if yields {
        Entity::delete_many()
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::Handle.eq(key))
            .filter(
                Column::Kind
                    .eq(HandleKind::FormerKey.word())
                    .or(Column::CustomerId.eq(customer.to_string())),
            )
            .exec(tx)
            .await?;
    }
    let row = ActiveModel {
        project_id: Set(project.to_string()),
        handle: Set(key.to_owned()),
        customer_id: Set(customer.to_string()),
        kind: Set(HandleKind::Key.word().to_owned()),
        create_time: Set(None),
    };
    match Entity::insert(row).exec_without_returning(tx).await {
        Ok(_) => Ok(()),
        Err(error) if is_unique_violation(&error) => Err(CustomerError::KeyTaken {
            key: key.to_owned(),
        }),
        Err(error) => Err(error.into()),
    }
}

/// Turns the key of a customer into a former key; its ProfitWell id stays what it is.
pub async fn retire(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    key: &str,
    (customer, profitwell_id): (CustomerId, &str),
) -> Result<(), CustomerError> {
    let kind = if key == profitwell_id {
        HandleKind::ProfitwellId
    } else {
        HandleKind::FormerKey
    };
    Entity::update_many()
        .col_expr(Column::Kind, Expr::value(kind.word()))
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Handle.eq(key))
        .filter(Column::CustomerId.eq(customer.to_string()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Frees everything that names a customer.
pub async fn release_all(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<(), CustomerError> {
    Entity::delete_many()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::CustomerId.eq(customer.to_string()))
        .exec(tx)
        .await?;
    Ok(())
}
