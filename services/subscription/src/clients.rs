//! The services that this one asks: what a customer is, what a plan says, whether a card is well formed.

use chassis::{Context, Env, Issue, Link};
use contract::billing::v1::subscription_sync_service_client::SubscriptionSyncServiceClient;
use contract::catalog::v1::addon_service_client::AddonServiceClient;
use contract::catalog::v1::plan_addon_service_client::PlanAddonServiceClient;
use contract::catalog::v1::{
    self as catalog, addon_ref::Ref as AddonBy,
    entitlement_definition_service_client::EntitlementDefinitionServiceClient,
    feature_service_client::FeatureServiceClient, plan_ref::Ref as PlanBy,
    plan_service_client::PlanServiceClient, product_service_client::ProductServiceClient,
    store_app_service_client::StoreAppServiceClient,
};
use contract::customer::v1::{
    self as customer, alias_service_client::AliasServiceClient, customer_ref::Ref as CustomerBy,
    customer_service_client::CustomerServiceClient,
    engagement_service_client::EngagementServiceClient,
    privacy_service_client::PrivacyServiceClient, project_service_client::ProjectServiceClient,
    rate_service_client::RateServiceClient,
};
use contract::entitlement::v1::access_service_client::AccessServiceClient;
use contract::entitlement::v1::entitlement_service_client::EntitlementServiceClient;
use contract::entitlement::v1::product_access_service_client::ProductAccessServiceClient;
use kernel::id::CustomerId;
use tonic::Code;

use crate::convert;
use crate::domain::addon::AddonOffer;
use crate::domain::edit::Operation;
use crate::domain::plan::Plan;
use crate::domain::subscription::{PlanReference, Subscription};
use crate::error::SubscriptionError;

/// Most phases of a plan that catalog checks.
const PHASES_PER_CHECK: usize = 50;

/// One client per service. Cheap to clone.
#[derive(Clone)]
pub struct Clients {
    /// Customers.
    pub customers: CustomerServiceClient<Link>,
    /// The project's settings.
    pub projects: ProjectServiceClient<Link>,
    /// Customers that are made because somebody named them, and their further names.
    pub aliases: AliasServiceClient<Link>,
    /// Erasure of customers.
    pub privacy: PrivacyServiceClient<Link>,
    /// Exchange rates.
    pub rates: RateServiceClient<Link>,
    /// Plans.
    pub plans: PlanServiceClient<Link>,
    /// Features.
    pub features: FeatureServiceClient<Link>,
    /// Add-ons.
    pub addons: AddonServiceClient<Link>,
    /// Add-ons of plans.
    pub plan_addons: PlanAddonServiceClient<Link>,
    /// Entitlements.
    pub entitlements: EntitlementServiceClient<Link>,
    /// Everything that a customer may use.
    pub rights: AccessServiceClient<Link>,
    /// How many customers there are.
    pub engagement: EngagementServiceClient<Link>,
    /// What customers may use by what they bought.
    pub product_access: ProductAccessServiceClient<Link>,
    /// Products.
    pub products: ProductServiceClient<Link>,
    /// What they entitle to.
    pub definitions: EntitlementDefinitionServiceClient<Link>,
    /// The apps that sell them.
    pub store_apps: StoreAppServiceClient<Link>,
    /// Billing's copy of subscriptions.
    pub billing: SubscriptionSyncServiceClient<Link>,
}

impl Clients {
    /// Clients over the links of the process.
    pub fn new(env: &Env) -> Self {
        Self {
            customers: CustomerServiceClient::new(env.link("customer")),
            projects: ProjectServiceClient::new(env.link("customer")),
            aliases: AliasServiceClient::new(env.link("customer")),
            privacy: PrivacyServiceClient::new(env.link("customer")),
            rates: RateServiceClient::new(env.link("customer")),
            plans: PlanServiceClient::new(env.link("catalog")),
            features: FeatureServiceClient::new(env.link("catalog")),
            addons: AddonServiceClient::new(env.link("catalog")),
            plan_addons: PlanAddonServiceClient::new(env.link("catalog")),
            entitlements: EntitlementServiceClient::new(env.link("entitlement")),
            rights: AccessServiceClient::new(env.link("entitlement")),
            engagement: EngagementServiceClient::new(env.link("customer")),
            product_access: ProductAccessServiceClient::new(env.link("entitlement")),
            products: ProductServiceClient::new(env.link("catalog")),
            definitions: EntitlementDefinitionServiceClient::new(env.link("catalog")),
            store_apps: StoreAppServiceClient::new(env.link("catalog")),
            billing: SubscriptionSyncServiceClient::new(env.link("billing")),
        }
    }

