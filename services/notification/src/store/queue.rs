//! The queue of deliveries over all projects: what is due, who works on it, and how it ended.

use chassis::db::{instant, micros};
use jiff::Timestamp;
use kernel::id::{ChannelId, EventId, ProjectId};
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseTransaction, DbErr, QueryResult, Value};

use super::{execute, places, query};
use crate::{domain::delivery::State, error::NotificationError};

/// A delivery that this process works on until its claim runs out.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Whose it is.
    pub project: ProjectId,
    /// What is sent.
    pub event: EventId,
    /// Where to.
    pub channel: ChannelId,
    /// The thing whose events keep their order.
    pub object: String,
    /// Place of the event among those of the object.
    pub object_sequence: i64,
    /// Proves that it is still ours.
    pub claim: String,
    /// Number of the attempt since it was last asked for, from 1.
    pub attempt: u32,
    /// When the first of them was made.
    pub first: Timestamp,
    /// The body, to the letter.
    pub body: String,
    /// The trace in which the event was made.
    pub traceparent: String,
}

/// How an attempt, or the decision to make none, ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The delivery.
    pub claimed: Claimed,
    /// Where it stands now: sending, success or failed.
    pub state: State,
    /// Why.
    pub reason: String,
    /// When it is tried next; none when it is done.
    pub next: Option<Timestamp>,
    /// The request, if one was made.
    pub attempt: Option<Attempt>,
}

/// A request as it is kept.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// When it was sent.
    pub time: Timestamp,
    /// HTTP status; zero: no answer.
    pub status_code: u16,
    /// Start of the answer, or what went wrong.
    pub body: String,
    /// How long it took.
    pub duration_ms: i64,
    /// Where to.
    pub url: String,
}

/// The earliest instant at which something is due.
pub async fn next_due(db: &impl ConnectionTrait) -> Result<Option<Timestamp>, DbErr> {
    let sql = "SELECT due_time FROM delivery WHERE due_time IS NOT NULL ORDER BY due_time LIMIT 1";
    let rows = query(db, sql, []).await?;
    rows.first()
        .map(|row| row.try_get::<i64>("", "due_time"))
        .transpose()
        .map(|due| due.map(instant))
}

/// Gives back what a process before this one worked on. Only where no other can be running.
pub async fn release_all(tx: &DatabaseTransaction, now: Timestamp) -> Result<(), DbErr> {
    let sql = "UPDATE delivery SET due_time = $1, claim = '' WHERE claim <> ''";
    execute(tx, sql, [micros(now).into()]).await.map(drop)
}

/// Takes up to `limit` deliveries that are due, the longest due first, none of the channels in
/// `full`; nobody else takes them before `until`.
pub async fn claim(
    tx: &DatabaseTransaction,
    (now, until): (Timestamp, Timestamp),
    claim: &str,
    limit: u64,
    full: &[ChannelId],
) -> Result<Vec<Claimed>, NotificationError> {
    let skip = if tx.get_database_backend() == DatabaseBackend::Postgres {
        "FOR UPDATE OF d SKIP LOCKED"
    } else {
        ""
    };
    let not_full = if full.is_empty() {
        String::new()
    } else {
        format!("AND d.channel_id NOT IN ({})", places(3, full.len()))
    };
    let sql = format!(
        "SELECT d.project_id, d.event_id, d.channel_id, d.object, d.round_attempts, d.first_time, \
         e.body, e.object_sequence, e.traceparent FROM delivery d \
         JOIN event e ON e.project_id = d.project_id AND e.id = d.event_id \
         WHERE d.due_time IS NOT NULL AND d.due_time <= $1 {not_full} \
         ORDER BY d.due_time, d.sequence LIMIT $2 {skip}"
    );
    let values: Vec<Value> = [micros(now).into(), limit.cast_signed().into()]
        .into_iter()
        .chain(full.iter().map(|channel| channel.to_string().into()))
        .collect();
    let rows = query(tx, &sql, values).await?;
    let mut claimed = Vec::with_capacity(rows.len());
    for row in &rows {
        let found = from_row(row, claim, now)?;
        let sql = "UPDATE delivery SET state = 'SENDING', reason = '', claim = $1, due_time = $2, \
                   first_time = $3, round_attempts = $4, \
                   update_time = CASE WHEN state = 'SENDING' AND reason = '' THEN update_time ELSE $5 END \
                   WHERE project_id = $6 AND event_id = $7 AND channel_id = $8";
        let values = [
            claim.into(),
            micros(until).into(),
            micros(found.first).into(),
            found.attempt.cast_signed().into(),
            micros(now).into(),
        ];
        execute(tx, sql, values.into_iter().chain(key(&found))).await?;
        claimed.push(found);
    }
    Ok(claimed)
}

