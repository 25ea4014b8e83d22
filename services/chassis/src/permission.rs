//! The one table that says which permission each RPC needs. Whether it is the reading or
//! the writing level follows from the RPC's declared idempotency in the contract.

use std::collections::HashMap;

use prost::Message as _;
use prost_types::{FileDescriptorSet, method_options::IdempotencyLevel};

use crate::{Context, auth::Grants};

/// What an RPC asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A permission such as `catalog:plans`.
    Permission(&'static str),
    /// Any known credential.
    Credential,
    /// The operator right.
    Operator,
    /// A call of one of our own services.
    Internal,
}

use Need::{Credential, Internal, Operator, Permission};

const CUSTOMERS: Need = Permission("customer_information:customers");
const SUBSCRIPTIONS: Need = Permission("customer_information:subscriptions");
const ENTITLEMENTS: Need = Permission("customer_information:entitlements");
const PROFILES: Need = Permission("billing:profiles");
const SETTINGS: Need = Permission("project:settings");

/// A whole service, or `service/method` where a method differs from its service.
const TABLE: &[(&str, Need)] = &[
    ("perennial.customer.v1.CustomerService", CUSTOMERS),
    ("perennial.customer.v1.CustomerService/PlaceHold", Internal),
    ("perennial.customer.v1.CustomerService/PlaceHolds", Internal),
    (
        "perennial.customer.v1.CustomerService/ReleaseHold",
        Internal,
    ),
    (
        "perennial.customer.v1.CustomerService/ReserveForSubscription",
        Internal,
    ),
    (
        "perennial.customer.v1.CustomerService/ReportSubscriptions",
        Internal,
    ),
    ("perennial.customer.v1.SubjectService", CUSTOMERS),
    ("perennial.customer.v1.AliasService", CUSTOMERS),
    ("perennial.customer.v1.AttributeService", CUSTOMERS),
    ("perennial.customer.v1.TraitService", CUSTOMERS),
    ("perennial.customer.v1.EngagementService", CUSTOMERS),
    ("perennial.customer.v1.PrivacyService", CUSTOMERS),
    (
        "perennial.customer.v1.PrivacyService/EraseCustomer",
        Internal,
    ),
    ("perennial.customer.v1.ProjectService", SETTINGS),
    (
        "perennial.customer.v1.ProjectService/CreateProject",
        Operator,
    ),
    (
        "perennial.customer.v1.ProjectService/ListProjects",
        Operator,
    ),
    (
        "perennial.customer.v1.ProjectService/GetProject",
        Credential,
    ),
    (
        "perennial.customer.v1.KeyService",
        Permission("project:keys"),
    ),
    (
        "perennial.customer.v1.ClockService",
        Permission("project:clock"),
    ),
    (
        "perennial.customer.v1.ClockService/ListTestClocks",
        Internal,
    ),
    ("perennial.customer.v1.RateService", SETTINGS),
    ("perennial.customer.v1.PrincipalService", Internal),
    (
        "perennial.metering.v1.MeterService",
        Permission("metering:meters"),
    ),
    (
        "perennial.metering.v1.MeterService/PlaceMeterHold",
        Internal,
    ),
    (
        "perennial.metering.v1.MeterService/PlaceMeterHolds",
        Internal,
    ),
    (
        "perennial.metering.v1.MeterService/ReleaseMeterHold",
        Internal,
    ),
    (
        "perennial.metering.v1.UsageService",
        Permission("metering:events"),
    ),
    (
        "perennial.metering.v1.UsageService/QueryMeter",
        Permission("metering:meters"),
    ),
    (
        "perennial.metering.v1.UsageService/QueryUsage",
        Permission("metering:meters"),
    ),
    (
        "perennial.metering.v1.UsageService/ListMeterSubjects",
        Permission("metering:meters"),
    ),
    (
        "perennial.metering.v1.UsageService/ListGroupByValues",
        Permission("metering:meters"),
    ),
    (
        "perennial.metering.v1.UsageService/GetProgress",
        Permission("metering:meters"),
    ),
    (
        "perennial.metering.v1.PortalTokenService",
        Permission("metering:portal"),
    ),
    (
        "perennial.metering.v1.PortalTokenService/ResolvePortalToken",
        Internal,
    ),
    (
        "perennial.catalog.v1.FeatureService",
        Permission("catalog:features"),
    ),
    (
        "perennial.catalog.v1.FeatureService/ReplaceFeatureHolds",
        Internal,
    ),
    (
        "perennial.catalog.v1.PlanService",
        Permission("catalog:plans"),
    ),
    (
        "perennial.catalog.v1.PlanAddonService",
        Permission("catalog:plans"),
    ),
    (
        "perennial.catalog.v1.AddonService",
        Permission("catalog:addons"),
    ),
    (
        "perennial.catalog.v1.ModelPriceService",
        Permission("catalog:features"),
    ),
    (
        "perennial.catalog.v1.NamedPlanService",
        Permission("catalog:plans"),
    ),
    (
        "perennial.catalog.v1.StoreAppService",
        Permission("project_configuration:apps"),
    ),
    (
        "perennial.catalog.v1.ProductService",
        Permission("project_configuration:products"),
    ),
    (
        "perennial.catalog.v1.ProductService/EnsureProduct",
        Internal,
    ),
    (
        "perennial.catalog.v1.EntitlementDefinitionService",
        Permission("project_configuration:entitlements"),
    ),
    (
        "perennial.catalog.v1.OfferingService",
        Permission("project_configuration:offerings"),
    ),
    (
        "perennial.catalog.v1.PackageService",
        Permission("project_configuration:packages"),
    ),
    ("perennial.entitlement.v1.EntitlementService", ENTITLEMENTS),
    (
        "perennial.entitlement.v1.EntitlementService/ReserveSubscription",
        Internal,
    ),
    (
        "perennial.entitlement.v1.EntitlementService/ApplySubscription",
        Internal,
    ),
    ("perennial.entitlement.v1.GrantService", ENTITLEMENTS),
    ("perennial.entitlement.v1.AccessService", ENTITLEMENTS),
    (
        "perennial.entitlement.v1.AccessService/EraseCustomerRights",
        Internal,
    ),
    ("perennial.entitlement.v1.ProductAccessService", Internal),
    ("perennial.billing.v1.ProfileService", PROFILES),
    ("perennial.billing.v1.OverrideService", PROFILES),
    (
        "perennial.billing.v1.AppService",
        Permission("billing:apps"),
    ),
    (
        "perennial.billing.v1.AppService/ReceiveStripeEvent",
        Internal,
    ),
    (
        "perennial.billing.v1.CustomerAppService",
        Permission("billing:apps"),
    ),
    (
        "perennial.billing.v1.InvoiceService",
        Permission("billing:invoices"),
    ),
    ("perennial.billing.v1.SubscriptionSyncService", Internal),
    (
        "perennial.subscription.v1.SubscriptionService",
        SUBSCRIPTIONS,
    ),
    (
        "perennial.subscription.v1.SubscriptionService/EraseCustomer",
        CUSTOMERS,
    ),
    (
        "perennial.subscription.v1.SubscriptionAddonService",
        SUBSCRIPTIONS,
    ),
    (
        "perennial.subscription.v1.ReportedSubscriptionService",
        SUBSCRIPTIONS,
    ),
    (
        "perennial.subscription.v1.RevenueService",
        Permission("charts_metrics:revenue"),
    ),
    ("perennial.subscription.v1.TermService", SUBSCRIPTIONS),
    (
        "perennial.subscription.v1.TermService/GrantPromotionalTerm",
        CUSTOMERS,
    ),
    (
        "perennial.subscription.v1.TermService/RevokePromotionalTerms",
        CUSTOMERS,
    ),
    (
        "perennial.subscription.v1.PurchaseService",
        Permission("customer_information:purchases"),
    ),
    (
        "perennial.subscription.v1.StoreTransactionService",
        SUBSCRIPTIONS,
    ),
    (
        "perennial.subscription.v1.StoreTransactionService/TransferStoreRights",
        CUSTOMERS,
    ),
    (
        "perennial.subscription.v1.OverviewService",
        Permission("charts_metrics:overview"),
    ),
    (
        "perennial.notification.v1.ChannelService",
        Permission("notifications:all"),
    ),
    (
        "perennial.notification.v1.RuleService",
        Permission("notifications:all"),
    ),
    (
        "perennial.notification.v1.EventService",
        Permission("notifications:all"),
    ),
    ("perennial.feed.v1.FeedService", Permission("project:audit")),
    (
        "perennial.audit.v1.AuditService",
        Permission("project:audit"),
    ),
    (
        "perennial.clock.v1.SettleService",
        Permission("project:clock"),
    ),
];

