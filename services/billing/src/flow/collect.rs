//! From pending lines to standard invoices.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Context, Write};
use contract::billing::v1 as pb;
use kernel::{
    Timestamp,
    currency::Currency,
    id::{CustomerId, InvoiceId, LineId},
    period::Period,
};

use super::{
    ATTEMPTS, Billing, Past,
    advance::Drive,
    facts::Features,
    fresh,
    gather::{new_header, store_gathering_later},
    is_raced,
    provision::{self, Effective},
    record_invoice,
};
use crate::{
    convert,
    domain::{
        collect::{self, UsageFacts, billable, covers, split},
        edit::check_standard,
        invoice::{Invoice, Line},
        numbering::Scope,
        party::Buyer,
        state::State,
    },
    error::BillingError,
    store::{self, sequence::Reserve},
};

/// What shall be invoiced.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Whose lines.
    pub customer: CustomerId,
    /// Only these lines.
    pub lines: Option<BTreeSet<LineId>>,
    /// As of when.
    pub as_of: Timestamp,
    /// Whether usage periods are billed in parts; `None` as the profile says.
    pub progressive: Option<bool>,
}

/// What can be invoiced, with everything that is needed to do it.
pub struct Plan {
    buyer: Buyer,
    effective: Effective,
    progressive: bool,
    features: Features,
    chosen: BTreeMap<Currency, Vec<(LineId, Period)>>,
    facts: UsageFacts,
}

impl Billing {
    /// Works out what can be invoiced, and gathers its usage. Answers `None` when there is
    /// nothing. The buyer is asked for unless it is known.
    pub async fn plan_collection(
        &self,
        ctx: &Context,
        wish: &Wish,
        buyer: Option<&Buyer>,
    ) -> Result<Option<Plan>, BillingError> {
        let db = self.db.reader();
        let gathering =
            store::invoice::gathering_of_customer(db, ctx.project, wish.customer).await?;
        let effective = provision::find(db, ctx.project, wish.customer).await?;
        let Some(effective) = effective.filter(|_| !gathering.is_empty()) else {
            return Ok(None);
        };
        let progressive = wish
            .progressive
            .unwrap_or(effective.profile.workflow.progressive_billing);
        // How usage can develop only matters where periods are cut.
        let mut features = Features::default();
        if progressive {
            let lines: Vec<&Line> = gathering.iter().flat_map(Invoice::live_lines).collect();
            features = self.features(ctx, &lines).await?;
        }
        let wanted = wish.lines.as_ref();
        let chosen = choose(&gathering, wanted, wish.as_of, progressive, &features)?;
        if chosen.is_empty() {
            return Ok(None);
        }
        let buyer = match buyer {
            Some(buyer) => buyer.clone(),
            None => convert::customer::buyer(&self.customer(ctx, wish.customer).await?)?,
        };
        let cut = cut(&gathering, &chosen, ctx.now);
        if !progressive {
            features = self
                .features(ctx, &cut.iter().collect::<Vec<&Line>>())
                .await?;
        }
        let owned: Vec<(&Buyer, &Line)> = cut.iter().map(|line| (&buyer, line)).collect();
        let facts = self.usage(ctx, &owned, &features).await?;
        Ok(Some(Plan {
            buyer,
            effective,
            progressive,
            features,
            chosen,
            facts,
        }))
    }

    /// Invoices what a plan found, in one write. Refused as raced when the lines changed.
    pub async fn collect(
        &self,
        w: &mut Write,
        wish: &Wish,
        plan: &Plan,
    ) -> Result<Vec<pb::Invoice>, BillingError> {
        let project = w.context().project;
        store::lock_customer(w.tx(), project, wish.customer).await?;
        let gathering =
            store::invoice::gathering_of_customer(w.tx(), project, wish.customer).await?;
        let wanted = wish.lines.as_ref();
        if choose(
            &gathering,
            wanted,
            wish.as_of,
            plan.progressive,
            &plan.features,
        )? != plan.chosen
        {
            return Err(BillingError::Raced);
        }
        let mut made = Vec::new();
        for mut pending in gathering {
            if let Some(chosen) = plan.chosen.get(&pending.currency) {
                let lines = take(&mut pending, chosen, w.context().now);
                if !covers(&plan.facts, lines.iter()) {
                    return Err(BillingError::Raced);
                }
                made.push(standard(w, plan, pending.currency, lines).await?);
                store_gathering_later(w, &mut pending, Some(&plan.effective.app)).await?;
            }
        }
        Ok(made)
    }

