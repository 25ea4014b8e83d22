//! Installing Stripe apps: the key is tried, a webhook endpoint is made at Stripe, and only
//! then the app is stored, its secrets sealed. A webhook whose app was not stored after all
//! is deleted again.

use std::collections::BTreeMap;

use chassis::{Context, Write};
use contract::billing::v1 as pb;
use kernel::id::{AppId, ProfileId};
use tonic::Code;

use super::{Billing, provision};
use crate::{
    convert,
    domain::{
        app::{App, Kind},
        party::Supplier,
        profile::{Profile, Workflow},
        stripe::{self, Connection},
    },
    error::BillingError,
    grpc, store,
    stripe::{API_VERSION, Account, AccountInfo, Form, StripeError},
};

/// The events that an app wants to hear of.
pub const EVENTS: [&str; 12] = [
    "setup_intent.succeeded",
    "setup_intent.setup_failed",
    "setup_intent.requires_action",
    "invoice.finalization_failed",
    "invoice.marked_uncollectible",
    "invoice.overdue",
    "invoice.paid",
    "invoice.payment_action_required",
    "invoice.payment_failed",
    "invoice.payment_succeeded",
    "invoice.sent",
    "invoice.voided",
];

/// How a Stripe app is to be installed.
pub struct Installation<'a> {
    /// The key.
    pub key: &'a str,
    /// Name; the listing's when it is empty.
    pub name: &'a str,
    /// Whether a billing profile is made for it.
    pub with_profile: bool,
}

/// An app that was tried but is not stored yet.
pub struct Prepared {
    app: App,
    supplier: Option<Supplier>,
}

impl Prepared {
    /// Id of the app.
    pub fn id(&self) -> AppId {
        self.app.id
    }
}

impl Billing {
    /// Calls in the name of an app's account.
    pub fn account_of(&self, app: &App) -> Result<Account, BillingError> {
        let connection = app
            .stripe
            .as_ref()
            .ok_or_else(|| BillingError::NotStripe(app.id.to_string()))?;
        Ok(self
            .stripe
            .account(&self.env.unseal(&connection.sealed_key)?))
    }

    /// What Stripe answered to an app; a key that is refused is noted.
    pub async fn answered<T>(
        &self,
        ctx: &Context,
        app: AppId,
        answer: Result<T, StripeError>,
    ) -> Result<T, BillingError> {
        match answer {
            Ok(answer) => Ok(answer),
            Err(error) => {
                if error.is_unauthorized() {
                    self.note_unauthorized(ctx, app).await?;
                }
                Err(error.into())
            }
        }
    }

    /// Notes that the key of an app is refused.
    pub async fn note_unauthorized(&self, ctx: &Context, app: AppId) -> Result<(), BillingError> {
        let mut w = self.db.system_write(ctx).await?;
        let mut found = store::app::get(w.tx(), ctx.project, app).await?;
        if !found.ready || found.delete_time.is_some() {
            return Ok(());
        }
        let before = convert::app::to_proto(&found);
        found.ready = false;
        store_changed(&mut w, &mut found, &before).await?;
        w.commit().await?;
        Ok(())
    }

    /// Tries a key and makes the webhook of an app that is to be installed.
    pub async fn prepare(
        &self,
        ctx: &Context,
        wish: &Installation<'_>,
    ) -> Result<Prepared, BillingError> {
        let account = self.stripe.account(wish.key);
        let info = account.info().await?;
        let live = stripe::is_live_key(wish.key);
        let supplier = if wish.with_profile {
            Some(supplier(live, &info)?)
        } else {
            None
        };
        let mut app = store::app::new(Kind::Stripe, wish.name, ctx.now);
        app.description = format!("Stripe account {}", info.id);
        let id = app.id.to_string();
        let url = format!(
            "{}/api/v1/apps/{id}/stripe/webhook",
            self.settings.public_url
        );
        let form = EVENTS
            .iter()
            .enumerate()
            .fold(
                Form::new()
                    .with("url", url)
                    .with("api_version", API_VERSION)
                    .with(
                        "description",
                        "Perennial Stripe Webhook, do not delete or modify manually",
                    ),
                |form, (index, event)| form.with(format!("enabled_events[{index}]"), event),
            )
            .with_pairs(
                "metadata",
                stripe::metadata(&ctx.project.to_string(), &id, []),
            );
        let webhook = account
            .create_webhook(&form, &format!("webhook-create-{id}"))
            .await?;
        app.stripe = Some(Connection {
            account: info.id,
            live,
            masked_key: stripe::mask(wish.key),
            sealed_key: self.env.seal(wish.key),
            webhook: webhook.id,
            sealed_webhook_secret: self.env.seal(&webhook.secret),
        });
        Ok(Prepared { app, supplier })
    }

    /// Deletes the webhook of an app that is no more, or never was. A failure only leaves a
    /// webhook that gets no answer.
    pub async fn drop_webhook(&self, app: &App) {
        let Some(connection) = &app.stripe else {
            return;
        };
        match self.account_of(app) {
            Ok(account) => {
                if let Err(error) = account.delete_webhook(&connection.webhook).await {
                    tracing::warn!(app.id = %app.id, %error, "a webhook at stripe could not be deleted");
                }
            }
            Err(error) => {
                tracing::warn!(app.id = %app.id, %error, "the key of an app cannot be opened");
            }
        }
    }

