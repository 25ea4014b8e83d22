//! Requests that carry a `request_id` happen once: the claim, the change and the answer
//! are one transaction, and the same id later replays the answer. Kept 24 hours of system
//! time and sealed, because an answer may show a secret once. Refusals are remembered too;
//! failures of ours are not, so that they can be retried.

use std::future::Future;

use prost::Message;
use sea_orm::{ConnectionTrait, DbErr, Statement};
use tonic::{Code, Response, Status};

use crate::{
    Context, Db, Write,
    clock::system_now,
    error::{self, invalid, refuse},
    secret::{hex, sha256},
};

/// Metadata on an answer that was given before.
pub const REPLAYED_HEADER: &str = "x-perennial-replayed";
const MAX_LENGTH: usize = 255;
const KEPT_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

struct Record {
    code: i32,
    message: String,
    answer: Vec<u8>,
}

impl Db {
    /// The answer that the same request was given before; none when there is none yet. Only
    /// reads. For handlers that judge by a state which the request itself may have changed.
    pub async fn replayed<Request, Answer>(
        &self,
        context: &Context,
        operation: &'static str,
        request_id: &str,
        request: &Request,
    ) -> Result<Option<Response<Answer>>, Status>
    where
        Request: Message,
        Answer: Message + Default,
    {
        if request_id.is_empty() {
            return Ok(None);
        }
        let claim = Claim::new(self, context, operation, request_id, request)?;
        let record = claim.find(self.reader()).await?;
        record.map(replay).transpose()
    }

    /// Runs a write once per `request_id` (empty: not remembered). `change` gets the
    /// transaction and gives it back with the answer.
    pub async fn write<Request, Answer, Error, Change, Pending>(
        &self,
        context: &Context,
        operation: &'static str,
        request_id: &str,
        request: &Request,
        change: Change,
    ) -> Result<Response<Answer>, Status>
    where
        Request: Message,
        Answer: Message + Default,
        Error: Into<Status>,
        Change: FnOnce(Write) -> Pending,
        Pending: Future<Output = Result<(Write, Answer), Error>> + Send,
    {
        if request_id.is_empty() {
            let write = self.system_write(context).await.map_err(database)?;
            let (write, answer) = change(write).await.map_err(Into::into)?;
            write.commit().await.map_err(database)?;
            return Ok(Response::new(answer));
        }
        let claim = Claim::new(self, context, operation, request_id, request)?;
        let write = self.system_write(context).await.map_err(database)?;
        if let Some(record) = claim.take(&write).await? {
            return replay(record);
        }
        match change(write).await {
            Ok((write, answer)) => {
                claim.remember(&write, 0, "", &answer.encode_to_vec());
                write.commit().await.map_err(database)?;
                Ok(Response::new(answer))
            }
            Err(refusal) => {
                let status: Status = refusal.into();
                if is_final(status.code()) {
                    let write = self.system_write(context).await.map_err(database)?;
                    if claim.take(&write).await?.is_none() {
                        let code = status.code().into();
                        claim.remember(&write, code, status.message(), status.details());
                        write.commit().await.map_err(database)?;
                    }
                }
                Err(status)
            }
        }
    }
}

struct Claim<'a> {
    db: &'a Db,
    context: &'a Context,
    operation: &'static str,
    request_id: &'a str,
    hash: String,
}

impl<'a> Claim<'a> {
    fn new(
        db: &'a Db,
        context: &'a Context,
        operation: &'static str,
        request_id: &'a str,
        request: &impl Message,
    ) -> Result<Self, Status> {
        if request_id.chars().count() > MAX_LENGTH {
            return Err(invalid("request_id", "must have at most 255 characters"));
        }
        Ok(Self {
            db,
            context,
            operation,
            request_id,
            hash: hex(&sha256(&request.encode_to_vec())),
        })
    }

