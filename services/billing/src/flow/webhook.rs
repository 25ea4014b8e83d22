//! Events that Stripe sends. The app in the address decides the project, the signature that
//! the event is Stripe's. What an event says is believed only after a look at the invoice:
//! events come late, twice, and out of order.

use chassis::Context;
use contract::billing::v1 as pb;
use kernel::{
    Timestamp,
    id::{AppId, CustomerId},
};

use super::{
    Billing,
    customer_app::put_stripe,
    edit::{Command, Payment},
    outside::PAYING,
};
use crate::{
    convert,
    domain::{
        app::App,
        issue::Finding,
        state::{State, Trigger},
        stripe::StripeCustomer,
    },
    error::BillingError,
    store,
    stripe::{Event, InvoiceStatus, StripeInvoice, signature},
};

/// Largest body of an event.
const BODY_MAX: usize = 64 * 1024;

/// What became of an event.
#[derive(Default)]
struct Taken {
    customer: String,
    message: String,
}

impl Taken {
    fn ignored(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..Self::default()
        }
    }
}

/// What an event of an invoice leads to.
struct Meaning {
    trigger: Trigger,
    target: Option<State>,
    /// What Stripe's invoice must still be.
    requires: fn(&StripeInvoice) -> bool,
    ignored: Vec<State>,
}

fn meaning(kind: &str) -> Option<Meaning> {
    let is = |status: InvoiceStatus| -> fn(&StripeInvoice) -> bool {
        match status {
            InvoiceStatus::Draft => |invoice| invoice.status == Some(InvoiceStatus::Draft),
            InvoiceStatus::Open => |invoice| invoice.status == Some(InvoiceStatus::Open),
            InvoiceStatus::Paid => |invoice| invoice.status == Some(InvoiceStatus::Paid),
            InvoiceStatus::Uncollectible => {
                |invoice| invoice.status == Some(InvoiceStatus::Uncollectible)
            }
            InvoiceStatus::Void => |invoice| invoice.status == Some(InvoiceStatus::Void),
        }
    };
    let (trigger, target, requires, ignored) = match kind {
        "invoice.finalization_failed" => (
            Trigger::Failed,
            None,
            (|invoice: &StripeInvoice| invoice.last_finalization_error.is_some())
                as fn(&StripeInvoice) -> bool,
            [&PAYING[..], &[State::Paid, State::Uncollectible]].concat(),
        ),
        "invoice.voided" => (
            Trigger::Void,
            Some(State::Voided),
            is(InvoiceStatus::Void),
            vec![State::Paid],
        ),
        "invoice.marked_uncollectible" => (
            Trigger::Uncollectible,
            Some(State::Uncollectible),
            is(InvoiceStatus::Uncollectible),
            Vec::new(),
        ),
        "invoice.overdue" => (
            Trigger::Overdue,
            Some(State::Overdue),
            is(InvoiceStatus::Open),
            vec![State::Uncollectible],
        ),
        "invoice.paid" => (
            Trigger::Paid,
            Some(State::Paid),
            is(InvoiceStatus::Paid),
            Vec::new(),
        ),
        "invoice.payment_action_required" => (
            Trigger::ActionRequired,
            Some(State::PaymentActionRequired),
            is(InvoiceStatus::Open),
            vec![State::Paid, State::Uncollectible],
        ),
        "invoice.payment_failed" => (
            Trigger::Failed,
            Some(State::PaymentFailed),
            is(InvoiceStatus::Open),
            vec![State::Paid, State::Uncollectible],
        ),
        _ => return None,
    };
    Some(Meaning {
        trigger,
        target,
        requires,
        ignored,
    })
}

impl Billing {
    /// Takes an event.
    pub async fn receive(
        &self,
        caller: &Context,
        request: &pb::ReceiveStripeEventRequest,
    ) -> Result<pb::ReceiveStripeEventResponse, BillingError> {
        let unknown = || BillingError::AppNotFound(request.app_id.clone());
        let id: AppId = request.app_id.parse().map_err(|_| unknown())?;
        let project = store::app::project(self.db.reader(), id).await?;
        let now = self.env.clocks().now(project);
        let ctx = &Context::background(&self.env, project, now).with_deadline(caller.time_left());
        let app = store::app::get(self.db.reader(), project, id).await?;
        let connection = app.stripe.as_ref().ok_or_else(unknown)?;
        if request.payload.len() > BODY_MAX {
            return Err(BillingError::invalid("payload", "is longer than 64 KiB"));
        }
        let secret = self.env.unseal(&connection.sealed_webhook_secret)?;
        if !signature::is_valid(&secret, &request.signature, &request.payload) {
            return Err(BillingError::invalid(
                "signature",
                "is not one of this webhook",
            ));
        }
        let event: Event = serde_json::from_slice(&request.payload)
            .map_err(|error| BillingError::invalid("payload", error.to_string()))?;
        let taken = self.take(ctx, &app, &event).await?;
        Ok(pb::ReceiveStripeEventResponse {
            project_id: project.to_string(),
            app_id: id.to_string(),
            customer_id: taken.customer,
            message: taken.message,
        })
    }

