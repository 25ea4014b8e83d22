//! Terms of subscriptions made from plans: kept in step with them, ended, and paid back.

use chassis::{Context, Write};
use contract::subscription::v1::RefundTermResponse;
use jiff::Timestamp;
use kernel::id::{CustomerId, SubscriptionId};
use sea_orm::ConnectionTrait as _;
use tonic::{Response, Status};

use crate::decide::pick;
use crate::domain::ledger::Cause;
use crate::domain::lifecycle::Timing;
use crate::domain::refusal::Refusal;
use crate::domain::reported::Reported;
use crate::domain::revenue::change::product_key;
use crate::domain::status::Status as Life;
use crate::domain::subscription::Subscription;
use crate::domain::term::refusal::TermRefusal;
use crate::domain::term::reported::{facts as reported_facts, purchases as reported_purchases};
use crate::engine::{Call, Engine};
use crate::error::SubscriptionError;
use crate::grpc::term::refundable;
use crate::provision::{Reservation, Saved};
use crate::store::invoice_share::{Share, Told};
use crate::store::term::{NewTerm, Term};
use crate::terms::{Known, plan_source, planned, reported_source};
use crate::{rights, store};

/// How a share is called that gives an invoice's money back.
const REFUND: &str = "refund:";

/// What a call is named, what makes a retry safe, and what was asked.
pub type Asked<'a, Message> = (&'static str, &'a str, &'a Message);

/// Writes the terms of a customer's subscriptions anew, within the write that changed these and notes that rights changed; answers them.
/// `first`: there were none before, and so no terms.
pub async fn replace(
    write: &Write,
    customer: CustomerId,
    all: &[Subscription],
    first: bool,
) -> Result<Vec<Term>, SubscriptionError> {
    let (project, now) = (write.context().project, write.context().now);
    let (source, terms) = (plan_source(customer), planned(customer, all));
    if first {
        store::term::insert_later(write, project, &source, &terms, now)
    } else {
        let (_, after) = store::term::replace(write.tx(), project, &source, &terms, now).await?;
        Ok(after)
    }
}

/// Writes the terms of a reported subscription anew, within the write that changed it; one that is gone has none.
pub async fn replace_reported(
    write: &Write,
    reported: &Reported,
    gone: bool,
) -> Result<(), SubscriptionError> {
    let (project, now) = (write.context().project, write.context().now);
    let facts = if gone {
        Vec::new()
    } else {
        reported_facts(reported, now)?
    };
    let terms: Vec<NewTerm> = facts
        .into_iter()
        .map(|facts| NewTerm {
            source_id: Some(reported.id.to_string()),
            facts: None,
            ..NewTerm::of(facts)
        })
        .collect();
    let source = reported_source(reported.id);
    store::term::replace(write.tx(), project, &source, &terms, now).await?;
    replace_bought(write, reported, gone).await?;
    rights::note(write, &[reported.customer_id].into());
    Ok(())
}

/// Writes what a reported subscription says was bought once.
async fn replace_bought(
    write: &Write,
    reported: &Reported,
    gone: bool,
) -> Result<(), SubscriptionError> {
    let (project, now) = (write.context().project, write.context().now);
    let prefix = format!("{}:", reported_source(reported.id));
    let mut known = store::purchase::of_lines(write.tx(), project, &prefix).await?;
    let bought = if gone {
        Vec::new()
    } else {
        reported_purchases(reported)?
    };
    for (payment, facts) in bought {
        let line = format!("{prefix}{payment}");
        known.retain(|known| known.line != line);
        let (_, made) = store::purchase::replace(write.tx(), project, &line, &facts, now).await?;
        let owner = (made.id, facts.customer);
        store::payment::replace(write.tx(), project, owner, &facts.payments).await?;
    }
    for gone in known {
        store::purchase::remove(write.tx(), project, gone.id).await?;
        let owner = (gone.id, gone.facts.customer);
        store::payment::replace(write.tx(), project, owner, &[]).await?;
    }
    Ok(())
}

/// Makes up for terms that were not written, of subscriptions that are older than terms.
pub async fn ensure(
    engine: &Engine,
    context: &Context,
    customer: CustomerId,
) -> Result<(), SubscriptionError> {
    let (db, project) = (engine.db.reader(), context.project);
    let held = store::subscription::of_customer(db, project, customer).await?;
    let wanted = planned(customer, &held);
    if wanted.is_empty() {
        return Ok(());
    }
    let there = store::term::of_source(db, project, &plan_source(customer)).await?;
    let missing = wanted
        .iter()
        .any(|wanted| there.iter().all(|there| there.opening != wanted.opening));
    if missing {
        let write = engine.db.system_write(context).await?;
        let lock = format!("plan_terms:{project}:{customer}");
        chassis::db::lock(write.tx(), &lock).await?;
        let held = store::subscription::of_customer(write.tx(), project, customer).await?;
        // Before any term is written: whoever changes a subscription takes both in this order.
        let changed = rights::changed(&write, customer);
        write.tx().execute_raw(changed).await?;
        replace(&write, customer, &held, false).await?;
        write.commit().await?;
    }
    Ok(())
}

