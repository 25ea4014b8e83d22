//! Promotional access.

use chassis::db::{instant, micros};
use kernel::id::{CustomerId, ProjectId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
};

use super::{entity::promotional_access as row, id_from_text};
use crate::{domain::promotion::Promotion, error::EntitlementError};

/// Values of one `IN` list.
const IN_CHUNK: usize = 500;

/// Stores a new one, or the end of a stored one.
pub async fn put(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    promotion: &Promotion,
) -> Result<(), EntitlementError> {
    let model = row::ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(promotion.id.to_string()),
        customer_id: Set(promotion.customer.to_string()),
        feature_key: Set(promotion.feature_key.clone()),
        start_time: Set(micros(promotion.start)),
        end_time: Set(promotion.end.map(micros)),
        revoke_time: Set(promotion.revoked.map(micros)),
        revision: Set(promotion.revision),
        create_time: Set(micros(promotion.created)),
    };
    let conflict =
        sea_orm::sea_query::OnConflict::columns([row::Column::ProjectId, row::Column::Id])
            .update_columns([row::Column::RevokeTime, row::Column::Revision])
            .to_owned();
    row::Entity::insert(model)
        .on_conflict(conflict)
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

/// All of some customers, ended ones too, by creation.
pub async fn of_customers(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customers: &[CustomerId],
) -> Result<Vec<Promotion>, EntitlementError> {
    let mut found = Vec::new();
    for chunk in customers.chunks(IN_CHUNK) {
        let rows = row::Entity::find()
            .filter(row::Column::ProjectId.eq(project.to_string()))
            .filter(row::Column::CustomerId.is_in(chunk.iter().map(ToString::to_string)))
            .order_by_asc(row::Column::Id)
            .all(connection)
            .await?;
        for row in rows {
            found.push(Promotion {
                id: id_from_text(&row.id)?,
                customer: id_from_text(&row.customer_id)?,
                feature_key: row.feature_key,
                start: instant(row.start_time),
                end: row.end_time.map(instant),
                revoked: row.revoke_time.map(instant),
                created: instant(row.create_time),
                revision: row.revision,
            });
        }
    }
    Ok(found)
}