    async fn take(&self, ctx: &Context, app: &App, event: &Event) -> Result<Taken, BillingError> {
        match event.r#type.as_str() {
            "setup_intent.succeeded" => self.take_setup(ctx, app, event).await,
            "setup_intent.setup_failed"
            | "setup_intent.requires_action"
            | "invoice.payment_succeeded" => Ok(Taken::ignored("the event changes nothing")),
            kind => {
                let meaning = meaning(kind);
                if meaning.is_none() && kind != "invoice.sent" {
                    return Err(BillingError::invalid(
                        "payload",
                        format!("events of type {kind} are not supported"),
                    ));
                }
                self.take_invoice(ctx, app, event, meaning).await
            }
        }
    }

    async fn take_invoice(
        &self,
        ctx: &Context,
        app: &App,
        event: &Event,
        meaning: Option<Meaning>,
    ) -> Result<Taken, BillingError> {
        let db = self.db.reader();
        let external = event.data.object.id.as_deref().unwrap_or_default();
        let known = store::invoice::by_external(db, ctx.project, app.id, external).await?;
        let Some(invoice) = known else {
            return Ok(Taken::ignored(format!(
                "stripe invoice {external} is none of this app"
            )));
        };
        let found = store::invoice::get(db, ctx.project, invoice).await?;
        let customer = found.customer().to_string();
        let ignored = |message: &str| {
            Ok(Taken {
                customer: customer.clone(),
                message: message.to_owned(),
            })
        };
        if store::customer_app::is_taken(db, ctx.project, app.id, &event.id).await? {
            return ignored("the event was taken before");
        }
        let mut payment = Payment {
            event: event.id.clone(),
            trigger: None,
            target: None,
            ignored: Vec::new(),
            finding: None,
            sent: None,
        };
        match meaning {
            None => {
                payment.sent = Timestamp::from_second(event.created).ok();
            }
            Some(meaning) => {
                if Some(found.state) == meaning.target || meaning.ignored.contains(&found.state) {
                    return ignored("the event comes too late");
                }
                let account = self.account_of(app)?;
                let now = self
                    .answered(ctx, app.id, account.invoice(external).await)
                    .await?;
                if !(meaning.requires)(&now) {
                    return ignored("the stripe invoice is not in that state any more");
                }
                if meaning.target.is_none()
                    && let Some(error) = &now.last_finalization_error
                {
                    payment.finding = Some(Finding::critical(
                        error.code.as_deref().unwrap_or_default(),
                        error
                            .message
                            .clone()
                            .unwrap_or_else(|| "the invoice could not be made final".to_owned()),
                        "",
                    ));
                }
                payment.trigger = Some(meaning.trigger);
                payment.target = meaning.target;
                payment.ignored = meaning.ignored;
            }
        }
        self.act_by_itself(ctx, invoice, Command::Told(Box::new(payment)))
            .await?;
        ignored("")
    }

    /// A payment method was entered: it becomes the one that invoices are charged to.
    async fn take_setup(
        &self,
        ctx: &Context,
        app: &App,
        event: &Event,
    ) -> Result<Taken, BillingError> {
        let object = &event.data.object;
        let metadata = object.metadata.clone().unwrap_or_default();
        let said = |name: &str| metadata.get(name).map(String::as_str).unwrap_or_default();
        if said("om_app_id") != app.id.to_string()
            || said("om_namespace") != ctx.project.to_string()
        {
            return Ok(Taken::ignored("the setup intent is none of this app"));
        }
        let (Some(customer), Some(method)) = (&object.customer, &object.payment_method) else {
            return Ok(Taken::ignored(
                "the setup intent has no customer or no payment method",
            ));
        };
        let ours: CustomerId = convert::id("om_customer_id", said("om_customer_id"))?;
        let stripe = StripeCustomer {
            id: customer.id().to_owned(),
            payment_method: Some(method.id().to_owned()),
        };
        let mut w = self.db.system_write(ctx).await?;
        if !store::customer_app::take_event(w.tx(), ctx.project, app.id, &event.id, ctx.now).await?
        {
            return Ok(Taken {
                customer: ours.to_string(),
                message: "the event was taken before".to_owned(),
            });
        }
        let known = store::customer_app::get(w.tx(), ctx.project, ours, app.id).await?;
        if known
            .and_then(|known| known.stripe)
            .is_some_and(|known| known.id != stripe.id)
        {
            return Ok(Taken {
                customer: ours.to_string(),
                message: "the customer has another stripe customer".to_owned(),
            });
        }
        put_stripe(&mut w, app, ours, stripe).await?;
        w.commit().await?;
        Ok(Taken {
            customer: ours.to_string(),
            ..Taken::default()
        })
    }
}