    /// Invoices whatever is due for a customer, without cutting usage periods. Nothing due is
    /// no error. For timers and after a subscription changed.
    pub async fn collect_due(
        &self,
        ctx: &Context,
        customer: CustomerId,
        buyer: Option<&Buyer>,
    ) -> Result<Vec<InvoiceId>, BillingError> {
        let wish = Wish {
            customer,
            lines: None,
            as_of: ctx.now,
            progressive: Some(false),
        };
        for _ in 0..ATTEMPTS {
            let Some(plan) = self.plan_collection(ctx, &wish, buyer).await? else {
                return Ok(Vec::new());
            };
            let mut w = self.db.system_write(ctx).await?;
            match self.collect(&mut w, &wish, &plan).await {
                Ok(invoices) => {
                    w.commit().await?;
                    let made: Vec<InvoiceId> = invoices
                        .iter()
                        .map(|invoice| convert::id("invoice.id", &invoice.id))
                        .collect::<Result<_, _>>()?;
                    if plan.effective.app.is_outside() {
                        for invoice in &made {
                            self.after_outside(ctx, *invoice).await;
                        }
                    }
                    self.settle_hold(ctx, customer).await;
                    return Ok(made);
                }
                Err(BillingError::Raced) => {}
                Err(error) => return Err(error),
            }
        }
        Err(BillingError::Raced)
    }

    /// Invoices as a caller wishes; nothing to invoice is a refusal.
    pub async fn invoice_pending(
        &self,
        ctx: &Context,
        request: &pb::InvoicePendingLinesRequest,
        wish: &Wish,
    ) -> Result<tonic::Response<pb::InvoicePendingLinesResponse>, tonic::Status> {
        let mut raced = BillingError::Raced.into();
        for _ in 0..ATTEMPTS {
            // What was refused only now, because the same request was carried out before, gets the answer of then.
            let plan = self.plan_collection(ctx, wish, None).await;
            let answer = self
                .db
                .write(
                    ctx,
                    "InvoicePendingLines",
                    &request.request_id,
                    request,
                    |mut w| async move {
                        let plan = plan?.ok_or(BillingError::NoLines)?;
                        let invoices = self.collect(&mut w, wish, &plan).await?;
                        Ok::<_, BillingError>((w, pb::InvoicePendingLinesResponse { invoices }))
                    },
                )
                .await;
            match answer {
                Err(status) if is_raced(&status) => raced = status,
                Err(status) => return Err(status),
                Ok(mut answer) => {
                    for invoice in &mut answer.get_mut().invoices {
                        let id = convert::id("invoice.id", &invoice.id)?;
                        if let Some(now) = self.after_outside(ctx, id).await {
                            *invoice = now;
                        }
                    }
                    self.settle_hold(ctx, wish.customer).await;
                    return Ok(answer);
                }
            }
        }
        Err(raced)
    }
}

/// Which part of which pending line is invoiced, by currency.
pub fn choose(
    gathering: &[Invoice],
    wanted: Option<&BTreeSet<LineId>>,
    as_of: Timestamp,
    progressive: bool,
    features: &Features,
) -> Result<BTreeMap<Currency, Vec<(LineId, Period)>>, BillingError> {
    let mut chosen: BTreeMap<Currency, Vec<(LineId, Period)>> = BTreeMap::new();
    let mut missing: BTreeSet<LineId> = wanted.cloned().unwrap_or_default();
    for invoice in gathering {
        for line in invoice.live_lines() {
            if wanted.is_some_and(|wanted| !wanted.contains(&line.id)) {
                continue;
            }
            if let Some(period) = billable(line, as_of, progressive, features.metering(line))? {
                missing.remove(&line.id);
                chosen
                    .entry(invoice.currency)
                    .or_default()
                    .push((line.id, period));
            }
        }
    }
    if missing.is_empty() {
        Ok(chosen)
    } else {
        Err(BillingError::LinesNotBillable {
            lines: missing.iter().map(ToString::to_string).collect(),
        })
    }
}

/// The chosen lines as they will be once they are cut.
pub fn cut(
    gathering: &[Invoice],
    chosen: &BTreeMap<Currency, Vec<(LineId, Period)>>,
    now: Timestamp,
) -> Vec<Line> {
    let lines: BTreeMap<LineId, &Line> = gathering
        .iter()
        .flat_map(Invoice::live_lines)
        .map(|line| (line.id, line))
        .collect();
    chosen
        .values()
        .flatten()
        .filter_map(|(id, period)| {
            let line = lines.get(id)?;
            Some(split(line, period.end, &mut fresh, now).0)
        })
        .collect()
}