    /// Installs a Stripe app; `answer` makes the response of it.
    pub async fn install_stripe<Request, Answer>(
        &self,
        ctx: &Context,
        operation: &'static str,
        (request_id, request): (&str, &Request),
        wish: &Installation<'_>,
        answer: impl Fn(pb::InstallAppWithApiKeyResponse) -> Answer + Send + Sync,
        app_of: impl Fn(&Answer) -> Option<&pb::App> + Send + Sync,
    ) -> Result<tonic::Response<Answer>, tonic::Status>
    where
        Request: prost::Message,
        Answer: prost::Message + Default,
    {
        let prepared = self.prepare(ctx, wish).await?;
        let (prepared, answer) = (&prepared, &answer);
        let outcome = self
            .db
            .write(ctx, operation, request_id, request, |mut w| async move {
                let installed = store_installed(&mut w, prepared).await?;
                Ok::<_, BillingError>((w, answer(installed)))
            })
            .await;
        // Refused, or an answer that was given before: this app was not installed. Without
        // an answer nobody knows, and the webhook may be in use.
        let kept = match &outcome {
            Ok(response) => {
                app_of(response.get_ref()).is_some_and(|app| app.id == prepared.id().to_string())
            }
            Err(status) => matches!(
                status.code(),
                Code::Internal | Code::Unavailable | Code::DeadlineExceeded | Code::Unknown
            ),
        };
        if !kept {
            self.drop_webhook(&prepared.app).await;
        }
        outcome
    }

    /// The app with another key, which must be of the same account and mode.
    pub async fn rekeyed(
        &self,
        app: &App,
        field: &'static str,
        key: &str,
    ) -> Result<Connection, BillingError> {
        let known = app
            .stripe
            .clone()
            .ok_or_else(|| BillingError::NotStripe(app.id.to_string()))?;
        if stripe::is_live_key(key) != known.live {
            return Err(BillingError::invalid(
                field,
                "must be a key of the same mode, live or test",
            ));
        }
        let info = self.stripe.account(key).info().await?;
        if info.id != known.account {
            return Err(BillingError::invalid(
                field,
                "must be a key of the same stripe account",
            ));
        }
        Ok(Connection {
            masked_key: stripe::mask(key),
            sealed_key: self.env.seal(key),
            ..known
        })
    }
}

/// Who sells, as an account says.
fn supplier(live: bool, info: &AccountInfo) -> Result<Supplier, BillingError> {
    let name = info
        .business_profile
        .as_ref()
        .and_then(|profile| profile.name.as_deref());
    stripe::supplier(live, name, info.country.as_deref()).ok_or_else(|| {
        BillingError::ProviderRefused(
            "the stripe account has no business profile name or country".to_owned(),
        )
    })
}

/// Stores a changed app with its event.
pub async fn store_changed(
    w: &mut Write,
    app: &mut App,
    before: &pb::App,
) -> Result<pb::App, BillingError> {
    app.revision += 1;
    app.update_time = w.context().now;
    store::app::save(w.tx(), w.context().project, app).await?;
    let after = convert::app::to_proto(app);
    w.record(
        "app.updated",
        &after.id,
        app.revision,
        Some(before),
        Some(&after),
    )
    .await?;
    Ok(after)
}

/// Stores an app, and the profile that goes with it.
async fn store_installed(
    w: &mut Write,
    prepared: &Prepared,
) -> Result<pb::InstallAppWithApiKeyResponse, BillingError> {
    let ctx = w.context().clone();
    let app = &prepared.app;
    let current = provision::ensure_default(w).await?;
    if let Some(connection) = &app.stripe
        && store::app::of_account(w.tx(), ctx.project, &connection.account)
            .await?
            .is_some()
    {
        return Err(BillingError::AccountInstalled(connection.account.clone()));
    }
    store::app::save(w.tx(), ctx.project, app).await?;
    let proto = convert::app::to_proto(app);
    w.record("app.created", &proto.id, app.revision, None, Some(&proto))
        .await?;
    let mut answer = pb::InstallAppWithApiKeyResponse {
        app: Some(proto),
        ..pb::InstallAppWithApiKeyResponse::default()
    };
    if let Some(supplier) = &prepared.supplier {
        let current_app = store::app::get(w.tx(), ctx.project, current.app).await?;
        let default = current_app.kind == Kind::Sandbox;
        if default {
            grpc::profile::demote(w, &ctx, app).await?;
        }
        let profile = new_profile(app, supplier, default, &ctx);
        store::profile::save(w.tx(), ctx.project, &profile).await?;
        let wire = convert::profile::to_proto(&profile, Some(app));
        w.record(
            "profile.created",
            &wire.id,
            profile.revision,
            None,
            Some(&wire),
        )
        .await?;
        answer.billing_profile_id = wire.id;
        answer.became_default = default;
    }
    Ok(answer)
}

fn new_profile(app: &App, supplier: &Supplier, default: bool, ctx: &Context) -> Profile {
    Profile {
        id: chassis::id::next::<ProfileId>(),
        name: "Stripe Billing Profile".to_owned(),
        description: "Stripe Billing Profile, created automatically".to_owned(),
        metadata: BTreeMap::new(),
        supplier: supplier.clone(),
        default,
        workflow: Workflow::default(),
        app: app.id,
        revision: 1,
        create_time: ctx.now,
        update_time: ctx.now,
        delete_time: None,
    }
}
