//! What apps know about customers, and the pages at Stripe for them. Stripe is asked before
//! anything is stored.

use std::collections::BTreeMap;

use chassis::{Context, Write};
use contract::billing::v1 as pb;
use kernel::id::{AppId, CustomerId};

use super::{Billing, provision};
use crate::{
    convert,
    domain::{
        app::{App, Kind},
        stripe::{self, StripeCustomer},
    },
    error::BillingError,
    store::{self, customer_app::CustomerApp},
    stripe::{CheckoutSession, Expandable, Form, PortalSession},
};

/// Settings of a checkout session that are passed on as they are.
const CHECKOUT_PARAMETERS: [&str; 23] = [
    "billing_address_collection",
    "cancel_url",
    "client_reference_id",
    "consent_collection[payment_method_reuse_agreement][position]",
    "consent_collection[promotions]",
    "consent_collection[terms_of_service]",
    "custom_text[after_submit][message]",
    "custom_text[shipping_address][message]",
    "custom_text[submit][message]",
    "custom_text[terms_of_service_acceptance][message]",
    "customer_update[address]",
    "customer_update[name]",
    "customer_update[shipping]",
    "expires_at",
    "locale",
    "payment_method_types",
    "redirect_on_completion",
    "return_url",
    "success_url",
    "tax_id_collection[enabled]",
    "tax_id_collection[required]",
    "ui_mode",
    "currency",
];

/// What shall be stored about a customer, checked.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The app.
    pub app: App,
    /// The customer at Stripe.
    pub stripe: Option<StripeCustomer>,
    /// Free pairs.
    pub metadata: BTreeMap<String, String>,
}

impl Billing {
    /// A customer that is not deleted.
    pub async fn living(
        &self,
        ctx: &Context,
        customer: CustomerId,
    ) -> Result<contract::customer::v1::Customer, BillingError> {
        let known = self.customer(ctx, customer).await?;
        if known.delete_time.is_some() {
            return Err(BillingError::CustomerGone(customer.to_string()));
        }
        Ok(known)
    }

    /// The app of the profile that applies to a customer, if it is of a kind.
    pub async fn app_of_customer(
        &self,
        ctx: &Context,
        customer: CustomerId,
        kind: Kind,
    ) -> Result<App, BillingError> {
        let effective = provision::find(self.db.reader(), ctx.project, customer)
            .await?
            .ok_or(BillingError::DefaultProfileNotFound)?;
        if effective.app.kind == kind && effective.app.delete_time.is_none() {
            Ok(effective.app)
        } else {
            Err(BillingError::NotAppOfCustomer(kind.word()))
        }
    }

    /// An installed app of a kind.
    pub async fn installed(
        &self,
        ctx: &Context,
        id: &str,
        kind: Kind,
    ) -> Result<App, BillingError> {
        let unknown = || BillingError::AppNotFound(id.to_owned());
        let id: AppId = id.parse().map_err(|_| unknown())?;
        let app = store::app::get(self.db.reader(), ctx.project, id).await?;
        if app.delete_time.is_some() {
            return Err(unknown());
        }
        if app.kind != kind {
            return Err(BillingError::invalid("type", "must be the type of the app"));
        }
        Ok(app)
    }

