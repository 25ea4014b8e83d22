//! The gRPC clients of all services, made per call on links that are cheap to clone.

use chassis::Link;
use chassis::link::Links;
use contract::billing::v1::app_service_client::AppServiceClient;
use contract::billing::v1::customer_app_service_client::CustomerAppServiceClient;
use contract::billing::v1::invoice_service_client::InvoiceServiceClient;
use contract::billing::v1::override_service_client::OverrideServiceClient;
use contract::billing::v1::profile_service_client::ProfileServiceClient;
use contract::catalog::v1::addon_service_client::AddonServiceClient;
use contract::catalog::v1::entitlement_definition_service_client::EntitlementDefinitionServiceClient;
use contract::catalog::v1::feature_service_client::FeatureServiceClient;
use contract::catalog::v1::named_plan_service_client::NamedPlanServiceClient;
use contract::catalog::v1::offering_service_client::OfferingServiceClient;
use contract::catalog::v1::package_service_client::PackageServiceClient;
use contract::catalog::v1::plan_addon_service_client::PlanAddonServiceClient;
use contract::catalog::v1::plan_service_client::PlanServiceClient;
use contract::catalog::v1::product_service_client::ProductServiceClient;
use contract::catalog::v1::store_app_service_client::StoreAppServiceClient;
use contract::customer::v1::alias_service_client::AliasServiceClient;
use contract::customer::v1::attribute_service_client::AttributeServiceClient;
use contract::customer::v1::customer_service_client::CustomerServiceClient;
use contract::customer::v1::engagement_service_client::EngagementServiceClient;
use contract::customer::v1::principal_service_client::PrincipalServiceClient;
use contract::customer::v1::privacy_service_client::PrivacyServiceClient;
use contract::customer::v1::project_service_client::ProjectServiceClient;
use contract::customer::v1::subject_service_client::SubjectServiceClient;
use contract::customer::v1::trait_service_client::TraitServiceClient;
use contract::entitlement::v1::access_service_client::AccessServiceClient;
use contract::entitlement::v1::entitlement_service_client::EntitlementServiceClient;
use contract::entitlement::v1::grant_service_client::GrantServiceClient;
use contract::metering::v1::meter_service_client::MeterServiceClient;
use contract::metering::v1::portal_token_service_client::PortalTokenServiceClient;
use contract::metering::v1::usage_service_client::UsageServiceClient;
use contract::notification::v1::channel_service_client::ChannelServiceClient;
use contract::notification::v1::event_service_client::EventServiceClient;
use contract::notification::v1::rule_service_client::RuleServiceClient;
use contract::subscription::v1::overview_service_client::OverviewServiceClient;
use contract::subscription::v1::purchase_service_client::PurchaseServiceClient;
use contract::subscription::v1::reported_subscription_service_client::ReportedSubscriptionServiceClient;
use contract::subscription::v1::revenue_service_client::RevenueServiceClient;
use contract::subscription::v1::store_transaction_service_client::StoreTransactionServiceClient;
use contract::subscription::v1::subscription_addon_service_client::SubscriptionAddonServiceClient;
use contract::subscription::v1::subscription_service_client::SubscriptionServiceClient;
use contract::subscription::v1::term_service_client::TermServiceClient;

/// Largest answer of a service: a page of a thousand invoices with lines fits.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// Makes clients.
pub(crate) struct Clients(Links);

macro_rules! clients {
    ($($name:ident: $client:ident of $service:literal;)*) => {
        impl Clients {
            $(pub(crate) fn $name(&self) -> $client<Link> {
                $client::new(self.0.get($service)).max_decoding_message_size(MAX_ANSWER_BYTES)
            })*
        }
    };
}

impl Clients {
    /// Clients on these links.
    pub(crate) fn new(links: Links) -> Self {
        Self(links)
    }
}

clients! {
    customers: CustomerServiceClient of "customer";
    subjects: SubjectServiceClient of "customer";
    principals: PrincipalServiceClient of "customer";
    projects: ProjectServiceClient of "customer";
    aliases: AliasServiceClient of "customer";
    traits: TraitServiceClient of "customer";
    engagement: EngagementServiceClient of "customer";
    privacy: PrivacyServiceClient of "customer";
    named_plans: NamedPlanServiceClient of "catalog";
    revenue: RevenueServiceClient of "subscription";
    reports: ReportedSubscriptionServiceClient of "subscription";
    meters: MeterServiceClient of "metering";
    usage: UsageServiceClient of "metering";
    portal_tokens: PortalTokenServiceClient of "metering";
    features: FeatureServiceClient of "catalog";
    plans: PlanServiceClient of "catalog";
    addons: AddonServiceClient of "catalog";
    plan_addons: PlanAddonServiceClient of "catalog";
    entitlements: EntitlementServiceClient of "entitlement";
    grants: GrantServiceClient of "entitlement";
    subscriptions: SubscriptionServiceClient of "subscription";
    subscription_addons: SubscriptionAddonServiceClient of "subscription";
    apps: AppServiceClient of "billing";
    customer_apps: CustomerAppServiceClient of "billing";
    profiles: ProfileServiceClient of "billing";
    overrides: OverrideServiceClient of "billing";
    invoices: InvoiceServiceClient of "billing";
    channels: ChannelServiceClient of "notification";
    rules: RuleServiceClient of "notification";
    notification_events: EventServiceClient of "notification";
    store_apps: StoreAppServiceClient of "catalog";
    products: ProductServiceClient of "catalog";
    entitlement_definitions: EntitlementDefinitionServiceClient of "catalog";
    offerings: OfferingServiceClient of "catalog";
    packages: PackageServiceClient of "catalog";
    attributes: AttributeServiceClient of "customer";
    access: AccessServiceClient of "entitlement";
    terms: TermServiceClient of "subscription";
    purchases: PurchaseServiceClient of "subscription";
    store_transactions: StoreTransactionServiceClient of "subscription";
    overview: OverviewServiceClient of "subscription";
}
