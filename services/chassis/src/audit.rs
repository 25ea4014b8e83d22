//! Serves the audit log of one database: who changed what, and when, newest first.

use contract::audit::v1::{self as pb, audit_service_server::AuditService};
use sea_orm::{ConnectionTrait, Statement, Value};
use tonic::{Request, Response, Status};

use crate::{Db, db::instant, idempotency::database, open, page::PageRequest};

/// Serves a service's audit rows.
#[derive(Clone)]
pub struct AuditServer {
    db: Db,
    page_key: [u8; 32],
}

impl AuditServer {
    /// Serves the rows of a database; `page_key` signs page tokens.
    pub fn new(db: Db, page_key: [u8; 32]) -> Self {
        Self { db, page_key }
    }
}

#[tonic::async_trait]
impl AuditService for AuditServer {
    async fn list_audit_entries(
        &self,
        request: Request<pb::ListAuditEntriesRequest>,
    ) -> Result<Response<pb::ListAuditEntriesResponse>, Status> {
        let (context, request) = open(request)?;
        let project = context.project.to_string();
        let page = PageRequest::parse(
            request.page_size,
            &request.page_token,
            self.page_key,
            &["audit", &project, &request.resource_id],
        )?;
        let before: i64 = page
            .after
            .as_ref()
            .and_then(|last| last.first()?.parse().ok())
            .unwrap_or(i64::MAX);
        let limit = i64::try_from(page.limit).unwrap_or(i64::MAX) + 1;
        let mut values: Vec<Value> = vec![project.into(), before.into(), limit.into()];
        let mut filter = "";
        if !request.resource_id.is_empty() {
            filter = " AND resource_id = $4";
            values.push(request.resource_id.into());
        }
        let reader = self.db.reader();
        let rows = reader
            .query_all_raw(Statement::from_sql_and_values(
                reader.get_database_backend(),
                format!(
                    "SELECT seq, kind, resource_id, resource_type, actor, create_time, before, after \
                     FROM audit_entry WHERE project_id = $1 AND seq < $2{filter} \
                     ORDER BY seq DESC LIMIT $3"
                ),
                values,
            ))
            .await
            .map_err(database)?;
        let mut entries = Vec::with_capacity(rows.len());
        for row in &rows {
            let read = || -> Result<pb::AuditEntry, sea_orm::DbErr> {
                Ok(pb::AuditEntry {
                    sequence: row.try_get("", "seq")?,
                    kind: row.try_get("", "kind")?,
                    resource_id: row.try_get("", "resource_id")?,
                    resource_type: row.try_get("", "resource_type")?,
                    actor: row.try_get("", "actor")?,
                    create_time: Some(contract::convert::timestamp(instant(
                        row.try_get("", "create_time")?,
                    ))),
                    before: row
                        .try_get::<Option<Vec<u8>>>("", "before")?
                        .unwrap_or_default(),
                    after: row
                        .try_get::<Option<Vec<u8>>>("", "after")?
                        .unwrap_or_default(),
                })
            };
            entries.push(read().map_err(database)?);
        }
        let full = u64::try_from(entries.len()).unwrap_or_default() > page.limit;
        let mut next_page_token = String::new();
        if full {
            entries.pop();
            if let Some(last) = entries.last() {
                next_page_token = page.token(&[&last.sequence.to_string()]);
            }
        }
        Ok(Response::new(pb::ListAuditEntriesResponse {
            entries,
            next_page_token,
        }))
    }
}
