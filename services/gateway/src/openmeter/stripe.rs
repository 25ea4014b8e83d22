//! Stripe: its webhook, the key of an app, and the pages for customers (billing text §24.3).

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use chassis::auth::Grants;
use contract::billing::v1 as pb;
use kernel::id::ProjectId;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::customers::{CustomerInput, create_from, find_live};
use super::decode::from_json;
use super::error::{Problem, ProblemDocument};
use super::extract::{Body, Call, Path};
use super::scalars::{
    Annotations, CurrencyCode, Filled, Metadata, Text, Time, Ulid, metadata, optional,
};
use super::value::{required_time, time};
use crate::Shared;

/// Largest event that is taken.
const EVENT_MAX: usize = 64 * 1024;

/// A new key.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct StripeAPIKeyInput {
    #[serde(rename = "secretAPIKey")]
    secret_api_key: Filled,
}

/// Replaces the key of a Stripe app.
#[utoipa::path(
    put, path = "/api/v1/apps/{id}/stripe/api-key", operation_id = "updateStripeAPIKey", tag = "App: Stripe",
    params(("id" = String, Path)),
    request_body = StripeAPIKeyInput,
    responses((status = 204), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn update_key(
    call: Call,
    Path(id): Path<String>,
    Body(input): Body<StripeAPIKeyInput>,
) -> Result<StatusCode, Problem> {
    let request = pb::ReplaceAppApiKeyRequest {
        app_id: id,
        api_key: input.secret_api_key.into(),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .apps()
        .replace_app_api_key(call.rpc(request))
        .await;
    call.take(answer)?;
    Ok(StatusCode::NO_CONTENT)
}

/// What an event is about.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the body, which is read byte for byte")]
pub(crate) struct StripeWebhookEventData {
    #[schema(value_type = Annotations)]
    object: Annotations,
}

/// An event of Stripe.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the body, which is read byte for byte")]
pub(crate) struct StripeWebhookEvent {
    id: String,
    r#type: String,
    livemode: bool,
    created: i32,
    #[schema(inline)]
    data: StripeWebhookEventData,
}

/// What became of an event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StripeWebhookResponse {
    #[schema(value_type = Ulid)]
    namespace_id: String,
    #[schema(value_type = Ulid)]
    app_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Ulid>)]
    customer_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// Takes an event of Stripe. There is no key: the signature is the credential.
#[utoipa::path(
    post, path = "/api/v1/apps/{id}/stripe/webhook", operation_id = "appStripeWebhook", tag = "App: Stripe",
    params(("id" = String, Path)),
    request_body = StripeWebhookEvent,
    responses((status = 200, body = StripeWebhookResponse), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn webhook(
    State(gateway): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<StripeWebhookResponse>, Problem> {
    if body.len() > EVENT_MAX {
        return Err(Problem::invalid("the body is longer than 64 KiB"));
    }
    let signature = headers
        .get("stripe-signature")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    // The app decides the project, so the question is asked in none; and it is the gateway
    // itself that asks, since nobody else may.
    let asking = gateway.gate.context(
        ProjectId::from_ulid(ulid::Ulid::nil()),
        "stripe",
        Grants::Service,
    );
    let request = pb::ReceiveStripeEventRequest {
        app_id: id,
        payload: body.to_vec(),
        signature: signature.to_owned(),
    };
    let answer = gateway
        .clients
        .apps()
        .receive_stripe_event(asking.request(request))
        .await?
        .into_inner();
    Ok(Json(StripeWebhookResponse {
        namespace_id: answer.project_id,
        app_id: answer.app_id,
        customer_id: optional(answer.customer_id),
        message: optional(answer.message),
    }))
}

/// Settings of a page where a customer sees its invoices.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateStripeCustomerPortalSessionParams {
    configuration_id: Option<String>,
    locale: Option<String>,
    return_url: Option<String>,
}

/// A page where a customer sees its invoices.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StripeCustomerPortalSession {
    id: String,
    stripe_customer_id: String,
    configuration_id: String,
    livemode: bool,
    created_at: Time,
    return_url: String,
    locale: String,
    url: String,
}

