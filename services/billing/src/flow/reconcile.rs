//! Calculates recorded invoices again, many with one question to each service, and tells what
//! differs. Nothing is written.

use std::collections::{BTreeMap, BTreeSet};

use chassis::Context;
use contract::billing::v1 as pb;
use kernel::{
    Timestamp,
    id::{InvoiceId, SubscriptionId},
};

use super::Billing;
use crate::{
    convert,
    domain::{
        collect::UsageFacts,
        invoice::{Invoice, Line},
        party::Buyer,
        reconcile::{self, Difference},
        subscription::Subscription,
        sync::{self, Existing, Operation},
    },
    error::BillingError,
    store,
};

/// Most invoices of one call.
pub const NAMED_MAX: usize = 250;
/// Most lines whose usage is asked for at once.
const LINES: usize = 2_000;

/// What subscriptions ask for, beside what is there.
#[derive(Default)]
pub struct Asked {
    /// The copies, by id.
    pub subscriptions: BTreeMap<SubscriptionId, Subscription>,
    operations: BTreeMap<SubscriptionId, Vec<Operation>>,
}

impl Billing {
    /// What differs on each of these invoices, in their order.
    pub async fn differences(
        &self,
        ctx: &Context,
        invoices: &[Invoice],
    ) -> Result<Vec<Vec<Difference>>, BillingError> {
        let db = self.db.reader();
        let subscriptions: BTreeSet<SubscriptionId> = invoices
            .iter()
            .flat_map(|invoice| &invoice.lines)
            .filter_map(|line| line.subscription.as_ref())
            .map(|from| from.subscription)
            .collect();
        let subscriptions: Vec<SubscriptionId> = subscriptions.into_iter().collect();
        let asked = self.asked(ctx, &subscriptions).await?;
        let parts = store::invoice::parts_of(db, ctx.project, invoices).await?;
        let parts: Vec<Line> = parts.into_iter().map(|(_, part)| part).collect();
        let facts = self.current_usage(ctx, invoices).await?;
        Ok(invoices
            .iter()
            .map(|invoice| compare(ctx.now, invoice, &parts, &facts, &asked))
            .collect())
    }

    /// The usage that metering has now, of all lines whose quantities are final.
    async fn current_usage(
        &self,
        ctx: &Context,
        invoices: &[Invoice],
    ) -> Result<UsageFacts, BillingError> {
        let metered: Vec<(&Buyer, &Line)> = invoices
            .iter()
            .filter(|invoice| reconcile::is_final(invoice) && !invoice.header.buyer.erased)
            .flat_map(|invoice| {
                invoice
                    .live_lines()
                    .filter(|line| !line.price.is_flat())
                    .map(|line| (&invoice.header.buyer, line))
            })
            .collect();
        let mut facts = UsageFacts::new();
        for chunk in metered.chunks(LINES) {
            let lines: Vec<&Line> = chunk.iter().map(|(_, line)| *line).collect();
            let features = self.features(ctx, &lines).await?;
            facts.extend(self.usage(ctx, chunk, &features).await?);
        }
        Ok(facts)
    }

    /// What subscriptions ask for beside what is there, as of their last sync.
    pub async fn asked(
        &self,
        ctx: &Context,
        ids: &[SubscriptionId],
    ) -> Result<Asked, BillingError> {
        let db = self.db.reader();
        let mut asked = Asked::default();
        for chunk in ids.chunks(NAMED_MAX) {
            let copies = store::subscription::by_ids(db, ctx.project, chunk).await?;
            let existing = store::line::of_subscriptions(db, ctx.project, chunk).await?;
            let mut own: BTreeMap<SubscriptionId, Vec<Existing>> = BTreeMap::new();
            for (_, existing) in existing {
                if let Some(from) = &existing.line.subscription {
                    own.entry(from.subscription).or_default().push(existing);
                }
            }
            for (subscription, next_sync) in copies {
                let lines = own.remove(&subscription.id).unwrap_or_default();
                // What is due but not done yet is not missing.
                let as_of = next_sync
                    .filter(|next| *next <= ctx.now)
                    .and_then(|next| next.checked_sub(jiff::SignedDuration::from_secs(1)).ok())
                    .unwrap_or(ctx.now);
                let plan = super::apply::plan(&subscription, as_of);
                let operations = sync::difference(&plan.lines, &lines);
                asked.operations.insert(subscription.id, operations);
                asked.subscriptions.insert(subscription.id, subscription);
            }
        }
        Ok(asked)
    }

