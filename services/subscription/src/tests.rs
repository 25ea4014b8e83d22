//! The service through its handlers: what it stores, what it tells its neighbours, and how it refuses.
#![expect(clippy::unwrap_used, reason = "tests")]

mod addons;
mod changes;
mod provisioning;
mod races;
mod reported;
mod reported_rules;
mod revenue;
mod revenue_drill;
mod revenue_sums;
mod rules;
mod several;
mod sold;
mod store_lines;
mod stores;
mod terms;
mod world;

use contract::subscription::v1::{
    self as pb, subscription_service_server::SubscriptionService as _,
};
use tonic::Status;

use crate::convert;
use crate::domain::fixture::flat;
use world::{World, policy, source};

const START: &str = "2024-01-01T00:00:00Z";
const LATER: &str = "2024-02-10T00:00:00Z";

fn id(view: &pb::SubscriptionView) -> String {
    view.subscription.as_ref().unwrap().id.clone()
}

fn reason(status: &Status) -> String {
    chassis::error::details(status).reason
}

async fn cancel(
    world: &World,
    id: &str,
    now: &str,
    timing: pb::TimingPolicy,
) -> Result<pb::Subscription, Status> {
    let request = pb::CancelSubscriptionRequest {
        id: id.to_owned(),
        timing: policy(timing),
        ..Default::default()
    };
    let answer = world
        .subscriptions
        .cancel_subscription(world.at(now, request))
        .await?;
    Ok(answer.into_inner().subscription.unwrap())
}

async fn change(
    world: &World,
    id: &str,
    now: &str,
    timing: pb::TimingPolicy,
) -> pb::ChangeSubscriptionResponse {
    let request = pb::ChangeSubscriptionRequest {
        id: id.to_owned(),
        source: Some(source("team", 0)),
        timing: policy(timing),
        ..Default::default()
    };
    world
        .subscriptions
        .change_subscription(world.at(now, request))
        .await
        .unwrap()
        .into_inner()
}

async fn get(world: &World, id: &str, now: &str) -> Result<pb::SubscriptionView, Status> {
    let request = pb::GetSubscriptionRequest {
        id: id.to_owned(),
        time: None,
    };
    let answer = world
        .subscriptions
        .get_subscription(world.at(now, request))
        .await?;
    Ok(answer.into_inner().view.unwrap())
}

fn edit(id: &str, operations: Vec<pb::edit_operation::Operation>) -> pb::EditSubscriptionRequest {
    pb::EditSubscriptionRequest {
        id: id.to_owned(),
        operations: operations
            .into_iter()
            .map(|operation| pb::EditOperation {
                operation: Some(operation),
            })
            .collect(),
        ..Default::default()
    }
}

fn add_item(phase: &str, key: &str, amount: &str) -> pb::edit_operation::Operation {
    pb::edit_operation::Operation::AddItem(pb::AddItemOperation {
        phase_key: phase.to_owned(),
        rate_card: Some(convert::rate_card::to_proto(&flat(key, amount))),
    })
}