    /// Claims the id, or gives back what was answered before. A concurrent request with the
    /// same id waits here for the first one's transaction.
    async fn take(&self, write: &Write) -> Result<Option<Record>, Status> {
        let tx = write.tx();
        let backend = tx.get_database_backend();
        let now = system_now().as_microsecond();
        let claimed = tx
            .execute_raw(Statement::from_sql_and_values(
                backend,
                "INSERT INTO idempotency (project_id, operation, request_id, request_hash, \
                 status_code, status_message, answer, create_time) \
                 VALUES ($1, $2, $3, $4, -1, '', $5, $6) \
                 ON CONFLICT (project_id, operation, request_id) DO UPDATE SET \
                 request_hash = excluded.request_hash, status_code = excluded.status_code, \
                 status_message = excluded.status_message, answer = excluded.answer, \
                 create_time = excluded.create_time WHERE idempotency.create_time < $7",
                [
                    self.context.project.to_string().into(),
                    self.operation.into(),
                    self.request_id.into(),
                    self.hash.as_str().into(),
                    Vec::<u8>::new().into(),
                    now.into(),
                    (now - KEPT_MICROS).into(),
                ],
            ))
            .await
            .map_err(database)?;
        if claimed.rows_affected() == 1 {
            return Ok(None);
        }
        let found = self.find(tx).await?;
        found
            .map(Some)
            .ok_or_else(|| Status::aborted("the request id was released meanwhile; retry"))
    }

    /// What was answered before, and is still kept.
    async fn find(&self, connection: &impl ConnectionTrait) -> Result<Option<Record>, Status> {
        let row = connection
            .query_one_raw(Statement::from_sql_and_values(
                connection.get_database_backend(),
                "SELECT request_hash, status_code, status_message, answer FROM idempotency \
                 WHERE project_id = $1 AND operation = $2 AND request_id = $3 AND create_time >= $4",
                [
                    self.context.project.to_string().into(),
                    self.operation.into(),
                    self.request_id.into(),
                    (system_now().as_microsecond() - KEPT_MICROS).into(),
                ],
            ))
            .await
            .map_err(database)?;
        let Some(row) = row else { return Ok(None) };
        let hash: String = row.try_get("", "request_hash").map_err(database)?;
        if hash != self.hash {
            return Err(refuse(
                error::Code::InvalidArgument,
                "REQUEST_ID_REUSED",
                "the request id was used before with another request",
                &[error::Violation::new(
                    "request_id",
                    "was used before with another request",
                )],
            ));
        }
        Ok(Some(Record {
            code: row.try_get("", "status_code").map_err(database)?,
            message: row.try_get("", "status_message").map_err(database)?,
            answer: self
                .db
                .master()
                .unseal_bytes(&row.try_get::<Vec<u8>>("", "answer").map_err(database)?)
                .map_err(|error| {
                    tracing::error!(%error, "a remembered answer cannot be opened");
                    Status::internal("something went wrong")
                })?,
        }))
    }

    /// Keeps the answer with the commit.
    fn remember(&self, write: &Write, code: i32, message: &str, answer: &[u8]) {
        write.later(Statement::from_sql_and_values(
            self.db.backend(),
            "UPDATE idempotency SET status_code = $1, status_message = $2, answer = $3 \
             WHERE project_id = $4 AND operation = $5 AND request_id = $6",
            [
                code.into(),
                message.into(),
                self.db.master().seal_bytes(answer).into(),
                self.context.project.to_string().into(),
                self.operation.into(),
                self.request_id.into(),
            ],
        ));
    }
}

fn replay<Answer: Message + Default>(record: Record) -> Result<Response<Answer>, Status> {
    let mark = tonic::metadata::MetadataValue::from_static("true");
    if record.code == 0 {
        let answer = Answer::decode(record.answer.as_slice())
            .map_err(|_| Status::internal("the remembered answer cannot be read"))?;
        let mut response = Response::new(answer);
        response.metadata_mut().insert(REPLAYED_HEADER, mark);
        return Ok(response);
    }
    let mut status = Status::with_details(
        Code::from(record.code),
        record.message,
        record.answer.into(),
    );
    status.metadata_mut().insert(REPLAYED_HEADER, mark);
    Err(status)
}

/// Whether the same request would be refused again: then the refusal is the answer.
fn is_final(code: Code) -> bool {
    [
        Code::InvalidArgument,
        Code::NotFound,
        Code::AlreadyExists,
        Code::FailedPrecondition,
        Code::PermissionDenied,
        Code::OutOfRange,
    ]
    .contains(&code)
}

/// The status of a database failure: a fixed sentence outside, the cause in the log.
pub fn database(error: DbErr) -> Status {
    if let Some(known) = error::database_known(&error) {
        return known;
    }
    tracing::error!(%error, "database failure");
    Status::internal("something went wrong")
}

/// Forgets records that are older than a day.
pub async fn expire(db: &Db) -> Result<(), DbErr> {
    let writer = db.writer();
    writer
        .execute_raw(Statement::from_sql_and_values(
            writer.get_database_backend(),
            "DELETE FROM idempotency WHERE create_time < $1",
            [(system_now().as_microsecond() - KEPT_MICROS).into()],
        ))
        .await
        .map(drop)
}
