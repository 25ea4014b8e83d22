//! What the steps of an invoice mean at Stripe. Every call can be repeated: what may have
//! been made before is looked for first, and what is made carries a key of its own.

use std::collections::{BTreeMap, BTreeSet};

use kernel::id::ProjectId;

use crate::{
    domain::{
        app::App,
        invoice::Invoice,
        issue::Finding,
        outside::{Conclusion, Step, Task},
        profile::{CollectionMethod, Workflow},
        stripe::{self, Item, StripeCustomer},
    },
    stripe::{
        Account, Expandable, Form, InvoiceStatus, PaymentMethod, StripeError, StripeInvoice,
        StripeLine,
    },
};

/// One run of a task.
pub struct Run<'a> {
    /// The account.
    pub account: Account,
    /// The project.
    pub project: ProjectId,
    /// The app.
    pub app: &'a App,
    /// The invoice.
    pub invoice: &'a Invoice,
    /// What is known of the customer.
    pub customer: Option<&'a StripeCustomer>,
    /// The task.
    pub task: Task,
}

/// Why a step does not succeed.
pub enum Stop {
    /// Stripe said no, or nothing.
    Stripe(StripeError),
    /// Something is wrong with the customer or the invoice.
    Findings(Vec<Finding>),
}

impl From<StripeError> for Stop {
    fn from(error: StripeError) -> Self {
        Self::Stripe(error)
    }
}

fn stop(code: &str, message: impl Into<String>) -> Stop {
    Stop::Findings(vec![Finding::critical(code, message, "")])
}

