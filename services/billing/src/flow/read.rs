//! Reading invoices. Gathering invoices are rated with the usage of the moment, all of a
//! page with one question to each service.

use std::collections::{BTreeMap, btree_map::Entry};

use chassis::Context;
use contract::billing::v1 as pb;
use kernel::id::AppId;

use super::{Billing, fresh, gather::new_header, provision};
use crate::{
    convert::{self, invoice::Lines},
    domain::{
        app::App,
        calculate::calculate,
        collect::{self, billable},
        invoice::{Header, Invoice, Line},
        party::Buyer,
    },
    error::BillingError,
    store,
};

impl Billing {
    /// Invoices as callers see them.
    pub async fn present(
        &self,
        ctx: &Context,
        mut invoices: Vec<Invoice>,
        lines: Lines,
    ) -> Result<Vec<pb::Invoice>, BillingError> {
        let billable = self.rate_gathering(ctx, &mut invoices).await?;
        let mut apps: BTreeMap<AppId, App> = BTreeMap::new();
        let mut shown = Vec::with_capacity(invoices.len());
        for invoice in &invoices {
            let id = invoice.header.app;
            let app = match apps.entry(id) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(vacant) => {
                    vacant.insert(store::app::get(self.db.reader(), ctx.project, id).await?)
                }
            };
            let can_invoice = billable.get(&invoice.id).copied().unwrap_or_default();
            shown.push(convert::invoice::to_proto(
                invoice,
                app,
                ctx.now,
                lines,
                can_invoice,
            ));
        }
        Ok(shown)
    }

    /// Fills gathering invoices with current profile, customer and usage; answers for each
    /// whether something of it can be invoiced now.
    pub(super) async fn rate_gathering(
        &self,
        ctx: &Context,
        invoices: &mut [Invoice],
    ) -> Result<BTreeMap<kernel::id::InvoiceId, bool>, BillingError> {
        let db = self.db.reader();
        let live = |invoice: &Invoice| invoice.is_gathering() && invoice.delete_time.is_none();
        let customers: Vec<String> = invoices
            .iter()
            .filter(|invoice| live(invoice))
            .map(|invoice| invoice.customer().to_string())
            .collect();
        if customers.is_empty() {
            return Ok(BTreeMap::new());
        }
        let customers = self.customers(ctx, &customers).await?;
        for invoice in invoices.iter_mut().filter(|invoice| live(invoice)) {
            let buyer = match customers.get(&invoice.customer().to_string()) {
                Some(customer) => convert::customer::buyer(customer)?,
                None => invoice.header.buyer.clone(),
            };
            if let Some(effective) = provision::find(db, ctx.project, buyer.id).await? {
                let stored = &invoice.header;
                invoice.header = Header {
                    period: stored.period,
                    collection_time: stored.collection_time,
                    issues: stored.issues.clone(),
                    ..new_header(buyer, &effective)
                };
            }
        }
        let pending: Vec<&Line> = invoices
            .iter()
            .filter(|invoice| live(invoice))
            .flat_map(Invoice::live_lines)
            .collect();
        let features = self.features(ctx, &pending).await?;
        let owned: Vec<(&Buyer, &Line)> = invoices
            .iter()
            .filter(|invoice| live(invoice))
            .flat_map(|invoice| {
                invoice
                    .live_lines()
                    .map(|line| (&invoice.header.buyer, line))
            })
            .collect();
        let facts = self.usage(ctx, &owned, &features).await?;
        let mut can_invoice = BTreeMap::new();
        for invoice in invoices.iter_mut().filter(|invoice| live(invoice)) {
            let progressive = invoice.header.workflow.progressive_billing;
            let any = invoice.live_lines().any(|line| {
                billable(line, ctx.now, progressive, features.metering(line))
                    .is_ok_and(|part| part.is_some())
            });
            can_invoice.insert(invoice.id, any);
            let parts = store::invoice::billed_parts(db, ctx.project, invoice).await?;
            let issues = &mut invoice.header.issues;
            collect::snapshot(
                &mut invoice.lines,
                &facts,
                |_| true,
                issues,
                ctx.now,
                &mut fresh,
            );
            calculate(invoice, &parts, ctx.now, &mut fresh);
            invoice.header.quantity_snapshot_time = Some(ctx.now);
        }
        Ok(can_invoice)
    }
}
