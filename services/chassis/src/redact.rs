//! Taking personal data out of what was recorded: the audit log and the outbox keep that
//! something happened, when and by whom, but no longer what it said.

use sea_orm::{ConnectionTrait, DbErr, Statement};

use crate::Write;

/// Rows rewritten at a time.
const PAGE: i64 = 200;

impl Write {
    /// Rewrites what the audit log and the outbox keep of a resource. `change` gets the full
    /// name of a message and its bytes and answers the bytes to keep; none forgets them. Rows
    /// that this write records itself are not touched.
    pub async fn redact(
        &self,
        resource_id: &str,
        change: impl Fn(&str, &[u8]) -> Option<Vec<u8>> + Send + Sync,
    ) -> Result<(), DbErr> {
        self.redact_audit(resource_id, &change).await?;
        self.redact_outbox(resource_id, &change).await
    }

    async fn redact_audit(
        &self,
        resource_id: &str,
        change: &(impl Fn(&str, &[u8]) -> Option<Vec<u8>> + Send + Sync),
    ) -> Result<(), DbErr> {
        let backend = self.tx().get_database_backend();
        let mut last = 0_i64;
        loop {
            let rows = self
                .tx()
                .query_all_raw(Statement::from_sql_and_values(
                    backend,
                    "SELECT seq, resource_type, before, after FROM audit_entry \
                     WHERE project_id = $1 AND resource_id = $2 AND seq > $3 ORDER BY seq LIMIT $4",
                    [
                        self.context().project.to_string().into(),
                        resource_id.into(),
                        last.into(),
                        PAGE.into(),
                    ],
                ))
                .await?;
            for row in &rows {
                last = row.try_get("", "seq")?;
                let name: String = row.try_get("", "resource_type")?;
                let state = |column: &str| -> Result<Option<Vec<u8>>, DbErr> {
                    let found: Option<Vec<u8>> = row.try_get("", column)?;
                    Ok(found.and_then(|bytes| change(&name, &bytes)))
                };
                self.tx()
                    .execute_raw(Statement::from_sql_and_values(
                        backend,
                        "UPDATE audit_entry SET before = $1, after = $2 WHERE seq = $3",
                        [state("before")?.into(), state("after")?.into(), last.into()],
                    ))
                    .await?;
            }
            if rows.is_empty() {
                return Ok(());
            }
        }
    }

    async fn redact_outbox(
        &self,
        resource_id: &str,
        change: &(impl Fn(&str, &[u8]) -> Option<Vec<u8>> + Send + Sync),
    ) -> Result<(), DbErr> {
        let backend = self.tx().get_database_backend();
        // No index: the outbox is pruned, and this is rare.
        let rows = self
            .tx()
            .query_all_raw(Statement::from_sql_and_values(
                backend,
                "SELECT seq, payload_type, payload FROM outbox \
                 WHERE project_id = $1 AND resource_id = $2 ORDER BY seq",
                [
                    self.context().project.to_string().into(),
                    resource_id.into(),
                ],
            ))
            .await?;
        for row in &rows {
            let seq: i64 = row.try_get("", "seq")?;
            let name: String = row.try_get("", "payload_type")?;
            let payload: Vec<u8> = row.try_get("", "payload")?;
            self.tx()
                .execute_raw(Statement::from_sql_and_values(
                    backend,
                    "UPDATE outbox SET payload = $1 WHERE seq = $2",
                    [
                        change(&name, &payload).unwrap_or_default().into(),
                        seq.into(),
                    ],
                ))
                .await?;
        }
        Ok(())
    }
}
