//! A transaction of a store becomes a fact: kept as it was told, and all that it is folded with put together anew, in one write.

use std::collections::BTreeSet;

use chassis::{Context, Write};
use contract::subscription::v1 as pb;
use kernel::id::{CustomerId, SubscriptionId};

use crate::convert::{self, reported as show};
use crate::domain::refusal::Refusal;
use crate::domain::store_transaction::line::{StoreLine, without_money};
use crate::domain::store_transaction::{Transaction, fold, purchase::purchase};
use crate::domain::term::refusal::TermRefusal;
use crate::domain::term::{Environment, Facts};
use crate::engine::Engine;
use crate::error::SubscriptionError;
use crate::store;
use crate::store::revenue::NewEntry;
use crate::store::store_transaction::line_key;
use crate::store::term::{NewTerm, Term};
use crate::terms;

/// Most transactions of one line.
const LINE_MAX: usize = 5_000;

/// What came of recording a transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// It had been recorded before.
    pub duplicate: bool,
    /// Whose rights may have changed.
    pub customers: BTreeSet<CustomerId>,
}

/// Records a transaction. Whoever calls notes, once per write, that rights of the customers changed.
pub async fn record(
    write: &mut Write,
    transaction: &Transaction,
) -> Result<Recorded, SubscriptionError> {
    let context = write.context().clone();
    let project = context.project;
    let line = line_key(transaction);
    // The same transaction may be told twice at once, and two of one line may be.
    for lock in [
        format!(
            "store_transaction:{project}:{}:{}",
            transaction.store.as_str(),
            transaction.id
        ),
        format!("store_line:{project}:{line}"),
    ] {
        chassis::db::lock(write.tx(), &lock).await?;
    }
    let known = store::store_transaction::find(write.tx(), project, transaction).await?;
    if let Some((known, _)) = known {
        if same(&known, transaction) {
            return Ok(Recorded {
                duplicate: true,
                customers: BTreeSet::new(),
            });
        }
        return Err(TermRefusal::TransactionDiffers(transaction.id.clone()).into());
    }
    store::store_transaction::insert(write.tx(), project, transaction, context.now).await?;
    let state = convert::store_transaction::to_proto(transaction, context.now);
    let id = format!("{}:{}", transaction.store.as_str(), transaction.id);
    write
        .record("store_transaction.recorded", &id, 1, None, Some(&state))
        .await?;
    let customers = refold(write, &line, transaction.subscription.is_empty()).await?;
    Ok(Recorded {
        duplicate: false,
        customers,
    })
}

/// Tells the other services of what was recorded, once it is committed. A failure is made up for later.
pub async fn tell(engine: &Engine, context: &Context, customers: &BTreeSet<CustomerId>) {
    for customer in customers {
        engine.touch_customer(context, *customer, true).await;
    }
}

/// Puts together anew what a line comes to.
async fn refold(
    write: &mut Write,
    line: &str,
    once: bool,
) -> Result<BTreeSet<CustomerId>, SubscriptionError> {
    let (project, now) = (write.context().project, write.context().now);
    let told = store::store_transaction::of_line(write.tx(), project, line).await?;
    if told.len() > LINE_MAX {
        return Err(TermRefusal::TooManyTransactions(LINE_MAX).into());
    }
    let mut customers = BTreeSet::new();
    if once {
        let Some(facts) = purchase(&told) else {
            return Ok(customers);
        };
        terms::check_sums(&facts.payments).map_err(Refusal::from)?;
        let (before, after) =
            store::purchase::replace(write.tx(), project, line, &facts, now).await?;
        let owner = (after.id, facts.customer);
        store::payment::replace(write.tx(), project, owner, terms::counted(&facts)).await?;
        customers.extend(before.map(|before| before.facts.customer));
        customers.insert(facts.customer);
    } else {
        let folded = fold(&told)?;
        for facts in &folded {
            terms::check_sums(&facts.payments).map_err(Refusal::from)?;
        }
        let source = listed(write, line, &folded).await?;
        let of_source = |facts| NewTerm {
            source_id: source.map(|id| id.to_string()),
            ..NewTerm::of(facts)
        };
        let new: Vec<NewTerm> = folded.into_iter().map(of_source).collect();
        let (before, after) = store::term::replace(write.tx(), project, line, &new, now).await?;
        for term in &after {
            count(write, term).await?;
        }
        for gone in before
            .iter()
            .filter(|before| after.iter().all(|after| after.id != before.id))
        {
            let (id, customer) = (gone.id, gone.customer);
            store::revenue::replace_entries(write.tx(), project, id, customer, &[]).await?;
            store::payment::replace(write.tx(), project, (id, customer), &[]).await?;
        }
        customers.extend(before.iter().chain(&after).map(|term| term.customer));
    }
    Ok(customers)
}

