//! The sums of the revenue ledger by month and day.

use chassis::Exact;
use kernel::id::ProjectId;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder,
};

use super::entity::revenue_sum::{ActiveModel, Column, Entity, Model};
use crate::domain::refusal::Refusal;
use crate::domain::revenue::basis::{Part, Scope};
use crate::domain::revenue::flow::{Flow, Flows, Slot, Span};
use crate::error::SubscriptionError;

/// Rows that one statement writes: its parameters are limited.
const ROWS_PER_INSERT: usize = 200;
/// Products that one statement names.
const PRODUCTS_PER_SELECT: usize = 500;

const MEASURES: [Column; 22] = [
    Column::New,
    Column::NewCustomers,
    Column::Reactivated,
    Column::ReactivatedCustomers,
    Column::Canceled,
    Column::CanceledCustomers,
    Column::Delinquent,
    Column::DelinquentCustomers,
    Column::Upgraded,
    Column::UpgradedCustomers,
    Column::Downgraded,
    Column::DowngradedCustomers,
    Column::PlanChanged,
    Column::PlanChangedCustomers,
    Column::Retained,
    Column::Converted,
    Column::Ending,
    Column::Customers,
    Column::TrialsStarted,
    Column::TrialsConverted,
    Column::TrialsLost,
    Column::ConversionSeconds,
];

/// The flows of one span and scope with numbers from `first` to `last`, in order.
pub async fn range(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    generation: i64,
    (span, scope): (Span, Scope<'_>),
    (first, last): (i32, i32),
) -> Result<Vec<(i32, Flow)>, SubscriptionError> {
    let product = match scope {
        Scope::Account => "",
        Scope::Product(product) => product,
    };
    let rows = of(project, generation, span)
        .filter(Column::ProductKey.eq(product))
        .filter(Column::Period.between(first, last))
        .order_by_asc(Column::Period)
        .all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.period, flow(row)))
        .collect())
}

/// What each product comes to over all time.
pub async fn totals(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    generation: i64,
) -> Result<Vec<(String, Flow)>, SubscriptionError> {
    let rows = of(project, generation, Span::Ever)
        .filter(Column::ProductKey.ne(""))
        .all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.product_key.clone(), flow(row)))
        .collect())
}

/// Adds differences to the sums. The caller holds the project's lock.
pub async fn add(
    tx: &DatabaseTransaction,
    project: ProjectId,
    generation: i64,
    differences: Flows,
) -> Result<(), SubscriptionError> {
    let mut sums = differences;
    sums.retain(|_, flow| !flow.is_zero());
    for (slot, stored) in stored(tx, project, generation, &sums).await? {
        if let Some(sum) = sums.get_mut(&slot) {
            sum.add(&stored).map_err(Refusal::from)?;
        }
    }
    let rows: Vec<ActiveModel> = sums
        .iter()
        .map(|(slot, flow)| to_row(project, generation, slot, flow))
        .collect();
    for rows in rows.chunks(ROWS_PER_INSERT) {
        let replace = OnConflict::columns([
            Column::ProjectId,
            Column::Generation,
            Column::Grain,
            Column::ProductKey,
            Column::Period,
        ])
        .update_columns(MEASURES)
        .to_owned();
        Entity::insert_many(rows.to_vec())
            .on_conflict(replace)
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// Removes the sums of older generations.
pub async fn prune(
    tx: &DatabaseTransaction,
    project: ProjectId,
    generation: i64,
) -> Result<(), SubscriptionError> {
    Entity::delete_many()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Generation.lt(generation))
        .exec(tx)
        .await?;
    Ok(())
}

/// What is stored of these slots, and some around them.
async fn stored(
    tx: &DatabaseTransaction,
    project: ProjectId,
    generation: i64,
    wanted: &Flows,
) -> Result<Vec<(Slot, Flow)>, SubscriptionError> {
    let mut found = Vec::new();
    for span in [Span::Ever, Span::Month, Span::Day] {
        let slots = || wanted.keys().filter(|slot| slot.span == span);
        let mut numbers: Vec<i32> = slots().map(|slot| slot.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut products: Vec<&str> = slots()
            .map(|slot| slot.product.as_deref().unwrap_or_default())
            .collect();
        products.dedup();
        for products in products.chunks(PRODUCTS_PER_SELECT) {
            let rows = of(project, generation, span)
                .filter(Column::ProductKey.is_in(products.iter().copied()))
                .filter(Column::Period.is_in(numbers.iter().copied()))
                .all(tx)
                .await?;
            found.extend(rows.into_iter().map(|row| {
                let slot = Slot {
                    span,
                    product: Some(row.product_key.clone()).filter(|key| !key.is_empty()),
                    number: row.period,
                };
                (slot, flow(row))
            }));
        }
    }
    Ok(found)
}

fn of(project: ProjectId, generation: i64, span: Span) -> sea_orm::Select<Entity> {
    Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Generation.eq(generation))
        .filter(Column::Grain.eq(name(span)))
}

fn name(span: Span) -> &'static str {
    match span {
        Span::Ever => "ever",
        Span::Month => "month",
        Span::Day => "day",
    }
}

fn to_row(project: ProjectId, generation: i64, slot: &Slot, flow: &Flow) -> ActiveModel {
    ActiveModel {
        project_id: Set(project.to_string()),
        generation: Set(generation),
        grain: Set(name(slot.span).to_owned()),
        product_key: Set(slot.product.clone().unwrap_or_default()),
        period: Set(slot.number),
        new: Set(Exact(flow.new.amount)),
        new_customers: Set(flow.new.customers),
        reactivated: Set(Exact(flow.reactivated.amount)),
        reactivated_customers: Set(flow.reactivated.customers),
        canceled: Set(Exact(flow.canceled.amount)),
        canceled_customers: Set(flow.canceled.customers),
        delinquent: Set(Exact(flow.delinquent.amount)),
        delinquent_customers: Set(flow.delinquent.customers),
        upgraded: Set(Exact(flow.upgraded.amount)),
        upgraded_customers: Set(flow.upgraded.customers),
        downgraded: Set(Exact(flow.downgraded.amount)),
        downgraded_customers: Set(flow.downgraded.customers),
        plan_changed: Set(Exact(flow.plan_changed.amount)),
        plan_changed_customers: Set(flow.plan_changed.customers),
        retained: Set(Exact(flow.retained)),
        converted: Set(Exact(flow.converted)),
        ending: Set(Exact(flow.ending)),
        customers: Set(flow.customers),
        trials_started: Set(flow.trials_started),
        trials_converted: Set(flow.trials_converted),
        trials_lost: Set(flow.trials_lost),
        conversion_seconds: Set(flow.conversion_seconds),
    }
}

fn flow(row: Model) -> Flow {
    let part = |amount: Exact, customers| Part {
        amount: amount.0,
        customers,
    };
    Flow {
        new: part(row.new, row.new_customers),
        reactivated: part(row.reactivated, row.reactivated_customers),
        canceled: part(row.canceled, row.canceled_customers),
        delinquent: part(row.delinquent, row.delinquent_customers),
        upgraded: part(row.upgraded, row.upgraded_customers),
        downgraded: part(row.downgraded, row.downgraded_customers),
        plan_changed: part(row.plan_changed, row.plan_changed_customers),
        customers: row.customers,
        retained: row.retained.0,
        converted: row.converted.0,
        ending: row.ending.0,
        trials_started: row.trials_started,
        trials_converted: row.trials_converted,
        trials_lost: row.trials_lost,
        conversion_seconds: row.conversion_seconds,
    }
}