/// What is known about one RPC.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What it asks of its caller; none when the table has no row for it.
    pub need: Option<Need>,
    /// Whether it changes anything.
    pub writes: bool,
    /// Whether either side is a stream.
    pub streams: bool,
}

/// All RPCs of the contract by path, such as `/perennial.catalog.v1.PlanService/GetPlan`.
#[derive(Clone, Debug)]
pub struct Rules(HashMap<String, Rule>);

impl Rules {
    /// Reads the contract and the table.
    pub fn load() -> Self {
        let files = FileDescriptorSet::decode(contract::FILE_DESCRIPTOR_SET)
            .expect("the build wrote a descriptor set");
        let table: HashMap<&str, Need> = TABLE.iter().copied().collect();
        let mut rules = HashMap::new();
        for file in &files.file {
            for service in &file.service {
                let full = format!("{}.{}", file.package(), service.name());
                for method in &service.method {
                    let own = format!("{full}/{}", method.name());
                    let reads = method.options.as_ref().is_some_and(|options| {
                        options.idempotency_level() == IdempotencyLevel::NoSideEffects
                    });
                    rules.insert(
                        format!("/{own}"),
                        Rule {
                            need: table
                                .get(own.as_str())
                                .or_else(|| table.get(full.as_str()))
                                .copied(),
                            writes: !reads,
                            streams: method.client_streaming() || method.server_streaming(),
                        },
                    );
                }
            }
        }
        Self(rules)
    }