fn from_row(row: &QueryResult, claim: &str, now: Timestamp) -> Result<Claimed, NotificationError> {
    let text = |column: &str| row.try_get::<String>("", column);
    let event = text("event_id")?;
    let corrupt = |detail: String| NotificationError::Corrupt {
        what: "delivery",
        id: event.clone(),
        detail,
    };
    let first: Option<i64> = row.try_get("", "first_time")?;
    let attempts: i32 = row.try_get("", "round_attempts")?;
    Ok(Claimed {
        project: text("project_id")?
            .parse()
            .map_err(|cause| corrupt(format!("{cause}")))?,
        channel: text("channel_id")?
            .parse()
            .map_err(|cause| corrupt(format!("{cause}")))?,
        object: text("object")?,
        object_sequence: row.try_get("", "object_sequence")?,
        claim: claim.to_owned(),
        attempt: attempts.cast_unsigned().saturating_add(1),
        first: first.map_or(now, instant),
        body: text("body")?,
        traceparent: text("traceparent")?,
        event: event.parse().map_err(|cause| corrupt(format!("{cause}")))?,
    })
}

fn key(claimed: &Claimed) -> [Value; 3] {
    [
        claimed.project.to_string().into(),
        claimed.event.to_string().into(),
        claimed.channel.to_string().into(),
    ]
}

/// Records how a delivery ended, unless somebody else has it now; when it is done, the next one of
/// its object is due. Its channel is locked. Answers whether it was still ours.
pub async fn end(tx: &DatabaseTransaction, ended: &Ended, now: Timestamp) -> Result<bool, DbErr> {
    let claimed = &ended.claimed;
    let sql = "UPDATE delivery SET state = $1, reason = $2, due_time = $3, claim = '', \
               in_lane = CASE WHEN CAST($3 AS BIGINT) IS NULL THEN FALSE ELSE in_lane END, update_time = $4 \
               WHERE claim = $5 AND project_id = $6 AND event_id = $7 AND channel_id = $8";
    let values: [Value; 5] = [
        ended.state.word().into(),
        ended.reason.as_str().into(),
        ended.next.map(micros).into(),
        micros(now).into(),
        claimed.claim.as_str().into(),
    ];
    let ours = execute(tx, sql, values.into_iter().chain(key(claimed))).await? > 0;
    if let Some(attempt) = &ended.attempt {
        let state = match ended.state {
            State::Success => State::Success,
            State::Pending | State::Sending | State::Failed | State::Resending => State::Failed,
        };
        let id: kernel::id::DeliveryId = chassis::id::next();
        let sql = "INSERT INTO attempt (id, state, attempt_time, status_code, body, duration_ms, url, \
                   project_id, event_id, channel_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let values: [Value; 7] = [
            id.to_string().into(),
            state.word().into(),
            micros(attempt.time).into(),
            i32::from(attempt.status_code).into(),
            attempt.body.as_str().into(),
            attempt.duration_ms.into(),
            attempt.url.as_str().into(),
        ];
        execute(tx, sql, values.into_iter().chain(key(claimed))).await?;
    }
    if ours && ended.next.is_none() {
        promote(tx, claimed, now).await?;
    }
    Ok(ours)
}

/// Makes the first delivery of a lane due, if it waits.
async fn promote(tx: &DatabaseTransaction, done: &Claimed, now: Timestamp) -> Result<(), DbErr> {
    let sql = "UPDATE delivery SET due_time = $1 \
        WHERE project_id = $2 AND channel_id = $3 AND due_time IS NULL AND in_lane AND event_id = (\
        SELECT event_id FROM delivery WHERE project_id = $2 AND channel_id = $3 AND object = $4 AND in_lane \
        ORDER BY sequence LIMIT 1)";
    let values = [
        micros(now).into(),
        done.project.to_string().into(),
        done.channel.to_string().into(),
        done.object.as_str().into(),
    ];
    execute(tx, sql, values).await.map(drop)
}

/// Gives up what was made before an instant and was never handed over.
pub async fn give_up_pending(
    tx: &DatabaseTransaction,
    before: Timestamp,
    now: Timestamp,
) -> Result<u64, NotificationError> {
    let sql = "SELECT d.project_id, d.event_id, d.channel_id, d.object, d.round_attempts, d.first_time, \
               '' AS body, '' AS traceparent, d.sequence AS object_sequence FROM delivery d \
               WHERE d.state = 'PENDING' AND d.create_time < $1 ORDER BY d.create_time LIMIT 500";
    let rows = query(tx, sql, [micros(before).into()]).await?;
    let mut late: Vec<Claimed> = rows
        .iter()
        .map(|row| from_row(row, "", now))
        .collect::<Result<_, _>>()?;
    late.sort_by_key(|claimed| claimed.channel);
    let mut count = 0;
    for claimed in late {
        super::delivery::lock(tx, claimed.channel).await?;
        let ended = Ended {
            claimed,
            state: State::Failed,
            reason: "it could not be handed over for three hours".to_owned(),
            next: None,
            attempt: None,
        };
        count += u64::from(end(tx, &ended, now).await?);
    }
    Ok(count)
}
