//! What hangs on customers, read with one statement: subject keys, former keys, active subscriptions; and for those who
//! decide about a subscription, the report that came last and the currencies that are reserved.

use std::collections::BTreeMap;

use chassis::db::{instant, micros};
use kernel::{Timestamp, id::ProjectId};
use sea_orm::{ConnectionTrait, FromQueryResult as _, QueryResult, Statement, Value};

use super::{CHUNK, currency, entity};
use crate::{
    domain::{currency::Reservation, handle::HandleKind},
    error::CustomerError,
};

/// What hangs on one customer.
#[derive(Clone, Debug, Default)]
pub struct Hanging {
    /// Its subject keys, sorted.
    pub subject_keys: Vec<String>,
    /// Keys it had, sorted.
    pub former_keys: Vec<String>,
    /// Ids of its active subscriptions, oldest start first.
    pub subscriptions: Vec<String>,
    /// What is reserved of it, also what has expired; only when asked for.
    pub reservations: Vec<Reservation>,
    /// The number of the report that came last; only when asked for.
    pub sequence: i64,
    /// When the change ledger behind that report last changed.
    pub ledger_update_time: Option<Timestamp>,
    /// The number that every reservation and report moves on; only when asked for.
    pub change: i64,
}

/// Which parts are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts {
    /// What is shown of a customer.
    Shown,
    /// Also what decides about subscriptions.
    Subscriptions,
}

const SHOWN: &str = "SELECT 'key' AS part, customer_id, subject_key AS word, '' AS code, 0 AS number, 0 AS instant \
     FROM customer_subject_key WHERE project_id = $1 AND customer_id IN (LIST) \
     UNION ALL SELECT 'former', customer_id, handle, '', 0, 0 \
     FROM customer_handle WHERE project_id = $1 AND customer_id IN (LIST) AND kind = $2 \
     UNION ALL SELECT 'active', customer_id, subscription_id, '', 0, start_time \
     FROM customer_subscription WHERE project_id = $1 AND customer_id IN (LIST) \
     AND start_time <= $3 AND (end_time IS NULL OR end_time > $3)";
const SUBSCRIPTIONS: &str = " UNION ALL SELECT 'reserved', customer_id, subscription_id, currency, revision, expire_time \
     FROM currency_reservation WHERE project_id = $1 AND customer_id IN (LIST) \
     UNION ALL SELECT 'report', customer_id, '', CAST(change AS text), sequence, ledger_update_time \
     FROM subscription_report WHERE project_id = $1 AND customer_id IN (LIST)";

/// What hangs on customers at an instant, by customer id.
pub async fn on(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customers: &[String],
    parts: Parts,
    now: Timestamp,
) -> Result<BTreeMap<String, Hanging>, CustomerError> {
    let mut found = Found::default();
    for chunk in customers.chunks(CHUNK) {
        let list: Vec<String> = (0..chunk.len())
            .map(|index| format!("${}", index + 4))
            .collect();
        let ids = chunk.iter().map(|id| Value::from(id.as_str()));
        let statement = Statement::from_sql_and_values(
            db.get_database_backend(),
            text(parts, &list.join(", ")),
            values(project, now, ids),
        );
        for row in db.query_all_raw(statement).await? {
            let customer: String = row.try_get("", "customer_id")?;
            found.take(customer, &row)?;
        }
    }
    Ok(found.sorted())
}

/// The customer that `which` finds (the body of an `IN`, with parameters from `$4` on) and what hangs on it, in one look.
pub async fn with_customer(
    db: &impl ConnectionTrait,
    project: ProjectId,
    (which, wanted): (&str, Vec<Value>),
    parts: Parts,
    now: Timestamp,
) -> Result<Option<(entity::customer::Model, Hanging)>, CustomerError> {
    let statement = Statement::from_sql_and_values(
        db.get_database_backend(),
        format!(
            "SELECT c.*, h.part, h.word, h.code, h.number, h.instant FROM customer AS c \
             LEFT JOIN ({}) AS h ON h.customer_id = c.id \
             WHERE c.project_id = $1 AND c.id IN ({which})",
            text(parts, which)
        ),
        values(project, now, wanted),
    );
    let mut customer = None;
    let mut found = Found::default();
    for row in db.query_all_raw(statement).await? {
        let model = entity::customer::Model::from_query_result(&row, "")?;
        if row.try_get::<Option<String>>("", "part")?.is_some() {
            found.take(model.id.clone(), &row)?;
        }
        customer = Some(model);
    }
    let hanging = found.sorted().into_values().next().unwrap_or_default();
    Ok(customer.map(|customer| (customer, hanging)))
}

fn text(parts: Parts, list: &str) -> String {
    let mut text = SHOWN.to_owned();
    if parts == Parts::Subscriptions {
        text.push_str(SUBSCRIPTIONS);
    }
    text.replace("LIST", list)
}

fn values(
    project: ProjectId,
    now: Timestamp,
    wanted: impl IntoIterator<Item = Value>,
) -> Vec<Value> {
    let mut values: Vec<Value> = vec![
        project.to_string().into(),
        HandleKind::FormerKey.word().into(),
        micros(now).into(),
    ];
    values.extend(wanted);
    values
}

/// What was read so far.
#[derive(Default)]
struct Found {
    hanging: BTreeMap<String, Hanging>,
    active: Vec<(i64, String, String)>,
}

impl Found {
    fn take(&mut self, customer: String, row: &QueryResult) -> Result<(), CustomerError> {
        let part: String = row.try_get("", "part")?;
        let word: String = row.try_get("", "word")?;
        let at: Option<i64> = row.try_get("", "instant")?;
        if part == "active" {
            self.active.push((at.unwrap_or_default(), word, customer));
            return Ok(());
        }
        let of = self.hanging.entry(customer).or_default();
        match part.as_str() {
            "key" => of.subject_keys.push(word),
            "former" => of.former_keys.push(word),
            "reserved" => of.reservations.push(Reservation {
                subscription: word,
                revision: row.try_get("", "number")?,
                currency: match row.try_get::<String>("", "code")?.as_str() {
                    "" => None,
                    code => Some(currency(code)?),
                },
                expire_time: instant(at.unwrap_or_default()),
            }),
            _ => {
                of.sequence = row.try_get("", "number")?;
                of.ledger_update_time = at.map(instant);
                let change: String = row.try_get("", "code")?;
                of.change = change.parse().unwrap_or_default();
            }
        }
        Ok(())
    }

    /// Sorted here and not by the database, whose collation differs from ours.
    fn sorted(mut self) -> BTreeMap<String, Hanging> {
        self.active.sort();
        for (_, subscription, customer) in self.active {
            let of = self.hanging.entry(customer).or_default();
            of.subscriptions.push(subscription);
        }
        for hanging in self.hanging.values_mut() {
            hanging.subject_keys.sort();
            hanging.former_keys.sort();
        }
        self.hanging
    }
}
