//! Transactions of stores: wire ↔ domain. Limits are checked here, all that a transaction needs by its kind too.

use contract::convert::{decimal, from_optional_decimal, from_optional_timestamp, timestamp};
use contract::customer::v1::{CustomerRef, customer_ref::Ref};
use contract::subscription::v1::{self as pb, StoreTransactionType as Type};
use jiff::Timestamp;
use kernel::Decimal;
use kernel::calendar::truncate_to_micros;
use kernel::decimal as number;

use super::term::{environment, environment_from, money, ownership, store};
use crate::domain::store_transaction::{Kind, Transaction};
use crate::domain::term::{Amount, Environment, Ownership, Product, Store};
use crate::error::SubscriptionError;

const ID_LENGTH_MAX: usize = 255;
const OFFERING_LENGTH_MAX: usize = 200;
const URL_LENGTH_MAX: usize = 2048;
const QUANTITY_MAX: i32 = 1_000_000;

type Outcome<T> = Result<T, SubscriptionError>;

/// A transaction as it was asked for, before customer and product are looked up.
#[derive(Clone, Debug)]
pub struct Asked {
    /// All of it but customer and product.
    pub transaction: Transaction,
    /// The customer.
    pub customer: Option<Ref>,
    /// ULID or short id of the product; empty: none.
    pub product: String,
    /// Whether the share that the store keeps was said.
    pub commission_told: bool,
}

