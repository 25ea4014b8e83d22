//! The connection: one channel, the credential on every call, and a client per service.

use std::time::Duration;

use contract::{
    audit::v1::audit_service_client::AuditServiceClient,
    billing::v1::{
        app_service_client::AppServiceClient, invoice_service_client::InvoiceServiceClient,
        override_service_client::OverrideServiceClient,
        profile_service_client::ProfileServiceClient,
    },
    catalog::v1::{
        addon_service_client::AddonServiceClient, feature_service_client::FeatureServiceClient,
        plan_addon_service_client::PlanAddonServiceClient, plan_service_client::PlanServiceClient,
    },
    customer::v1::{
        alias_service_client::AliasServiceClient, attribute_service_client::AttributeServiceClient,
        clock_service_client::ClockServiceClient, customer_service_client::CustomerServiceClient,
        engagement_service_client::EngagementServiceClient, key_service_client::KeyServiceClient,
        privacy_service_client::PrivacyServiceClient, project_service_client::ProjectServiceClient,
        rate_service_client::RateServiceClient, subject_service_client::SubjectServiceClient,
        trait_service_client::TraitServiceClient,
    },
    entitlement::v1::{
        access_service_client::AccessServiceClient,
        entitlement_service_client::EntitlementServiceClient,
        grant_service_client::GrantServiceClient,
    },
    feed::v1::feed_service_client::FeedServiceClient,
    metering::v1::{
        meter_service_client::MeterServiceClient, usage_service_client::UsageServiceClient,
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
        subscription_service_client::SubscriptionServiceClient,
        term_service_client::TermServiceClient,
    },
};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

use crate::{Error, Retry};

const MAX_MESSAGE: usize = 64 * 1024 * 1024;

/// What the generated clients of this crate are made on.
pub type Transport = InterceptedService<Channel, Credentials>;

/// Puts the API key, the project and the deadline on each call.
#[derive(Clone, Debug)]
pub struct Credentials {
    authorization: MetadataValue<Ascii>,
    project: Option<MetadataValue<Ascii>>,
    timeout: Duration,
}

impl Interceptor for Credentials {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let metadata = request.metadata_mut();
        metadata.insert("authorization", self.authorization.clone());
        if let Some(project) = &self.project {
            metadata.insert("x-perennial-project", project.clone());
        }
        if !metadata.contains_key("grpc-timeout") {
            request.set_timeout(self.timeout);
        }
        Ok(request)
    }
}

/// Settings of a connection.
#[derive(Clone, Debug)]
pub struct Builder {
    address: String,
    key: String,
    project: Option<String>,
    timeout: Duration,
    retry: Retry,
}

/// A connection to a Perennial installation. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    transport: Transport,
    retry: Retry,
}

impl Builder {
    /// Acts in this project (id or name); needs a key with the operator right.
    #[must_use]
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into());
        self
    }

    /// Longest time a call may take. Default 30 seconds.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How calls made through [`Client::call`] are retried.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Connects on the first call.
    pub fn connect_lazy(self) -> Result<Client, Error> {
        let url = if self.address.contains("://") {
            self.address.clone()
        } else {
            format!("http://{}", self.address)
        };
        let bad = |what: &str| Error::Setup(format!("{what} `{}` cannot be used", self.address));
        let channel = Endpoint::from_shared(url)
            .map_err(|_| bad("the address"))?
            .tcp_nodelay(true)
            .connect_timeout(Duration::from_secs(5))
            .connect_lazy();
        let value = |text: String| {
            MetadataValue::try_from(text).map_err(|_| {
                Error::Setup("the key or project has characters that cannot be sent".into())
            })
        };
        let credentials = Credentials {
            authorization: value(format!("Bearer {}", self.key))?,
            project: self.project.clone().map(value).transpose()?,
            timeout: self.timeout,
        };
        Ok(Client {
            transport: InterceptedService::new(channel, credentials),
            retry: self.retry,
        })
    }
}

impl Client {
    /// A connection to `host:port` or a URL, with an API key.
    pub fn builder(address: impl Into<String>, key: impl Into<String>) -> Builder {
        Builder {
            address: address.into(),
            key: key.into(),
            project: None,
            timeout: Duration::from_secs(30),
            retry: Retry::default(),
        }
    }

    /// Makes one logical call. `attempt` gets the same fresh request id each time it is
    /// tried, so a change that was made but not answered is not made twice.
    pub async fn call<Answer, Attempt, Pending>(&self, attempt: Attempt) -> Result<Answer, Error>
    where
        Attempt: Fn(String) -> Pending,
        Pending: Future<Output = Result<tonic::Response<Answer>, Status>>,
    {
        self.retry.run(attempt).await
    }
}

/// One accessor per generated client.
macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident: $client:ident;)*) => {
        impl Client {
            $($(#[$doc])*
            pub fn $name(&self) -> $client<Transport> {
                $client::new(self.transport.clone())
                    .max_decoding_message_size(MAX_MESSAGE)
                    .max_encoding_message_size(MAX_MESSAGE)
            })*
        }
    };
}

clients! {
    /// Projects.
    projects: ProjectServiceClient;
    /// API keys.
    keys: KeyServiceClient;
    /// Test clocks; see also [`Client::advance_clock`].
    clocks: ClockServiceClient;
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
    /// Meters.
    meters: MeterServiceClient;
    /// Usage events and queries.
    usage: UsageServiceClient;
    /// Features.
    features: FeatureServiceClient;
    /// Plans.
    plans: PlanServiceClient;
    /// Add-ons.
    addons: AddonServiceClient;
    /// Add-ons of plans.
    plan_addons: PlanAddonServiceClient;
    /// Entitlements and access.
    entitlements: EntitlementServiceClient;
    /// Promotional access, and what customers may use until when.
    access: AccessServiceClient;
    /// Grants.
    grants: GrantServiceClient;
    /// Subscriptions.
    subscriptions: SubscriptionServiceClient;
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
    /// Invoicing apps.
    apps: AppServiceClient;
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

impl Client {
    /// What clients are made on that are not listed here.
    pub fn transport(&self) -> Transport {
        self.transport.clone()
    }
}