    /// The rule of a path.
    pub fn get(&self, path: &str) -> Option<Rule> {
        self.0.get(path).copied()
    }

    /// All paths.
    pub fn paths(&self) -> impl Iterator<Item = (&str, Rule)> {
        self.0.iter().map(|(path, rule)| (path.as_str(), *rule))
    }
}

impl Rule {
    /// Whether the caller may; the error is what is missing, in words.
    pub fn check(&self, context: &Context) -> Result<(), String> {
        let grants: &Grants = context.grants();
        let allowed = match self.need {
            Some(Permission(resource)) => grants.allow(resource, self.writes),
            Some(Credential) => true,
            Some(Operator) => grants.is_operator(),
            Some(Internal) => grants.is_service(),
            None => false,
        };
        if allowed {
            return Ok(());
        }
        Err(match self.need {
            Some(Permission(resource)) => {
                let level = if self.writes { "read_write" } else { "read" };
                format!("the permission {resource}:{level} is missing")
            }
            Some(Operator) => "the operator right is missing".to_owned(),
            Some(Credential | Internal) | None => "this call is internal".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rpc_of_the_contract_has_a_permission() {
        let missing: Vec<String> = Rules::load()
            .paths()
            .filter(|(_, rule)| rule.need.is_none())
            .map(|(path, _)| path.to_owned())
            .collect();
        assert!(missing.is_empty(), "no row in the table for {missing:?}");
    }

    #[test]
    fn every_row_of_the_table_names_something_in_the_contract() {
        let rules = Rules::load();
        for (name, _) in TABLE {
            let found = rules.paths().any(|(path, _)| {
                path.trim_start_matches('/') == *name
                    || path
                        .trim_start_matches('/')
                        .starts_with(&format!("{name}/"))
            });
            assert!(found, "{name} is not in the contract");
        }
    }

    #[test]
    fn names_that_say_get_list_or_query_only_read() {
        for (path, rule) in Rules::load().paths() {
            let method = path.rsplit('/').next().unwrap_or_default();
            if ["Get", "List", "Query", "BatchGet", "Resolve"]
                .iter()
                .any(|verb| method.starts_with(verb))
            {
                assert!(!rule.writes, "{path} must declare NO_SIDE_EFFECTS");
            }
        }
    }
}