/// Writes the store subscription that all terms of a line are one of, to those who know no terms: its id. Test purchases are none.
async fn listed(
    write: &mut Write,
    line: &str,
    terms: &[Facts],
) -> Result<Option<SubscriptionId>, SubscriptionError> {
    let (project, now) = (write.context().project, write.context().now);
    let known = store::store_line::of_line(write.tx(), project, line).await?;
    let last = terms
        .last()
        .filter(|last| last.environment == Environment::Production);
    let before = known
        .as_ref()
        .map(|known| show::store_line(known, now))
        .transpose()?;
    let (kind, after) = match (known, last) {
        (None, None) => return Ok(None),
        (Some(known), None) => {
            store::store_line::delete(write.tx(), project, known.id).await?;
            let (id, revision) = (known.id.to_string(), known.revision + 1);
            let state: Option<&pb::ReportedSubscription> = None;
            let kind = "reported_subscription.deleted";
            write
                .record(kind, &id, revision, before.as_ref(), state)
                .await?;
            return Ok(None);
        }
        (Some(known), Some(last)) => {
            let after = StoreLine {
                customer_id: last.customer,
                terms: without_money(terms),
                revision: known.revision + 1,
                updated_at: now,
                ..known
            };
            store::store_line::update(write.tx(), project, &after, now).await?;
            ("reported_subscription.updated", after)
        }
        (None, Some(last)) => {
            let mut after = StoreLine {
                id: chassis::id::next(),
                customer_id: last.customer,
                key: last.identifier.clone(),
                sequence: 0,
                short_id: String::new(),
                terms: without_money(terms),
                revision: 1,
                created_at: now,
                updated_at: now,
            };
            store::store_line::insert(write.tx(), project, &mut after, now).await?;
            ("reported_subscription.created", after)
        }
    };
    let state = show::store_line(&after, now)?;
    let id = after.id.to_string();
    write
        .record(kind, &id, after.revision, before.as_ref(), Some(&state))
        .await?;
    Ok(Some(after.id))
}

/// Writes what a term counts in figures.
async fn count(write: &Write, term: &Term) -> Result<(), SubscriptionError> {
    let project = write.context().project;
    let Some(facts) = &term.facts else {
        return Ok(());
    };
    let entries: Vec<NewEntry> = facts
        .worth()
        .into_iter()
        .map(|worth| NewEntry {
            at: worth.at,
            part: 0,
            product_key: worth.product_key,
            currency: worth.monthly.currency,
            monthly_value: worth.monthly.value,
            class: worth.class,
        })
        .collect();
    store::revenue::replace_entries(write.tx(), project, term.id, facts.customer, &entries).await?;
    let payments = if facts.counts() {
        facts.payments.as_slice()
    } else {
        &[]
    };
    store::payment::replace(write.tx(), project, (term.id, facts.customer), payments).await
}

/// Whether a transaction is told again. What the catalog says of its product may have changed since.
fn same(known: &Transaction, told: &Transaction) -> bool {
    let id = |transaction: &Transaction| transaction.product.as_ref().map(|sold| sold.id.clone());
    let told_again = Transaction {
        product: known.product.clone(),
        ..told.clone()
    };
    id(known) == id(told) && *known == told_again
}
