//! Invoices through Stripe, which is a fake that keeps state.
#![expect(clippy::unwrap_used, reason = "tests")]

use contract::billing::v1::{
    self as pb, app_service_server::AppService as _,
    customer_app_service_server::CustomerAppService as _,
    invoice_service_server::InvoiceService as _, profile_service_server::ProfileService as _,
};
use serde_json::json;

use super::{
    fake_stripe::{FakeStripe, Fault, KEY, sign},
    refusal,
    world::*,
};

/// A world on a fake Stripe.
pub struct Scene {
    pub world: World,
    pub stripe: FakeStripe,
}

impl Scene {
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    pub async fn with(more: &[(&str, &str)]) -> Self {
        let stripe = FakeStripe::start().await;
        let mut settings = vec![
            ("stripe_api_base", stripe.base()),
            ("stripe_retry_pause_ms", "1"),
            ("public_url", "https://billing.example.com"),
        ];
        settings.extend(more);
        let world = World::with("2024-01-01", &settings).await;
        Self { world, stripe }
    }

    /// The same with an installed app and a customer that can be charged.
    pub async fn ready() -> (Self, pb::App) {
        let scene = Self::new().await;
        let app = scene.install(KEY).await.unwrap().app.unwrap();
        scene.stripe.customer("cus_1");
        scene.stripe.payment_method("pm_1", "cus_1");
        scene.put_customer("cus_1", "pm_1").await.unwrap();
        (scene, app)
    }

    pub async fn install(
        &self,
        key: &str,
    ) -> Result<pb::InstallAppWithApiKeyResponse, tonic::Status> {
        let request = pb::InstallAppWithApiKeyRequest {
            r#type: pb::app::Type::Stripe.into(),
            api_key: key.to_owned(),
            ..Default::default()
        };
        Ok(self
            .world
            .billing
            .install_app_with_api_key(self.world.call(request))
            .await?
            .into_inner())
    }

    pub async fn put_customer(
        &self,
        customer: &str,
        method: &str,
    ) -> Result<pb::CustomerApp, tonic::Status> {
        let request = pb::PutCustomerAppsRequest {
            customer_id: CUSTOMER.to_owned(),
            items: vec![pb::CustomerAppInput {
                r#type: pb::app::Type::Stripe.into(),
                stripe: Some(pb::StripeCustomer {
                    stripe_customer_id: customer.to_owned(),
                    default_payment_method_id: method.to_owned(),
                }),
                ..Default::default()
            }],
            ..Default::default()
        };
        Ok(self
            .world
            .billing
            .put_customer_apps(self.world.call(request))
            .await?
            .into_inner()
            .customer_apps
            .remove(0))
    }

    pub async fn fee(&self, amount: &str) {
        let fee = line(
            "fee",
            "2024-01-01",
            "2024-02-01",
            "2024-01-01",
            flat(amount, false),
        );
        self.world.pending("USD", vec![fee]).await;
    }

    pub async fn send(
        &self,
        app: &pb::App,
        (payload, signature): (Vec<u8>, String),
    ) -> Result<pb::ReceiveStripeEventResponse, tonic::Status> {
        let request = pb::ReceiveStripeEventRequest {
            app_id: app.id.clone(),
            payload,
            signature,
        };
        Ok(self
            .world
            .billing
            .receive_stripe_event(self.world.call(request))
            .await?
            .into_inner())
    }

    pub async fn retry(&self, id: &str) -> Result<pb::Invoice, tonic::Status> {
        let request = pb::RetryInvoiceRequest {
            invoice_id: id.to_owned(),
            ..Default::default()
        };
        Ok(self
            .world
            .billing
            .retry_invoice(self.world.call(request))
            .await?
            .into_inner()
            .invoice
            .unwrap())
    }
}

fn external(invoice: &pb::Invoice) -> String {
    invoice.external_ids.clone().unwrap().invoicing
}

