//! What callers and timers do to one invoice, as commands: each is planned with the usage it
//! needs and carried out in one write.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Context, Write};
use contract::billing::v1 as pb;
use kernel::{
    Timestamp,
    id::{CustomerId, InvoiceId, LineId},
};

use super::{
    ATTEMPTS, Billing, Past, advance::Drive, fresh, gather, is_raced, provision, store_invoice,
};
use crate::{
    convert::{self, invoice::Lines},
    domain::{
        app::Kind,
        calculate::calculate,
        collect::{UsageFacts, covers},
        edit::{LineInput, replace_lines},
        invoice::{Invoice, Line, ManagedBy},
        issue::Finding,
        outside::{Conclusion, Task},
        party::{Address, Supplier},
        profile::CollectionMethod,
        state::{State, Trigger},
    },
    error::BillingError,
    store,
};

/// What shall happen to an invoice.
#[derive(Clone, Debug)]
pub enum Command {
    /// All automatic steps that are possible now.
    Advance,
    /// Approval.
    Approve,
    /// Another try of what failed.
    Retry,
    /// Quantities now.
    SnapshotQuantities,
    /// Deletion.
    Delete,
    /// A new calculation.
    Recalculate,
    /// New header and lines.
    Update(Box<Edit>),
    /// Voiding.
    Void(Voiding),
    /// The caller's system took the draft over.
    ConfirmDraft(Box<pb::ConfirmDraftSyncRequest>),
    /// The caller's system issued the invoice.
    ConfirmIssuing(Box<pb::ConfirmIssuingSyncRequest>),
    /// What became of the payment.
    Payment(Trigger),
    /// What became of a task of an outside system.
    Conclude(Task, Box<Conclusion>),
    /// What Stripe told.
    Told(Box<Payment>),
}

/// What an event of Stripe means for an invoice.
#[derive(Clone, Debug)]
pub struct Payment {
    /// Id of the event, taken once.
    pub event: String,
    /// What happened to the payment.
    pub trigger: Option<Trigger>,
    /// The state that it leads to; nothing is done when it is there.
    pub target: Option<State>,
    /// States in which the event is too late.
    pub ignored: Vec<State>,
    /// What is wrong.
    pub finding: Option<Finding>,
    /// When the invoice was sent.
    pub sent: Option<Timestamp>,
}

/// New values of the editable part of an invoice; what is none stays.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// Etag that the caller read.
    pub etag: String,
    /// Text for people.
    pub description: Option<String>,
    /// Free pairs.
    pub metadata: Option<BTreeMap<String, String>>,
    /// Who sells.
    pub supplier: Option<Supplier>,
    /// Name, tax code and address of who buys.
    pub buyer: Option<(String, Option<String>, Option<Address>)>,
    /// The changeable part of the workflow.
    pub workflow: Option<WorkflowEdit>,
    /// All lines, each with the id that it gets when it is new.
    pub lines: Option<Vec<(LineId, LineInput)>>,
}

/// The changeable part of an invoice's workflow.
#[derive(Clone, Debug)]
pub struct WorkflowEdit {
    /// Whether the draft is issued without approval.
    pub auto_advance: bool,
    /// How long the draft stays open for review.
    pub draft_period: kernel::calendar::IsoDuration,
    /// From issue to due date.
    pub due_after: kernel::calendar::IsoDuration,
    /// Who starts the payment.
    pub collection_method: CollectionMethod,
}

/// How an invoice is voided.
#[derive(Clone, Debug, Default)]
pub struct Voiding {
    /// Lines that are charged again, when not said otherwise: `Some(time)` is when.
    pub pending: Option<Option<Timestamp>>,
    /// The same for single lines; the outer none discards.
    pub overrides: BTreeMap<LineId, Option<Option<Timestamp>>>,
}

impl Command {
    /// Name of the action, as refusals print it.
    fn action(&self) -> &'static str {
        match self {
            Self::Advance => "advance",
            Self::Approve => "approve",
            Self::Retry => "retry",
            Self::SnapshotQuantities => "snapshot_quantities",
            Self::Delete => "delete",
            Self::Recalculate => "recalculate_taxes",
            Self::Update(_) => "update",
            Self::Void(_) => "void",
            Self::ConfirmDraft(_) => "confirm_draft_sync",
            Self::ConfirmIssuing(_) => "confirm_issuing_sync",
            Self::Payment(_) | Self::Told(_) => "report_payment",
            Self::Conclude(_, _) => "conclude",
        }
    }
}

