//! Copies of subscriptions.

use chassis::Write;
use chassis::db::{instant, micros};
use kernel::{
    Timestamp,
    id::{CustomerId, ProjectId, SubscriptionId},
};
use sea_orm::{
    ActiveValue::Set, Condition, Insert, QueryOrder, QuerySelect, QueryTrait as _, Statement,
    entity::prelude::*, sea_query::OnConflict,
};

use super::{
    due::{self, Source},
    entity, from_json, id, to_json,
};
use crate::{
    domain::{app::App, profile::Profile, subscription::Subscription, sync::Reached},
    error::BillingError,
};
use entity::subscription::{ActiveModel, Column, Entity};

/// Most subscriptions handled in one go.
const BATCH: u64 = 100;
/// Most subscriptions of one customer.
const OF_CUSTOMER_MAX: u64 = 1_000;

/// The copy of a subscription.
pub async fn get(
    db: &impl ConnectionTrait,
    project: ProjectId,
    subscription: SubscriptionId,
) -> Result<Option<Subscription>, BillingError> {
    let row = Entity::find_by_id((project.to_string(), subscription.to_string()))
        .one(db)
        .await?;
    row.map(|row| from_json(&row.body)).transpose()
}

/// The copy of a subscription and how far its lines were made.
pub async fn with_reached(
    db: &impl ConnectionTrait,
    project: ProjectId,
    subscription: SubscriptionId,
) -> Result<Option<(Subscription, Reached)>, BillingError> {
    let row = Entity::find_by_id((project.to_string(), subscription.to_string()))
        .one(db)
        .await?;
    row.map(|row| Ok((from_json(&row.body)?, from_json(&row.reached)?)))
        .transpose()
}

/// Copies of subscriptions, each with the instant of its next sync; those that are unknown are
/// left out. At most as many as one list of values takes.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    project: ProjectId,
    ids: &[SubscriptionId],
) -> Result<Vec<(Subscription, Option<Timestamp>)>, BillingError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Id.is_in(ids.iter().map(ToString::to_string)))
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    rows.iter()
        .map(|row| Ok((from_json(&row.body)?, row.next_sync_time.map(instant))))
        .collect()
}

/// Ids of copies behind an id.
pub async fn ids_behind(
    db: &impl ConnectionTrait,
    project: ProjectId,
    after: &str,
    limit: u64,
) -> Result<Vec<SubscriptionId>, BillingError> {
    let ids: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Id.gt(after))
        .order_by_asc(Column::Id)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    ids.iter().map(|text| id("subscription.id", text)).collect()
}

/// All copies of a customer's subscriptions.
pub async fn of_customer(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Vec<SubscriptionId>, BillingError> {
    let ids: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::CustomerId.eq(customer.to_string()))
        .order_by_asc(Column::Id)
        .limit(OF_CUSTOMER_MAX)
        .into_tuple()
        .all(db)
        .await?;
    ids.iter().map(|text| id("subscription.id", text)).collect()
}

/// Stores the copy with the instant of its next sync, which looks at it from the beginning.
pub async fn save(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    subscription: &Subscription,
    next_sync: Option<Timestamp>,
) -> Result<(), BillingError> {
    save_reached(tx, project, subscription, next_sync, &Reached::new()).await
}

