//! Leases: a name in the database that one process holds for a while, so that any number
//! of replicas can run the same background work and each piece is done by one.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbErr, Statement};

use crate::{clock::system_now, db::Db, secret};

/// A process's hold on leases of one database.
#[derive(Clone)]
pub struct Leases {
    db: Db,
    holder: String,
}

impl Leases {
    /// Leases of a database for a new holder.
    pub fn new(db: Db) -> Self {
        Self {
            db,
            holder: secret::hex(&secret::random::<8>()),
        }
    }

    /// Takes or extends the lease; false while another holder has it. One that is to last longer than anybody can have asked
    /// for was taken by a clock that was ahead, and holds nobody up.
    pub async fn acquire(&self, name: &str, time: Duration) -> Result<bool, DbErr> {
        let now = system_now().as_microsecond();
        let time = i64::try_from(time.as_micros()).unwrap_or(i64::MAX / 4);
        let writer = self.db.writer();
        let result = writer
            .execute_raw(Statement::from_sql_and_values(
                writer.get_database_backend(),
                "INSERT INTO lease (name, holder, until) VALUES ($1, $2, $3) \
                 ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until \
                 WHERE lease.holder = excluded.holder OR lease.until < $4 OR lease.until > $5",
                [
                    name.into(),
                    self.holder.as_str().into(),
                    (now + time).into(),
                    now.into(),
                    // As far as clocks may differ before leases are of no use anyway.
                    (now + 2 * time).into(),
                ],
            ))
            .await?;
        Ok(result.rows_affected() == 1)
    }

    /// Gives the lease back early.
    pub async fn release(&self, name: &str) -> Result<(), DbErr> {
        let writer = self.db.writer();
        writer
            .execute_raw(Statement::from_sql_and_values(
                writer.get_database_backend(),
                "DELETE FROM lease WHERE name = $1 AND holder = $2",
                [name.into(), self.holder.as_str().into()],
            ))
            .await?;
        Ok(())
    }
}