/// Takes the chosen lines off a gathering invoice; what is left of a cut line stays.
pub fn take(pending: &mut Invoice, chosen: &[(LineId, Period)], now: Timestamp) -> Vec<Line> {
    let mut taken = Vec::with_capacity(chosen.len());
    let mut left = Vec::with_capacity(pending.lines.len());
    for line in std::mem::take(&mut pending.lines) {
        match chosen.iter().find(|(id, _)| *id == line.id) {
            None => left.push(line),
            Some((_, period)) if line.price.is_flat() || period.end >= line.period.end => {
                taken.push(line)
            }
            Some((_, period)) => {
                let (before, after) = split(&line, period.end, &mut fresh, now);
                taken.push(before);
                left.extend(after);
            }
        }
    }
    pending.lines = left;
    taken
}

/// Lines that will be a standard invoice.
pub struct Prepared {
    buyer: Buyer,
    currency: Currency,
    /// The lines, as the invoice will have them.
    pub lines: Vec<Line>,
}

/// Checks lines for the standard invoice that they will be.
pub fn prepare(
    buyer: &Buyer,
    currency: Currency,
    mut lines: Vec<Line>,
    now: Timestamp,
) -> Result<Prepared, BillingError> {
    for line in &mut lines {
        if !line.price.is_flat() && line.invoice_time < line.period.end && line.period.end <= now {
            // Billed as a whole because its usage can fall: the period decides.
            line.invoice_time = line.period.end;
        }
        check_standard(line)?;
    }
    Ok(Prepared {
        buyer: buyer.clone(),
        currency,
        lines,
    })
}

impl Prepared {
    /// The standard invoice as it begins, with the quantities of the moment.
    pub fn into_invoice(
        self,
        number: i64,
        effective: &Effective,
        facts: &UsageFacts,
        now: Timestamp,
    ) -> Invoice {
        let mut invoice = Invoice {
            id: chassis::id::next(),
            currency: self.currency,
            state: State::DraftCreated,
            number: Scope::Draft.number(&self.buyer.name, self.currency, number),
            header: new_header(self.buyer, effective),
            lines: self.lines,
            revision: 0,
            create_time: now,
            update_time: now,
            delete_time: None,
        };
        let issues = &mut invoice.header.issues;
        collect::snapshot(&mut invoice.lines, facts, |_| true, issues, now, &mut fresh);
        invoice
    }
}

/// Makes a standard invoice that nobody waits for, drives it as far as it goes by itself and tells of it, without storing
/// it. `parts` are those of its split usage periods on other invoices; answers what is left of the numbers too.
pub async fn make(
    w: &mut Write,
    prepared: Prepared,
    effective: &Effective,
    (parts, facts): (Vec<Line>, &UsageFacts),
    mut reserve: Reserve,
) -> Result<(Invoice, Reserve), BillingError> {
    let (project, now) = (w.context().project, w.context().now);
    let number = reserve.next(w.tx(), project, Scope::Draft).await?;
    let mut invoice = prepared.into_invoice(number, effective, facts, now);
    let app = &effective.app;
    let mut drive = Drive::with(w, app.clone(), parts, facts, reserve);
    drive.begin(&mut invoice).await?;
    let Drive {
        reserve, passed, ..
    } = drive;
    let past = Past {
        before: None,
        passed,
    };
    record_invoice(w, "invoice.created", &mut invoice, app, past).await?;
    Ok((invoice, reserve))
}

/// Makes a standard invoice of lines and drives it as far as it goes by itself.
async fn standard(
    w: &mut Write,
    plan: &Plan,
    currency: Currency,
    lines: Vec<Line>,
) -> Result<pb::Invoice, BillingError> {
    let (project, now) = (w.context().project, w.context().now);
    let prepared = prepare(&plan.buyer, currency, lines, now)?;
    let number = store::sequence::next(w.tx(), project, Scope::Draft).await?;
    let mut invoice = prepared.into_invoice(number, &plan.effective, &plan.facts, now);
    let parts = store::invoice::billed_parts(w.tx(), project, &invoice).await?;
    let app = plan.effective.app.clone();
    let mut drive = Drive::with(w, app, parts, &plan.facts, Reserve::of(1));
    drive.begin(&mut invoice).await?;
    let Drive { app, passed, .. } = drive;
    let past = Past {
        before: None,
        passed,
    };
    let shown = record_invoice(w, "invoice.created", &mut invoice, &app, past).await?;
    store::invoice::save_later(w, &invoice)?;
    Ok(shown)
}