#[tokio::test]
async fn a_key_is_tried_sealed_and_used_once() {
    let scene = Scene::new().await;
    assert_eq!(
        refusal(scene.install("sk_test_wrong_wrong").await).0,
        "PROVIDER_UNAUTHORIZED"
    );
    let installed = scene.install(KEY).await.unwrap();
    let app = installed.app.unwrap();
    let account = app.stripe.clone().unwrap();
    assert_eq!(app.description, "Stripe account acct_test");
    assert_eq!(
        (
            account.account_id.as_str(),
            account.live_mode,
            account.masked_api_key.as_str()
        ),
        ("acct_test", false, "sk_test_***def")
    );
    assert!(installed.became_default);
    let profile = scene
        .world
        .billing
        .get_profile(scene.world.call(pb::GetProfileRequest::default()))
        .await
        .unwrap()
        .into_inner()
        .profile
        .unwrap();
    assert_eq!(profile.id, installed.billing_profile_id);
    assert_eq!(profile.name, "Stripe Billing Profile");
    assert_eq!(profile.supplier.unwrap().name, "Stripe Test Account");
    let urls: Vec<_> = scene
        .stripe
        .state()
        .webhooks
        .values()
        .map(|webhook| webhook["url"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        urls,
        [format!(
            "https://billing.example.com/api/v1/apps/{}/stripe/webhook",
            app.id
        )]
    );
    let stored = crate::store::app::get(
        scene.world.billing.db.reader(),
        scene.world.project(),
        app.id.parse().unwrap(),
    )
    .await
    .unwrap()
    .stripe
    .unwrap();
    assert!(!stored.sealed_key.contains(KEY) && !stored.sealed_key.is_empty());
    assert!(!stored.sealed_webhook_secret.contains("whsec"));
    // The webhook of the refused second app is gone again.
    assert_eq!(refusal(scene.install(KEY).await).0, "APP_ACCOUNT_INSTALLED");
    assert_eq!(scene.stripe.state().webhooks.len(), 1);
    let plain = pb::InstallAppRequest {
        r#type: pb::app::Type::Stripe.into(),
        ..Default::default()
    };
    assert_eq!(
        refusal(
            scene
                .world
                .billing
                .install_app(scene.world.call(plain))
                .await
        )
        .0,
        "APP_INSTALL_METHOD_NOT_SUPPORTED"
    );
}

#[tokio::test]
async fn a_repeated_install_answers_the_same_app() {
    let scene = Scene::new().await;
    let request = pb::InstallAppWithApiKeyRequest {
        r#type: pb::app::Type::Stripe.into(),
        api_key: KEY.to_owned(),
        request_id: "once".to_owned(),
        ..Default::default()
    };
    let mut apps = Vec::new();
    for _ in 0..2 {
        let answer = scene
            .world
            .billing
            .install_app_with_api_key(scene.world.call(request.clone()))
            .await;
        apps.push(answer.unwrap().into_inner().app.unwrap().id);
    }
    assert_eq!(apps[0], apps[1]);
    assert_eq!(scene.stripe.state().webhooks.len(), 1);
}

#[tokio::test]
async fn a_key_is_replaced_by_one_of_the_same_account() {
    let (scene, app) = Scene::ready().await;
    {
        let mut state = scene.stripe.state();
        state.keys.clear();
        state
            .keys
            .insert("sk_test_new_new_new".to_owned(), "acct_test".to_owned());
        state
            .keys
            .insert("sk_test_other_other".to_owned(), "acct_other".to_owned());
    }
    assert_eq!(
        refusal(scene.put_customer("cus_1", "").await).0,
        "PROVIDER_UNAUTHORIZED"
    );
    let get = pb::GetAppRequest {
        app_id: app.id.clone(),
    };
    let seen = scene.world.billing.get_app(scene.world.call(get)).await;
    assert_eq!(
        seen.unwrap().into_inner().app.unwrap().status(),
        pb::app::Status::Unauthorized
    );
    let replace = |key: &str| {
        let request = pb::ReplaceAppApiKeyRequest {
            app_id: app.id.clone(),
            api_key: key.to_owned(),
            ..Default::default()
        };
        scene
            .world
            .billing
            .replace_app_api_key(scene.world.call(request))
    };
    for wrong in ["sk_test_other_other", "sk_live_new_new_new", " "] {
        assert_eq!(refusal(replace(wrong).await).0, "INVALID_FIELD", "{wrong}");
    }
    let after = replace("sk_test_new_new_new").await.unwrap().into_inner();
    let after = after.app.unwrap();
    assert_eq!(after.status(), pb::app::Status::Ready);
    assert_eq!(after.stripe.unwrap().masked_api_key, "sk_test_***new");
    assert!(scene.put_customer("cus_1", "").await.is_ok());
}

#[tokio::test]
async fn customers_are_looked_up_before_they_are_stored() {
    let scene = Scene::new().await;
    assert_eq!(
        refusal(scene.put_customer("cus_1", "").await).0,
        "APP_NOT_OF_CUSTOMER"
    );
    let app = scene.install(KEY).await.unwrap().app.unwrap();
    scene.stripe.customer("cus_1");
    scene.stripe.payment_method("pm_1", "cus_1");
    scene.stripe.payment_method("pm_other", "cus_2");
    for (customer, method, reason) in [
        ("acct_1", "", "INVALID_FIELD"),
        ("cus_1", "card_1", "INVALID_FIELD"),
        ("cus_2", "", "PROVIDER_REFUSED"),
        ("cus_1", "pm_unknown", "PROVIDER_REFUSED"),
        ("cus_1", "pm_other", "PROVIDER_REFUSED"),
    ] {
        let answer = scene.put_customer(customer, method).await;
        assert_eq!(refusal(answer).0, reason, "{customer} {method}");
    }
    let get = || {
        let request = pb::GetStripeCustomerRequest {
            customer_id: CUSTOMER.to_owned(),
        };
        scene
            .world
            .billing
            .get_stripe_customer(scene.world.call(request))
    };
    assert_eq!(refusal(get().await).0, "CUSTOMER_APP_NOT_FOUND");
    scene.put_customer("cus_1", "pm_1").await.unwrap();
    let stored = get().await.unwrap().into_inner().customer_app.unwrap();
    assert_eq!(stored.app.unwrap().id, app.id);
    assert_eq!(stored.stripe.unwrap().default_payment_method_id, "pm_1");
    let list = pb::ListCustomerAppsRequest {
        customer_id: CUSTOMER.to_owned(),
        r#type: pb::app::Type::Stripe.into(),
        page: 1,
        ..Default::default()
    };
    let listed = scene
        .world
        .billing
        .list_customer_apps(scene.world.call(list))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((listed.customer_apps.len(), listed.total_size), (1, 1));
    let delete = || {
        let request = pb::DeleteCustomerAppRequest {
            customer_id: CUSTOMER.to_owned(),
            app_id: app.id.clone(),
            ..Default::default()
        };
        scene
            .world
            .billing
            .delete_customer_app(scene.world.call(request))
    };
    delete().await.unwrap();
    assert_eq!(refusal(delete().await).0, "CUSTOMER_APP_NOT_FOUND");
    scene.world.neighbors.lock().unwrap().deleted = Some(at("2023-12-31"));
    assert_eq!(
        refusal(scene.put_customer("cus_1", "").await).0,
        "CUSTOMER_DELETED"
    );
}

#[tokio::test]
async fn an_invoice_goes_to_stripe_and_comes_back_paid() {
    let (scene, app) = Scene::ready().await;
    scene.fee("12.5").await;
    let invoice = scene.world.invoice().await;
    assert_eq!(status(&invoice), "payment_processing.pending");
    let made = scene.stripe.invoices();
    assert_eq!(made.len(), 1);
    let copy = &made[0];
    assert_eq!(copy["id"], external(&invoice));
    assert_eq!(copy["number"], invoice.number);
    assert_eq!(copy["status"], "open");
    assert_eq!(copy["default_payment_method"], "pm_1");
    assert_eq!(copy["metadata"]["om_invoice_id"], invoice.id);
    assert_eq!(
        scene.stripe.items(&external(&invoice)),
        [("fee".to_owned(), 1250)]
    );
    assert!(
        invoice.lines[0].children[0]
            .external_ids
            .as_ref()
            .unwrap()
            .invoicing
            .starts_with("il_")
    );
    assert!(
        invoice
            .external_ids
            .as_ref()
            .unwrap()
            .payment
            .starts_with("pi_")
    );
    let object = json!({"id": external(&invoice), "object": "invoice"});
    let paid = |id: &str| scene.stripe.event(id, "invoice.paid", &object);
    // Not paid yet: the event is not believed.
    let early = scene.send(&app, paid("evt_1")).await.unwrap();
    assert_eq!(
        early.message,
        "the stripe invoice is not in that state any more"
    );
    scene.stripe.set_status(&external(&invoice), "paid");
    let taken = scene.send(&app, paid("evt_2")).await.unwrap();
    assert_eq!(
        (taken.customer_id.as_str(), taken.message.as_str()),
        (CUSTOMER, "")
    );
    let now = scene.world.get(&invoice.id).await;
    assert_eq!(status(&now), "paid");
    assert!(!scene.world.neighbors.lock().unwrap().held);
    for again in ["evt_2", "evt_3"] {
        let revision = now.revision;
        assert_ne!(scene.send(&app, paid(again)).await.unwrap().message, "");
        assert_eq!(scene.world.get(&invoice.id).await.revision, revision);
    }
}

#[tokio::test]
async fn events_need_a_signature_and_a_known_type() {
    let (scene, app) = Scene::ready().await;
    scene.fee("1").await;
    let invoice = scene.world.invoice().await;
    let object = json!({"id": external(&invoice)});
    let (body, good) = scene.stripe.event("evt_1", "invoice.paid", &object);
    for bad in [
        String::new(),
        good.replace("v1=", "v1=00"),
        sign("whsec_other", 1, &body),
    ] {
        let answer = scene.send(&app, (body.clone(), bad)).await;
        assert_eq!(refusal(answer).0, "INVALID_FIELD");
    }
    let mut changed = body.clone();
    changed.push(b' ');
    assert_eq!(
        refusal(scene.send(&app, (changed, good)).await).0,
        "INVALID_FIELD"
    );
    let unknown = scene.stripe.event("evt_2", "invoice.created", &object);
    assert_eq!(refusal(scene.send(&app, unknown).await).0, "INVALID_FIELD");
    let foreign = scene
        .stripe
        .event("evt_3", "invoice.paid", &json!({"id": "in_unknown"}));
    assert!(
        scene
            .send(&app, foreign)
            .await
            .unwrap()
            .message
            .contains("none of this app")
    );
    let mut other = app.clone();
    other.id = CUSTOMER.to_owned();
    let event = scene.stripe.event("evt_4", "invoice.paid", &object);
    assert_eq!(refusal(scene.send(&other, event).await).0, "APP_NOT_FOUND");
    assert_eq!(
        status(&scene.world.get(&invoice.id).await),
        "payment_processing.pending"
    );
}

#[tokio::test]
async fn payments_fail_fall_overdue_and_are_voided_at_stripe() {
    let (scene, app) = Scene::ready().await;
    scene.fee("5").await;
    let invoice = scene.world.invoice().await;
    let id = external(&invoice);
    for (event, kind, set, expected) in [
        (
            "e1",
            "invoice.payment_failed",
            "open",
            "payment_processing.failed",
        ),
        (
            "e2",
            "invoice.payment_action_required",
            "open",
            "payment_processing.action_required",
        ),
        ("e3", "invoice.overdue", "open", "overdue"),
        (
            "e4",
            "invoice.marked_uncollectible",
            "uncollectible",
            "uncollectible",
        ),
        ("e5", "invoice.payment_failed", "open", "uncollectible"),
        ("e6", "invoice.voided", "void", "voided"),
    ] {
        scene.stripe.set_status(&id, set);
        let sent = scene.stripe.event(event, kind, &json!({"id": id}));
        scene.send(&app, sent).await.unwrap();
        assert_eq!(
            status(&scene.world.get(&invoice.id).await),
            expected,
            "{kind}"
        );
    }
    scene.fee("6").await;
    let second = scene.world.invoice().await;
    let void = || {
        let request = pb::VoidInvoiceRequest {
            invoice_id: second.id.clone(),
            reason: "wrong".to_owned(),
            action: Some(pb::VoidLineAction {
                action: Some(pb::void_line_action::Action::Discard(
                    pb::VoidLineDiscard {},
                )),
            }),
            ..Default::default()
        };
        scene.world.billing.void_invoice(scene.world.call(request))
    };
    scene.stripe.set_status(&external(&second), "paid");
    assert_eq!(refusal(void().await).0, "PROVIDER_REFUSED");
    scene.stripe.set_status(&external(&second), "open");
    let voided = void().await.unwrap().into_inner().invoice.unwrap();
    assert_eq!(status(&voided), "voided");
    let copies = scene.stripe.invoices();
    assert!(copies.iter().all(|copy| copy["status"] == "void"));
}

#[tokio::test]
async fn a_customer_that_cannot_be_charged_makes_the_draft_invalid() {
    let scene = Scene::new().await;
    scene.install(KEY).await.unwrap();
    scene.fee("5").await;
    let invoice = scene.world.invoice().await;
    let issue = &invoice.validation_issues[0];
    assert_eq!(status(&invoice), "draft.invalid");
    assert_eq!(issue.component, "app.stripe.invoiceCustomers.validate");
    assert!(scene.stripe.invoices().is_empty());
    scene.stripe.customer("cus_1");
    scene.put_customer("cus_1", "").await.unwrap();
    let still = scene.retry(&invoice.id).await.unwrap();
    assert_eq!(status(&still), "draft.invalid");
    assert!(
        still.validation_issues[0]
            .message
            .contains("default payment method")
    );
    scene.stripe.payment_method("pm_1", "cus_1");
    scene.put_customer("cus_1", "pm_1").await.unwrap();
    let now = scene.retry(&invoice.id).await.unwrap();
    assert_eq!(status(&now), "payment_processing.pending");
    assert!(now.validation_issues.is_empty());
}

#[tokio::test]
async fn a_draft_is_changed_and_deleted_at_stripe_too() {
    let (scene, _) = Scene::ready().await;
    scene
        .world
        .update_profile(|profile| {
            let invoicing = pb::InvoicingSettings {
                auto_advance: Some(false),
                ..Default::default()
            };
            profile.workflow.as_mut().unwrap().invoicing = Some(invoicing);
        })
        .await;
    scene.fee("5").await;
    let draft = scene.world.invoice().await;
    assert_eq!(status(&draft), "draft.manual_approval_needed");
    let id = external(&draft);
    assert_eq!(scene.stripe.items(&id), [("fee".to_owned(), 500)]);
    let mut fee = line(
        "fee",
        "2024-01-01",
        "2024-02-01",
        "2024-01-01",
        flat("7", false),
    );
    fee.id = draft.lines[0].id.clone();
    let extra = line(
        "extra",
        "2024-01-01",
        "2024-02-01",
        "2024-01-01",
        flat("1", false),
    );
    let update = pb::UpdateInvoiceRequest {
        invoice_id: draft.id.clone(),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["lines".to_owned()],
        }),
        lines: vec![fee, extra],
        ..Default::default()
    };
    let answer = scene
        .world
        .billing
        .update_invoice(scene.world.call(update))
        .await;
    let changed = answer.unwrap().into_inner().invoice.unwrap();
    assert_eq!(status(&changed), "draft.manual_approval_needed");
    let mut items = scene.stripe.items(&id);
    items.sort();
    assert_eq!(items, [("extra".to_owned(), 100), ("fee".to_owned(), 700)]);
    assert_eq!(scene.stripe.invoices().len(), 1);
    let delete = || {
        let request = pb::DeleteInvoiceRequest {
            invoice_id: draft.id.clone(),
            ..Default::default()
        };
        scene
            .world
            .billing
            .delete_invoice(scene.world.call(request))
    };
    // Stripe refuses first: the invoice stays in between, with the reason.
    scene
        .stripe
        .fail("DELETE /v1/invoices/", 0, Fault::Refuse(403));
    let (reason, _) = refusal(delete().await);
    assert_eq!(reason, "INVOICE_DELETE_FAILED");
    assert_eq!(status(&scene.world.get(&draft.id).await), "delete.failed");
    let gone = scene.retry(&draft.id).await.unwrap();
    assert_eq!(status(&gone), "deleted");
    assert!(scene.stripe.invoices().is_empty());
}

