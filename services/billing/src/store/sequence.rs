//! Counters of invoice numbers. They stand still for nobody: a number once given is never
//! given again.

use std::collections::BTreeMap;

use chassis::Batch;
use kernel::id::{CustomerId, ProjectId};
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseTransaction, Statement};

use crate::{domain::numbering::Scope, error::BillingError};

/// The column that holds the last number given.
pub const LAST: &str = "last";

/// The next number of a scope. Concurrent writers of one scope wait for each other.
pub async fn next(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    scope: Scope,
) -> Result<i64, BillingError> {
    take(tx, project, scope, 1).await
}

/// Takes `count` numbers of a scope, or gives some back when it is negative; answers the last
/// one taken.
async fn take(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    scope: Scope,
    count: i64,
) -> Result<i64, BillingError> {
    let mut taking = taking_many(tx.get_database_backend(), project, scope, count, None);
    taking.sql.push_str(" RETURNING ");
    taking.sql.push_str(LAST);
    let row = tx
        .query_one_raw(taking)
        .await?
        .ok_or(BillingError::CorruptColumn("sequence.last"))?;
    Ok(row.try_get("", LAST)?)
}

/// The statement that takes the next number of a scope; the number is what its row then has in `LAST`.
pub fn taking(backend: DatabaseBackend, project: ProjectId, scope: Scope) -> Statement {
    taking_many(backend, project, scope, 1, None)
}

/// The statement that takes `count` numbers; with a `chassis::db::locked_row`, once that lock is held.
fn taking_many(
    backend: DatabaseBackend,
    project: ProjectId,
    scope: Scope,
    count: i64,
    locked: Option<&str>,
) -> Statement {
    let values = locked.map_or_else(
        || "VALUES ($1, $2, $3)".to_owned(),
        |row| format!("SELECT $1, $2, $3 FROM {row} WHERE TRUE"),
    );
    let sql = format!(
        "INSERT INTO sequence (project_id, scope, last) {values} \
         ON CONFLICT (project_id, scope) DO UPDATE SET last = sequence.last + $3"
    );
    Statement::from_sql_and_values(
        backend,
        sql,
        [
            project.to_string().into(),
            scope.counter().into(),
            count.into(),
        ],
    )
}

/// Numbers taken together, for a write that needs many. Nobody else gets numbers of the scope
/// before the write ends, so that those left over can be given back.
#[derive(Debug)]
pub struct Reserve {
    together: i64,
    left: BTreeMap<&'static str, (Scope, std::ops::RangeInclusive<i64>)>,
}

impl Reserve {
    /// For a write that needs about so many numbers of a scope.
    pub fn of(count: usize) -> Self {
        Self {
            together: i64::try_from(count).unwrap_or(1).max(1),
            left: BTreeMap::new(),
        }
    }

    /// The same with so many numbers of some scopes, taken with one statement that first takes the lock of the customer.
    pub async fn locked(
        tx: &DatabaseTransaction,
        project: ProjectId,
        customer: CustomerId,
        wanted: &[(Scope, usize)],
    ) -> Result<Self, BillingError> {
        if wanted.is_empty() {
            super::lock_customer(tx, project, customer).await?;
        }
        let backend = tx.get_database_backend();
        let locked = chassis::db::locked_row(backend, &super::lock_name(project, customer));
        let mut batch = Batch::new();
        for (scope, count) in wanted {
            let count = i64::try_from(*count).unwrap_or(1);
            let taking = taking_many(backend, project, *scope, count, Some(&locked));
            batch.push_number(taking, LAST);
        }
        let mut reserve = Self::of(1);
        for ((scope, count), last) in wanted.iter().zip(batch.send(tx).await?) {
            let told = || BillingError::CorruptColumn("sequence.last");
            let last = i64::try_from(last).map_err(|_| told())?;
            let count = i64::try_from(*count).map_err(|_| told())?;
            let left = last - count + 1..=last;
            reserve.left.insert(scope.counter(), (*scope, left));
        }
        Ok(reserve)
    }

    /// The next number of a scope.
    pub async fn next(
        &mut self,
        tx: &impl ConnectionTrait,
        project: ProjectId,
        scope: Scope,
    ) -> Result<i64, BillingError> {
        let known = self.left.get_mut(scope.counter());
        if let Some(number) = known.and_then(|(_, left)| left.next()) {
            return Ok(number);
        }
        let last = take(tx, project, scope, self.together).await?;
        let first = last - self.together + 1;
        self.left.insert(scope.counter(), (scope, first + 1..=last));
        Ok(first)
    }

    /// Gives back what is left over.
    pub async fn give_back(
        self,
        tx: &impl ConnectionTrait,
        project: ProjectId,
    ) -> Result<(), BillingError> {
        for (scope, left) in self.left.into_values() {
            let count = i64::try_from(left.count()).unwrap_or_default();
            if count > 0 {
                take(tx, project, scope, -count).await?;
            }
        }
        Ok(())
    }
}
