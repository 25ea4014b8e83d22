//! What terms and purchases have in common: a customer has them, they are found by ULID, by short id or by what their store calls them,
//! and listed by time.

use std::collections::BTreeMap;

use chassis::keyset::{self, Rows, Slice, SortColumn};
use chassis::short_id::{Digits, candidate};
use kernel::id::{CustomerId, ProjectId, SubscriptionId};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, Select,
};

use crate::domain::term::Environment;
use crate::error::SubscriptionError;

/// Values of one `IN` list.
const IN_CHUNK: usize = 500;
/// Form of a short id behind its prefix.
const SHORT: (Digits, usize) = (Digits::Hex, 10);
/// Hashes tried before giving up.
const ATTEMPTS_MAX: u32 = 1_000;

/// A table of such things.
pub trait Owned: EntityTrait<Model: Send + Sync> {
    /// What short ids begin with.
    const PREFIX: &'static str;
    /// The project.
    const PROJECT: Self::Column;
    /// The ULID.
    const ID: Self::Column;
    /// The short id.
    const SHORT_ID: Self::Column;
    /// What the store calls it.
    const IDENTIFIER: Self::Column;
    /// Whose it is.
    const CUSTOMER: Self::Column;
    /// Whether real money is behind it.
    const ENVIRONMENT: Self::Column;
    /// When it began, in microseconds.
    const TIME: Self::Column;

    /// The ULID of a row.
    fn id_of(row: &Self::Model) -> &str;

    /// All that are there.
    fn there(project: ProjectId) -> Select<Self> {
        of_project(project)
    }
}

/// Rows of a project.
pub fn of_project<E: Owned>(project: ProjectId) -> Select<E> {
    E::find().filter(E::PROJECT.eq(project.to_string()))
}

/// Those with one of these ULIDs, short ids or identifiers, oldest first.
pub async fn batch<E: Owned>(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    ids: &[String],
    identifiers: &[String],
) -> Result<Vec<E::Model>, SubscriptionError> {
    let (long, short): (Vec<_>, Vec<_>) = ids
        .iter()
        .cloned()
        .partition(|id| kernel::id::parse_ulid(id).is_ok());
    let long: Vec<String> = long.iter().map(|id| id.to_ascii_uppercase()).collect();
    let mut found = BTreeMap::new();
    for (column, values) in [
        (E::ID, long.as_slice()),
        (E::SHORT_ID, &short),
        (E::IDENTIFIER, identifiers),
    ] {
        for chunk in values.chunks(IN_CHUNK) {
            let rows = E::there(project)
                .filter(column.is_in(chunk.iter().map(String::as_str)))
                .all(connection)
                .await?;
            found.extend(rows.into_iter().map(|row| (E::id_of(&row).to_owned(), row)));
        }
    }
    Ok(found.into_values().collect())
}

/// A page of a customer's, oldest first.
pub async fn list<E: Owned>(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    environment: Option<Environment>,
    slice: &Slice,
) -> Result<Rows<E::Model>, SubscriptionError> {
    let mut select = E::there(project).filter(E::CUSTOMER.eq(customer.to_string()));
    if let Some(environment) = environment {
        select = select.filter(E::ENVIRONMENT.eq(environment.as_str()));
    }
    let columns = [
        SortColumn {
            column: E::TIME,
            numeric: true,
        },
        SortColumn {
            column: E::ID,
            numeric: false,
        },
    ];
    Ok(keyset::read(connection, select, &columns, slice).await?)
}

/// All of a customer's, oldest first.
pub async fn of_customer<E: Owned>(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Vec<E::Model>, SubscriptionError> {
    Ok(E::there(project)
        .filter(E::CUSTOMER.eq(customer.to_string()))
        .order_by_asc(E::TIME)
        .order_by_asc(E::ID)
        .all(connection)
        .await?)
}

/// A short id that nobody has.
pub async fn short_id<E: Owned>(
    tx: &DatabaseTransaction,
    project: ProjectId,
    id: SubscriptionId,
) -> Result<String, SubscriptionError> {
    for attempt in 0..ATTEMPTS_MAX {
        let short = short_id_at::<E>(project, id, attempt);
        let taken = of_project::<E>(project)
            .filter(E::SHORT_ID.eq(&short))
            .count(tx)
            .await?;
        if taken == 0 {
            return Ok(short);
        }
    }
    Err(SubscriptionError::Raced)
}

/// The short id that it has unless somebody else has it, at the first attempt; then the next.
pub fn short_id_at<E: Owned>(project: ProjectId, id: SubscriptionId, attempt: u32) -> String {
    candidate(project, E::PREFIX, SHORT, id, attempt)
}
