//! Checkpoints of balances: states after resets that lie so far back that hardly anything changes them.
//! What does, forgets them.

use std::collections::{BTreeMap, HashMap};

use chassis::db::{instant, micros};
use kernel::{
    Decimal, Timestamp,
    id::{CustomerId, EntitlementId, GrantId, ProjectId},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect as _,
    Statement, sea_query::OnConflict,
};
use serde::{Deserialize, Serialize};

use super::{entity::balance_checkpoint as row, id_from_text};
use crate::{domain::burn_down::Checkpoint, error::EntitlementError};

/// Values of one `IN` list.
const IN_CHUNK: usize = 500;
/// Checkpoints of one entitlement that are kept: histories of a while ago lean on the older ones.
const KEPT_MAX: u64 = 32;

/// A checkpoint with whose usage it was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The state.
    pub checkpoint: Checkpoint,
    /// What the customer's subjects were, as a digest. Usage moves with subject keys: with others, the
    /// state is another.
    pub subjects: String,
}

/// A checkpoint as it is stored.
#[derive(Serialize, Deserialize)]
struct State {
    balances: BTreeMap<GrantId, Decimal>,
    overage: Decimal,
    #[serde(default)]
    subjects: String,
}

/// The digest of a customer's subjects, in whatever order.
pub fn digest(subjects: &[String]) -> String {
    let mut sorted: Vec<&str> = subjects.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    sorted.dedup();
    let hash = chassis::secret::sha256(sorted.join("\n").as_bytes());
    hash.iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The last checkpoint at or before an instant, per entitlement.
pub async fn latest(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    entitlements: &[EntitlementId],
    until: Timestamp,
) -> Result<HashMap<EntitlementId, Kept>, EntitlementError> {
    let mut found = HashMap::new();
    for chunk in entitlements.chunks(IN_CHUNK) {
        let ids = || chunk.iter().map(ToString::to_string);
        let newest: Vec<(String, i64)> = row::Entity::find()
            .select_only()
            .column(row::Column::EntitlementId)
            .column_as(row::Column::ResetTime.max(), "newest")
            .filter(row::Column::ProjectId.eq(project.to_string()))
            .filter(row::Column::EntitlementId.is_in(ids()))
            .filter(row::Column::ResetTime.lte(micros(until)))
            .group_by(row::Column::EntitlementId)
            .into_tuple()
            .all(connection)
            .await?;
        for (id, time) in newest {
            let key = (project.to_string(), id, time);
            // It may be forgotten between the two statements.
            if let Some(row) = row::Entity::find_by_id(key).one(connection).await? {
                let state: State = serde_json::from_str(&row.state)
                    .map_err(|_| EntitlementError::Corrupt { what: "checkpoint" })?;
                let checkpoint = Checkpoint {
                    at: instant(row.reset_time),
                    balances: state.balances,
                    overage: state.overage,
                };
                let subjects = state.subjects;
                let kept = Kept {
                    checkpoint,
                    subjects,
                };
                found.insert(id_from_text(&row.entitlement_id)?, kept);
            }
        }
    }
    Ok(found)
}

/// Keeps a checkpoint beside the newest of the earlier ones.
pub async fn put(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    entitlement: EntitlementId,
    kept: &Kept,
) -> Result<(), EntitlementError> {
    let state = State {
        balances: kept.checkpoint.balances.clone(),
        overage: kept.checkpoint.overage,
        subjects: kept.subjects.clone(),
    };
    let state = serde_json::to_string(&state)
        .map_err(|_| EntitlementError::Corrupt { what: "checkpoint" })?;
    let model = row::ActiveModel {
        project_id: Set(project.to_string()),
        entitlement_id: Set(entitlement.to_string()),
        reset_time: Set(micros(kept.checkpoint.at)),
        state: Set(state),
    };
    row::Entity::insert(model)
        .on_conflict(
            OnConflict::columns([
                row::Column::ProjectId,
                row::Column::EntitlementId,
                row::Column::ResetTime,
            ])
            .update_column(row::Column::State)
            .to_owned(),
        )
        .exec_without_returning(connection)
        .await?;
    connection
        .execute_raw(Statement::from_sql_and_values(
            connection.get_database_backend(),
            format!(
                "DELETE FROM balance_checkpoint WHERE project_id = $1 AND entitlement_id = $2 \
                 AND reset_time < (SELECT MIN(reset_time) FROM (SELECT reset_time \
                 FROM balance_checkpoint WHERE project_id = $1 AND entitlement_id = $2 \
                 ORDER BY reset_time DESC LIMIT {KEPT_MAX}) AS newest)"
            ),
            [project.to_string().into(), entitlement.to_string().into()],
        ))
        .await?;
    Ok(())
}

/// Forgets the checkpoints from an instant on, because something was changed there.
pub async fn forget_from(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    entitlement: EntitlementId,
    from: Timestamp,
) -> Result<(), EntitlementError> {
    row::Entity::delete_many()
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::EntitlementId.eq(entitlement.to_string()))
        .filter(row::Column::ResetTime.gte(micros(from)))
        .exec(connection)
        .await?;
    Ok(())
}

/// Whether a project has checkpoints after an instant, which usage of then would change.
pub async fn exist_after(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    instant: Timestamp,
) -> Result<bool, EntitlementError> {
    let found = row::Entity::find()
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::ResetTime.gt(micros(instant)))
        .one(connection)
        .await?;
    Ok(found.is_some())
}

/// Forgets a customer's checkpoints after an instant, because usage changed there.
pub async fn forget_of_customer(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    after: Timestamp,
) -> Result<(), EntitlementError> {
    connection
        .execute_raw(Statement::from_sql_and_values(
            connection.get_database_backend(),
            "DELETE FROM balance_checkpoint WHERE project_id = $1 AND reset_time > $2 \
             AND entitlement_id IN (SELECT id FROM entitlement WHERE project_id = $1 AND customer_id = $3)",
            [
                project.to_string().into(),
                micros(after).into(),
                customer.to_string().into(),
            ],
        ))
        .await?;
    Ok(())
}

/// Customers of a project that have checkpoints.
pub async fn customers(
    connection: &impl ConnectionTrait,
    project: ProjectId,
) -> Result<Vec<CustomerId>, EntitlementError> {
    let rows = connection
        .query_all_raw(Statement::from_sql_and_values(
            connection.get_database_backend(),
            "SELECT DISTINCT customer_id FROM entitlement WHERE project_id = $1 AND id IN \
             (SELECT entitlement_id FROM balance_checkpoint WHERE project_id = $1) ORDER BY customer_id",
            [project.to_string().into()],
        ))
        .await?;
    rows.iter()
        .map(|row| id_from_text(&row.try_get_by_index::<String>(0)?))
        .collect()
}