    /// What the items of a request ask for, looked up at Stripe.
    pub async fn wanted(
        &self,
        ctx: &Context,
        customer: CustomerId,
        items: &[pb::CustomerAppInput],
    ) -> Result<Vec<Wanted>, BillingError> {
        let mut wanted: Vec<Wanted> = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let field = |name: &str| format!("items[{index}].{name}");
            let kind = convert::app::kind_from_proto(&field("type"), item.r#type)?
                .ok_or_else(|| BillingError::invalid(field("type"), "is required"))?;
            let stripe = match (kind, &item.stripe) {
                (Kind::Stripe, None) => {
                    return Err(BillingError::invalid(field("stripe"), "is required"));
                }
                (Kind::Stripe, Some(sent)) => Some(checked(&field("stripe"), sent)?),
                (Kind::Sandbox | Kind::CustomInvoicing, _) => None,
            };
            let app = if item.app_id.is_empty() {
                self.app_of_customer(ctx, customer, kind).await?
            } else {
                self.installed(ctx, &item.app_id, kind).await?
            };
            if wanted.iter().any(|other| other.app.id == app.id) {
                return Err(BillingError::invalid(field("app_id"), "is named twice"));
            }
            if let Some(stripe) = &stripe {
                self.look_up(ctx, &app, stripe).await?;
            }
            wanted.push(Wanted {
                app,
                stripe,
                metadata: convert::pairs(&field("metadata"), &item.metadata)?,
            });
        }
        Ok(wanted)
    }

    /// Whether a customer and its payment method are what they are said to be.
    async fn look_up(
        &self,
        ctx: &Context,
        app: &App,
        stripe: &StripeCustomer,
    ) -> Result<(), BillingError> {
        let account = self.account_of(app)?;
        let refused = |text: String| Err(BillingError::ProviderRefused(text));
        match account.customer(&stripe.id).await {
            Ok(customer) if !customer.deleted => {}
            Ok(_) => return refused(format!("stripe customer {} is deleted", stripe.id)),
            Err(error) if error.is_missing() => {
                return refused(format!("stripe customer {} not found", stripe.id));
            }
            Err(error) => return self.answered(ctx, app.id, Err(error)).await,
        }
        let Some(method) = &stripe.payment_method else {
            return Ok(());
        };
        match account.payment_method(method).await {
            Ok(found) if found.customer.as_ref().map(Expandable::id) == Some(&stripe.id) => Ok(()),
            Ok(_) => refused(format!(
                "stripe payment method {method} does not belong to stripe customer {}",
                stripe.id
            )),
            Err(error) if error.is_missing() => {
                refused(format!("stripe payment method {method} not found"))
            }
            Err(error) => self.answered(ctx, app.id, Err(error)).await,
        }
    }

    /// The Stripe customer of a customer: stored, given, or made.
    async fn stripe_customer(
        &self,
        ctx: &Context,
        app: &App,
        customer: &contract::customer::v1::Customer,
        given: &str,
    ) -> Result<StripeCustomer, BillingError> {
        let id: CustomerId = convert::id("customer_id", &customer.id)?;
        let stored = store::customer_app::get(self.db.reader(), ctx.project, id, app.id)
            .await?
            .and_then(|known| known.stripe);
        if let Some(stored) = stored {
            if !given.is_empty() && given != stored.id {
                return Err(BillingError::invalid(
                    "stripe_customer_id",
                    "the customer has another stripe customer",
                ));
            }
            return Ok(stored);
        }
        let stripe = if given.is_empty() {
            let form = Form::new()
                .with("name", &customer.display_name)
                .with_some(
                    "email",
                    (!customer.primary_email.is_empty()).then_some(&customer.primary_email),
                )
                .with_pairs(
                    "metadata",
                    stripe::metadata(
                        &ctx.project.to_string(),
                        &app.id.to_string(),
                        [("om_customer_id", customer.id.clone())],
                    ),
                );
            let key = format!("customer-create-{}-{}", app.id, customer.id);
            let account = self.account_of(app)?;
            let made = self
                .answered(ctx, app.id, account.create_customer(&form, &key).await)
                .await?;
            StripeCustomer {
                id: made.id,
                payment_method: None,
            }
        } else {
            let sent = pb::StripeCustomer {
                stripe_customer_id: given.to_owned(),
                default_payment_method_id: String::new(),
            };
            let stripe = checked("", &sent)?;
            self.look_up(ctx, app, &stripe).await?;
            stripe
        };
        let mut w = self.db.system_write(ctx).await?;
        put_stripe(&mut w, app, id, stripe.clone()).await?;
        w.commit().await?;
        Ok(stripe)
    }