impl Run<'_> {
    /// Carries the task out. Answers what became of it, and whether the key was refused.
    pub async fn carry_out(&self) -> (Conclusion, bool) {
        let mut conclusion = Conclusion::default();
        let outcome = match self.task.step {
            Step::Validate => {
                let workflow = &self.invoice.header.workflow;
                validate(&self.account, self.customer, workflow).await
            }
            Step::Upsert => self.upsert(&mut conclusion).await.map(|_| ()),
            Step::Finalize => self.finalize(&mut conclusion).await,
            Step::Delete => self.delete().await,
        };
        let mut unauthorized = false;
        match outcome {
            Ok(()) => {}
            Err(Stop::Findings(findings)) => conclusion.findings = findings,
            Err(Stop::Stripe(error)) => {
                unauthorized = error.is_unauthorized();
                let code = error.code().to_owned();
                conclusion
                    .findings
                    .push(Finding::critical(&code, error.to_string(), ""));
            }
        }
        (conclusion, unauthorized)
    }

    fn customer(&self) -> Result<&StripeCustomer, Stop> {
        known(self.customer)
    }

    /// The copy that may be there although its id is not known.
    async fn find(&self) -> Result<Option<StripeInvoice>, Stop> {
        match &self.invoice.header.external_invoicing {
            Some(id) => match self.account.invoice(id).await {
                Ok(invoice) => Ok(Some(invoice)),
                Err(error) if error.is_missing() => Err(stop(
                    "",
                    format!("stripe invoice {id} does not exist any more"),
                )),
                Err(error) => Err(error.into()),
            },
            // Once is enough for a first attempt: the key keeps a repeated one apart.
            None if !self.invoice.header.progress.attempted => Ok(None),
            None => match self.customer {
                None => Ok(None),
                Some(customer) => Ok(self
                    .account
                    .find_invoice(&customer.id, &self.invoice.id.to_string())
                    .await?),
            },
        }
    }

    /// Makes the copy, or brings it up to date.
    async fn upsert(&self, conclusion: &mut Conclusion) -> Result<StripeInvoice, Stop> {
        let found = self.find().await?;
        let (invoice, fresh) = match found {
            Some(invoice) => {
                conclusion.external_id = Some(invoice.id.clone());
                if invoice
                    .status
                    .is_some_and(|status| status != InvoiceStatus::Draft)
                {
                    // Made final by an earlier run whose answer was lost.
                    return Ok(invoice);
                }
                let form = self.header(false)?;
                let key = format!("invoice-update-{}-{}", self.invoice.id, self.task.revision);
                (
                    self.account
                        .update_invoice(&invoice.id, &form, &key)
                        .await?,
                    false,
                )
            }
            None => {
                let created = self.create().await;
                conclusion.refused =
                    matches!(created, Err(Stop::Stripe(StripeError::Refused { .. })));
                let invoice = created?;
                conclusion.external_id = Some(invoice.id.clone());
                (invoice, true)
            }
        };
        conclusion.line_ids = self.write_items(&invoice.id, fresh).await?;
        if let Some(number) = &invoice.number {
            conclusion.number = Some(number.clone());
        }
        Ok(invoice)
    }

    async fn create(&self) -> Result<StripeInvoice, Stop> {
        let form = self.header(true)?;
        let refusals = self.invoice.header.progress.refusals;
        let mut key = format!("invoice-create-{}", self.invoice.id);
        if refusals > 0 {
            key = format!("{key}-{refusals}");
        }
        Ok(self.account.create_invoice(&form, &key).await?)
    }

    fn header(&self, new: bool) -> Result<Form, Stop> {
        let customer = self.customer()?;
        let invoice = self.invoice;
        let workflow = &invoice.header.workflow;
        let send = workflow.collection_method == CollectionMethod::SendInvoice;
        let from = invoice
            .header
            .issue_time
            .or(invoice.header.draft_until)
            .unwrap_or(invoice.create_time);
        let days = if send {
            let days = stripe::days_until_due(&workflow.due_after, from)
                .map_err(|error| stop("", error.to_string()))?;
            Some(days)
        } else {
            None
        };
        let form = if new {
            Form::new()
                .with("currency", invoice.currency.code().to_lowercase())
                .with("customer", &customer.id)
                .with("auto_advance", false)
                .with("pending_invoice_items_behavior", "exclude")
        } else {
            Form::new()
        };
        Ok(form
            .with(
                "collection_method",
                if send {
                    "send_invoice"
                } else {
                    "charge_automatically"
                },
            )
            .with_some("default_payment_method", customer.payment_method.as_ref())
            .with_some("days_until_due", days)
            .with("automatic_tax[enabled]", workflow.tax_enabled)
            .with_pairs(
                "metadata",
                stripe::metadata(
                    &self.project.to_string(),
                    &self.app.id.to_string(),
                    [
                        ("om_customer_id", invoice.customer().to_string()),
                        ("om_invoice_id", invoice.id.to_string()),
                    ],
                ),
            ))
    }

    /// Makes, changes and deletes items until Stripe's are ours; answers their ids.
    async fn write_items(
        &self,
        external: &str,
        fresh: bool,
    ) -> Result<BTreeMap<String, String>, Stop> {
        let wanted = stripe::items(self.invoice).map_err(|error| stop("", error.to_string()))?;
        // A fresh invoice may be one that a lost answer made: it is looked at all the same
        // when there was an attempt before.
        let there = if fresh && !self.invoice.header.progress.attempted {
            Vec::new()
        } else {
            self.account.lines(external).await?
        };
        let mut seen = BTreeSet::new();
        for line in &there {
            let Some(item) = line.invoice_item.as_ref().map(Expandable::id) else {
                continue;
            };
            // Somebody added it by hand at Stripe.
            let Some(ours) = line.metadata.get("om_line_id") else {
                continue;
            };
            let wish = wanted
                .iter()
                .find(|item| item.id == *ours)
                .filter(|wish| seen.insert(wish.id.clone()));
            match wish {
                None => self.account.delete_item(item).await?,
                Some(wish) if differs(wish, line) => {
                    let key = self.item_key("update", &wish.id);
                    let form = self.item(wish, None);
                    self.account.update_item(item, &form, &key).await?;
                }
                Some(_) => {}
            }
        }
        for wish in wanted.iter().filter(|wish| !seen.contains(&wish.id)) {
            let key = self.item_key("create", &wish.id);
            let form = self.item(wish, Some(external));
            self.account.create_item(&form, &key).await?;
        }
        Ok(self
            .account
            .lines(external)
            .await?
            .into_iter()
            .filter_map(|line| Some((line.metadata.get("om_line_id")?.clone(), line.id)))
            .collect())
    }

    /// An item that vanished may come back: its key belongs to this task only.
    fn item_key(&self, verb: &str, id: &str) -> String {
        format!("item-{verb}-{id}-{}", self.task.revision)
    }

    fn item(&self, item: &Item, new_on: Option<&str>) -> Form {
        let form = match (new_on, self.customer) {
            (Some(invoice), Some(customer)) => Form::new()
                .with("invoice", invoice)
                .with("customer", &customer.id)
                .with("currency", self.invoice.currency.code().to_lowercase()),
            (_, _) => Form::new(),
        };
        let kind = if item.discount { "discount" } else { "line" };
        form.with("amount", item.amount)
            .with("description", &item.description)
            .with("period[start]", item.start)
            .with("period[end]", item.end)
            .with_some("tax_behavior", item.tax.behavior.map(stripe::behavior))
            .with_some("tax_code", item.tax.stripe_code.as_ref())
            .with_pairs(
                "metadata",
                [
                    ("om_line_id", item.id.clone()),
                    ("om_line_type", kind.to_owned()),
                ],
            )
    }

    /// Makes the copy final.
    async fn finalize(&self, conclusion: &mut Conclusion) -> Result<(), Stop> {
        let mut invoice = self.upsert(conclusion).await?;
        if matches!(invoice.status, None | Some(InvoiceStatus::Draft)) {
            invoice = self.finalize_draft(&invoice.id).await?;
        }
        if invoice.status == Some(InvoiceStatus::Void) {
            return Err(stop("", "the stripe invoice is void"));
        }
        conclusion.number = invoice.number.clone();
        conclusion.payment_id = invoice
            .payment_intent
            .as_ref()
            .map(|intent| intent.id().to_owned());
        Ok(())
    }

    async fn finalize_draft(&self, id: &str) -> Result<StripeInvoice, Stop> {
        let key = format!(
            "invoice-finalize-{}-{}",
            self.invoice.id, self.task.revision
        );
        let error = match self.account.finalize_invoice(id, &key).await {
            Ok(invoice) => return Ok(invoice),
            Err(error) => error,
        };
        let workflow = &self.invoice.header.workflow;
        if error.code() == "customer_tax_location_invalid" && !workflow.tax_enforced {
            let form = Form::new().with("automatic_tax[enabled]", false);
            self.account
                .update_invoice(id, &form, &format!("{key}-untaxed"))
                .await?;
            return Ok(self
                .account
                .finalize_invoice(id, &format!("{key}-again"))
                .await?);
        }
        // The answer may be about a call that succeeded after all.
        let now = self.account.invoice(id).await?;
        if matches!(now.status, None | Some(InvoiceStatus::Draft)) {
            return Err(error.into());
        }
        Ok(now)
    }

    async fn delete(&self) -> Result<(), Stop> {
        let found = match self.find().await {
            Ok(found) => found,
            // Gone already.
            Err(Stop::Findings(_)) => None,
            Err(stop) => return Err(stop),
        };
        let Some(invoice) = found else {
            return Ok(());
        };
        if invoice
            .status
            .is_some_and(|status| !matches!(status, InvoiceStatus::Draft | InvoiceStatus::Void))
        {
            return Err(stop(
                "",
                "the stripe invoice is final already and cannot be deleted",
            ));
        }
        if invoice.status == Some(InvoiceStatus::Void) {
            return Ok(());
        }
        Ok(self.account.delete_invoice(&invoice.id).await?)
    }
}