impl Billing {
    /// Carries out a command for a caller.
    pub async fn act<Request, Answer>(
        &self,
        ctx: &Context,
        operation: &'static str,
        (request_id, request): (&str, &Request),
        invoice: InvoiceId,
        command: Command,
        wrap: fn(pb::Invoice) -> Answer,
    ) -> Result<tonic::Response<Answer>, tonic::Status>
    where
        Request: prost::Message,
        Answer: prost::Message + Default,
    {
        let mut raced = BillingError::Raced.into();
        for _ in 0..ATTEMPTS {
            // A repeated request gets the answer of then, also when it could not be planned any more.
            let planned = self.plan_command(ctx, invoice, &command).await;
            let about = planned.as_ref().ok().map(|planned| planned.about);
            let command = &command;
            let answer = self
                .db
                .write(ctx, operation, request_id, request, |mut w| async move {
                    let after = execute(&mut w, invoice, command, &planned?).await?;
                    Ok::<_, BillingError>((w, wrap(after)))
                })
                .await;
            match answer {
                Err(status) if is_raced(&status) => raced = status,
                Err(status) => return Err(status),
                Ok(answer) => {
                    return self
                        .finish(ctx, about, (invoice, command), answer, wrap)
                        .await;
                }
            }
        }
        Err(raced)
    }

    /// Carries out what a command recorded for an outside system; the answer is the invoice
    /// as it is afterwards.
    async fn finish<Answer>(
        &self,
        ctx: &Context,
        about: Option<About>,
        (invoice, command): (InvoiceId, &Command),
        answer: tonic::Response<Answer>,
        wrap: fn(pb::Invoice) -> Answer,
    ) -> Result<tonic::Response<Answer>, tonic::Status> {
        let now = if about.is_none_or(|about| about.outside) {
            self.after_outside(ctx, invoice).await
        } else {
            None
        };
        if let Some(about) = about {
            self.settle_hold(ctx, about.customer).await;
        }
        let Some(now) = now else {
            return Ok(answer);
        };
        if matches!(command, Command::Delete) && now.state() == pb::InvoiceState::DeleteFailed {
            let found = store::invoice::get(self.db.reader(), ctx.project, invoice).await?;
            return Err(BillingError::DeleteFailed {
                issues: convert::invoice::refusal_issues(&found.header.issues),
            }
            .into());
        }
        let (metadata, _, extensions) = answer.into_parts();
        Ok(tonic::Response::from_parts(metadata, wrap(now), extensions))
    }

    /// Carries out a command for a timer.
    pub async fn act_by_itself(
        &self,
        ctx: &Context,
        invoice: InvoiceId,
        command: Command,
    ) -> Result<(), BillingError> {
        for _ in 0..ATTEMPTS {
            let planned = self.plan_command(ctx, invoice, &command).await?;
            let mut w = self.db.system_write(ctx).await?;
            match execute(&mut w, invoice, &command, &planned).await {
                Ok(_) => {
                    w.commit().await?;
                    self.settle_hold(ctx, planned.about.customer).await;
                    return Ok(());
                }
                Err(BillingError::Raced) => {}
                Err(error) => return Err(error),
            }
        }
        Err(BillingError::Raced)
    }

    /// Gathers the usage that a command may need: of the lines as they will be.
    async fn plan_command(
        &self,
        ctx: &Context,
        invoice: InvoiceId,
        command: &Command,
    ) -> Result<Planned, BillingError> {
        let mut found = store::invoice::get(self.db.reader(), ctx.project, invoice).await?;
        let about = About {
            customer: found.customer(),
            outside: found.header.app_kind == Kind::Stripe && !found.is_gathering(),
        };
        let facts = if takes_quantities(found.state) {
            if let Command::Update(edit) = command
                && let Some(lines) = &edit.lines
            {
                replace_lines(&mut found, lines.clone(), ctx.now, &mut fresh)?;
            }
            self.usage_of(ctx, &found).await?
        } else {
            UsageFacts::new()
        };
        Ok(Planned { about, facts })
    }
}