    /// Named invoices, or a page of all invoices and behind them all subscriptions.
    pub async fn reconcile(
        &self,
        ctx: &Context,
        request: &pb::ReconcileInvoicesRequest,
    ) -> Result<pb::ReconcileInvoicesResponse, tonic::Status> {
        if request.invoice_ids.len() > NAMED_MAX {
            return Err(BillingError::invalid("invoice_ids", "must have at most 250 ids").into());
        }
        if !request.invoice_ids.is_empty() {
            let ids = request
                .invoice_ids
                .iter()
                .map(|text| {
                    text.parse()
                        .map_err(|_| BillingError::InvoiceNotFound(text.clone()))
                })
                .collect::<Result<Vec<InvoiceId>, _>>()?;
            let invoices = self.checked(ctx, &ids).await?;
            return Ok(pb::ReconcileInvoicesResponse {
                invoices,
                ..Default::default()
            });
        }
        let page = chassis::page::PageRequest::parse(
            request.page_size,
            &request.page_token,
            self.page_key,
            &[&ctx.project.to_string(), "reconcile"],
        )?;
        let (stage, after) = match page.after.as_deref() {
            Some([stage, after]) => (stage.as_str(), after.as_str()),
            _ => ("i", ""),
        };
        let db = self.db.reader();
        let limit = page.limit + 1;
        let shown = usize::try_from(page.limit).unwrap_or(usize::MAX);
        if stage == "i" {
            let mut ids = store::invoice::ids_behind(db, ctx.project, after, limit).await?;
            let more = ids.len() > shown;
            ids.truncate(shown);
            let last = ids.last().map(ToString::to_string).unwrap_or_default();
            let next_page_token = if more {
                page.token(&["i", &last])
            } else {
                page.token(&["s", ""])
            };
            return Ok(pb::ReconcileInvoicesResponse {
                invoices: self.checked(ctx, &ids).await?,
                subscriptions: Vec::new(),
                next_page_token,
            });
        }
        let mut ids = store::subscription::ids_behind(db, ctx.project, after, limit).await?;
        let more = ids.len() > shown;
        ids.truncate(shown);
        let last = ids.last().map(ToString::to_string).unwrap_or_default();
        let asked = self.asked(ctx, &ids).await?;
        let subscriptions = asked
            .subscriptions
            .values()
            .map(|subscription| pb::SubscriptionReconciliation {
                subscription_id: subscription.id.to_string(),
                customer_id: subscription.customer.to_string(),
                missing_lines: reconcile::missing(asked.of(subscription.id))
                    .iter()
                    .map(convert::explain::difference)
                    .collect(),
            })
            .collect();
        Ok(pb::ReconcileInvoicesResponse {
            invoices: Vec::new(),
            subscriptions,
            next_page_token: if more {
                page.token(&["s", &last])
            } else {
                String::new()
            },
        })
    }

    /// What was found out about these invoices, in their order.
    async fn checked(
        &self,
        ctx: &Context,
        ids: &[InvoiceId],
    ) -> Result<Vec<pb::InvoiceReconciliation>, BillingError> {
        let mut found: BTreeMap<InvoiceId, Invoice> =
            store::invoice::by_ids(self.db.reader(), ctx.project, ids)
                .await?
                .into_iter()
                .map(|invoice| (invoice.id, invoice))
                .collect();
        let mut invoices = Vec::with_capacity(ids.len());
        for id in ids {
            match found.remove(id) {
                Some(invoice) => invoices.push(invoice),
                // Named twice is told once.
                None if invoices.iter().any(|known: &Invoice| known.id == *id) => {}
                None => return Err(BillingError::InvoiceNotFound(id.to_string())),
            }
        }
        let differences = self.differences(ctx, &invoices).await?;
        Ok(invoices
            .iter()
            .zip(differences)
            .map(|(invoice, differences)| convert::explain::reconciliation(invoice, &differences))
            .collect())
    }
}

impl Asked {
    /// What has to change about the lines of a subscription.
    fn of(&self, subscription: SubscriptionId) -> impl Iterator<Item = &Operation> {
        self.operations.get(&subscription).into_iter().flatten()
    }
}

/// What differs on one invoice.
fn compare(
    now: Timestamp,
    invoice: &Invoice,
    parts: &[Line],
    facts: &UsageFacts,
    asked: &Asked,
) -> Vec<Difference> {
    // Of a customer who was erased there is nothing left to compare with but the invoice itself.
    if invoice.header.buyer.erased {
        return reconcile::amounts(invoice, parts, now);
    }
    let subscriptions: BTreeSet<SubscriptionId> = invoice
        .lines
        .iter()
        .filter_map(|line| line.subscription.as_ref())
        .map(|from| from.subscription)
        .collect();
    let mut found = reconcile::quantities(invoice, facts);
    found.extend(reconcile::amounts(invoice, parts, now));
    found.extend(reconcile::asked(
        invoice,
        subscriptions.into_iter().flat_map(|id| asked.of(id)),
    ));
    found
}
