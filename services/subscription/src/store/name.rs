//! What subscriptions of every origin are called: their numbers by creation, their short ids, the keys of reporters, and the
//! names of single items. Every name leads to one subscription of the project.

use chassis::Write;
use chassis::short_id::{Digits, candidate};
use kernel::id::{ProjectId, SubscriptionId};
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseTransaction, Statement};

use crate::error::SubscriptionError;

/// Prefix and digits of the short ids of time lines.
const SHORT: (&str, (Digits, usize)) = ("pws_", (Digits::Base32, 24));
/// Prefix and digits of keys that a reporter left to us.
const KEY: (&str, (Digits, usize)) = ("sub_", (Digits::Base32, 12));
/// The column of the counter.
pub const LAST: &str = "last";
/// Attempts to find a short id that is free.
const ATTEMPTS_MAX: u32 = 100;

/// What a name leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The subscription.
    pub id: SubscriptionId,
    /// The product of the item that is meant; `None`: the whole.
    pub product_key: Option<String>,
}

/// Numbers a new subscription of any origin and gives it its short id. Others who make one in the project wait from here to
/// the end of the transaction, so that numbers grow in the order of the commits.
pub async fn number(
    tx: &DatabaseTransaction,
    project: ProjectId,
    id: SubscriptionId,
) -> Result<(i64, String), SubscriptionError> {
    let mut counting = counting(tx.get_database_backend(), project, 1);
    counting.sql.push_str(" RETURNING ");
    counting.sql.push_str(LAST);
    let row = tx.query_one_raw(counting).await?;
    let sequence = row.map_or(Ok(1), |row| row.try_get("", LAST))?;
    Ok((sequence, short(tx, project, id, None).await?))
}

/// The statement that takes the next numbers for new subscriptions; the last of them is what its row then has in `LAST`.
pub fn counting(backend: DatabaseBackend, project: ProjectId, count: i64) -> Statement {
    Statement::from_sql_and_values(
        backend,
        "INSERT INTO subscription_counter (project_id, last) VALUES ($1, $2) \
         ON CONFLICT (project_id) DO UPDATE SET last = subscription_counter.last + $2",
        [project.to_string().into(), count.into()],
    )
}

/// Makes the short id of a new subscription and stores it with the commit. Should it be taken, which is as good as impossible, the
/// write fails as a whole, and the next try has another one.
pub fn short_later(write: &Write, project: ProjectId, id: SubscriptionId) -> String {
    let name = candidate(project, SHORT.0, SHORT.1, id, 0);
    write.later(Statement::from_sql_and_values(
        write.tx().get_database_backend(),
        "INSERT INTO subscription_name (project_id, name, subscription_id, product_key) VALUES ($1, $2, $3, NULL)",
        [
            project.to_string().into(),
            name.as_str().into(),
            id.to_string().into(),
        ],
    ));
    name
}

/// Makes and stores the short id of a subscription, or of the time line of one of its products.
pub async fn short(
    tx: &DatabaseTransaction,
    project: ProjectId,
    id: SubscriptionId,
    product: Option<&str>,
) -> Result<String, SubscriptionError> {
    generate(tx, project, id, product, SHORT).await
}

/// Makes and stores a key for a subscription whose reporter gave none.
pub async fn key(
    tx: &DatabaseTransaction,
    project: ProjectId,
    id: SubscriptionId,
) -> Result<String, SubscriptionError> {
    generate(tx, project, id, None, KEY).await
}

async fn generate(
    tx: &DatabaseTransaction,
    project: ProjectId,
    id: SubscriptionId,
    product: Option<&str>,
    (prefix, form): (&str, (Digits, usize)),
) -> Result<String, SubscriptionError> {
    let line = product.map_or_else(|| id.to_string(), |product| format!("{id}:{product}"));
    let mut attempt = 0;
    loop {
        let name = candidate(project, prefix, form, &line, attempt);
        if take(tx, project, &name, id, product).await? {
            return Ok(name);
        }
        attempt += 1;
        if attempt == ATTEMPTS_MAX {
            return Err(SubscriptionError::Raced);
        }
    }
}

/// Gives a subscription, or one of its items, a name; `false` when the name is taken.
pub async fn take(
    tx: &DatabaseTransaction,
    project: ProjectId,
    name: &str,
    id: SubscriptionId,
    product: Option<&str>,
) -> Result<bool, SubscriptionError> {
    let done = tx
        .execute_raw(Statement::from_sql_and_values(
            tx.get_database_backend(),
            "INSERT INTO subscription_name (project_id, name, subscription_id, product_key) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (project_id, name) DO NOTHING",
            [
                project.to_string().into(),
                name.into(),
                id.to_string().into(),
                product.map(str::to_owned).into(),
            ],
        ))
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Frees a name, where it names an item only.
pub async fn release_item(
    tx: &DatabaseTransaction,
    project: ProjectId,
    name: &str,
) -> Result<(), SubscriptionError> {
    tx.execute_raw(Statement::from_sql_and_values(
        tx.get_database_backend(),
        "DELETE FROM subscription_name WHERE project_id = $1 AND name = $2 AND product_key IS NOT NULL",
        [project.to_string().into(), name.into()],
    ))
    .await?;
    Ok(())
}

/// What a name leads to.
pub async fn find(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    name: &str,
) -> Result<Option<Named>, SubscriptionError> {
    let row = connection
        .query_one_raw(Statement::from_sql_and_values(
            connection.get_database_backend(),
            "SELECT subscription_id, product_key FROM subscription_name WHERE project_id = $1 AND name = $2",
            [project.to_string().into(), name.into()],
        ))
        .await?;
    let Some(row) = row else { return Ok(None) };
    let id: String = row.try_get("", "subscription_id")?;
    Ok(id.parse().ok().map(|id| Named {
        id,
        product_key: row.try_get("", "product_key").ok().flatten(),
    }))
}

/// Frees all names of a subscription.
pub async fn release(
    tx: &DatabaseTransaction,
    project: ProjectId,
    id: SubscriptionId,
) -> Result<(), SubscriptionError> {
    tx.execute_raw(Statement::from_sql_and_values(
        tx.get_database_backend(),
        "DELETE FROM subscription_name WHERE project_id = $1 AND subscription_id = $2",
        [project.to_string().into(), id.to_string().into()],
    ))
    .await?;
    Ok(())
}