#[tokio::test]
async fn pages_for_customers_are_opened_at_stripe() {
    let scene = Scene::new().await;
    scene.install(KEY).await.unwrap();
    let portal = || {
        let request = pb::CreateStripePortalSessionRequest {
            customer_id: CUSTOMER.to_owned(),
            return_url: "https://example.com".to_owned(),
            ..Default::default()
        };
        scene
            .world
            .billing
            .create_stripe_portal_session(scene.world.call(request))
    };
    assert_eq!(refusal(portal().await).0, "NO_STRIPE_CUSTOMER");
    let checkout = |parameters: &[(&str, &str)], metadata: &[(&str, &str)]| {
        let own = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect()
        };
        let request = pb::CreateStripeCheckoutSessionRequest {
            customer_id: CUSTOMER.to_owned(),
            parameters: own(parameters),
            metadata: own(metadata),
            currency_code: "USD".to_owned(),
            ..Default::default()
        };
        scene
            .world
            .billing
            .create_stripe_checkout_session(scene.world.call(request))
    };
    let success = ("success_url", "https://example.com/done");
    for (parameters, metadata) in [
        (&[][..], &[][..]),
        (&[("ui_mode", "embedded"), ("cancel_url", "https://x")], &[]),
        (&[success, ("mode", "payment")], &[]),
        (&[success], &[("om_app_id", "x")]),
    ] {
        let answer = checkout(parameters, metadata).await;
        assert_eq!(refusal(answer).0, "INVALID_FIELD", "{parameters:?}");
    }
    let opened = checkout(&[success], &[("order", "7")])
        .await
        .unwrap()
        .into_inner();
    assert!(opened.stripe_customer_id.starts_with("cus_"));
    assert_eq!(opened.currency_code, "USD");
    let form = scene.stripe.state().sessions[0].clone();
    assert_eq!(form["mode"], "setup");
    assert_eq!(form["currency"], "usd");
    assert_eq!(form["setup_intent_data[metadata][order]"], "7");
    assert_eq!(
        form["setup_intent_data[metadata][om_customer_id]"],
        CUSTOMER
    );
    // The made customer is the one from now on.
    let again = checkout(&[success], &[]).await.unwrap().into_inner();
    assert_eq!(again.stripe_customer_id, opened.stripe_customer_id);
    assert_eq!(
        portal().await.unwrap().into_inner().configuration_id,
        "bpc_1"
    );
}

