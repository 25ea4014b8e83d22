//! Drives an invoice through the state table: fires a trigger, does what the new state asks
//! for on entry, and goes on with automatic steps until none is possible.

use chassis::Write;
use contract::billing::v1 as pb;
use kernel::Timestamp;

use super::fresh;
use crate::{
    convert::invoice::{conditions, passed},
    domain::{
        app::{self, App, Kind, SimulatedPayment},
        calculate::calculate,
        collect::{self, UsageFacts},
        header,
        invoice::{Invoice, Line},
        issue::{self, Finding, Severity},
        numbering::{self, Scope},
        outside::{Step, Task},
        state::{self, State, Trigger},
    },
    error::BillingError,
    store::{self, sequence::Reserve},
};

/// Most steps of one drive; the longest chain in the table is shorter.
const STEPS_MAX: usize = 40;

/// What a drive needs besides the invoice.
pub struct Drive<'a> {
    /// The write that it is part of.
    pub w: &'a mut Write,
    /// The app of the invoice.
    pub app: App,
    /// Parts of its split usage periods on other live invoices.
    pub parts: Vec<Line>,
    /// Usage of its lines, gathered before.
    pub facts: &'a UsageFacts,
    /// Where its numbers come from.
    pub reserve: Reserve,
    /// The states that the invoice passed: its event tells them.
    pub passed: Vec<pb::Invoice>,
    now: Timestamp,
}

impl<'a> Drive<'a> {
    /// Prepares to drive an invoice.
    pub async fn new(
        w: &'a mut Write,
        invoice: &Invoice,
        facts: &'a UsageFacts,
    ) -> Result<Self, BillingError> {
        let project = w.context().project;
        let app = store::app::get(w.tx(), project, invoice.header.app).await?;
        let parts = store::invoice::billed_parts(w.tx(), project, invoice).await?;
        Ok(Self::with(w, app, parts, facts, Reserve::of(1)))
    }

    /// The same with all that is known already.
    pub fn with(
        w: &'a mut Write,
        app: App,
        parts: Vec<Line>,
        facts: &'a UsageFacts,
        reserve: Reserve,
    ) -> Self {
        let now = w.context().now;
        Self {
            w,
            app,
            parts,
            facts,
            reserve,
            passed: Vec::new(),
            now,
        }
    }

    /// Whether a trigger may fire now.
    pub fn may(&self, invoice: &Invoice, trigger: Trigger) -> bool {
        state::fire(
            invoice.state,
            trigger,
            &conditions(invoice, &self.app, self.now),
        )
        .is_some()
    }

    /// Enters the state that a new invoice has, and goes on from there.
    pub async fn begin(&mut self, invoice: &mut Invoice) -> Result<(), BillingError> {
        self.calculate(invoice);
        if !self.fail_if_critical(invoice) {
            self.run(invoice, Trigger::Next).await?;
        }
        Ok(())
    }

    /// Fires a trigger and takes all automatic steps after it; answers whether it could fire.
    pub async fn run(
        &mut self,
        invoice: &mut Invoice,
        trigger: Trigger,
    ) -> Result<bool, BillingError> {
        let moved = self.chain(invoice, trigger).await?;
        if moved && invoice.state == State::PaymentPending && self.app.kind == Kind::Sandbox {
            self.simulate_payment(invoice).await?;
        }
        Ok(moved)
    }

    async fn chain(&mut self, invoice: &mut Invoice, first: Trigger) -> Result<bool, BillingError> {
        let mut trigger = first;
        for step in 0..STEPS_MAX {
            let conditions = conditions(invoice, &self.app, self.now);
            let Some(next) = state::fire(invoice.state, trigger, &conditions) else {
                return Ok(step > 0);
            };
            invoice.state = next;
            invoice.header.outside = None;
            self.enter(invoice, trigger).await?;
            let failed = self.fail_if_critical(invoice);
            if !failed {
                self.ask_outside(invoice);
            }
            self.pass(invoice);
            if failed {
                return Ok(true);
            }
            trigger = Trigger::Next;
        }
        Ok(true)
    }

    /// After a state was entered, a critical issue takes the way of failure, if there is one.
    fn fail_if_critical(&self, invoice: &mut Invoice) -> bool {
        let conditions = conditions(invoice, &self.app, self.now);
        match state::fire(invoice.state, Trigger::Failed, &conditions) {
            Some(failed) if conditions.critical => {
                invoice.state = failed;
                true
            }
            Some(_) | None => false,
        }
    }

    /// Records what the state asks of an outside system: the chain rests until it is
    /// concluded.
    fn ask_outside(&self, invoice: &mut Invoice) {
        if !self.app.is_outside() {
            return;
        }
        let header = &mut invoice.header;
        header.outside = Step::of(invoice.state)
            // What was never copied needs no deletion.
            .filter(|step| *step != Step::Delete || header.progress.attempted)
            .map(|step| Task {
                step,
                revision: invoice.revision,
            });
    }