/// Stores the copy with the instant of its next sync and how far its lines are made.
pub async fn save_reached(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    subscription: &Subscription,
    next_sync: Option<Timestamp>,
    reached: &Reached,
) -> Result<(), BillingError> {
    insert(project, subscription, next_sync, reached)?
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// The same with the commit.
pub fn save_reached_later(
    write: &Write,
    subscription: &Subscription,
    next_sync: Option<Timestamp>,
    reached: &Reached,
) -> Result<(), BillingError> {
    let insert = insert(write.context().project, subscription, next_sync, reached)?;
    write.later(insert.build(write.tx().get_database_backend()));
    Ok(())
}

/// The same with the commit for a subscription without a copy: it fails if there is one by then.
pub fn create_later(
    write: &Write,
    subscription: &Subscription,
    next_sync: Option<Timestamp>,
    reached: &Reached,
) -> Result<(), BillingError> {
    let row = row(write.context().project, subscription, next_sync, reached)?;
    let unless_known = OnConflict::columns([Column::ProjectId, Column::Id])
        .do_nothing()
        .to_owned();
    let insert = Entity::insert(row).on_conflict(unless_known);
    write.later_once(insert.build(write.tx().get_database_backend()));
    Ok(())
}

/// The same if the customer still has nothing of its own and nothing pending, and the default profile and its app are as
/// they were.
pub fn create_plain_later(
    write: &Write,
    subscription: &Subscription,
    next_sync: Option<Timestamp>,
    reached: &Reached,
    (profile, app): (&Profile, &App),
) -> Result<(), BillingError> {
    let row = row(write.context().project, subscription, next_sync, reached)?;
    let columns = [
        Column::ProjectId,
        Column::Id,
        Column::CustomerId,
        Column::Revision,
        Column::Priced,
        Column::EndTime,
        Column::NextSyncTime,
        Column::Reached,
        Column::Body,
    ];
    let values = columns
        .into_iter()
        .filter_map(|column| row.get(column).into_value())
        .chain([
            profile.id.to_string().into(),
            profile.revision.into(),
            app.revision.into(),
        ]);
    let backend = write.tx().get_database_backend();
    write.later_once(Statement::from_sql_and_values(
        backend,
        CREATE_PLAIN,
        values,
    ));
    Ok(())
}

const CREATE_PLAIN: &str = "INSERT INTO subscription \
     (project_id, id, customer_id, revision, priced, end_time, next_sync_time, reached, body) \
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 \
     WHERE EXISTS (SELECT 1 FROM billing_profile JOIN app \
       ON app.project_id = billing_profile.project_id AND app.id = billing_profile.app_id \
       WHERE billing_profile.project_id = $1 AND billing_profile.id = $10 AND billing_profile.revision = $11 \
       AND billing_profile.is_default AND billing_profile.delete_time IS NULL AND app.revision = $12) \
     AND NOT EXISTS (SELECT 1 FROM customer_override \
       WHERE project_id = $1 AND customer_id = $3 AND delete_time IS NULL \
       AND (profile_id IS NOT NULL OR tax_rates IS NOT NULL)) \
     AND NOT EXISTS (SELECT 1 FROM invoice \
       WHERE project_id = $1 AND customer_id = $3 AND state = 'gathering') \
     ON CONFLICT (project_id, id) DO NOTHING";

fn row(
    project: ProjectId,
    subscription: &Subscription,
    next_sync: Option<Timestamp>,
    reached: &Reached,
) -> Result<ActiveModel, BillingError> {
    Ok(ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(subscription.id.to_string()),
        customer_id: Set(subscription.customer.to_string()),
        revision: Set(subscription.revision),
        priced: Set(subscription.is_priced() && !subscription.deleted),
        end_time: Set(subscription.active_to.map(micros)),
        next_sync_time: Set(next_sync.map(micros)),
        reached: Set(to_json(reached)?),
        body: Set(to_json(subscription)?),
    })
}

fn insert(
    project: ProjectId,
    subscription: &Subscription,
    next_sync: Option<Timestamp>,
    reached: &Reached,
) -> Result<Insert<ActiveModel>, BillingError> {
    let row = row(project, subscription, next_sync, reached)?;
    Ok(Entity::insert(row).on_conflict(
        OnConflict::columns([Column::ProjectId, Column::Id])
            .update_columns([
                Column::CustomerId,
                Column::Revision,
                Column::Priced,
                Column::EndTime,
                Column::NextSyncTime,
                Column::Reached,
                Column::Body,
            ])
            .to_owned(),
    ))
}

/// Notes how far the lines of a stored copy are made, and when the next are due.
pub async fn go_on(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    subscription: SubscriptionId,
    next_sync: Option<Timestamp>,
    reached: &Reached,
) -> Result<(), BillingError> {
    Entity::update_many()
        .col_expr(Column::NextSyncTime, Expr::value(next_sync.map(micros)))
        .col_expr(Column::Reached, Expr::value(to_json(reached)?))
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Id.eq(subscription.to_string()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Moves the next sync of a subscription.
pub async fn postpone(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    subscription: SubscriptionId,
    until: Timestamp,
) -> Result<(), BillingError> {
    Entity::update_many()
        .col_expr(Column::NextSyncTime, Expr::value(micros(until)))
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Id.eq(subscription.to_string()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Copies with a due time.
const SOURCE: Source = Source {
    table: "subscription",
    column: "next_sync_time",
    condition: "next_sync_time IS NOT NULL",
};

/// Subscriptions whose lines have to be looked at by `now`, and since when; the longest due
/// first.
pub async fn due(
    db: &impl ConnectionTrait,
    project: ProjectId,
    now: Timestamp,
) -> Result<Vec<(SubscriptionId, Timestamp)>, BillingError> {
    let columns = "id, next_sync_time";
    let rows = due::due(db, &SOURCE, columns, (project, now, BATCH)).await?;
    rows.iter()
        .map(|row| {
            let text: String = row.try_get("", "id")?;
            let since: i64 = row.try_get("", "next_sync_time")?;
            Ok((id("subscription.id", &text)?, instant(since)))
        })
        .collect()
}

/// Per project the earliest instant at which a subscription has to be looked at.
pub async fn next_due(
    db: &impl ConnectionTrait,
) -> Result<Vec<(ProjectId, Timestamp)>, BillingError> {
    due::earliest(db, &SOURCE).await
}

/// Customers with a priced subscription that has not ended by `now`.
pub async fn priced_customers(
    db: &impl ConnectionTrait,
    project: ProjectId,
    now: Timestamp,
) -> Result<Vec<CustomerId>, BillingError> {
    let ids: Vec<String> = Entity::find()
        .select_only()
        .column(Column::CustomerId)
        .distinct()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Priced.eq(true))
        .filter(
            Condition::any()
                .add(Column::EndTime.is_null())
                .add(Column::EndTime.gt(micros(now))),
        )
        .into_tuple()
        .all(db)
        .await?;
    ids.iter()
        .map(|text| id("subscription.customer_id", text))
        .collect()
}