/// Ends the subscription behind a term at its next billing cycle.
pub async fn cancel<Message, Answer>(
    engine: &Engine,
    context: &Context,
    asked: Asked<'_, Message>,
    known: &Known,
) -> Result<Response<Answer>, Status>
where
    Message: prost::Message,
    Answer: prost::Message + Default,
{
    let next = |held: &Subscription| held.canceled(Timing::NextBillingCycle, context.now);
    change(engine, context, asked, known, next).await
}

/// Gives the subscription behind a term an end, and deletes what was to follow it.
async fn change<Message, Answer>(
    engine: &Engine,
    context: &Context,
    (operation, request_id, request): Asked<'_, Message>,
    known: &Known,
    next: impl Fn(&Subscription) -> Result<Subscription, Refusal>,
) -> Result<Response<Answer>, Status>
where
    Message: prost::Message,
    Answer: prost::Message + Default,
{
    let call = Call {
        context,
        operation,
        cause: Cause::Canceled,
        request_id,
        request,
    };
    let id = store::term::parsed(&known.term.source_id)?;
    let decide = |stored: &[Subscription]| {
        let (held, follow) = holding(stored, id, context.now)?;
        let mut saved = Vec::with_capacity(follow.len() + 1);
        let after = if follow.is_empty() {
            next(held)?
        } else {
            // Nothing follows any more, so that its end is open.
            let open = Subscription {
                active_to: None,
                ..held.clone()
            };
            next(&open.linked_before(None))?
        };
        saved.push(Saved {
            before: Some(held.clone()),
            after,
            reservation: Reservation::Entitlements,
        });
        for scheduled in follow {
            saved.push(Saved {
                before: Some(scheduled.clone()),
                after: scheduled.deleted(context.now)?,
                reservation: Reservation::None,
            });
        }
        Ok(saved)
    };
    let reply = |_: &[Saved]| Ok(Answer::default());
    engine
        .change(&call, known.facts.customer, decide, reply)
        .await
}

/// Of the subscriptions of one's term, that which holds now, and those of any that are to follow it and have not begun.
fn holding(
    stored: &[Subscription],
    id: SubscriptionId,
    now: Timestamp,
) -> Result<(&Subscription, Vec<&Subscription>), SubscriptionError> {
    let begins = |found: &Subscription| found.status_at(now) == Life::Scheduled;
    let linked = |id: Option<&str>| {
        let id = id?.parse::<SubscriptionId>().ok()?;
        stored.iter().find(|found| found.id == id)
    };
    let mut held = pick(stored, id)?;
    while begins(held)
        && let Some(before) = linked(held.previous_id())
        && product_key(before) == product_key(held)
    {
        held = before;
    }
    let mut follow: Vec<&Subscription> = Vec::new();
    let mut last = held;
    while let Some(next) = linked(last.superseding_id()).filter(|next| begins(next)) {
        follow.push(next);
        last = next;
    }
    Ok((held, follow))
}

/// Notes that the last payment was given back.
pub async fn give_back<Message, Answer>(
    engine: &Engine,
    context: &Context,
    (operation, request_id, request): Asked<'_, Message>,
    known: &Known,
) -> Result<Response<Answer>, Status>
where
    Message: prost::Message,
    Answer: prost::Message + Default,
{
    engine
        .db
        .write(
            context,
            operation,
            request_id,
            request,
            |write| async move {
                pay_back(&write, known, context.now).await?;
                Ok::<_, SubscriptionError>((write, Answer::default()))
            },
        )
        .await
}

/// Ends the subscription of what is paid back now, if it goes on. This comes before the money: while there is something to give back the
/// refund can be asked for again, and finishes what was cut off.
pub async fn end<Message>(
    engine: &Engine,
    context: &Context,
    (request_id, request): (&str, &Message),
    known: &Known,
) -> Result<(), Status>
where
    Message: prost::Message,
{
    let (start, end) = (known.facts.start(), known.facts.end());
    if context.now < start || end.is_some_and(|end| end <= context.now) {
        return Ok(());
    }
    let asked = ("RefundTermEnd", request_id, request);
    let next = |held: &Subscription| held.ended(context.now);
    change::<_, RefundTermResponse>(engine, context, asked, known, next)
        .await
        .map(drop)
}

async fn pay_back(write: &Write, known: &Known, now: Timestamp) -> Result<(), SubscriptionError> {
    let paid = refundable(&known.facts).ok_or(TermRefusal::NothingToRefund)?;
    let project = write.context().project;
    let invoice = format!("{REFUND}{}", paid.id);
    let share = Share {
        invoice: invoice.clone(),
        subscription: known.term.source_id.clone(),
        customer: known.facts.customer,
        open: false,
        paid_at: Some(now.max(paid.at)),
        amount: -paid.amount.value,
        currency: paid.amount.currency.clone(),
    };
    let told = Told {
        invoice,
        revision: 1,
        shares: vec![share],
    };
    let first = store::invoice_share::replace(write.tx(), project, told).await?;
    if first {
        Ok(())
    } else {
        Err(TermRefusal::NothingToRefund.into())
    }
}
