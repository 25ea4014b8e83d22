//! Terms, purchases and payments: domain → wire.

use contract::convert::{decimal, timestamp};
use contract::subscription::v1 as pb;
use kernel::currency::Currency;
use kernel::money::Money;

use crate::domain::term::money::Revenue;
use crate::domain::term::view::{Renewal, Status, View};
use crate::domain::term::{Amount, Environment, Origin, Ownership, Payment, Store};
use crate::error::SubscriptionError;
use crate::store::purchase::Stored;
use crate::terms::{Known, Products};

/// A term as it is now.
pub fn term(known: &Known, view: &View, products: &Products, revenue: Revenue) -> pb::Term {
    let facts = &known.facts;
    let found = view
        .product
        .as_ref()
        .and_then(|product| products.find(product));
    let pending = view
        .pending
        .as_ref()
        .and_then(|product| products.find(product));
    pb::Term {
        id: known.term.id.to_string(),
        short_id: known.term.short_id.clone(),
        customer_id: facts.customer.to_string(),
        original_customer_id: facts.original_customer.to_string(),
        origin: origin(facts.origin).into(),
        source_id: known.term.source_id.clone(),
        product_key: view
            .product
            .as_ref()
            .map_or_else(String::new, |product| product.key.clone()),
        product_id: found.map_or_else(String::new, |product| product.id.clone()),
        product_short_id: found.map_or_else(String::new, |product| product.short_id.clone()),
        store: store(facts.store).into(),
        environment: environment(facts.environment).into(),
        ownership: ownership(facts.ownership).into(),
        country_code: facts.country.clone().unwrap_or_default(),
        management_url: facts.management_url.clone().unwrap_or_default(),
        store_subscription_identifier: facts.identifier.clone(),
        start_time: Some(timestamp(facts.start())),
        current_period_start_time: Some(timestamp(view.period_start)),
        current_period_end_time: view.period_end.map(timestamp),
        end_time: view.end.map(timestamp),
        access_end_time: view.access_end.map(timestamp),
        gives_access: view.gives_access,
        pending_payment: view.pending_payment,
        status: status(view.status).into(),
        auto_renewal_status: renewal(view.renewal).into(),
        pending_product_id: pending.map_or_else(String::new, |product| product.id.clone()),
        revenue: Some(usd(revenue)),
        presented_offering_id: facts.offering.clone().unwrap_or_default(),
        monthly_value: view.monthly.as_ref().and_then(money),
        entitlement_key: facts.entitlement.clone().unwrap_or_default(),
        create_time: Some(timestamp(known.term.created)),
        period_duration: view
            .product
            .as_ref()
            .and_then(|product| product.duration.as_ref())
            .map_or_else(String::new, |length| length.as_str().to_owned()),
    }
}

/// A purchase as it is now.
pub fn purchase(stored: &Stored, products: &Products, revenue: Revenue) -> pb::Purchase {
    let facts = &stored.facts;
    let found = products.find(&facts.product);
    let status = if facts.refunded.is_some() {
        pb::PurchaseStatus::Refunded
    } else {
        pb::PurchaseStatus::Owned
    };
    pb::Purchase {
        id: stored.id.to_string(),
        short_id: stored.short_id.clone(),
        customer_id: facts.customer.to_string(),
        original_customer_id: facts.original_customer.to_string(),
        origin: if stored.is_reported() {
            pb::TermOrigin::Probe.into()
        } else {
            pb::TermOrigin::Store.into()
        },
        product_key: facts.product.key.clone(),
        product_id: found.map_or_else(String::new, |product| product.id.clone()),
        product_short_id: found.map_or_else(String::new, |product| product.short_id.clone()),
        purchase_time: Some(timestamp(facts.at)),
        quantity: facts.quantity,
        status: status.into(),
        revenue: Some(usd(revenue)),
        presented_offering_id: facts.offering.clone().unwrap_or_default(),
        store: store(facts.store).into(),
        environment: environment(facts.environment).into(),
        ownership: ownership(facts.ownership).into(),
        country_code: facts.country.clone().unwrap_or_default(),
        store_purchase_identifier: facts.identifier.clone(),
        create_time: Some(timestamp(stored.created)),
    }
}