    /// Does what a state asks for on entry.
    async fn enter(&mut self, invoice: &mut Invoice, trigger: Trigger) -> Result<(), BillingError> {
        match invoice.state {
            State::DraftCollecting => {
                let taken = invoice.header.quantity_snapshot_time;
                let final_already = taken.is_some() && taken >= invoice.header.collection_time;
                if trigger == Trigger::SnapshotQuantities || !final_already {
                    self.snapshot(invoice, |_| true);
                    invoice.header.quantity_snapshot_time = Some(self.now);
                }
                self.calculate(invoice);
            }
            State::DraftUpdating | State::DraftValidating => {
                // A line whose usage could not be had before gets another chance.
                if invoice.live_lines().any(|line| line.metered.is_none()) {
                    self.snapshot(invoice, |line| line.metered.is_none());
                }
                self.calculate(invoice);
                if !self.app.is_outside() {
                    issue::report(
                        &mut invoice.header.issues,
                        &app::component(self.app.kind, "validate"),
                        Vec::new(),
                        self.now,
                        &mut fresh,
                    );
                }
            }
            State::IssuingSyncing => {
                invoice.header.issue_time = Some(self.now);
                header::update_times(invoice)?;
                self.finalize(invoice).await?;
            }
            State::Paid => invoice.header.payment_time = Some(self.now),
            State::Voided => invoice.header.void_time = Some(self.now),
            State::DeleteInProgress => invoice.delete_time = Some(self.now),
            State::Gathering
            | State::DraftCreated
            | State::DraftWaitingForCollection
            | State::DraftInvalid
            | State::DraftSyncing
            | State::DraftSyncFailed
            | State::DraftManualApprovalNeeded
            | State::DraftWaitingAutoApproval
            | State::DraftReadyToIssue
            | State::IssuingFailed
            | State::Issued
            | State::PaymentPending
            | State::PaymentFailed
            | State::PaymentActionRequired
            | State::Overdue
            | State::Uncollectible
            | State::DeleteSyncing
            | State::DeleteFailed
            | State::Deleted => {}
        }
        Ok(())
    }

    fn calculate(&mut self, invoice: &mut Invoice) {
        calculate(invoice, &self.parts, self.now, &mut fresh);
    }

    /// Puts the gathered usage on lines.
    pub fn snapshot(&mut self, invoice: &mut Invoice, only: impl Fn(&Line) -> bool) {
        let issues = &mut invoice.header.issues;
        collect::snapshot(
            &mut invoice.lines,
            self.facts,
            only,
            issues,
            self.now,
            &mut fresh,
        );
    }

    /// The app makes the invoice final: its number is the last one it gets.
    async fn finalize(&mut self, invoice: &mut Invoice) -> Result<(), BillingError> {
        let scope = match self.app.kind {
            Kind::Sandbox => Scope::Sandbox,
            Kind::CustomInvoicing if self.app.issuing_may_advance(&invoice.header.metadata) => {
                Scope::Custom
            }
            Kind::CustomInvoicing | Kind::Stripe => return Ok(()),
        };
        if scope == Scope::Sandbox {
            invoice.header.sent_time = Some(self.now);
        }
        self.number(invoice, scope).await
    }

    /// Replaces a temporary number by a final one.
    pub async fn number(
        &mut self,
        invoice: &mut Invoice,
        scope: Scope,
    ) -> Result<(), BillingError> {
        if numbering::is_draft(&invoice.number) {
            let (tx, project) = (self.w.tx(), self.w.context().project);
            let n = self.reserve.next(tx, project, scope).await?;
            invoice.number = scope.number(&invoice.header.buyer.name, invoice.currency, n);
        }
        Ok(())
    }

    /// The sandbox has no payer: what becomes of the payment is written in the metadata.
    async fn simulate_payment(&mut self, invoice: &mut Invoice) -> Result<(), BillingError> {
        let component = app::component(Kind::Sandbox, "initiate_payment");
        let mut findings = Vec::new();
        let trigger = match app::simulated_payment(&invoice.header.metadata) {
            SimulatedPayment::Paid => Trigger::Paid,
            SimulatedPayment::Failed => {
                findings.push(Finding::critical(
                    "simulated_payment_failure",
                    "simulated payment failure",
                    "",
                ));
                Trigger::Failed
            }
            SimulatedPayment::Uncollectible => Trigger::Uncollectible,
            SimulatedPayment::ActionRequired => Trigger::ActionRequired,
        };
        issue::report(
            &mut invoice.header.issues,
            &component,
            findings,
            self.now,
            &mut fresh,
        );
        self.chain(invoice, trigger).await?;
        Ok(())
    }

    /// Before a retry what is known to be wrong is given another chance.
    pub fn forgive(invoice: &mut Invoice) {
        for issue in &mut invoice.header.issues {
            issue.severity = Severity::Warning;
        }
    }

    /// Each state that an invoice passes is told: somebody may wait for one of them.
    fn pass(&mut self, invoice: &mut Invoice) {
        invoice.revision += 1;
        invoice.update_time = self.now;
        self.passed.push(passed(invoice, &self.app, self.now));
    }
}
