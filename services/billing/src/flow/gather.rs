//! Pending lines and the gathering invoices that hold them.

use chassis::{Batch, Context, Write};
use contract::billing::v1 as pb;
use kernel::{Timestamp, currency::Currency, id::LineId};
use sea_orm::ConnectionTrait as _;

use super::{
    Billing, fresh, hold,
    provision::{self, Effective},
    record_gathering,
};
use crate::{
    convert::{self, invoice::Lines},
    domain::{
        app::App,
        edit::LineInput,
        invoice::{Header, Invoice, Line},
        numbering::Scope,
        outside::Progress,
        party::Buyer,
        state::State,
        totals::Totals,
    },
    error::BillingError,
    store,
};

/// A header for a customer with the profile that applies.
pub fn new_header(buyer: Buyer, effective: &Effective) -> Header {
    Header {
        description: String::new(),
        metadata: std::collections::BTreeMap::new(),
        supplier: effective.profile.supplier.clone(),
        buyer,
        workflow: effective.profile.workflow.clone(),
        source_profile: effective.profile.id,
        app: effective.app.id,
        app_kind: effective.app.kind,
        totals: Totals::default(),
        period: None,
        collection_time: None,
        draft_until: None,
        issue_time: None,
        due_time: None,
        quantity_snapshot_time: None,
        sent_time: None,
        void_time: None,
        payment_time: None,
        issues: Vec::new(),
        external_invoicing: None,
        external_tax: None,
        external_payment: None,
        outside: None,
        progress: Progress::default(),
    }
}

/// The gathering invoice of a customer in a currency: there, revived, or new (then with
/// revision 0, not stored yet).
pub async fn gathering(
    w: &Write,
    buyer: &Buyer,
    currency: Currency,
    effective: &Effective,
) -> Result<Invoice, BillingError> {
    let project = w.context().project;
    let now = w.context().now;
    if let Some(mut found) = store::invoice::gathering(w.tx(), project, buyer.id, currency).await? {
        if take_up(&mut found, buyer, effective, now) {
            hold::note(w, &[buyer.id]).await?;
        }
        return Ok(found);
    }
    let backend = w.tx().get_database_backend();
    let mut batch = Batch::new();
    let (noting, _) = store::stale_hold::noting(backend, project, buyer.id, now);
    batch.push(noting);
    let taking = store::sequence::taking(backend, project, Scope::Gathering);
    batch.push_number(taking, store::sequence::LAST);
    let told = batch.send(w.tx()).await?;
    let n = told.get(1).and_then(|last| i64::try_from(*last).ok());
    let n = n.ok_or(BillingError::CorruptColumn("sequence.last"))?;
    let mut new = new_gathering(buyer, currency, effective, now);
    new.number = Scope::Gathering.number(&buyer.name, currency, n);
    Ok(new)
}

/// A gathering invoice of before goes on under the profile that applies now. One that ran empty comes back, without
/// what was left on it; answers whether it did.
pub fn take_up(found: &mut Invoice, buyer: &Buyer, effective: &Effective, now: Timestamp) -> bool {
    let revived = found.delete_time.take().is_some();
    if revived {
        for line in found.lines.iter_mut().filter(|line| line.is_live()) {
            line.delete_time = Some(now);
        }
    }
    found.header = Header {
        issues: std::mem::take(&mut found.header.issues),
        ..new_header(buyer.clone(), effective)
    };
    revived
}

/// A new gathering invoice, which has yet to get its number.
pub fn new_gathering(
    buyer: &Buyer,
    currency: Currency,
    effective: &Effective,
    now: Timestamp,
) -> Invoice {
    Invoice {
        id: chassis::id::next(),
        currency,
        state: State::Gathering,
        number: String::new(),
        header: new_header(buyer.clone(), effective),
        lines: Vec::new(),
        revision: 0,
        create_time: now,
        update_time: now,
        delete_time: None,
    }
}

/// Stores a gathering invoice whose lines changed. Empty, it is deleted.
pub async fn store_gathering(w: &mut Write, invoice: &mut Invoice) -> Result<(), BillingError> {
    let project = w.context().project;
    let app = store::app::get(w.tx(), project, invoice.header.app).await?;
    record_gathering(w, invoice, &app).await?;
    store::invoice::save(w.tx(), project, invoice).await?;
    if invoice.delete_time.is_some() {
        hold::note(w, &[invoice.customer()]).await?;
    }
    Ok(())
}

/// The same with the commit, for a write that does not read the invoice again. `app` is the invoice's if that is known.
pub async fn store_gathering_later(
    w: &mut Write,
    invoice: &mut Invoice,
    app: Option<&App>,
) -> Result<(), BillingError> {
    let project = w.context().project;
    match app.filter(|app| app.id == invoice.header.app) {
        Some(app) => record_gathering(w, invoice, app).await?,
        None => {
            let app = store::app::get(w.tx(), project, invoice.header.app).await?;
            record_gathering(w, invoice, &app).await?;
        }
    }
    store::invoice::save_later(w, invoice)?;
    if invoice.delete_time.is_some() {
        hold::note(w, &[invoice.customer()]).await?;
    }
    Ok(())
}

impl Billing {
    /// Adds pending lines; answers the gathering invoice, the ids of the new lines in order,
    /// and whether the invoice is new.
    pub async fn create_pending(
        &self,
        ctx: &Context,
        w: &mut Write,
        buyer: &Buyer,
        currency: Currency,
        inputs: Vec<LineInput>,
    ) -> Result<pb::CreatePendingLinesResponse, BillingError> {
        store::lock_customer(w.tx(), ctx.project, buyer.id).await?;
        let effective = provision::ensure(w, buyer.id).await?;
        let mut invoice = gathering(w, buyer, currency, &effective).await?;
        let is_new = invoice.revision == 0;
        let mut ids: Vec<LineId> = Vec::with_capacity(inputs.len());
        for input in inputs {
            let line: Line = input.into_line(ctx.now, &mut fresh);
            ids.push(line.id);
            invoice.lines.push(line);
        }
        store_gathering_later(w, &mut invoice, Some(&effective.app)).await?;
        let lines = ids
            .iter()
            .filter_map(|id| invoice.lines.iter().find(|line| line.id == *id))
            .map(|line| convert::line::to_proto(line, invoice.id, currency))
            .collect();
        let shown =
            convert::invoice::to_proto(&invoice, &effective.app, ctx.now, Lines::Without, false);
        Ok(pb::CreatePendingLinesResponse {
            lines,
            invoice: Some(shown),
            invoice_is_new: is_new,
        })
    }
}