/// What a command needs to know before its write.
struct Planned {
    about: About,
    facts: UsageFacts,
}

/// What never changes of an invoice.
#[derive(Clone, Copy)]
struct About {
    customer: CustomerId,
    /// Whether an app outside carries its steps out.
    outside: bool,
}

/// Whether an invoice in this state may still take quantities.
fn takes_quantities(state: State) -> bool {
    state.status() == "draft"
}

/// Carries out a command on an invoice inside a write.
async fn execute(
    w: &mut Write,
    invoice: InvoiceId,
    command: &Command,
    planned: &Planned,
) -> Result<pb::Invoice, BillingError> {
    let (project, now) = (w.context().project, w.context().now);
    let facts = &planned.facts;
    store::lock_customer(w.tx(), project, planned.about.customer).await?;
    let mut found = store::invoice::get(w.tx(), project, invoice).await?;
    if found.is_gathering() {
        return gathering(w, found, command).await;
    }
    let mut drive = Drive::new(w, &found, facts).await?;
    let before = convert::invoice::to_proto(&found, &drive.app, now, Lines::Live, false);
    let state = found.state.text();
    let unavailable = || BillingError::ActionNotAvailable {
        action: command.action(),
        state,
    };
    if takes_quantities(found.state)
        && !matches!(command, Command::Update(_))
        && !covers(facts, found.live_lines())
    {
        return Err(BillingError::Raced);
    }
    let fired = match command {
        Command::Advance => {
            if !drive.run(&mut found, Trigger::Next).await? {
                return Err(BillingError::CannotAdvance { state });
            }
            true
        }
        Command::Approve => drive.run(&mut found, Trigger::Approve).await?,
        Command::Retry => {
            if !drive.may(&found, Trigger::Retry) {
                return Err(unavailable());
            }
            Drive::forgive(&mut found);
            drive.run(&mut found, Trigger::Retry).await?
        }
        Command::SnapshotQuantities => drive.run(&mut found, Trigger::SnapshotQuantities).await?,
        Command::Delete => {
            let fired = drive.run(&mut found, Trigger::Delete).await?;
            if found.state == State::DeleteFailed {
                return Err(BillingError::DeleteFailed {
                    issues: convert::invoice::refusal_issues(&found.header.issues),
                });
            }
            fired
        }
        Command::Recalculate => {
            let mutable = found.state.is_mutable();
            if mutable {
                calculate(&mut found, &drive.parts, now, &mut fresh);
            }
            mutable
        }
        Command::Update(edit) => update(&mut drive, &mut found, edit).await?,
        Command::Void(voiding) => {
            let fired = drive.run(&mut found, Trigger::Void).await?;
            if fired {
                charge_again(drive.w, &found, voiding).await?;
            }
            fired
        }
        Command::ConfirmDraft(request) => {
            super::custom::confirm_draft(&mut drive, &mut found, request).await?
        }
        Command::ConfirmIssuing(request) => {
            super::custom::confirm_issuing(&mut drive, &mut found, request).await?
        }
        Command::Payment(trigger) => {
            super::custom::payment(&mut drive, &mut found, *trigger).await?
        }
        Command::Conclude(task, conclusion) => {
            super::outside::conclude(&mut drive, &mut found, *task, conclusion).await?;
            true
        }
        Command::Told(payment) => {
            let app = drive.app.id;
            if !store::customer_app::take_event(drive.w.tx(), project, app, &payment.event, now)
                .await?
            {
                return Ok(before);
            }
            super::outside::told(&mut drive, &mut found, payment).await?;
            true
        }
    };
    if !fired {
        return Err(unavailable());
    }
    let Drive { app, passed, .. } = drive;
    let past = Past {
        before: Some(&before),
        passed,
    };
    store_invoice(w, "invoice.updated", &mut found, &app, past).await
}

