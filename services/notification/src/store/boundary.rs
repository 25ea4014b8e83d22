//! The next boundary between usage periods of each metered entitlement: where the service notices
//! that usage was reset.

use chassis::db::{instant, micros};
use jiff::Timestamp;
use kernel::id::{EntitlementId, ProjectId};
use sea_orm::{ConnectionTrait, DbErr};

use super::{execute, query};

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boundary {
    /// The entitlement.
    pub entitlement: EntitlementId,
    /// Whose it is.
    pub customer: String,
    /// Key of its feature.
    pub feature_key: String,
    /// The instant at which a usage period ends and the next begins.
    pub at: Timestamp,
    /// When it was asked for, if it is a manual reset.
    pub reset_time: Option<Timestamp>,
}

/// Watches an entitlement that was not watched before.
pub async fn watch(
    db: &impl ConnectionTrait,
    project: ProjectId,
    boundary: &Boundary,
) -> Result<(), DbErr> {
    let sql = "INSERT INTO boundary (project_id, entitlement_id, customer_id, feature_key, boundary_time, reset_time) \
               VALUES ($1, $2, $3, $4, $5, NULL) ON CONFLICT (project_id, entitlement_id) DO NOTHING";
    let values = [
        project.to_string().into(),
        boundary.entitlement.to_string().into(),
        boundary.customer.as_str().into(),
        boundary.feature_key.as_str().into(),
        micros(boundary.at).into(),
    ];
    execute(db, sql, values).await.map(drop)
}

/// Notes a manual reset. An earlier boundary that was not noticed yet comes first.
pub async fn reset(
    db: &impl ConnectionTrait,
    project: ProjectId,
    boundary: &Boundary,
) -> Result<(), DbErr> {
    let sql = "INSERT INTO boundary (project_id, entitlement_id, customer_id, feature_key, boundary_time, reset_time) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (project_id, entitlement_id) DO UPDATE SET \
               boundary_time = CASE WHEN boundary.boundary_time < excluded.boundary_time \
               THEN boundary.boundary_time ELSE excluded.boundary_time END, reset_time = excluded.reset_time";
    let values = [
        project.to_string().into(),
        boundary.entitlement.to_string().into(),
        boundary.customer.as_str().into(),
        boundary.feature_key.as_str().into(),
        micros(boundary.at).into(),
        boundary.reset_time.map(micros).into(),
    ];
    execute(db, sql, values).await.map(drop)
}

/// Watches an entitlement no more.
pub async fn forget(
    db: &impl ConnectionTrait,
    project: ProjectId,
    entitlement: EntitlementId,
) -> Result<(), DbErr> {
    let sql = "DELETE FROM boundary WHERE project_id = $1 AND entitlement_id = $2";
    execute(
        db,
        sql,
        [project.to_string().into(), entitlement.to_string().into()],
    )
    .await
    .map(drop)
}

/// Moves an entitlement on, unless it was changed since it was read.
pub async fn advance(
    db: &impl ConnectionTrait,
    project: ProjectId,
    from: &Boundary,
    to: Option<Timestamp>,
) -> Result<(), DbErr> {
    let guard = "project_id = $1 AND entitlement_id = $2 AND boundary_time = $3 \
                 AND COALESCE(reset_time, -1) = $4";
    let values = [
        project.to_string().into(),
        from.entitlement.to_string().into(),
        micros(from.at).into(),
        from.reset_time.map_or(-1, micros).into(),
    ];
    match to {
        None => execute(db, &format!("DELETE FROM boundary WHERE {guard}"), values).await,
        Some(to) => {
            let sql = format!(
                "UPDATE boundary SET boundary_time = $5, \
                 reset_time = CASE WHEN reset_time >= $5 THEN reset_time ELSE NULL END WHERE {guard}"
            );
            execute(db, &sql, values.into_iter().chain([micros(to).into()])).await
        }
    }
    .map(drop)
}

/// The earliest boundary of each project that has a rule about entitlements.
pub async fn projects(db: &impl ConnectionTrait) -> Result<Vec<(ProjectId, Timestamp)>, DbErr> {
    // One look into the index per project: this is asked every second.
    let sql = "SELECT project_id, earliest FROM (SELECT r.project_id, \
               (SELECT MIN(b.boundary_time) FROM boundary b WHERE b.project_id = r.project_id) AS earliest \
               FROM (SELECT DISTINCT project_id FROM rule WHERE delete_time IS NULL AND NOT disabled \
               AND event IN ('entitlements.reset', 'entitlements.balance.threshold')) r) found \
               WHERE earliest IS NOT NULL";
    let rows = query(db, sql, []).await?;
    super::earliest(&rows, "earliest")
}

/// The boundaries that have been reached, earliest first.
pub async fn reached(
    db: &impl ConnectionTrait,
    project: ProjectId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Boundary>, DbErr> {
    let sql = "SELECT entitlement_id, customer_id, feature_key, boundary_time, reset_time FROM boundary \
               WHERE project_id = $1 AND boundary_time <= $2 ORDER BY boundary_time LIMIT $3";
    let values = [project.to_string().into(), micros(now).into(), limit.into()];
    let mut found = Vec::new();
    for row in query(db, sql, values).await? {
        let id: String = row.try_get("", "entitlement_id")?;
        let reset: Option<i64> = row.try_get("", "reset_time")?;
        found.push(Boundary {
            entitlement: id.parse().map_err(super::unreadable)?,
            customer: row.try_get("", "customer_id")?,
            feature_key: row.try_get("", "feature_key")?,
            at: instant(row.try_get("", "boundary_time")?),
            reset_time: reset.map(instant),
        });
    }
    Ok(found)
}
