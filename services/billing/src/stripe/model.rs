//! The parts of Stripe's objects that billing reads. Whatever else an answer has is ignored.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::StripeError;

/// An account.
#[derive(Clone, Debug, Deserialize)]
pub struct AccountInfo {
    /// `acct_…`.
    pub id: String,
    /// Two-letter code.
    pub country: Option<String>,
    /// What customers see.
    pub business_profile: Option<BusinessProfile>,
}

/// What customers see of an account.
#[derive(Clone, Debug, Deserialize)]
pub struct BusinessProfile {
    /// Name.
    pub name: Option<String>,
}

/// A webhook endpoint as its creation answers it.
#[derive(Clone, Debug, Deserialize)]
pub struct WebhookEndpoint {
    /// `we_…`.
    pub id: String,
    /// Signs the events; answered only once.
    pub secret: String,
}

/// Something that is or is not deleted.
#[derive(Clone, Debug, Deserialize)]
pub struct Deleted {}

/// Either an id or the thing itself, as the call asked to expand it.
#[derive(Clone, Debug)]
pub enum Expandable<T> {
    /// Only the id.
    Id(String),
    /// In full.
    Full(T),
}

impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for Expandable<T> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        match serde_json::Value::deserialize(reader)? {
            serde_json::Value::String(id) => Ok(Self::Id(id)),
            value @ (serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Number(_)
            | serde_json::Value::Array(_)
            | serde_json::Value::Object(_)) => serde_json::from_value(value)
                .map(Self::Full)
                .map_err(D::Error::custom),
        }
    }
}

/// Something of which only the id counts.
#[derive(Clone, Debug, Deserialize)]
pub struct Named {
    /// The id.
    pub id: String,
}

impl Expandable<Named> {
    /// The id in either form.
    pub fn id(&self) -> &str {
        match self {
            Self::Id(id) => id,
            Self::Full(full) => &full.id,
        }
    }
}

/// A customer.
#[derive(Clone, Debug, Deserialize)]
pub struct Customer {
    /// `cus_…`.
    pub id: String,
    /// Whether it was deleted.
    #[serde(default)]
    pub deleted: bool,
    /// E-mail address.
    pub email: Option<String>,
    /// Settings for invoices.
    pub invoice_settings: Option<InvoiceSettings>,
    /// What is known about its taxes.
    pub tax: Option<CustomerTax>,
}

/// A customer's settings for invoices.
#[derive(Clone, Debug, Deserialize)]
pub struct InvoiceSettings {
    /// The payment method that is charged.
    pub default_payment_method: Option<Expandable<PaymentMethod>>,
}

/// What is known about a customer's taxes.
#[derive(Clone, Debug, Deserialize)]
pub struct CustomerTax {
    /// `supported`, `not_collecting`, `failed` or `unrecognized_location`.
    pub automatic_tax: Option<String>,
}

/// A payment method.
#[derive(Clone, Debug, Deserialize)]
pub struct PaymentMethod {
    /// The customer it is attached to.
    pub customer: Option<Expandable<Named>>,
    /// Who pays.
    pub billing_details: Option<BillingDetails>,
}

/// Who pays.
#[derive(Clone, Debug, Deserialize)]
pub struct BillingDetails {
    /// Where.
    pub address: Option<Address>,
}

/// An address; every part may be unknown.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Address {
    /// Two-letter code.
    pub country: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// City.
    pub city: Option<String>,
    /// First line.
    pub line1: Option<String>,
}

impl Address {
    /// Whether anything is known.
    pub fn is_known(&self) -> bool {
        [&self.country, &self.postal_code, &self.city, &self.line1]
            .into_iter()
            .any(|part| part.as_deref().is_some_and(|text| !text.is_empty()))
    }
}

/// Where an invoice stands at Stripe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceStatus {
    /// Can be changed.
    Draft,
    /// Is to be paid.
    Open,
    /// Paid.
    Paid,
    /// Given up.
    Uncollectible,
    /// Void.
    Void,
}

/// An invoice.
#[derive(Clone, Debug, Deserialize)]
pub struct StripeInvoice {
    /// `in_…`.
    pub id: String,
    /// Where it stands.
    pub status: Option<InvoiceStatus>,
    /// Number for people; none before it is final.
    pub number: Option<String>,
    /// What collects the payment.
    pub payment_intent: Option<Expandable<Named>>,
    /// Free pairs; ours name the invoice.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// Why it could not be made final.
    pub last_finalization_error: Option<ErrorBody>,
}