/// Opens a page where a customer sees its invoices.
#[utoipa::path(
    post, path = "/api/v1/customers/{customerIdOrKey}/stripe/portal", operation_id = "createCustomerStripePortalSession", tag = "Customers",
    params(("customerIdOrKey" = String, Path)),
    request_body = CreateStripeCustomerPortalSessionParams,
    responses((status = 201, body = StripeCustomerPortalSession), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn portal(
    call: Call,
    Path(customer): Path<String>,
    Body(params): Body<CreateStripeCustomerPortalSessionParams>,
) -> Result<(StatusCode, Json<StripeCustomerPortalSession>), Problem> {
    let customer = find_live(&call, customer).await?;
    let request = pb::CreateStripePortalSessionRequest {
        customer_id: customer.id,
        configuration_id: params.configuration_id.unwrap_or_default(),
        return_url: params.return_url.unwrap_or_default(),
        locale: params.locale.unwrap_or_default(),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .customer_apps()
        .create_stripe_portal_session(call.rpc(request))
        .await;
    let session = call.take(answer)?;
    let shown = StripeCustomerPortalSession {
        id: session.session_id,
        stripe_customer_id: session.stripe_customer_id,
        configuration_id: session.configuration_id,
        livemode: session.live_mode,
        created_at: required_time(session.create_time.as_ref())?,
        return_url: session.return_url,
        locale: session.locale,
        url: session.url,
    };
    Ok((StatusCode::CREATED, Json(shown)))
}

/// A customer by id.
#[derive(Debug, ToSchema)]
pub(crate) struct CustomerId {
    id: Ulid,
}

/// A customer by key.
#[derive(Debug, ToSchema)]
pub(crate) struct CustomerKey {
    key: String,
}

/// A customer: a known one, or one that is made on the way.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
pub(crate) enum CheckoutCustomer {
    /// By id.
    Id(CustomerId),
    /// By key.
    Key(CustomerKey),
    /// To be made: it has a name.
    New(Box<CustomerInput>),
}

impl<'de> Deserialize<'de> for CheckoutCustomer {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let value = serde_json::Value::deserialize(reader)?;
        let text = |name: &str| {
            value
                .get(name)
                .and_then(serde_json::Value::as_str)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        if text("name").is_some() {
            return from_json(&value)
                .map(|input| Self::New(Box::new(input)))
                .map_err(D::Error::custom);
        }
        match (text("id"), text("key")) {
            (Some(id), _) => Ok(Self::Id(CustomerId { id: Ulid(id) })),
            (None, Some(key)) => Ok(Self::Key(CustomerKey { key })),
            (None, None) => Err(D::Error::custom("must have an id, a key or a name")),
        }
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident => $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum $name { $($(#[$inner])* $variant,)* }

        impl $name {
            fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

words! {
    /// Whether the billing address is asked for.
    CreateStripeCheckoutSessionBillingAddressCollection {
        /// When it is needed.
        Auto => "auto",
        /// Always.
        Required => "required",
    }
}
words! {
    /// Whether Stripe changes something of its customer.
    CreateStripeCheckoutSessionCustomerUpdateBehavior {
        /// It does.
        Auto => "auto",
        /// It does not.
        Never => "never",
    }
}
words! {
    /// Where the note on storing the payment method stands.
    CreateStripeCheckoutSessionConsentCollectionPaymentMethodReuseAgreementPosition {
        /// As Stripe thinks best.
        Auto => "auto",
        /// Nowhere.
        Hidden => "hidden",
    }
}
words! {
    /// Whether consent to promotions is asked for.
    CreateStripeCheckoutSessionConsentCollectionPromotions {
        /// Where it is needed.
        Auto => "auto",
        /// Never.
        None => "none",
    }
}
words! {
    /// Whether consent to the terms of service is asked for.
    CreateStripeCheckoutSessionConsentCollectionTermsOfService {
        /// It is not.
        None => "none",
        /// It is.
        Required => "required",
    }
}
words! {
    /// Where the page is shown.
    CheckoutSessionUIMode {
        /// In a page of one's own.
        Embedded => "embedded",
        /// At Stripe.
        Hosted => "hosted",
    }
}
words! {
    /// Whether the customer is sent on afterwards.
    CreateStripeCheckoutSessionRedirectOnCompletion {
        /// Always.
        Always => "always",
        /// If the payment method needs it.
        IfRequired => "if_required",
        /// Never.
        Never => "never",
    }
}
words! {
    /// Whether a tax id is required.
    CreateCheckoutSessionTaxIdCollectionRequired {
        /// Where one is supported.
        IfSupported => "if_supported",
        /// Never.
        Never => "never",
    }
}

/// What Stripe may change of its customer.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateStripeCheckoutSessionCustomerUpdate {
    address: Option<CreateStripeCheckoutSessionCustomerUpdateBehavior>,
    name: Option<CreateStripeCheckoutSessionCustomerUpdateBehavior>,
    shipping: Option<CreateStripeCheckoutSessionCustomerUpdateBehavior>,
}

/// The note on storing the payment method.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateStripeCheckoutSessionConsentCollectionPaymentMethodReuseAgreement {
    position:
        Option<CreateStripeCheckoutSessionConsentCollectionPaymentMethodReuseAgreementPosition>,
}

/// Which consents are asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateStripeCheckoutSessionConsentCollection {
    payment_method_reuse_agreement:
        Option<CreateStripeCheckoutSessionConsentCollectionPaymentMethodReuseAgreement>,
    promotions: Option<CreateStripeCheckoutSessionConsentCollectionPromotions>,
    terms_of_service: Option<CreateStripeCheckoutSessionConsentCollectionTermsOfService>,
}

/// A text on the page.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CheckoutSessionText {
    message: Option<Text<0, 1200>>,
}

/// The texts on the page.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CheckoutSessionCustomTextAfterSubmitParams {
    #[schema(inline)]
    after_submit: Option<CheckoutSessionText>,
    #[schema(inline)]
    shipping_address: Option<CheckoutSessionText>,
    #[schema(inline)]
    submit: Option<CheckoutSessionText>,
    #[schema(inline)]
    terms_of_service_acceptance: Option<CheckoutSessionText>,
}

/// Whether tax ids are asked for.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateCheckoutSessionTaxIdCollection {
    enabled: bool,
    required: Option<CreateCheckoutSessionTaxIdCollectionRequired>,
}

/// Settings of a page where a payment method is entered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateStripeCheckoutSessionRequestOptions {
    billing_address_collection: Option<CreateStripeCheckoutSessionBillingAddressCollection>,
    #[serde(rename = "cancelURL")]
    cancel_url: Option<String>,
    #[serde(rename = "clientReferenceID")]
    client_reference_id: Option<String>,
    customer_update: Option<CreateStripeCheckoutSessionCustomerUpdate>,
    consent_collection: Option<CreateStripeCheckoutSessionConsentCollection>,
    currency: Option<CurrencyCode>,
    custom_text: Option<CheckoutSessionCustomTextAfterSubmitParams>,
    expires_at: Option<i64>,
    locale: Option<String>,
    metadata: Option<Metadata>,
    #[serde(rename = "returnURL")]
    return_url: Option<String>,
    #[serde(rename = "successURL")]
    success_url: Option<String>,
    ui_mode: Option<CheckoutSessionUIMode>,
    payment_method_types: Option<Vec<String>>,
    redirect_on_completion: Option<CreateStripeCheckoutSessionRedirectOnCompletion>,
    tax_id_collection: Option<CreateCheckoutSessionTaxIdCollection>,
}

impl CreateStripeCheckoutSessionRequestOptions {
    /// The settings by the names of Stripe's API.
    fn parameters(&self) -> BTreeMap<String, String> {
        let mut all: Vec<(&str, Option<String>)> = vec![
            (
                "billing_address_collection",
                self.billing_address_collection
                    .map(|word| word.word().to_owned()),
            ),
            ("cancel_url", self.cancel_url.clone()),
            ("client_reference_id", self.client_reference_id.clone()),
            ("expires_at", self.expires_at.map(|at| at.to_string())),
            ("locale", self.locale.clone()),
            ("return_url", self.return_url.clone()),
            ("success_url", self.success_url.clone()),
            ("ui_mode", self.ui_mode.map(|word| word.word().to_owned())),
            (
                "payment_method_types",
                self.payment_method_types
                    .as_ref()
                    .map(|types| types.join(",")),
            ),
            (
                "redirect_on_completion",
                self.redirect_on_completion
                    .map(|word| word.word().to_owned()),
            ),
        ];
        if let Some(update) = &self.customer_update {
            for (name, word) in [
                ("customer_update[address]", update.address),
                ("customer_update[name]", update.name),
                ("customer_update[shipping]", update.shipping),
            ] {
                all.push((name, word.map(|word| word.word().to_owned())));
            }
        }
        if let Some(consent) = &self.consent_collection {
            let position = consent
                .payment_method_reuse_agreement
                .as_ref()
                .and_then(|agreement| agreement.position);
            all.push((
                "consent_collection[payment_method_reuse_agreement][position]",
                position.map(|word| word.word().to_owned()),
            ));
            all.push((
                "consent_collection[promotions]",
                consent.promotions.map(|word| word.word().to_owned()),
            ));
            all.push((
                "consent_collection[terms_of_service]",
                consent.terms_of_service.map(|word| word.word().to_owned()),
            ));
        }
        if let Some(text) = &self.custom_text {
            for (name, part) in [
                ("custom_text[after_submit][message]", &text.after_submit),
                (
                    "custom_text[shipping_address][message]",
                    &text.shipping_address,
                ),
                ("custom_text[submit][message]", &text.submit),
                (
                    "custom_text[terms_of_service_acceptance][message]",
                    &text.terms_of_service_acceptance,
                ),
            ] {
                let message = part.as_ref().and_then(|part| part.message.clone());
                all.push((name, message.map(String::from)));
            }
        }
        if let Some(tax) = &self.tax_id_collection {
            all.push(("tax_id_collection[enabled]", Some(tax.enabled.to_string())));
            all.push((
                "tax_id_collection[required]",
                tax.required.map(|word| word.word().to_owned()),
            ));
        }
        all.into_iter()
            .filter_map(|(name, value)| value.map(|value| (name.to_owned(), value)))
            .collect()
    }
}

/// A page where a payment method is entered, as asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateStripeCheckoutSessionRequest {
    app_id: Option<Ulid>,
    customer: CheckoutCustomer,
    stripe_customer_id: Option<String>,
    options: CreateStripeCheckoutSessionRequestOptions,
}

