//! Deliveries as they are made, read and asked for once more. How they are worked off is in `queue`.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{
    clock::system_now,
    db::{instant, micros},
};
use jiff::Timestamp;
use kernel::id::{ChannelId, EventId, ProjectId};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DatabaseTransaction, DbErr, FromQueryResult as _,
    IdenStatic, Iterable,
};

use super::{
    entity::{attempt as attempt_row, delivery as row},
    event::Event,
    execute, places, query,
};
use crate::{domain::delivery::State, error::NotificationError};

/// Rows and values of one statement.
const TOGETHER: usize = 500;
/// Attempts of one delivery that are shown.
const ATTEMPTS_SHOWN: usize = 50;
/// Why a disabled channel got nothing.
pub const DISABLED: &str = "the channel is disabled";
/// Why a delivery is tried once more.
pub const RESEND: &str = "event re-send was triggered";
const WAITS: &str = "waits for an earlier event of the same object";

/// A delivery as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The channel.
    pub channel: ChannelId,
    /// Where it stands.
    pub state: State,
    /// Why.
    pub reason: String,
    /// When that last changed.
    pub update_time: Timestamp,
    /// When it is tried next.
    pub next_attempt: Option<Timestamp>,
    /// When it was last asked for once more.
    pub resend_time: Option<Timestamp>,
    /// Attempts, newest first.
    pub attempts: Vec<Attempt>,
}

/// One request to an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Success or failed.
    pub state: State,
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

/// Holds off others that change what waits for what on a channel, until the end of the transaction.
pub async fn lock(tx: &DatabaseTransaction, channel: ChannelId) -> Result<(), DbErr> {
    chassis::db::lock(tx, &format!("notification.channel.{channel}")).await
}

/// What becomes of the delivery of a new event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is due at once.
    First,
    /// Earlier events of the same object are on their way.
    Waits,
    /// The channel is disabled.
    Disabled,
}

/// The delivery of a new event. The channel is locked.
pub fn row_of(
    project: ProjectId,
    event: &Event,
    channel: ChannelId,
    standing: Standing,
) -> row::ActiveModel {
    let now = micros(system_now());
    let (state, reason) = match standing {
        Standing::Disabled => (State::Failed, DISABLED),
        Standing::Waits => (State::Sending, WAITS),
        Standing::First => (State::Pending, ""),
    };
    row::ActiveModel {
        project_id: Set(project.to_string()),
        event_id: Set(event.id.to_string()),
        channel_id: Set(channel.to_string()),
        object: Set(event.object.clone()),
        sequence: Set(event.sequence),
        event_time: Set(micros(event.create_time)),
        state: Set(state.word().to_owned()),
        reason: Set(reason.to_owned()),
        in_lane: Set(standing != Standing::Disabled),
        due_time: Set((standing == Standing::First).then_some(now)),
        claim: Set(String::new()),
        first_time: Set(None),
        round_attempts: Set(0),
        resend_time: Set(None),
        create_time: Set(now),
        update_time: Set(now),
    }
}

/// Stores deliveries of new events.
pub async fn insert(tx: &DatabaseTransaction, rows: Vec<row::ActiveModel>) -> Result<(), DbErr> {
    super::insert_all(tx, rows, TOGETHER).await
}

/// Which of some objects have events on their way to which of some channels.
pub async fn lanes(
    db: &impl ConnectionTrait,
    project: ProjectId,
    channels: &[ChannelId],
    objects: &[&str],
) -> Result<BTreeSet<(ChannelId, String)>, NotificationError> {
    let mut found = BTreeSet::new();
    for channel in channels {
        for chunk in objects.chunks(TOGETHER) {
            let sql = format!(
                "SELECT DISTINCT object FROM delivery WHERE project_id = $1 AND channel_id = $2 \
                 AND object IN ({}) AND in_lane",
                places(3, chunk.len())
            );
            let values = [project.to_string().into(), channel.to_string().into()]
                .into_iter()
                .chain(chunk.iter().map(|object| (*object).into()));
            for row in query(db, &sql, values).await? {
                found.insert((*channel, row.try_get("", "object")?));
            }
        }
    }
    Ok(found)
}

/// The deliveries of some events with their attempts, by event.
pub async fn of_events(
    db: &impl ConnectionTrait,
    project: ProjectId,
    events: &[EventId],
) -> Result<BTreeMap<EventId, Vec<Delivery>>, NotificationError> {
    if events.is_empty() {
        return Ok(BTreeMap::new());
    }
    // One question, so that state and attempts are of one moment.
    let sql = format!(
        "SELECT {}, {} FROM delivery d LEFT JOIN attempt a ON a.project_id = d.project_id \
         AND a.event_id = d.event_id AND a.channel_id = d.channel_id \
         WHERE d.project_id = $1 AND d.event_id IN ({}) ORDER BY d.event_id, d.channel_id, a.id DESC",
        columns::<row::Column>("d"),
        columns::<attempt_row::Column>("a"),
        places(2, events.len())
    );
    let values = std::iter::once(project.to_string().into())
        .chain(events.iter().map(|event| event.to_string().into()));
    let mut found: BTreeMap<EventId, Vec<Delivery>> = BTreeMap::new();
    for joined in query(db, &sql, values).await? {
        let (event, delivery) = from_row(row::Model::from_query_result(&joined, "d_")?)?;
        let deliveries = found.entry(event).or_default();
        if deliveries.last().map(|last| last.channel) != Some(delivery.channel) {
            deliveries.push(delivery);
        }
        let attempt = attempt_row::Model::from_query_result_optional(&joined, "a_")?;
        if let (Some(attempt), Some(delivery)) = (attempt, deliveries.last_mut())
            && delivery.attempts.len() < ATTEMPTS_SHOWN
        {
            delivery.attempts.push(Attempt {
                state: State::from_word(&attempt.state).unwrap_or(State::Failed),
                time: instant(attempt.attempt_time),
                status_code: u16::try_from(attempt.status_code).unwrap_or_default(),
                body: attempt.body,
                duration_ms: attempt.duration_ms,
                url: attempt.url,
            });
        }
    }
    Ok(found)
}

