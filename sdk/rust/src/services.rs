//! A client of each service.

use contract::{
    audit::v1::audit_service_client::AuditServiceClient,
    billing::v1::{
        app_service_client::AppServiceClient,
        customer_app_service_client::CustomerAppServiceClient,
        invoice_service_client::InvoiceServiceClient,
        override_service_client::OverrideServiceClient,
        profile_service_client::ProfileServiceClient,
        subscription_sync_service_client::SubscriptionSyncServiceClient,
    },
    catalog::v1::{
        addon_service_client::AddonServiceClient,
        entitlement_definition_service_client::EntitlementDefinitionServiceClient,
        feature_service_client::FeatureServiceClient,
        model_price_service_client::ModelPriceServiceClient,
        named_plan_service_client::NamedPlanServiceClient,
        offering_service_client::OfferingServiceClient,
        package_service_client::PackageServiceClient,
        plan_addon_service_client::PlanAddonServiceClient, plan_service_client::PlanServiceClient,
        product_service_client::ProductServiceClient,
        store_app_service_client::StoreAppServiceClient,
    },
    clock::v1::settle_service_client::SettleServiceClient,
    customer::v1::{
        alias_service_client::AliasServiceClient, attribute_service_client::AttributeServiceClient,
        clock_service_client::ClockServiceClient, customer_service_client::CustomerServiceClient,
        engagement_service_client::EngagementServiceClient, key_service_client::KeyServiceClient,
        principal_service_client::PrincipalServiceClient,
        privacy_service_client::PrivacyServiceClient, project_service_client::ProjectServiceClient,
        rate_service_client::RateServiceClient, subject_service_client::SubjectServiceClient,
        trait_service_client::TraitServiceClient,
    },
    entitlement::v1::{
        access_service_client::AccessServiceClient,
        entitlement_service_client::EntitlementServiceClient,
        grant_service_client::GrantServiceClient,
        product_access_service_client::ProductAccessServiceClient,
    },
    feed::v1::feed_service_client::FeedServiceClient,
    metering::v1::{
        meter_service_client::MeterServiceClient,
        portal_token_service_client::PortalTokenServiceClient,
        usage_service_client::UsageServiceClient,
    },
    notification::v1::{
        channel_service_client::ChannelServiceClient, event_service_client::EventServiceClient,
        rule_service_client::RuleServiceClient,
    },
    subscription::v1::{
        overview_service_client::OverviewServiceClient,
        purchase_service_client::PurchaseServiceClient,
        reported_subscription_service_client::ReportedSubscriptionServiceClient,
        revenue_service_client::RevenueServiceClient,
        store_transaction_service_client::StoreTransactionServiceClient,
        subscription_addon_service_client::SubscriptionAddonServiceClient,
        subscription_service_client::SubscriptionServiceClient,
        term_service_client::TermServiceClient,
    },
};

use crate::client::{Client, Transport};

const MAX_MESSAGE: usize = 64 * 1024 * 1024;

/// One accessor per generated client.
macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident: $client:ident;)*) => {
        impl Client {
            $($(#[$doc])*
            pub fn $name(&self) -> $client<Transport> {
                $client::new(self.transport())
                    .max_decoding_message_size(MAX_MESSAGE)
                    .max_encoding_message_size(MAX_MESSAGE)
            })*
        }

        /// The names of all clients that have an accessor.
        #[cfg(test)]
        const CLIENTS: &[&str] = &[$(stringify!($client)),*];
    };
}

clients! {
    /// Projects.
    projects: ProjectServiceClient;
    /// API keys.
    keys: KeyServiceClient;
    /// Test clocks; see also [`Client::advance_clock`].
    clocks: ClockServiceClient;
    /// What makes a service do what fell due; [`Client::advance_clock`] asks all of them.
    settling: SettleServiceClient;
    /// Exchange rates.
    rates: RateServiceClient;
    /// Customers.
    customers: CustomerServiceClient;
    /// Usage sources.
    subjects: SubjectServiceClient;
    /// Further ids of customers.
    aliases: AliasServiceClient;
    /// Attributes of customers.
    attributes: AttributeServiceClient;
    /// Traits and segments of customers.
    traits: TraitServiceClient;
    /// When customers use the product.
    engagement: EngagementServiceClient;
    /// Exclusion from metrics, opt-outs, removal of personal data.
    privacy: PrivacyServiceClient;
    /// Whom a credential belongs to; for services.
    principals: PrincipalServiceClient;
    /// Meters.
    meters: MeterServiceClient;
    /// Usage events and queries.
    usage: UsageServiceClient;
    /// Tokens with which a customer's own page reads usage.
    portal_tokens: PortalTokenServiceClient;
    /// Features.
    features: FeatureServiceClient;
    /// Prices of language models.
    model_prices: ModelPriceServiceClient;
    /// Plans.
    plans: PlanServiceClient;
    /// Plans that are only named: what subscriptions that are run elsewhere are on.
    named_plans: NamedPlanServiceClient;
    /// Add-ons.
    addons: AddonServiceClient;
    /// Add-ons of plans.
    plan_addons: PlanAddonServiceClient;
    /// Apps in stores.
    store_apps: StoreAppServiceClient;
    /// Products of stores.
    products: ProductServiceClient;
    /// Offerings of products.
    offerings: OfferingServiceClient;
    /// Packages of offerings.
    packages: PackageServiceClient;
    /// What products give access to.
    entitlement_definitions: EntitlementDefinitionServiceClient;
    /// Entitlements and access.
    entitlements: EntitlementServiceClient;
    /// Promotional access, and what customers may use until when.
    access: AccessServiceClient;
    /// What customers may use because of products that they have.
    product_access: ProductAccessServiceClient;
    /// Grants.
    grants: GrantServiceClient;
    /// Subscriptions.
    subscriptions: SubscriptionServiceClient;
    /// Add-ons of subscriptions.
    subscription_addons: SubscriptionAddonServiceClient;
    /// Stretches of customers on things that renew, whatever API they were written through.
    terms: TermServiceClient;
    /// What customers bought once.
    purchases: PurchaseServiceClient;
    /// Subscriptions that are run elsewhere and reported here.
    reported_subscriptions: ReportedSubscriptionServiceClient;
    /// What stores tell.
    store_transactions: StoreTransactionServiceClient;
    /// The figures of a project at a glance.
    overview: OverviewServiceClient;
    /// Revenue metrics.
    revenue: RevenueServiceClient;
    /// Invoices and pending lines.
    invoices: InvoiceServiceClient;
    /// Billing profiles.
    billing_profiles: ProfileServiceClient;
    /// Billing settings of single customers.
    billing_overrides: OverrideServiceClient;
    /// What subscriptions have billing do; for services.
    subscription_sync: SubscriptionSyncServiceClient;
    /// Invoicing apps.
    apps: AppServiceClient;
    /// What invoicing apps know of customers.
    customer_apps: CustomerAppServiceClient;
    /// Notification channels.
    channels: ChannelServiceClient;
    /// Notification rules.
    rules: RuleServiceClient;
    /// Notification events and their deliveries.
    notifications: EventServiceClient;
    /// Feeds; name the service in the metadata `x-perennial-service`.
    feeds: FeedServiceClient;
    /// Audit logs; name the service in the metadata `x-perennial-service`.
    audit: AuditServiceClient;
}

#[cfg(test)]
mod tests {
    use super::CLIENTS;

    #[test]
    fn every_service_of_the_contract_has_an_accessor() {
        for service in contract::json::descriptors().services() {
            let client = format!("{}Client", service.name());
            assert!(CLIENTS.contains(&client.as_str()), "{client}");
        }
    }
}