    /// Opens a page where a payment method is entered.
    pub async fn checkout(
        &self,
        ctx: &Context,
        request: &pb::CreateStripeCheckoutSessionRequest,
    ) -> Result<(StripeCustomer, CheckoutSession), BillingError> {
        let id: CustomerId = convert::id("customer_id", &request.customer_id)?;
        check_checkout(request)?;
        let customer = self.living(ctx, id).await?;
        let app = if request.app_id.is_empty() {
            match self.app_of_customer(ctx, id, Kind::Stripe).await {
                Err(BillingError::NotAppOfCustomer(_)) => {
                    return Err(BillingError::AppNotFound(
                        "of type stripe for the customer".to_owned(),
                    ));
                }
                app => app?,
            }
        } else {
            self.installed(ctx, &request.app_id, Kind::Stripe).await?
        };
        let stripe = self
            .stripe_customer(ctx, &app, &customer, &request.stripe_customer_id)
            .await?;
        let currency = if request.currency_code.is_empty() {
            &customer.currency_code
        } else {
            convert::currency("currency_code", &request.currency_code)?;
            &request.currency_code
        };
        let metadata: BTreeMap<&str, String> = request
            .metadata
            .iter()
            .map(|(key, value)| (key.as_str(), value.clone()))
            .chain(stripe::metadata(
                &ctx.project.to_string(),
                &app.id.to_string(),
                [("om_customer_id", customer.id.clone())],
            ))
            .collect();
        let form = Form::new()
            .with("mode", "setup")
            .with("customer", &stripe.id)
            .with_some(
                "currency",
                (!currency.is_empty()).then(|| currency.to_lowercase()),
            );
        let form = request
            .parameters
            .iter()
            .fold(form, |form, (name, value)| match name.as_str() {
                "payment_method_types" => value
                    .split(',')
                    .enumerate()
                    .fold(form, |form, (index, kind)| {
                        form.with(format!("payment_method_types[{index}]"), kind)
                    }),
                name => form.with(name, value),
            })
            .with_pairs("metadata", metadata.clone())
            .with_pairs("setup_intent_data[metadata]", metadata);
        let key = call_key("checkout", &request.request_id, ctx);
        let account = self.account_of(&app)?;
        let session = self
            .answered(ctx, app.id, account.create_checkout(&form, &key).await)
            .await?;
        Ok((stripe, session))
    }

    /// Opens a page where a customer sees its invoices.
    pub async fn portal(
        &self,
        ctx: &Context,
        request: &pb::CreateStripePortalSessionRequest,
    ) -> Result<(StripeCustomer, PortalSession), BillingError> {
        let id: CustomerId = convert::id("customer_id", &request.customer_id)?;
        self.living(ctx, id).await?;
        let app = self.app_of_customer(ctx, id, Kind::Stripe).await?;
        let stripe = store::customer_app::get(self.db.reader(), ctx.project, id, app.id)
            .await?
            .and_then(|known| known.stripe)
            .ok_or(BillingError::NoStripeCustomer)?;
        let some = |text: &String| (!text.is_empty()).then(|| text.clone());
        let form = Form::new()
            .with("customer", &stripe.id)
            .with_some("configuration", some(&request.configuration_id))
            .with_some("return_url", some(&request.return_url))
            .with_some("locale", some(&request.locale));
        let key = call_key("portal", &request.request_id, ctx);
        let account = self.account_of(&app)?;
        let session = self
            .answered(ctx, app.id, account.create_portal(&form, &key).await)
            .await?;
        Ok((stripe, session))
    }
}

/// The key of a call that stores nothing here: a repeated request is the same call.
fn call_key(what: &str, request_id: &str, ctx: &Context) -> String {
    if request_id.is_empty() {
        return format!("{what}-{}", chassis::id::next::<kernel::id::Ulid>());
    }
    let said = format!("{what}.{}.{request_id}", ctx.project);
    format!(
        "{what}-{}",
        chassis::secret::hex(&chassis::secret::sha256(said.as_bytes()))
    )
}

