//! What holds on the revenue ledger at an instant.

use chassis::Exact;
use chassis::db::{instant, micros};
use jiff::Timestamp;
use kernel::Decimal;
use kernel::id::ProjectId;
use sea_orm::{ConnectionTrait, Statement};

use crate::domain::revenue::change::Class;
use crate::error::SubscriptionError;

/// What one part of a subscription is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The subscription or term.
    pub subscription: String,
    /// What it counts as.
    pub class: Class,
    /// Worth of a month.
    pub monthly_value: Decimal,
    /// Code of its currency.
    pub currency: String,
    /// Since when.
    pub since: Timestamp,
}

/// All that is in trial or paid at an instant.
pub async fn at(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    at: Timestamp,
) -> Result<Vec<Standing>, SubscriptionError> {
    let sql = "SELECT e.subscription_id, e.class, e.monthly_value, e.currency, e.effective_time \
               FROM revenue_entry e WHERE e.project_id = $1 AND e.effective_time <= $2 \
               AND e.class IN ('trial', 'paid') AND NOT EXISTS (SELECT 1 FROM revenue_entry n \
               WHERE n.project_id = e.project_id AND n.subscription_id = e.subscription_id \
               AND n.part = e.part AND n.effective_time > e.effective_time AND n.effective_time <= $2)";
    let rows = connection
        .query_all_raw(Statement::from_sql_and_values(
            connection.get_database_backend(),
            sql,
            [project.to_string().into(), micros(at).into()],
        ))
        .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let class: String = row.try_get("", "class")?;
        let Some(class) = Class::parse(&class) else {
            continue;
        };
        let value: Exact = row.try_get("", "monthly_value")?;
        found.push(Standing {
            subscription: row.try_get("", "subscription_id")?,
            class,
            monthly_value: value.0,
            currency: row.try_get("", "currency")?,
            since: instant(row.try_get("", "effective_time")?),
        });
    }
    Ok(found)
}