/// All columns of a table under a short name, each named after it.
fn columns<C: Iterable + IdenStatic>(table: &str) -> String {
    let columns: Vec<String> = C::iter()
        .map(|column| format!("{table}.{0} AS {table}_{0}", column.as_str()))
        .collect();
    columns.join(", ")
}

fn from_row(row: row::Model) -> Result<(EventId, Delivery), NotificationError> {
    let corrupt = |detail: String| NotificationError::Corrupt {
        what: "delivery",
        id: row.event_id.clone(),
        detail,
    };
    let state = State::from_word(&row.state).ok_or_else(|| corrupt("state".to_owned()))?;
    let event = row
        .event_id
        .parse()
        .map_err(|cause| corrupt(format!("{cause}")))?;
    let channel = row
        .channel_id
        .parse()
        .map_err(|cause| corrupt(format!("{cause}")))?;
    Ok((
        event,
        Delivery {
            channel,
            state,
            reason: row.reason,
            update_time: instant(row.update_time),
            next_attempt: row.due_time.filter(|_| row.claim.is_empty()).map(instant),
            resend_time: row.resend_time.map(instant),
            attempts: Vec::new(),
        },
    ))
}

/// Asks once more for the deliveries of an event to these channels, which are locked; those that
/// were not handed over are left alone. What still waits for an earlier one goes on waiting, and says so.
pub async fn resend(
    tx: &DatabaseTransaction,
    project: ProjectId,
    event: EventId,
    channels: &[ChannelId],
) -> Result<u64, DbErr> {
    if channels.is_empty() {
        return Ok(0);
    }
    let now = micros(system_now());
    let waits = "in_lane AND due_time IS NULL";
    let sql = format!(
        "UPDATE delivery SET resend_time = $1, round_attempts = 0, first_time = NULL, claim = '', \
         state = CASE WHEN {waits} THEN state ELSE 'RESENDING' END, \
         reason = CASE WHEN {waits} THEN reason ELSE '{RESEND}' END, \
         update_time = CASE WHEN {waits} THEN update_time ELSE $1 END, \
         due_time = CASE WHEN {waits} THEN NULL ELSE $1 END \
         WHERE project_id = $2 AND event_id = $3 AND state IN ('SENDING', 'SUCCESS', 'FAILED') \
         AND channel_id IN ({})",
        places(4, channels.len())
    );
    let values = [
        now.into(),
        project.to_string().into(),
        event.to_string().into(),
    ]
    .into_iter()
    .chain(channels.iter().map(|channel| channel.to_string().into()));
    execute(tx, &sql, values).await
}

/// Asks once more for what a channel, which is locked, was sent of the events of a span of time,
/// in their order: of each object the first is due, the others wait.
pub async fn replay(
    tx: &DatabaseTransaction,
    project: ProjectId,
    channel: ChannelId,
    (from, to): (Timestamp, Timestamp),
    failed_only: bool,
) -> Result<u64, DbErr> {
    let now = micros(system_now());
    let states = if failed_only {
        "'FAILED'"
    } else {
        "'SUCCESS', 'FAILED'"
    };
    let sql = format!(
        "UPDATE delivery SET state = 'RESENDING', reason = '{RESEND}', resend_time = $1, update_time = $1, \
         round_attempts = 0, first_time = NULL, claim = '', in_lane = TRUE, due_time = NULL \
         WHERE project_id = $2 AND channel_id = $3 AND event_time >= $4 AND event_time < $5 \
         AND state IN ({states})"
    );
    let (project, channel) = (project.to_string(), channel.to_string());
    let values = [
        now.into(),
        project.as_str().into(),
        channel.as_str().into(),
        micros(from).into(),
        micros(to).into(),
    ];
    let count = execute(tx, &sql, values).await?;
    let heads = "UPDATE delivery SET due_time = $1 \
        WHERE project_id = $2 AND channel_id = $3 AND in_lane AND due_time IS NULL AND NOT EXISTS (\
        SELECT 1 FROM delivery e WHERE e.project_id = delivery.project_id \
        AND e.channel_id = delivery.channel_id AND e.object = delivery.object AND e.in_lane \
        AND e.sequence < delivery.sequence)";
    let values = [now.into(), project.as_str().into(), channel.as_str().into()];
    execute(tx, heads, values).await?;
    Ok(count)
}