#[tokio::test]
async fn an_entered_payment_method_becomes_the_default() {
    let (scene, app) = Scene::ready().await;
    let metadata = |app: &str| {
        json!({
            "om_app_id": app, "om_namespace": scene.world.project().to_string(),
            "om_customer_id": CUSTOMER,
        })
    };
    let object = |app: &str| {
        json!({
            "id": "seti_1", "customer": "cus_1", "payment_method": "pm_new",
            "metadata": metadata(app),
        })
    };
    let foreign = scene
        .stripe
        .event("e1", "setup_intent.succeeded", &object("other"));
    assert_ne!(scene.send(&app, foreign).await.unwrap().message, "");
    let ours = scene
        .stripe
        .event("e2", "setup_intent.succeeded", &object(&app.id));
    assert_eq!(scene.send(&app, ours.clone()).await.unwrap().message, "");
    assert_eq!(
        scene.send(&app, ours).await.unwrap().message,
        "the event was taken before"
    );
    let request = pb::GetStripeCustomerRequest {
        customer_id: CUSTOMER.to_owned(),
    };
    let known = scene
        .world
        .billing
        .get_stripe_customer(scene.world.call(request))
        .await;
    let known = known.unwrap().into_inner().customer_app.unwrap();
    assert_eq!(known.stripe.unwrap().default_payment_method_id, "pm_new");
}

