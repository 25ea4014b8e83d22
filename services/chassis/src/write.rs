//! A write: one transaction that holds the state change, the events and audit rows about
//! it, and the answer to remember. Events are put in the outbox at the very end, under a
//! lock, so that their numbers grow in commit order and a reader never skips one.

use std::{collections::BTreeSet, sync::Mutex};

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement};
use tracing::Instrument as _;

use crate::{Context, Db, db::micros, versions::Touch};

/// A transaction in progress. Dropped without `commit`, nothing happened.
pub struct Write {
    db: Db,
    tx: DatabaseTransaction,
    context: Context,
    events: Vec<NewEvent>,
    audits: Vec<NewAudit>,
    touched: Mutex<BTreeSet<String>>,
}

struct NewEvent {
    kind: &'static str,
    resource_id: String,
    revision: i64,
    payload_type: String,
    payload: Vec<u8>,
}

struct NewAudit {
    kind: &'static str,
    resource_id: String,
    resource_type: String,
    before: Option<Vec<u8>>,
    after: Option<Vec<u8>>,
}

impl Write {
    pub(crate) fn new(db: Db, tx: DatabaseTransaction, context: Context) -> Self {
        Self {
            db,
            tx,
            context,
            events: Vec::new(),
            audits: Vec::new(),
            touched: Mutex::default(),
        }
    }

    /// Names a scope that this write changes, beside those of its event kinds: its version grows with
    /// the commit.
    pub fn touch(&self, scope: impl Into<String>) {
        let poisoned = std::sync::PoisonError::into_inner;
        let mut touched = self.touched.lock().unwrap_or_else(poisoned);
        touched.insert(scope.into());
    }

    /// The transaction, for the store.
    pub fn tx(&self) -> &DatabaseTransaction {
        &self.tx
    }

    /// The call that this write is part of.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Records a change of a resource: an event with its full new state, and an audit row.
    /// `before` is none for a creation, `after` none for a deletion (the event then carries
    /// the last state).
    pub async fn record<M: prost::Name>(
        &mut self,
        kind: &'static str,
        id: &str,
        revision: i64,
        before: Option<&M>,
        after: Option<&M>,
    ) -> Result<(), DbErr> {
        self.audits.push(NewAudit {
            kind,
            resource_id: id.to_owned(),
            resource_type: M::full_name(),
            before: before.map(prost::Message::encode_to_vec),
            after: after.map(prost::Message::encode_to_vec),
        });
        match after.or(before) {
            Some(state) => self.event(kind, id, revision, state).await,
            None => Ok(()),
        }
    }

    /// Records an event without an audit row.
    #[expect(
        clippy::unused_async,
        reason = "rows are written at commit, callers need not know"
    )]
    pub async fn event<M: prost::Name>(
        &mut self,
        kind: &'static str,
        id: &str,
        revision: i64,
        payload: &M,
    ) -> Result<(), DbErr> {
        let scope = kind.split_once('.').map_or(kind, |(scope, _)| scope);
        self.touch(scope);
        self.events.push(NewEvent {
            kind,
            resource_id: id.to_owned(),
            revision,
            payload_type: M::full_name(),
            payload: payload.encode_to_vec(),
        });
        Ok(())
    }

    /// Writes the audit rows and events and commits.
    pub async fn commit(self) -> Result<(), DbErr> {
        let backend = self.tx.get_database_backend();
        let project = self.context.project.to_string();
        let now = micros(self.context.now);
        for audit in self.audits {
            self.tx
                .execute_raw(Statement::from_sql_and_values(
                    backend,
                    "INSERT INTO audit_entry (project_id, kind, resource_id, resource_type, actor, \
                     create_time, before, after) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                    [
                        project.as_str().into(),
                        audit.kind.into(),
                        audit.resource_id.into(),
                        audit.resource_type.into(),
                        self.context.actor.as_str().into(),
                        now.into(),
                        audit.before.into(),
                        audit.after.into(),
                    ],
                ))
                .await?;
        }
        let announce = !self.events.is_empty();
        if announce {
            crate::db::lock(&self.tx, &format!("{}.outbox", self.db.service())).await?;
            let traceparent = crate::telemetry::current_traceparent();
            for event in self.events {
                self.tx
                    .execute_raw(Statement::from_sql_and_values(
                        backend,
                        "INSERT INTO outbox (kind, project_id, resource_id, revision, payload_type, \
                         payload, actor, create_time, traceparent) \
                         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                        [
                            event.kind.into(),
                            project.as_str().into(),
                            event.resource_id.into(),
                            event.revision.into(),
                            event.payload_type.into(),
                            event.payload.into(),
                            self.context.actor.as_str().into(),
                            now.into(),
                            traceparent.as_str().into(),
                        ],
                    ))
                    .await?;
            }
        }
        let touched = self.touched.into_inner();
        let scopes = touched.unwrap_or_else(std::sync::PoisonError::into_inner);
        match self.db.versions() {
            Some(versions) if !scopes.is_empty() => {
                let touch = Touch {
                    versions: versions.clone(),
                    project: self.context.project,
                    scopes: scopes.into_iter().collect(),
                };
                commit_and_touch(self.tx, touch).await?;
            }
            Some(_) | None => self.tx.commit().await?,
        }
        if announce {
            self.db.announce_commit();
        }
        Ok(())
    }
}

/// Commits, and touches when the commit is over: as a task of its own, since a caller who goes away in
/// between would leave the commit to end after the touch.
async fn commit_and_touch(tx: DatabaseTransaction, touch: Touch) -> Result<(), DbErr> {
    let commit = async move {
        let committed = tx.commit().await;
        drop(touch);
        committed
    };
    tokio::spawn(commit.in_current_span())
        .await
        .map_err(|error| DbErr::Custom(format!("the commit broke off: {error}")))?
}