/// One line of an invoice.
#[derive(Clone, Debug, Deserialize)]
pub struct StripeLine {
    /// `il_…`.
    pub id: String,
    /// The item behind it: `ii_…`.
    pub invoice_item: Option<Expandable<Named>>,
    /// Minor units.
    pub amount: i64,
    /// Text for people.
    pub description: Option<String>,
    /// What it charges for.
    pub period: Option<StripePeriod>,
    /// Free pairs; ours name the line.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

/// A span in unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct StripePeriod {
    /// First second.
    pub start: i64,
    /// Last second.
    pub end: i64,
}

/// A page of a list.
#[derive(Clone, Debug, Deserialize)]
pub struct List<T> {
    /// The page.
    pub data: Vec<T>,
    /// Whether another one follows.
    #[serde(default)]
    pub has_more: bool,
}

/// A page where a payment method is entered.
#[derive(Clone, Debug, Deserialize)]
pub struct CheckoutSession {
    /// `cs_…`.
    pub id: String,
    /// What stores the payment method.
    pub setup_intent: Option<Expandable<Named>>,
    /// For embedded pages.
    pub client_secret: Option<String>,
    /// As given.
    pub client_reference_id: Option<String>,
    /// What the page shows.
    pub customer_details: Option<CustomerDetails>,
    /// What the page shows, when set by the call.
    pub customer_email: Option<String>,
    /// Lower-case code.
    pub currency: Option<String>,
    /// Unix seconds.
    pub created: i64,
    /// Unix seconds.
    pub expires_at: Option<i64>,
    /// Free pairs.
    pub metadata: Option<BTreeMap<String, String>>,
    /// Such as `open`.
    pub status: Option<String>,
    /// Address of the page.
    pub url: Option<String>,
    /// Where giving up leads.
    pub cancel_url: Option<String>,
    /// Where success leads.
    pub success_url: Option<String>,
    /// Where an embedded page leads.
    pub return_url: Option<String>,
}

/// What a page shows about the customer.
#[derive(Clone, Debug, Deserialize)]
pub struct CustomerDetails {
    /// E-mail address.
    pub email: Option<String>,
}

/// A page where a customer sees its invoices.
#[derive(Clone, Debug, Deserialize)]
pub struct PortalSession {
    /// `bps_…`.
    pub id: String,
    /// The configuration.
    pub configuration: Expandable<Named>,
    /// Whether real money moves.
    pub livemode: bool,
    /// Unix seconds.
    pub created: i64,
    /// Where it leads back to.
    pub return_url: Option<String>,
    /// Language.
    pub locale: Option<String>,
    /// Address.
    pub url: String,
}

/// What a code was exchanged for.
#[derive(Clone, Deserialize)]
pub struct Exchanged {
    /// The key of the account.
    pub access_token: String,
}

/// An event that arrived.
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    /// `evt_…`.
    pub id: String,
    /// Such as `invoice.paid`.
    pub r#type: String,
    /// Unix seconds.
    pub created: i64,
    /// What it is about.
    pub data: EventData,
}

/// What an event is about.
#[derive(Clone, Debug, Deserialize)]
pub struct EventData {
    /// The thing as it was when the event happened.
    pub object: EventObject,
}

/// The parts of it that count.
#[derive(Clone, Debug, Deserialize)]
pub struct EventObject {
    /// Its id.
    pub id: Option<String>,
    /// Free pairs.
    pub metadata: Option<BTreeMap<String, String>>,
    /// The payment method of a setup intent.
    pub payment_method: Option<Expandable<Named>>,
    /// The customer of a setup intent.
    pub customer: Option<Expandable<Named>>,
}

/// What is wrong, as Stripe tells it.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ErrorBody {
    /// Code such as `resource_missing`.
    pub code: Option<String>,
    /// Kind such as `idempotency_error`.
    pub r#type: Option<String>,
    /// Sentence for people.
    pub message: Option<String>,
}

/// The body of a refusal; that of the OAuth2 endpoint differs.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Refusal {
    error: Option<serde_json::Value>,
    error_description: Option<String>,
}

impl Refusal {
    /// The error that it tells.
    pub(super) fn into_error(self, status: u16) -> StripeError {
        let body = match self.error {
            Some(serde_json::Value::String(code)) => ErrorBody {
                code: Some(code),
                r#type: None,
                message: self.error_description,
            },
            Some(value) => serde_json::from_value(value).unwrap_or_default(),
            None => ErrorBody::default(),
        };
        StripeError::Refused {
            status,
            code: body.code.or(body.r#type).unwrap_or_default(),
            message: body
                .message
                .unwrap_or_else(|| format!("the call was refused with status {status}")),
        }
    }
}