#[tokio::test]
async fn a_person_installs_an_app_by_oauth2() {
    let plain = Scene::new().await;
    let url = |scene: &Scene| {
        let request = pb::GetOAuth2InstallUrlRequest {
            r#type: pb::app::Type::Stripe.into(),
        };
        let call = scene.world.call(request);
        let billing = scene.world.billing.clone();
        async move { billing.get_o_auth2_install_url(call).await }
    };
    assert_eq!(
        refusal(url(&plain).await).0,
        "APP_INSTALL_METHOD_NOT_SUPPORTED"
    );
    let fake = FakeStripe::start().await;
    let scene = Scene::with(&[
        ("stripe_connect_base", fake.base()),
        ("stripe_connect_client_id", "ca_1"),
        ("stripe_connect_client_secret", "sk_platform"),
        ("stripe_connect_redirect_url", "https://example.com/apps"),
    ])
    .await;
    let started = url(&scene).await.unwrap().into_inner().url;
    let state = started.split("state=").nth(1).unwrap().to_owned();
    let complete = |state: &str, code: &str, error: &str| {
        let request = pb::CompleteOAuth2InstallRequest {
            r#type: pb::app::Type::Stripe.into(),
            state: state.to_owned(),
            code: code.to_owned(),
            error: error.to_owned(),
            ..Default::default()
        };
        scene
            .world
            .billing
            .complete_o_auth2_install(scene.world.call(request))
    };
    assert_eq!(
        refusal(complete(&state, "", "access_denied").await).0,
        "PROVIDER_INVALID"
    );
    assert_eq!(
        refusal(complete("forged", "ac_good", "").await).0,
        "INVALID_FIELD"
    );
    assert_eq!(
        refusal(complete(&state, "ac_bad", "").await).0,
        "PROVIDER_INVALID"
    );
    let done = complete(&state, "ac_good", "").await.unwrap().into_inner();
    assert_eq!(done.redirect_url, "https://example.com/apps");
    assert_eq!(done.app.unwrap().stripe.unwrap().account_id, "acct_test");
}