/// What a session is for.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StripeCheckoutSessionMode {
    /// To enter a payment method.
    Setup,
}

/// A page where a payment method is entered.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateStripeCheckoutSessionResult {
    #[schema(value_type = Ulid)]
    customer_id: String,
    stripe_customer_id: String,
    session_id: String,
    setup_intent_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_reference_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<CurrencyCode>,
    created_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    mode: StripeCheckoutSessionMode,
    #[serde(rename = "cancelURL", skip_serializing_if = "Option::is_none")]
    cancel_url: Option<String>,
    #[serde(rename = "successURL", skip_serializing_if = "Option::is_none")]
    success_url: Option<String>,
    #[serde(rename = "returnURL", skip_serializing_if = "Option::is_none")]
    return_url: Option<String>,
}

/// Opens a page where a customer enters a payment method.
#[utoipa::path(
    post, path = "/api/v1/stripe/checkout/sessions", operation_id = "createStripeCheckoutSession", tag = "App: Stripe",
    request_body = CreateStripeCheckoutSessionRequest,
    responses(
        (status = 201, body = CreateStripeCheckoutSessionResult), (status = 404, body = ProblemDocument),
    ),
)]
pub(crate) async fn checkout(
    call: Call,
    Body(body): Body<CreateStripeCheckoutSessionRequest>,
) -> Result<(StatusCode, Json<CreateStripeCheckoutSessionResult>), Problem> {
    let parameters = body.options.parameters();
    let customer = match body.customer {
        CheckoutCustomer::Id(CustomerId { id }) => find_live(&call, id.into()).await?.id,
        CheckoutCustomer::Key(CustomerKey { key }) => find_live(&call, key).await?.id,
        CheckoutCustomer::New(input) => create_from(&call, *input).await?.id,
    };
    let request = pb::CreateStripeCheckoutSessionRequest {
        customer_id: customer,
        app_id: body.app_id.map(String::from).unwrap_or_default(),
        stripe_customer_id: body.stripe_customer_id.unwrap_or_default(),
        parameters,
        currency_code: body.options.currency.map(String::from).unwrap_or_default(),
        metadata: body.options.metadata.unwrap_or_default(),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .customer_apps()
        .create_stripe_checkout_session(call.rpc(request))
        .await;
    let session = call.take(answer)?;
    let shown = CreateStripeCheckoutSessionResult {
        customer_id: session.customer_id,
        stripe_customer_id: session.stripe_customer_id,
        session_id: session.session_id,
        setup_intent_id: session.setup_intent_id,
        client_secret: optional(session.client_secret),
        client_reference_id: optional(session.client_reference_id),
        customer_email: optional(session.customer_email),
        currency: optional(session.currency_code).map(CurrencyCode),
        created_at: required_time(session.create_time.as_ref())?,
        expires_at: time(session.expire_time.as_ref())?,
        metadata: metadata(session.metadata),
        status: optional(session.status),
        url: optional(session.url),
        mode: StripeCheckoutSessionMode::Setup,
        cancel_url: optional(session.cancel_url),
        success_url: optional(session.success_url),
        return_url: optional(session.return_url),
    };
    Ok((StatusCode::CREATED, Json(shown)))
}