fn known(customer: Option<&StripeCustomer>) -> Result<&StripeCustomer, Stop> {
    customer.ok_or_else(|| stop("", "the customer has no stripe customer"))
}

/// Whether a customer can be billed by a workflow.
pub async fn validate(
    account: &Account,
    customer: Option<&StripeCustomer>,
    workflow: &Workflow,
) -> Result<(), Stop> {
    let known = known(customer)?;
    let customer = match account.customer(&known.id).await {
        Ok(customer) if !customer.deleted => customer,
        Ok(_) => {
            return Err(stop("", format!("stripe customer {} is deleted", known.id)));
        }
        Err(error) if error.is_missing() => {
            return Err(stop(
                "",
                format!("stripe customer {} does not exist", known.id),
            ));
        }
        Err(error) => return Err(error.into()),
    };
    let mut findings = Vec::new();
    match workflow.collection_method {
        CollectionMethod::ChargeAutomatically => {
            let default = customer
                .invoice_settings
                .and_then(|settings| settings.default_payment_method);
            let default = match &known.payment_method {
                Some(id) => Some(Expandable::Id(id.clone())),
                None => default,
            };
            let method = match default {
                Some(Expandable::Id(id)) => match account.payment_method(&id).await {
                    Ok(method) => Some(method),
                    Err(error) if error.is_missing() => None,
                    Err(error) => return Err(error.into()),
                },
                Some(Expandable::Full(method)) => Some(method),
                None => None,
            };
            match method {
                None => findings.push(Finding::critical(
                    "",
                    "the stripe customer must have a default payment method",
                    "",
                )),
                Some(method) if !has_address(&method) => findings.push(Finding::critical(
                    "",
                    "the default payment method must have a billing address",
                    "",
                )),
                Some(_) => {}
            }
        }
        CollectionMethod::SendInvoice => {
            if customer.email.as_deref().is_none_or(str::is_empty) {
                findings.push(Finding::critical(
                    "",
                    "the stripe customer must have an e-mail address",
                    "",
                ));
            }
        }
    }
    if workflow.tax_enabled && workflow.tax_enforced {
        let status = customer.tax.and_then(|tax| tax.automatic_tax);
        if let Some(status) = status.filter(|status| {
            ["not_collecting", "failed", "unrecognized_location"].contains(&status.as_str())
        }) {
            findings.push(Finding::critical(
                "",
                format!("taxes of the stripe customer cannot be computed: {status}"),
                "",
            ));
        }
    }
    if findings.is_empty() {
        Ok(())
    } else {
        Err(Stop::Findings(findings))
    }
}

fn has_address(method: &PaymentMethod) -> bool {
    method
        .billing_details
        .as_ref()
        .and_then(|details| details.address.as_ref())
        .is_some_and(crate::stripe::Address::is_known)
}

/// Whether a line at Stripe is not as it should be. How it is taxed is not told, so it is
/// written again when something is said about it.
fn differs(wish: &Item, line: &StripeLine) -> bool {
    line.amount != wish.amount
        || line.description.as_deref() != Some(wish.description.as_str())
        || line
            .period
            .is_none_or(|period| (period.start, period.end) != (wish.start, wish.end))
        || !wish.tax.is_empty()
}