/// A payment.
pub fn payment(payment: &Payment) -> pb::Payment {
    pb::Payment {
        id: payment.id.clone(),
        time: Some(timestamp(payment.at)),
        amount: money(&payment.amount),
        tax_share: Some(decimal(payment.tax)),
        commission_share: Some(decimal(payment.commission)),
        imputed: payment.imputed,
    }
}

/// An amount; none in a currency that is unknown by now.
pub fn money(amount: &Amount) -> Option<contract::kernel::v1::Money> {
    let currency = Currency::parse(&amount.currency).ok()?;
    Some(contract::convert::money(Money::new(amount.value, currency)))
}

fn usd(revenue: Revenue) -> pb::UsdRevenue {
    pb::UsdRevenue {
        gross: Some(decimal(revenue.gross)),
        tax: Some(decimal(revenue.tax)),
        commission: Some(decimal(revenue.commission)),
        proceeds: Some(decimal(revenue.proceeds)),
    }
}

fn origin(origin: Origin) -> pb::TermOrigin {
    match origin {
        Origin::Plan => pb::TermOrigin::Plan,
        Origin::Profitwell => pb::TermOrigin::Profitwell,
        Origin::Probe => pb::TermOrigin::Probe,
        Origin::Store => pb::TermOrigin::Store,
        Origin::Promotional => pb::TermOrigin::Promotional,
    }
}

/// A store.
pub fn store(store: Store) -> pb::Store {
    match store {
        Store::Amazon => pb::Store::Amazon,
        Store::AppStore => pb::Store::AppStore,
        Store::MacAppStore => pb::Store::MacAppStore,
        Store::PlayStore => pb::Store::PlayStore,
        Store::Promotional => pb::Store::Promotional,
        Store::Stripe => pb::Store::Stripe,
        Store::BuiltIn => pb::Store::BuiltIn,
    }
}

/// An environment.
pub fn environment(environment: Environment) -> pb::StoreEnvironment {
    match environment {
        Environment::Production => pb::StoreEnvironment::Production,
        Environment::Sandbox => pb::StoreEnvironment::Sandbox,
    }
}

/// The environment of a filter or a transaction; none: not said.
pub fn environment_from(value: i32) -> Result<Option<Environment>, SubscriptionError> {
    match pb::StoreEnvironment::try_from(value) {
        Ok(pb::StoreEnvironment::Unspecified) => Ok(None),
        Ok(pb::StoreEnvironment::Production) => Ok(Some(Environment::Production)),
        Ok(pb::StoreEnvironment::Sandbox) => Ok(Some(Environment::Sandbox)),
        Err(_) => Err(SubscriptionError::field("environment", "is not known")),
    }
}

/// An ownership.
pub fn ownership(ownership: Ownership) -> pb::Ownership {
    match ownership {
        Ownership::Purchased => pb::Ownership::Purchased,
        Ownership::FamilyShared => pb::Ownership::FamilyShared,
    }
}

fn status(status: Status) -> pb::TermStatus {
    match status {
        Status::Trialing => pb::TermStatus::Trialing,
        Status::Active => pb::TermStatus::Active,
        Status::Expired => pb::TermStatus::Expired,
        Status::InGracePeriod => pb::TermStatus::InGracePeriod,
        Status::InBillingRetry => pb::TermStatus::InBillingRetry,
        Status::Paused => pb::TermStatus::Paused,
        Status::Unknown => pb::TermStatus::Unknown,
        Status::Incomplete => pb::TermStatus::Incomplete,
    }
}

fn renewal(renewal: Renewal) -> pb::AutoRenewalStatus {
    match renewal {
        Renewal::WillRenew => pb::AutoRenewalStatus::WillRenew,
        Renewal::WillNotRenew => pb::AutoRenewalStatus::WillNotRenew,
        Renewal::WillChangeProduct => pb::AutoRenewalStatus::WillChangeProduct,
        Renewal::WillPause => pb::AutoRenewalStatus::WillPause,
        Renewal::RequiresConsent => pb::AutoRenewalStatus::RequiresPriceIncreaseConsent,
        Renewal::HasAlreadyRenewed => pb::AutoRenewalStatus::HasAlreadyRenewed,
    }
}
