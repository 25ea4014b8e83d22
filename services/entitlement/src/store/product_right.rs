//! Rights by what was bought: all of a customer are written at once.

use chassis::Write;
use chassis::db::{instant, micros};
use kernel::{
    Timestamp,
    calendar::{IsoDuration, Recurrence},
    id::{CustomerId, ProjectId},
    period::OpenPeriod,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DatabaseBackend, EntityTrait,
    QueryFilter, QueryOrder, QueryTrait as _, Statement, sea_query::OnConflict,
};

use super::{entity::product_right as row, id_from_text};
use crate::{
    domain::product_right::{ProductRight, Subject},
    error::EntitlementError,
};

/// Values of one `IN` list, and rows of one statement.
const CHUNK: usize = 500;

/// Moves a customer's rights on to a revision and makes them those that are given, all with the commit. That fails as `ABORTED` when
/// the revision is known, a newer one is, or one was written meanwhile.
pub fn replace_later(write: &Write, customer: CustomerId, revision: i64, rights: &[ProductRight]) {
    let (backend, project) = (write.tx().get_database_backend(), write.context().project);
    write.touch(super::scope(customer));
    let mut advance = advancement(backend, project, customer, revision);
    // What is written below was seen by the same statement: as it was before it waited for anybody.
    advance.sql.push_str(
        " AND product_right_state.revision = (SELECT known.revision FROM product_right_state AS known \
         WHERE known.project_id = $1 AND known.customer_id = $2)",
    );
    write.later_once(advance);
    let count = i32::try_from(rights.len()).unwrap_or(i32::MAX);
    let others = row::Entity::delete_many()
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::CustomerId.eq(customer.to_string()))
        .filter(row::Column::Number.gte(count));
    write.later(others.build(backend));
    let key = [
        row::Column::ProjectId,
        row::Column::CustomerId,
        row::Column::Number,
    ];
    let replaced = [
        row::Column::SourceId,
        row::Column::ProductId,
        row::Column::FeatureKey,
        row::Column::StartTime,
        row::Column::EndTime,
        row::Column::RenewalInterval,
        row::Column::RenewalAnchor,
    ];
    for rows in rows(project, customer, rights).chunks(CHUNK) {
        let insert = row::Entity::insert_many(rows.to_vec())
            .on_conflict(OnConflict::columns(key).update_columns(replaced).to_owned());
        write.later(insert.build(backend));
    }
}

fn advancement(
    backend: DatabaseBackend,
    project: ProjectId,
    customer: CustomerId,
    revision: i64,
) -> Statement {
    Statement::from_sql_and_values(
        backend,
        "INSERT INTO product_right_state (project_id, customer_id, revision) VALUES ($1, $2, $3) \
         ON CONFLICT (project_id, customer_id) DO UPDATE SET revision = excluded.revision \
         WHERE product_right_state.revision < excluded.revision",
        [
            project.to_string().into(),
            customer.to_string().into(),
            revision.into(),
        ],
    )
}

/// The revision of a customer's rights; 0: none is known.
async fn revision(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<i64, EntitlementError> {
    let found = connection
        .query_one_raw(Statement::from_sql_and_values(
            connection.get_database_backend(),
            "SELECT revision FROM product_right_state WHERE project_id = $1 AND customer_id = $2",
            [project.to_string().into(), customer.to_string().into()],
        ))
        .await?;
    Ok(found.map_or(Ok(0), |found| found.try_get("", "revision"))?)
}

/// The same at once, for a customer that is locked, unless the revision is known or a newer one is; answers which one is known then.
pub async fn replace(
    write: &Write,
    customer: CustomerId,
    revision: i64,
    rights: &[ProductRight],
) -> Result<i64, EntitlementError> {
    let (tx, project) = (write.tx(), write.context().project);
    let advance = advancement(tx.get_database_backend(), project, customer, revision);
    if tx.execute_raw(advance).await?.rows_affected() == 0 {
        return self::revision(tx, project, customer).await;
    }
    row::Entity::delete_many()
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::CustomerId.eq(customer.to_string()))
        .exec(tx)
        .await?;
    for rows in rows(project, customer, rights).chunks(CHUNK) {
        row::Entity::insert_many(rows.to_vec())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(revision)
}

fn rows(
    project: ProjectId,
    customer: CustomerId,
    rights: &[ProductRight],
) -> Vec<row::ActiveModel> {
    rights
        .iter()
        .zip(0..)
        .map(|(right, number)| {
            let (product, feature) = match &right.subject {
                Subject::Product(id) => (Some(id.clone()), None),
                Subject::Feature(key) => (None, Some(key.clone())),
            };
            row::ActiveModel {
                project_id: Set(project.to_string()),
                customer_id: Set(customer.to_string()),
                number: Set(number),
                source_id: Set(right.source.clone()),
                product_id: Set(product),
                feature_key: Set(feature),
                start_time: Set(micros(right.period.start)),
                end_time: Set(right.period.end.map(micros)),
                renewal_interval: Set(right
                    .renewal
                    .as_ref()
                    .map(|renewal| renewal.interval.as_str().to_owned())),
                renewal_anchor: Set(right.renewal.as_ref().map(|renewal| micros(renewal.anchor))),
            }
        })
        .collect()
}

/// What holds of customers' rights at an instant.
pub async fn holding(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customers: &[CustomerId],
    at: Timestamp,
) -> Result<Vec<(CustomerId, ProductRight)>, EntitlementError> {
    let mut found = Vec::new();
    for chunk in customers.chunks(CHUNK) {
        let open = Condition::any()
            .add(row::Column::EndTime.is_null())
            .add(row::Column::EndTime.gt(micros(at)));
        let rows = row::Entity::find()
            .filter(row::Column::ProjectId.eq(project.to_string()))
            .filter(row::Column::CustomerId.is_in(chunk.iter().map(ToString::to_string)))
            .filter(row::Column::StartTime.lte(micros(at)))
            .filter(open)
            .order_by_asc(row::Column::CustomerId)
            .order_by_asc(row::Column::Number)
            .all(connection)
            .await?;
        for row in rows {
            let subject = match (row.product_id, row.feature_key) {
                (Some(id), _) => Subject::Product(id),
                (None, Some(key)) => Subject::Feature(key),
                (None, None) => continue,
            };
            let interval = row.renewal_interval.as_deref().map(IsoDuration::parse);
            let interval = interval
                .transpose()
                .map_err(|_| EntitlementError::Corrupt {
                    what: "renewal of a right",
                })?;
            let anchor = row.renewal_anchor.map(instant);
            let right = ProductRight {
                source: row.source_id,
                subject,
                period: OpenPeriod {
                    start: instant(row.start_time),
                    end: row.end_time.map(instant),
                },
                renewal: interval
                    .zip(anchor)
                    .map(|(interval, anchor)| Recurrence { interval, anchor }),
            };
            found.push((id_from_text(&row.customer_id)?, right));
        }
    }
    Ok(found)
}