    /// The id of a live customer.
    pub async fn customer(
        &self,
        context: &Context,
        by: CustomerBy,
    ) -> Result<CustomerId, SubscriptionError> {
        self.live_customer(context, by, false).await
    }

    /// The same of one that is about to get a subscription.
    pub async fn subscriber(
        &self,
        context: &Context,
        by: CustomerBy,
    ) -> Result<CustomerId, SubscriptionError> {
        self.live_customer(context, by, true).await
    }

    async fn live_customer(
        &self,
        context: &Context,
        by: CustomerBy,
        for_subscription: bool,
    ) -> Result<CustomerId, SubscriptionError> {
        let request = customer::GetCustomerRequest {
            customer_ref: Some(customer::CustomerRef { r#ref: Some(by) }),
            include_deleted: true,
            for_subscription,
        };
        let answer = self
            .customers
            .clone()
            .get_customer(context.request(request))
            .await?
            .into_inner();
        let found = answer.customer.unwrap_or_default();
        if found.delete_time.is_some() {
            return Err(SubscriptionError::CustomerDeleted(found.id));
        }
        found
            .id
            .parse()
            .map_err(|_| SubscriptionError::field("customer", "has no readable id"))
    }

    /// The id of the entitlement definition with a lookup key.
    pub async fn definition(
        &self,
        context: &Context,
        key: &str,
    ) -> Result<Option<String>, SubscriptionError> {
        let request = catalog::BatchGetEntitlementDefinitionsRequest {
            lookup_keys: vec![key.to_owned()],
            ..Default::default()
        };
        let answer = self
            .definitions
            .clone()
            .batch_get_entitlement_definitions(context.request(request))
            .await?;
        let found = answer.into_inner().entitlement_definitions;
        Ok(found.into_iter().next().map(|found| found.id))
    }

    /// The active version of a plan.
    pub async fn active_plan(
        &self,
        context: &Context,
        key: &str,
    ) -> Result<Plan, SubscriptionError> {
        let found = self.plan(context, key, 0).await?;
        if found.state() == catalog::plan::State::Active {
            convert::plan::from_proto(found, false)
        } else {
            Err(SubscriptionError::PlanNotFound {
                key: key.to_owned(),
                version: 0,
            })
        }
    }

    /// A version of a plan in one of the given states; 0: the active one.
    pub async fn plan_version(
        &self,
        context: &Context,
        key: &str,
        version: i32,
        states: &[catalog::plan::State],
    ) -> Result<Plan, SubscriptionError> {
        if version == 0 {
            return self.active_plan(context, key).await;
        }
        let found = self.plan(context, key, version).await?;
        if states.contains(&found.state()) && found.delete_time.is_none() {
            convert::plan::from_proto(found, false)
        } else {
            Err(SubscriptionError::PlanNotActive {
                key: key.to_owned(),
                version,
            })
        }
    }

    async fn plan(
        &self,
        context: &Context,
        key: &str,
        version: i32,
    ) -> Result<catalog::Plan, SubscriptionError> {
        let by = catalog::PlanRef {
            r#ref: Some(PlanBy::Key(key.to_owned())),
            version,
            latest: false,
        };
        let request = context.request(catalog::GetPlanRequest { plan: Some(by) });
        let unknown = || SubscriptionError::PlanNotFound {
            key: key.to_owned(),
            version,
        };
        match self.plans.clone().get_plan(request).await {
            Ok(answer) => answer.into_inner().plan.ok_or_else(unknown),
            Err(status) if status.code() == Code::NotFound => Err(unknown()),
            Err(status) => Err(status.into()),
        }
    }

    /// An add-on version as it is assigned to a plan version.
    pub async fn plan_addon(
        &self,
        context: &Context,
        plan: &PlanReference,
        addon_id: &str,
    ) -> Result<AddonOffer, SubscriptionError> {
        let by_id = || catalog::AddonRef {
            r#ref: Some(AddonBy::Id(addon_id.to_owned())),
            ..Default::default()
        };
        let request = context.request(catalog::GetAddonRequest {
            addon: Some(by_id()),
        });
        let addon = self
            .addons
            .clone()
            .get_addon(request)
            .await?
            .into_inner()
            .addon
            .unwrap_or_default();
        let of_plan = catalog::PlanRef {
            r#ref: Some(PlanBy::Id(plan.id.clone())),
            ..Default::default()
        };
        let request = catalog::GetPlanAddonRequest {
            plan: Some(of_plan),
            addon: Some(by_id()),
        };
        let unlinked = || SubscriptionError::AddonNotLinked {
            addon: format!("{}@{}", addon.key, addon.version),
            plan: format!("{}@{}", plan.key, plan.version),
        };
        match self
            .plan_addons
            .clone()
            .get_plan_addon(context.request(request))
            .await
        {
            Ok(answer) => {
                let assigned = answer
                    .into_inner()
                    .plan_addon
                    .filter(|found| found.delete_time.is_none());
                convert::addon::offer(assigned.ok_or_else(unlinked)?)
            }
            Err(status) if status.code() == Code::NotFound => Err(unlinked()),
            Err(status) => Err(status.into()),
        }
    }

    /// A plan made for one subscription, checked as strictly as a publish. A feature need not exist unless the card
    /// entitles to it.
    pub async fn custom_plan(
        &self,
        context: &Context,
        plan: catalog::Plan,
    ) -> Result<Plan, SubscriptionError> {
        let plan = catalog::Plan {
            key: String::new(),
            ..plan
        };
        let (issues, checked) = self.check(context, plan.clone()).await?;
        let issues: Vec<Issue> = issues
            .into_iter()
            .filter(|issue| !is_idle_feature(issue, &plan))
            .map(|issue| Issue {
                field: issue.field.map(|field| field.replacen("$.", "$.plan.", 1)),
                ..issue
            })
            .collect();
        if issues.is_empty() {
            convert::plan::from_proto(checked, true)
        } else {
            Err(SubscriptionError::InvalidPlan(issues))
        }
    }

    /// Has the cards of an edit checked by catalog, and takes over what it fills in.
    pub async fn check_cards(
        &self,
        context: &Context,
        subscription: &Subscription,
        operations: Vec<Operation>,
    ) -> Result<Vec<Operation>, SubscriptionError> {
        let mut checked = operations;
        for operations in checked.chunks_mut(PHASES_PER_CHECK) {
            let plan = plan_of_cards(subscription, operations);
            if plan.phases.is_empty() {
                continue;
            }
            let (issues, resolved) = self.check(context, plan.clone()).await?;
            let issues: Vec<Issue> = issues
                .into_iter()
                .filter(|issue| !is_idle_feature(issue, &plan))
                .filter_map(|issue| card_issue(issue, operations))
                .collect();
            if !issues.is_empty() {
                return Err(SubscriptionError::InvalidRateCard(issues));
            }
            for phase in resolved.phases {
                let place = place(&phase.key).and_then(|index| operations.get_mut(index));
                if let (Some(Operation::AddItem { card, .. }), Some(found)) =
                    (place, phase.rate_cards.into_iter().next())
                {
                    **card = convert::rate_card::from_proto(found, "rate_card")?;
                }
            }
        }
        Ok(checked)
    }

    async fn check(
        &self,
        context: &Context,
        plan: catalog::Plan,
    ) -> Result<(Vec<Issue>, catalog::Plan), SubscriptionError> {
        let request = catalog::ValidatePlanRequest {
            plan: Some(plan.clone()),
            strict: true,
        };
        let answer = self
            .plans
            .clone()
            .validate_plan(context.request(request))
            .await?
            .into_inner();
        let issues = answer.issues.into_iter().map(Issue::from).collect();
        Ok((issues, answer.plan.unwrap_or(plan)))
    }
}

/// A plan whose only purpose is that its cards are checked: one phase per card, named for the operation.
fn plan_of_cards(subscription: &Subscription, operations: &[Operation]) -> catalog::Plan {
    let mut phases: Vec<catalog::PlanPhase> = Vec::new();
    for (index, operation) in operations.iter().enumerate() {
        if let Operation::AddItem { card, .. } = operation {
            phases.push(catalog::PlanPhase {
                key: format!("operation_{index}"),
                name: "operation".to_owned(),
                duration: "P1M".to_owned(),
                rate_cards: vec![convert::rate_card::to_proto(card)],
                ..Default::default()
            });
        }
    }
    if let Some(last) = phases.last_mut() {
        last.duration.clear();
    }
    catalog::Plan {
        name: "edit".to_owned(),
        currency_code: subscription.currency.code().to_owned(),
        billing_cadence: subscription.billing_cadence.as_str().to_owned(),
        phases,
        ..Default::default()
    }
}

fn place(phase_key: &str) -> Option<usize> {
    phase_key.strip_prefix("operation_")?.parse().ok()
}

/// An issue of such a plan as one of the edit; `None` when it is not about a card, or about its cadence, which is judged
/// with the whole subscription.
fn card_issue(issue: Issue, operations: &[Operation]) -> Option<Issue> {
    let field = issue.field.as_deref()?;
    let (phase, card, rest) = card_path(field)?;
    if issue.code == "rate_card_billing_cadence_unaligned" {
        return None;
    }
    let Some(Operation::AddItem { phase, .. }) =
        place(phase).and_then(|index| operations.get(index))
    else {
        return None;
    };
    let field = format!("$.phases[?(@.key=='{phase}')].items.{card}{rest}");
    Some(Issue {
        field: Some(field),
        ..issue
    })
}

/// Whether the issue is about a feature that nobody becomes entitled to.
fn is_idle_feature(issue: &Issue, plan: &catalog::Plan) -> bool {
    let about_feature = [
        "rate_card_feature_not_found",
        "rate_card_feature_archived",
        "rate_card_feature_mismatch",
    ]
    .contains(&issue.code.as_str());
    let Some((phase, card, _)) = issue.field.as_deref().and_then(card_path) else {
        return false;
    };
    let entitles = plan
        .phases
        .iter()
        .filter(|found| found.key == phase)
        .any(|found| {
            found
                .rate_cards
                .iter()
                .any(|found| found.key == card && found.entitlement_template.is_some())
        });
    about_feature && !entitles
}

/// Phase key, card key and the rest of `$.phases[?(@.key=='P')].rateCards[?(@.key=='C')].rest`.
fn card_path(field: &str) -> Option<(&str, &str, &str)> {
    let rest = field.strip_prefix("$.phases[?(@.key=='")?;
    let (phase, rest) = rest.split_once("')].")?;
    let rest = rest
        .strip_prefix("rateCards")
        .or_else(|| rest.strip_prefix("ratecards"))?;
    let (card, rest) = rest.strip_prefix("[?(@.key=='")?.split_once("')]")?;
    Some((phase, card, rest))
}

#[cfg(test)]
mod tests {
    use chassis::Severity;

    use super::*;
    use crate::domain::fixture::{flat, monthly};

    fn issue(code: &str, field: &str) -> Issue {
        Issue {
            code: code.to_owned(),
            message: String::new(),
            severity: Severity::Warning,
            field: Some(field.to_owned()),
            component: None,
            attributes: Default::default(),
            status: Some(400),
        }
    }

    #[test]
    fn issues_of_a_card_are_told_in_terms_of_the_edit() {
        let add = Operation::AddItem {
            phase: "trial".into(),
            card: Box::new(flat("api", "1")),
        };
        let operations = [Operation::UnscheduleEdit, add];
        let plan = plan_of_cards(&monthly("2024-01-01T00:00:00Z"), &operations);
        assert_eq!(plan.phases[0].key, "operation_1");
        let path = "$.phases[?(@.key=='operation_1')].ratecards[?(@.key=='api')].entitlementTemplate.issueAfterReset";
        let told = card_issue(issue("x", path), &operations).and_then(|issue| issue.field);
        let expected = "$.phases[?(@.key=='trial')].items.api.entitlementTemplate.issueAfterReset";
        assert_eq!(told.as_deref(), Some(expected));
        assert!(
            card_issue(
                issue("plan_phase_has_no_rate_cards", "$.phases"),
                &operations
            )
            .is_none()
        );
    }

    #[test]
    fn a_feature_without_entitlement_need_not_exist() {
        let add = Operation::AddItem {
            phase: "trial".into(),
            card: Box::new(flat("api", "1")),
        };
        let mut plan = plan_of_cards(&monthly("2024-01-01T00:00:00Z"), &[add]);
        let path = "$.phases[?(@.key=='operation_0')].rateCards[?(@.key=='api')].featureKey";
        assert!(is_idle_feature(
            &issue("rate_card_feature_not_found", path),
            &plan
        ));
        assert!(!is_idle_feature(
            &issue("rate_card_key_feature_key_mismatch", path),
            &plan
        ));
        plan.phases[0].rate_cards[0].entitlement_template =
            Some(catalog::EntitlementTemplate::default());
        assert!(!is_idle_feature(
            &issue("rate_card_feature_not_found", path),
            &plan
        ));
    }
}