/// A gathering invoice only takes new lines.
async fn gathering(
    w: &mut Write,
    mut invoice: Invoice,
    command: &Command,
) -> Result<pb::Invoice, BillingError> {
    let state = invoice.state.text();
    match command {
        Command::Update(edit) if invoice.delete_time.is_none() => {
            chassis::etag::check(&edit.etag, invoice.revision)?;
            let now = w.context().now;
            if let Some(lines) = &edit.lines {
                replace_lines(&mut invoice, lines.clone(), now, &mut fresh)?;
            }
            gather::store_gathering(w, &mut invoice).await?;
            let app = store::app::get(w.tx(), w.context().project, invoice.header.app).await?;
            Ok(convert::invoice::to_proto(
                &invoice,
                &app,
                now,
                Lines::Live,
                false,
            ))
        }
        Command::Delete => Err(BillingError::CannotDeleteGathering),
        Command::Advance => Err(BillingError::CannotAdvance { state }),
        Command::Update(_)
        | Command::Approve
        | Command::Retry
        | Command::SnapshotQuantities
        | Command::Recalculate
        | Command::Void(_)
        | Command::ConfirmDraft(_)
        | Command::ConfirmIssuing(_)
        | Command::Payment(_)
        | Command::Conclude(_, _)
        | Command::Told(_) => Err(BillingError::ActionNotAvailable {
            action: command.action(),
            state,
        }),
    }
}

/// Replaces what an edit names and goes through the states of an edited invoice.
async fn update(
    drive: &mut Drive<'_>,
    invoice: &mut Invoice,
    edit: &Edit,
) -> Result<bool, BillingError> {
    chassis::etag::check(&edit.etag, invoice.revision)?;
    if !drive.may(invoice, Trigger::Update) {
        return Ok(false);
    }
    let now = drive.w.context().now;
    let header = &mut invoice.header;
    if let Some(description) = &edit.description {
        header.description.clone_from(description);
    }
    if let Some(metadata) = &edit.metadata {
        header.metadata.clone_from(metadata);
    }
    if let Some(supplier) = &edit.supplier {
        header.supplier = supplier.clone();
    }
    if let Some((name, tax_code, address)) = &edit.buyer {
        header.buyer.name.clone_from(name);
        header.buyer.tax_code.clone_from(tax_code);
        header.buyer.address.clone_from(address);
    }
    if let Some(workflow) = &edit.workflow {
        header.workflow.auto_advance = workflow.auto_advance;
        header.workflow.draft_period = workflow.draft_period.clone();
        header.workflow.due_after = workflow.due_after.clone();
        header.workflow.collection_method = workflow.collection_method;
    }
    let mut touched = BTreeSet::new();
    if let Some(lines) = &edit.lines {
        touched = replace_lines(invoice, lines.clone(), now, &mut fresh)?;
    }
    if !covers(drive.facts, invoice.live_lines()) {
        return Err(BillingError::Raced);
    }
    if !touched.is_empty() {
        drive.snapshot(invoice, |line| touched.contains(&line.id));
    }
    drive.run(invoice, Trigger::Update).await
}

/// Copies voided lines as new pending lines, those that are to be charged again.
async fn charge_again(
    w: &mut Write,
    invoice: &Invoice,
    voiding: &Voiding,
) -> Result<(), BillingError> {
    let unknown: Vec<String> = voiding
        .overrides
        .keys()
        .filter(|id| !invoice.live_lines().any(|line| line.id == **id))
        .map(ToString::to_string)
        .collect();
    if !unknown.is_empty() {
        return Err(BillingError::UnknownIds { ids: unknown });
    }
    let now = w.context().now;
    let again: Vec<Line> = invoice
        .live_lines()
        .filter_map(|line| {
            let pending = voiding
                .overrides
                .get(&line.id)
                .copied()
                .unwrap_or(voiding.pending)?;
            Some(Line {
                id: chassis::id::next(),
                invoice_time: kernel::calendar::floor_to_second(pending.unwrap_or(now)),
                managed_by: ManagedBy::Manual,
                metered: None,
                quantity: None,
                usage_discount: None,
                children: Vec::new(),
                totals: crate::domain::totals::Totals::default(),
                reference: None,
                external_invoicing: None,
                create_time: now,
                update_time: now,
                ..line.clone()
            })
        })
        .collect();
    if again.is_empty() {
        return Ok(());
    }
    let effective = provision::ensure(w, invoice.customer()).await?;
    let mut pending =
        gather::gathering(w, &invoice.header.buyer, invoice.currency, &effective).await?;
    pending.lines.extend(again);
    gather::store_gathering(w, &mut pending).await
}
