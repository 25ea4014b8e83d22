//! How channels fare: since when nothing gets through, and why one was disabled.

use std::collections::BTreeMap;

use chassis::db::{instant, micros};
use jiff::Timestamp;
use kernel::id::{ChannelId, ProjectId};
use sea_orm::{ConnectionTrait, DbErr};

use super::{execute, places, query};

/// Forgets the failures of a channel that took something.
pub async fn took(
    db: &impl ConnectionTrait,
    project: ProjectId,
    channel: ChannelId,
) -> Result<(), DbErr> {
    let sql = "DELETE FROM channel_health WHERE project_id = $1 AND channel_id = $2 AND failing_since IS NOT NULL";
    execute(
        db,
        sql,
        [project.to_string().into(), channel.to_string().into()],
    )
    .await
    .map(drop)
}

/// Notes that a channel failed; answers since when it does.
pub async fn failed(
    db: &impl ConnectionTrait,
    project: ProjectId,
    channel: ChannelId,
    now: Timestamp,
) -> Result<Timestamp, DbErr> {
    let (project, channel) = (project.to_string(), channel.to_string());
    let sql = "INSERT INTO channel_health (project_id, channel_id, failing_since, disable_reason) \
               VALUES ($1, $2, $3, '') ON CONFLICT (project_id, channel_id) DO UPDATE \
               SET failing_since = COALESCE(channel_health.failing_since, excluded.failing_since)";
    let values = [
        project.as_str().into(),
        channel.as_str().into(),
        micros(now).into(),
    ];
    execute(db, sql, values).await?;
    let sql = "SELECT failing_since FROM channel_health WHERE project_id = $1 AND channel_id = $2";
    let rows = query(db, sql, [project.into(), channel.into()]).await?;
    let since: Option<i64> = rows
        .first()
        .map(|row| row.try_get("", "failing_since"))
        .transpose()?
        .flatten();
    Ok(since.map_or(now, instant))
}

/// Notes why a channel was disabled; empty: it was enabled again, and starts afresh.
pub async fn set_reason(
    db: &impl ConnectionTrait,
    project: ProjectId,
    channel: ChannelId,
    reason: &str,
) -> Result<(), DbErr> {
    let (project, channel) = (project.to_string(), channel.to_string());
    if reason.is_empty() {
        let sql = "DELETE FROM channel_health WHERE project_id = $1 AND channel_id = $2";
        return execute(db, sql, [project.into(), channel.into()])
            .await
            .map(drop);
    }
    let sql = "INSERT INTO channel_health (project_id, channel_id, failing_since, disable_reason) \
               VALUES ($1, $2, NULL, $3) ON CONFLICT (project_id, channel_id) DO UPDATE \
               SET failing_since = NULL, disable_reason = excluded.disable_reason";
    execute(db, sql, [project.into(), channel.into(), reason.into()])
        .await
        .map(drop)
}

/// Why the service itself disabled some channels; others are left out.
pub async fn reasons(
    db: &impl ConnectionTrait,
    project: ProjectId,
    channels: &[ChannelId],
) -> Result<BTreeMap<ChannelId, String>, DbErr> {
    let mut found = BTreeMap::new();
    if channels.is_empty() {
        return Ok(found);
    }
    let sql = format!(
        "SELECT channel_id, disable_reason FROM channel_health \
         WHERE project_id = $1 AND disable_reason <> '' AND channel_id IN ({})",
        places(2, channels.len())
    );
    let values = std::iter::once(project.to_string().into())
        .chain(channels.iter().map(|channel| channel.to_string().into()));
    for row in query(db, &sql, values).await? {
        let id: String = row.try_get("", "channel_id")?;
        if let Ok(id) = id.parse() {
            found.insert(id, row.try_get("", "disable_reason")?);
        }
    }
    Ok(found)
}