/// Reads a transaction.
pub fn from_proto(wire: &pb::StoreTransaction) -> Outcome<Asked> {
    let id = text("id", &wire.id, 1, ID_LENGTH_MAX)?;
    let kind = kind_from(wire.r#type)?;
    let store = store_from(wire.store)?;
    let environment = environment_from(wire.environment)
        .map_err(|_| field("environment", "is not known"))?
        .unwrap_or(Environment::Production);
    let subscription = text(
        "store_subscription_identifier",
        &wire.store_subscription_identifier,
        0,
        ID_LENGTH_MAX,
    )?;
    let target = text(
        "target_transaction_id",
        &wire.target_transaction_id,
        0,
        ID_LENGTH_MAX,
    )?;
    let at = instant("time", wire.time.as_ref())?.ok_or_else(|| field("time", "is required"))?;
    let customer = wire.customer.as_ref().and_then(|by| by.r#ref.clone());
    if [Kind::Purchase, Kind::Transfer].contains(&kind) && customer.is_none() {
        return Err(field(
            "customer",
            "is required of a purchase and a transfer",
        ));
    }
    let product = wire.product_id.clone();
    if [Kind::Purchase, Kind::ProductChange].contains(&kind) && product.is_empty() {
        return Err(field(
            "product_id",
            "is required of a purchase and a change",
        ));
    }
    text("product_id", &product, 0, ID_LENGTH_MAX)?;
    if subscription.is_empty() {
        if ![Kind::Purchase, Kind::Refund, Kind::Transfer].contains(&kind) {
            return Err(field(
                "store_subscription_identifier",
                "is required of what can only happen to a subscription",
            ));
        }
        if kind != Kind::Purchase && target.is_empty() {
            return Err(field(
                "target_transaction_id",
                "is required where no subscription is named",
            ));
        }
    }
    let period_start = instant("period_start_time", wire.period_start_time.as_ref())?;
    let period_end = instant("period_end_time", wire.period_end_time.as_ref())?;
    if period_end.is_some_and(|end| end <= period_start.unwrap_or(at)) {
        return Err(field("period_end_time", "must be later than the start"));
    }
    let grace_until = instant("grace_period_end_time", wire.grace_period_end_time.as_ref())?;
    let resume_at = instant("resume_time", wire.resume_time.as_ref())?;
    if !(0..=QUANTITY_MAX).contains(&wire.quantity) {
        return Err(field("quantity", "must be from 1 to 1000000"));
    }
    if !subscription.is_empty() && wire.quantity > 1 {
        return Err(field("quantity", "must be 1 of a subscription"));
    }
    let commission = share("commission_share", wire.commission_share.as_ref())?;
    let country = Some(wire.country_code.clone()).filter(|code| !code.is_empty());
    if country
        .as_ref()
        .is_some_and(|code| code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_uppercase()))
    {
        return Err(field("country_code", "must be two upper-case letters"));
    }
    let url = Some(wire.management_url.clone()).filter(|url| !url.is_empty());
    if url
        .as_ref()
        .is_some_and(|url| url.chars().count() > URL_LENGTH_MAX || !url.starts_with("https://"))
    {
        return Err(field(
            "management_url",
            "must begin with https:// and be at most 2048 characters",
        ));
    }
    let offering = text(
        "presented_offering_id",
        &wire.presented_offering_id,
        0,
        OFFERING_LENGTH_MAX,
    )?;
    let transaction = Transaction {
        id,
        kind,
        store,
        environment,
        subscription,
        target,
        at,
        customer: None,
        product: None,
        ownership: ownership_from(wire.ownership)?,
        period_start,
        period_end,
        trial: wire.trial,
        price: price(wire)?,
        tax: share("tax_share", wire.tax_share.as_ref())?.unwrap_or_default(),
        commission: commission.unwrap_or_else(|| store.commission()),
        quantity: wire.quantity.max(1),
        revoke: wire.revoke,
        immediate: wire.immediate,
        grace_until,
        resume_at,
        offering: Some(offering).filter(|id| !id.is_empty()),
        country,
        management_url: url,
    };
    if number::add(transaction.tax, transaction.commission)
        .is_ok_and(|shares| shares > Decimal::ONE)
    {
        return Err(field(
            "commission_share",
            "and tax must not exceed the price",
        ));
    }
    Ok(Asked {
        transaction,
        customer,
        product,
        commission_told: commission.is_some(),
    })
}

/// A recorded transaction.
pub fn to_proto(transaction: &Transaction, recorded: Timestamp) -> pb::StoreTransaction {
    let customer = transaction.customer.map(|customer| CustomerRef {
        r#ref: Some(Ref::Id(customer.to_string())),
    });
    pb::StoreTransaction {
        id: transaction.id.clone(),
        r#type: kind(transaction.kind).into(),
        store: store(transaction.store).into(),
        environment: environment(transaction.environment).into(),
        store_subscription_identifier: transaction.subscription.clone(),
        target_transaction_id: transaction.target.clone(),
        time: Some(timestamp(transaction.at)),
        customer,
        product_id: product_id(transaction.product.as_ref()),
        ownership: ownership(transaction.ownership).into(),
        period_start_time: transaction.period_start.map(timestamp),
        period_end_time: transaction.period_end.map(timestamp),
        trial: transaction.trial,
        price: transaction.price.as_ref().and_then(money),
        tax_share: Some(decimal(transaction.tax)),
        commission_share: Some(decimal(transaction.commission)),
        quantity: transaction.quantity,
        revoke: transaction.revoke,
        immediate: transaction.immediate,
        grace_period_end_time: transaction.grace_until.map(timestamp),
        resume_time: transaction.resume_at.map(timestamp),
        presented_offering_id: transaction.offering.clone().unwrap_or_default(),
        country_code: transaction.country.clone().unwrap_or_default(),
        management_url: transaction.management_url.clone().unwrap_or_default(),
        record_time: Some(timestamp(recorded)),
    }
}

fn product_id(product: Option<&Product>) -> String {
    product.map_or_else(String::new, |product| product.id.clone())
}

fn price(wire: &pb::StoreTransaction) -> Outcome<Option<Amount>> {
    let Some(price) = &wire.price else {
        return Ok(None);
    };
    let read =
        contract::convert::from_money(price).map_err(|error| field("price", error.to_string()))?;
    if read.amount.is_sign_negative() && !read.amount.is_zero() {
        return Err(field("price", "must not be negative"));
    }
    if wire.trial && !read.amount.is_zero() {
        return Err(field("price", "must be absent of a trial"));
    }
    Ok(Some(Amount {
        value: read.amount,
        currency: read.currency.code().to_owned(),
    }))
}

fn share(name: &str, wire: Option<&contract::kernel::v1::Decimal>) -> Outcome<Option<Decimal>> {
    let read = from_optional_decimal(wire).map_err(|error| field(name, error.to_string()))?;
    match read {
        Some(share) if !(Decimal::ZERO..=Decimal::ONE).contains(&share) => {
            Err(field(name, "must be from 0 to 1"))
        }
        read => Ok(read),
    }
}

fn instant(name: &str, wire: Option<&prost_types::Timestamp>) -> Outcome<Option<Timestamp>> {
    let read = from_optional_timestamp(wire).map_err(|error| field(name, error.to_string()))?;
    Ok(read.map(truncate_to_micros))
}

fn text(name: &str, value: &str, least: usize, most: usize) -> Outcome<String> {
    let length = value.chars().count();
    if length < least || length > most {
        let wrong = format!("must be {least} to {most} characters");
        return Err(field(name, wrong));
    }
    if value.contains('\0') {
        return Err(field(name, "must not contain the character U+0000"));
    }
    Ok(value.to_owned())
}

fn field(name: &str, wrong: impl Into<String>) -> SubscriptionError {
    SubscriptionError::field(format!("transaction.{name}"), wrong)
}

fn kind_from(value: i32) -> Outcome<Kind> {
    match Type::try_from(value) {
        Ok(Type::Purchase) => Ok(Kind::Purchase),
        Ok(Type::Renewal) => Ok(Kind::Renewal),
        Ok(Type::Cancellation) => Ok(Kind::Cancellation),
        Ok(Type::Uncancellation) => Ok(Kind::Uncancellation),
        Ok(Type::BillingIssue) => Ok(Kind::BillingIssue),
        Ok(Type::Refund) => Ok(Kind::Refund),
        Ok(Type::ProductChange) => Ok(Kind::ProductChange),
        Ok(Type::Pause) => Ok(Kind::Pause),
        Ok(Type::Resume) => Ok(Kind::Resume),
        Ok(Type::Transfer) => Ok(Kind::Transfer),
        Ok(Type::Expiration) => Ok(Kind::Expiration),
        Ok(Type::PriceIncreaseAsked) => Ok(Kind::PriceAsked),
        Ok(Type::PriceIncreaseAgreed) => Ok(Kind::PriceAgreed),
        Ok(Type::Unspecified) | Err(_) => Err(field("type", "is required")),
    }
}

fn kind(kind: Kind) -> Type {
    match kind {
        Kind::Purchase => Type::Purchase,
        Kind::Renewal => Type::Renewal,
        Kind::Cancellation => Type::Cancellation,
        Kind::Uncancellation => Type::Uncancellation,
        Kind::BillingIssue => Type::BillingIssue,
        Kind::Refund => Type::Refund,
        Kind::ProductChange => Type::ProductChange,
        Kind::Pause => Type::Pause,
        Kind::Resume => Type::Resume,
        Kind::Transfer => Type::Transfer,
        Kind::Expiration => Type::Expiration,
        Kind::PriceAsked => Type::PriceIncreaseAsked,
        Kind::PriceAgreed => Type::PriceIncreaseAgreed,
    }
}

fn store_from(value: i32) -> Outcome<Store> {
    match pb::Store::try_from(value) {
        Ok(pb::Store::Amazon) => Ok(Store::Amazon),
        Ok(pb::Store::AppStore) => Ok(Store::AppStore),
        Ok(pb::Store::MacAppStore) => Ok(Store::MacAppStore),
        Ok(pb::Store::PlayStore) => Ok(Store::PlayStore),
        Ok(pb::Store::Stripe) => Ok(Store::Stripe),
        Ok(pb::Store::BuiltIn) => Ok(Store::BuiltIn),
        Ok(pb::Store::Promotional) => Err(field("store", "has no transactions")),
        Ok(pb::Store::Unspecified) | Err(_) => Err(field("store", "is required")),
    }
}

fn ownership_from(value: i32) -> Outcome<Ownership> {
    match pb::Ownership::try_from(value) {
        Ok(pb::Ownership::Unspecified | pb::Ownership::Purchased) => Ok(Ownership::Purchased),
        Ok(pb::Ownership::FamilyShared) => Ok(Ownership::FamilyShared),
        Err(_) => Err(field("ownership", "is not known")),
    }
}
