//! Old events are taken out, with their deliveries and attempts. What has to outlive them is kept in a few words: the
//! last number of each object, so that numbers never come twice.

use std::collections::BTreeSet;

use chassis::db::micros;
use jiff::{SignedDuration, Timestamp};
use kernel::id::{ChannelId, ProjectId};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Value};

use super::{delivery, execute, places, query, unreadable};

/// Nothing of it is due, being sent, or waiting for an earlier event.
const DONE: &str = "NOT EXISTS (SELECT 1 FROM delivery d WHERE d.project_id = event.project_id \
                    AND d.event_id = event.id AND (d.in_lane OR d.due_time IS NOT NULL))";

/// Between two looks through the events of a project.
const PAUSE: SignedDuration = SignedDuration::from_hours(24);

/// What may go: made before an instant, and telling of no usage period that still goes on.
#[derive(Clone, Copy, Debug)]
pub struct Age {
    /// Events made before it may go.
    pub made_before: Timestamp,
    /// The usage period that they tell of, if any, is over by then.
    pub over_by: Timestamp,
}

/// When a project that is looked through now, or begins to have events, is looked through next.
pub fn next_look(now: Timestamp) -> Timestamp {
    now.checked_add(PAUSE).unwrap_or(Timestamp::MAX)
}

/// When each project that ever had an event is looked through next.
pub async fn projects(db: &impl ConnectionTrait) -> Result<Vec<(ProjectId, Timestamp)>, DbErr> {
    let rows = query(db, "SELECT project_id, prune_time FROM event_sequence", []).await?;
    super::earliest(&rows, "prune_time")
}

/// Says when a project is looked through next.
pub async fn look_again(
    db: &impl ConnectionTrait,
    project: ProjectId,
    at: Timestamp,
) -> Result<(), DbErr> {
    let sql = "UPDATE event_sequence SET prune_time = $1 WHERE project_id = $2";
    execute(db, sql, [micros(at).into(), project.to_string().into()])
        .await
        .map(drop)
}

/// The statement that finds what may go, the oldest first: project, age and limit are bound.
pub fn candidates() -> String {
    format!(
        "SELECT id FROM event WHERE project_id = $1 AND create_time < $2 AND keep_until <= $3 AND {DONE} \
         ORDER BY create_time, id LIMIT $4"
    )
}

/// Takes out up to `limit` events; answers how many they were.
pub async fn prune(
    tx: &DatabaseTransaction,
    project: ProjectId,
    age: Age,
    limit: i64,
) -> Result<u64, DbErr> {
    // The order of all locks: first the project's events, then the channels by id.
    chassis::db::lock(tx, &format!("notification.events.{project}")).await?;
    let project = project.to_string();
    let bounds = [
        Value::from(project.as_str()),
        micros(age.made_before).into(),
        micros(age.over_by).into(),
        limit.into(),
    ];
    let rows = query(tx, &candidates(), bounds).await?;
    let mut ids: Vec<String> = Vec::with_capacity(rows.len());
    for row in rows {
        ids.push(row.try_get("", "id")?);
    }
    if ids.is_empty() {
        return Ok(0);
    }
    for channel in channels(tx, &project, &ids).await? {
        delivery::lock(tx, channel).await?;
    }
    // Nobody can ask for them once more now; somebody may have done so a moment ago.
    let still = format!(
        "SELECT id FROM event WHERE project_id = $1 AND id IN ({}) AND {DONE}",
        places(2, ids.len())
    );
    let mut settled = Vec::with_capacity(ids.len());
    for row in query(tx, &still, values(&project, &ids)).await? {
        settled.push(row.try_get::<String>("", "id")?);
    }
    if settled.is_empty() {
        return Ok(0);
    }
    let named = places(2, settled.len());
    let remember = format!(
        "INSERT INTO pruned_object (project_id, object, last) \
         SELECT project_id, object, MAX(object_sequence) FROM event \
         WHERE project_id = $1 AND id IN ({named}) GROUP BY project_id, object \
         ON CONFLICT (project_id, object) DO UPDATE SET last = \
         CASE WHEN pruned_object.last > excluded.last THEN pruned_object.last ELSE excluded.last END"
    );
    execute(tx, &remember, values(&project, &settled)).await?;
    for (table, column) in [
        ("attempt", "event_id"),
        ("delivery", "event_id"),
        ("event", "id"),
    ] {
        let sql = format!("DELETE FROM {table} WHERE project_id = $1 AND {column} IN ({named})");
        execute(tx, &sql, values(&project, &settled)).await?;
    }
    Ok(u64::try_from(settled.len()).unwrap_or(u64::MAX))
}

/// The channels that events went to, in the order in which they are locked.
async fn channels(
    tx: &DatabaseTransaction,
    project: &str,
    events: &[String],
) -> Result<BTreeSet<ChannelId>, DbErr> {
    let sql = format!(
        "SELECT DISTINCT channel_id FROM delivery WHERE project_id = $1 AND event_id IN ({})",
        places(2, events.len())
    );
    let mut found = BTreeSet::new();
    for row in query(tx, &sql, values(project, events)).await? {
        let id: String = row.try_get("", "channel_id")?;
        found.insert(id.parse().map_err(unreadable)?);
    }
    Ok(found)
}

fn values<'a>(project: &'a str, ids: &'a [String]) -> impl Iterator<Item = Value> {
    std::iter::once(project.into()).chain(ids.iter().map(|id| id.as_str().into()))
}
