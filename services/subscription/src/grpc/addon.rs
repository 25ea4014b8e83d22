//! `SubscriptionAddonService`.

use std::sync::{Mutex, PoisonError};

use chassis::Context;
use contract::subscription::v1::{
    self as pb, subscription_addon_service_server::SubscriptionAddonService,
};
use kernel::id::{SubscriptionAddonId, SubscriptionId};
use tonic::{Request, Response, Status};

use crate::convert::addon::to_proto;
use crate::convert::request::{self, texts, timing};
use crate::decide::{mint, pick};
use crate::domain::addon::{Addon, AddonOffer};
use crate::domain::ledger::Cause;
use crate::domain::lifecycle::Timing;
use crate::domain::refusal::Refusal;
use crate::domain::subscription::Subscription;
use crate::engine::{Call, Engine};
use crate::error::SubscriptionError;
use crate::provision::{Reservation, Saved};

/// The handlers.
pub struct SubscriptionAddonServer {
    engine: Engine,
}

impl SubscriptionAddonServer {
    /// Handlers on an engine.
    pub fn new(engine: Engine) -> Self {
        Self { engine }
    }

    /// The add-on version as it is assigned to the plan version of a subscription.
    async fn offer(
        &self,
        context: &Context,
        subscription: &Subscription,
        addon_id: &str,
    ) -> Result<AddonOffer, SubscriptionError> {
        let plan = subscription
            .plan
            .as_ref()
            .ok_or(Refusal::AddonOfCustomPlan)?;
        self.engine
            .clients
            .plan_addon(context, plan, addon_id)
            .await
    }

    async fn change<Message, Answer>(
        &self,
        call: &Call<'_, Message>,
        found: &Subscription,
        next: impl Fn(&Subscription) -> Result<(Subscription, SubscriptionAddonId), SubscriptionError>,
        reply: impl Fn(pb::SubscriptionAddon) -> Answer,
    ) -> Result<Response<Answer>, Status>
    where
        Message: prost::Message,
        Answer: prost::Message + Default,
    {
        let id = found.id;
        // A decision that is made again may mint another id.
        let changed = Mutex::new(String::new());
        let decide = |stored: &[Subscription]| {
            let before = pick(stored, id)?;
            let (after, addon) = next(before)?;
            *changed.lock().unwrap_or_else(PoisonError::into_inner) = addon.to_string();
            Ok(vec![Saved {
                before: Some(before.clone()),
                after,
                reservation: Reservation::All,
            }])
        };
        let now = call.context.now;
        let reply = |saved: &[Saved]| {
            let after = &saved[0].after;
            let id = changed.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(reply(to_proto(after, addon_of(after, &id)?, now)?))
        };
        self.engine
            .change(call, found.customer_id, decide, reply)
            .await
    }
}

#[tonic::async_trait]
impl SubscriptionAddonService for SubscriptionAddonServer {
    async fn create_subscription_addon(
        &self,
        request: Request<pb::CreateSubscriptionAddonRequest>,
    ) -> Result<Response<pb::CreateSubscriptionAddonResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let call = Call {
            context,
            operation: "CreateSubscriptionAddon",
            cause: Cause::AddonChanged,
            request_id: &request.request_id,
            request,
        };
        if let Some(answer) = self.engine.replayed(&call).await? {
            return Ok(answer);
        }
        let id = subscription_id(&request.subscription_id)?;
        if request.addon_id.is_empty() {
            return Err(SubscriptionError::field("addon_id", "is required").into());
        }
        texts("", "", request.metadata.iter())?;
        let timing = timing(request.timing.as_ref())?.unwrap_or(Timing::Immediate);
        let found = self.engine.find(context.project, id).await?;
        let offer = self.offer(context, &found, &request.addon_id).await?;
        let wanted = (request.quantity, request.metadata.clone());
        self.change(
            &call,
            &found,
            |before| {
                Ok(before.with_addon(&offer, wanted.clone(), timing, context.now, &mut mint)?)
            },
            |addon| pb::CreateSubscriptionAddonResponse { addon: Some(addon) },
        )
        .await
    }

    async fn get_subscription_addon(
        &self,
        request: Request<pb::GetSubscriptionAddonRequest>,
    ) -> Result<Response<pb::GetSubscriptionAddonResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let id = subscription_id(&request.subscription_id)?;
        let found = self.engine.find(context.project, id).await?;
        let addon = to_proto(&found, addon_of(&found, &request.id)?, context.now)?;
        Ok(Response::new(pb::GetSubscriptionAddonResponse {
            addon: Some(addon),
        }))
    }

    async fn list_subscription_addons(
        &self,
        request: Request<pb::ListSubscriptionAddonsRequest>,
    ) -> Result<Response<pb::ListSubscriptionAddonsResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let id = subscription_id(&request.subscription_id)?;
        let found = self.engine.find(context.project, id).await?;
        let addons = found
            .addons
            .iter()
            .map(|addon| to_proto(&found, addon, context.now));
        let addons = addons.collect::<Result<Vec<_>, SubscriptionError>>()?;
        Ok(Response::new(pb::ListSubscriptionAddonsResponse { addons }))
    }

    async fn update_subscription_addon(
        &self,
        request: Request<pb::UpdateSubscriptionAddonRequest>,
    ) -> Result<Response<pb::UpdateSubscriptionAddonResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let call = Call {
            context,
            operation: "UpdateSubscriptionAddon",
            cause: Cause::AddonChanged,
            request_id: &request.request_id,
            request,
        };
        if let Some(answer) = self.engine.replayed(&call).await? {
            return Ok(answer);
        }
        let id = subscription_id(&request.subscription_id)?;
        let quantity = request
            .quantity
            .ok_or_else(|| SubscriptionError::field("quantity", "is required"))?;
        let timing = timing(request.timing.as_ref())?
            .ok_or_else(|| SubscriptionError::field("timing", "is required"))?;
        let found = self.engine.find(context.project, id).await?;
        let addon = addon_of(&found, &request.id)?;
        let offer = self.offer(context, &found, &addon.offer.id).await?;
        let addon = addon.id;
        self.change(
            &call,
            &found,
            |before| {
                let next = before.with_quantity(
                    addon,
                    &offer,
                    quantity,
                    timing,
                    context.now,
                    &mut mint,
                )?;
                Ok((next, addon))
            },
            |addon| pb::UpdateSubscriptionAddonResponse { addon: Some(addon) },
        )
        .await
    }
}

fn subscription_id(text: &str) -> Result<SubscriptionId, SubscriptionError> {
    if text.is_empty() {
        return Err(SubscriptionError::field("subscription_id", "is required"));
    }
    request::id(text)
}

fn addon_of<'a>(subscription: &'a Subscription, id: &str) -> Result<&'a Addon, SubscriptionError> {
    subscription
        .addons
        .iter()
        .find(|addon| addon.id.to_string() == id)
        .ok_or_else(|| Refusal::AddonNotFound(id.to_owned()).into())
}