/// Checks what can be wrong with a checkout before Stripe is asked.
fn check_checkout(request: &pb::CreateStripeCheckoutSessionRequest) -> Result<(), BillingError> {
    for name in request.parameters.keys() {
        if !CHECKOUT_PARAMETERS.contains(&name.as_str()) {
            return Err(BillingError::invalid(
                format!("parameters.{name}"),
                "is not a setting of a checkout session",
            ));
        }
    }
    if let Some(key) = request.metadata.keys().find(|key| key.starts_with("om_")) {
        return Err(BillingError::invalid(
            format!("metadata.{key}"),
            "is reserved",
        ));
    }
    let said = |name: &str| request.parameters.get(name).map(String::as_str);
    if said("ui_mode") == Some("embedded") {
        if said("cancel_url").is_some() {
            return Err(BillingError::invalid(
                "parameters.cancel_url",
                "must not be set for an embedded page",
            ));
        }
    } else if said("success_url").is_none_or(str::is_empty) {
        return Err(BillingError::invalid(
            "parameters.success_url",
            "is required for a hosted page",
        ));
    }
    Ok(())
}

/// A Stripe customer as sent.
fn checked(field: &str, sent: &pb::StripeCustomer) -> Result<StripeCustomer, BillingError> {
    let path = |name: &str| {
        if field.is_empty() {
            name.to_owned()
        } else {
            format!("{field}.{name}")
        }
    };
    let good = |text: &str, prefix: &str| {
        text.strip_prefix(prefix)
            .is_some_and(|rest| !rest.is_empty())
            && text.len() <= 255
    };
    if !good(&sent.stripe_customer_id, "cus_") {
        return Err(BillingError::invalid(
            path("stripe_customer_id"),
            "must begin with cus_",
        ));
    }
    let method = convert::text(&sent.default_payment_method_id);
    if method.as_ref().is_some_and(|id| !good(id, "pm_")) {
        return Err(BillingError::invalid(
            path("default_payment_method_id"),
            "must begin with pm_",
        ));
    }
    Ok(StripeCustomer {
        id: sent.stripe_customer_id.clone(),
        payment_method: method,
    })
}

/// Stores what an app knows about a customer, with its event.
pub async fn put(
    w: &mut Write,
    customer: CustomerId,
    wanted: &Wanted,
) -> Result<pb::CustomerApp, BillingError> {
    let (project, now) = (w.context().project, w.context().now);
    let known = store::customer_app::get(w.tx(), project, customer, wanted.app.id).await?;
    let before = known
        .as_ref()
        .map(|known| convert::app::customer_to_proto(known, &wanted.app));
    let value = CustomerApp {
        customer,
        app: wanted.app.id,
        kind: wanted.app.kind,
        stripe: wanted.stripe.clone(),
        metadata: wanted.metadata.clone(),
        create_time: known.map_or(now, |known| known.create_time),
        update_time: now,
    };
    store::customer_app::save(w.tx(), project, &value).await?;
    let after = convert::app::customer_to_proto(&value, &wanted.app);
    w.record(
        "customer_app.updated",
        &format!("{customer}.{}", wanted.app.id),
        chassis::db::micros(now),
        before.as_ref(),
        Some(&after),
    )
    .await?;
    Ok(after)
}

/// Stores which Stripe customer a customer is.
pub async fn put_stripe(
    w: &mut Write,
    app: &App,
    customer: CustomerId,
    stripe: StripeCustomer,
) -> Result<(), BillingError> {
    let wanted = Wanted {
        app: app.clone(),
        stripe: Some(stripe),
        metadata: BTreeMap::new(),
    };
    put(w, customer, &wanted).await?;
    Ok(())
}
