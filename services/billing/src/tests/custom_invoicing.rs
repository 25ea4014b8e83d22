//! Invoices that the caller's own system takes over, issues and is paid for.
#![expect(clippy::unwrap_used, reason = "tests")]

use contract::billing::v1::{
    self as pb, app_service_server::AppService as _, invoice_service_server::InvoiceService as _,
    profile_service_server::ProfileService as _,
};

use super::{refusal, world::*};

/// A world whose default profile invoices through a custom app with these hooks.
async fn world(draft: bool, issuing: bool) -> World {
    let world = World::new("2024-01-01").await;
    let install = pb::InstallAppRequest {
        r#type: pb::app::Type::CustomInvoicing.into(),
        ..Default::default()
    };
    let mut app = world
        .billing
        .install_app(world.call(install))
        .await
        .unwrap()
        .into_inner()
        .app
        .unwrap();
    app.custom_invoicing = Some(pb::CustomInvoicingSettings {
        enable_draft_sync_hook: draft,
        enable_issuing_sync_hook: issuing,
    });
    let id = app.id.clone();
    let update = pb::UpdateAppRequest {
        app: Some(app),
        ..Default::default()
    };
    world.billing.update_app(world.call(update)).await.unwrap();
    let known = world
        .billing
        .get_profile(world.call(pb::GetProfileRequest::default()))
        .await
        .unwrap();
    let profile = pb::BillingProfile {
        default: true,
        apps: Some(pb::ProfileApps {
            tax_app_id: id.clone(),
            invoicing_app_id: id.clone(),
            payment_app_id: id,
            app: None,
        }),
        ..known.into_inner().profile.unwrap()
    };
    let create = pb::CreateProfileRequest {
        profile: Some(profile),
        ..Default::default()
    };
    world
        .billing
        .create_profile(world.call(create))
        .await
        .unwrap();
    world
        .pending(
            "USD",
            vec![line(
                "fee",
                "2024-01-01",
                "2024-02-01",
                "2024-01-01",
                flat("9", false),
            )],
        )
        .await;
    world
}

async fn report(
    world: &World,
    id: &str,
    trigger: pb::report_payment_request::Trigger,
) -> Result<pb::Invoice, tonic::Status> {
    let request = pb::ReportPaymentRequest {
        invoice_id: id.to_owned(),
        trigger: trigger.into(),
        ..Default::default()
    };
    Ok(world
        .billing
        .report_payment(world.call(request))
        .await?
        .into_inner()
        .invoice
        .unwrap())
}

#[tokio::test]
async fn both_hooks_are_waited_for() {
    use pb::report_payment_request::Trigger;
    let world = world(true, true).await;
    let draft = world.invoice().await;
    assert_eq!(status(&draft), "draft.syncing");
    assert_eq!(
        actions(&draft),
        pb::AvailableActions {
            delete: "deleted".to_owned(),
            ..Default::default()
        }
    );
    let confirm = pb::ConfirmDraftSyncRequest {
        invoice_id: draft.id.clone(),
        invoice_number: "DRAFT-123".to_owned(),
        external_id: "ext-123".to_owned(),
        line_external_ids: vec![pb::ExternalIdAssignment {
            id: draft.lines[0].children[0].id.clone(),
            external_id: "child".to_owned(),
        }],
        ..Default::default()
    };
    let mut unknown = confirm.clone();
    unknown.line_external_ids[0].id = CUSTOMER.to_owned();
    assert_eq!(
        refusal(world.billing.confirm_draft_sync(world.call(unknown)).await).0,
        "UNKNOWN_IDS"
    );
    let issuing = world
        .billing
        .confirm_draft_sync(world.call(confirm))
        .await
        .unwrap()
        .into_inner()
        .invoice
        .unwrap();
    assert_eq!(
        (status(&issuing), issuing.number.as_str()),
        ("issuing.syncing", "DRAFT-123")
    );
    assert_eq!(issuing.external_ids.as_ref().unwrap().invoicing, "ext-123");
    assert_eq!(
        issuing.lines[0].children[0]
            .external_ids
            .as_ref()
            .unwrap()
            .invoicing,
        "child"
    );
    let confirm = pb::ConfirmIssuingSyncRequest {
        invoice_id: draft.id.clone(),
        invoice_number: "ISSUING-123".to_owned(),
        payment_external_id: "pay-1".to_owned(),
        ..Default::default()
    };
    let pending = world
        .billing
        .confirm_issuing_sync(world.call(confirm.clone()))
        .await
        .unwrap()
        .into_inner()
        .invoice
        .unwrap();
    assert_eq!(
        (status(&pending), pending.number.as_str()),
        ("payment_processing.pending", "ISSUING-123")
    );
    assert_eq!(
        refusal(
            world
                .billing
                .confirm_issuing_sync(world.call(confirm))
                .await
        )
        .0,
        "INVOICE_ACTION_NOT_AVAILABLE"
    );
    let overdue = report(&world, &draft.id, Trigger::PaymentOverdue)
        .await
        .unwrap();
    assert_eq!(status(&overdue), "overdue");
    let paid = report(&world, &draft.id, Trigger::Paid).await.unwrap();
    assert_eq!(status(&paid), "paid");
    assert_eq!(
        refusal(report(&world, &draft.id, Trigger::PaymentUncollectible).await).0,
        "INVOICE_ACTION_NOT_AVAILABLE"
    );
    assert!(!world.neighbors.lock().unwrap().held);
}

#[tokio::test]
async fn without_hooks_only_the_payment_is_reported() {
    let world = world(false, false).await;
    let pending = world.invoice().await;
    assert_eq!(
        (status(&pending), pending.number.as_str()),
        ("payment_processing.pending", "INV-TECU-1")
    );
    assert!(world.neighbors.lock().unwrap().held);
}

#[tokio::test]
async fn each_payment_trigger_leads_to_its_state() {
    use pb::report_payment_request::Trigger;
    for (trigger, expected) in [
        (Trigger::Paid, "paid"),
        (Trigger::PaymentFailed, "payment_processing.failed"),
        (Trigger::PaymentUncollectible, "uncollectible"),
        (Trigger::PaymentOverdue, "overdue"),
        (
            Trigger::ActionRequired,
            "payment_processing.action_required",
        ),
        (Trigger::Void, "voided"),
    ] {
        let world = world(false, false).await;
        let pending = world.invoice().await;
        let now = report(&world, &pending.id, trigger).await.unwrap();
        assert_eq!(status(&now), expected);
        // What is over stays as it is, whatever is reported.
        if ["paid", "voided"].contains(&expected) {
            for late in [
                Trigger::PaymentFailed,
                Trigger::PaymentOverdue,
                Trigger::Void,
            ] {
                let refused = report(&world, &pending.id, late).await;
                assert_eq!(refusal(refused).0, "INVOICE_ACTION_NOT_AVAILABLE");
            }
            assert_eq!(world.get(&pending.id).await, now);
        }
    }
}

#[tokio::test]
async fn an_edit_that_drops_the_mark_of_a_copy_waits_for_the_next_one() {
    let world = world(true, false).await;
    world
        .update_profile(|profile| {
            let invoicing = profile.workflow.as_mut().unwrap().invoicing.as_mut();
            invoicing.unwrap().auto_advance = Some(false);
        })
        .await;
    let draft = world.invoice().await;
    let confirm = || {
        world.call(pb::ConfirmDraftSyncRequest {
            invoice_id: draft.id.clone(),
            ..Default::default()
        })
    };
    let edit = || {
        world.call(pb::UpdateInvoiceRequest {
            invoice_id: draft.id.clone(),
            update_mask: Some(prost_types::FieldMask {
                paths: vec!["metadata".to_owned()],
            }),
            ..Default::default()
        })
    };
    for _ in 0..2 {
        assert_eq!(status(&world.get(&draft.id).await), "draft.syncing");
        // While the copy is made nothing is edited.
        assert_eq!(
            refusal(world.billing.update_invoice(edit()).await).0,
            "INVOICE_ACTION_NOT_AVAILABLE"
        );
        world.billing.confirm_draft_sync(confirm()).await.unwrap();
        let waiting = world.get(&draft.id).await;
        assert_eq!(status(&waiting), "draft.manual_approval_needed");
        assert_eq!(
            refusal(world.billing.confirm_draft_sync(confirm()).await).0,
            "INVOICE_ACTION_NOT_AVAILABLE"
        );
        world.billing.update_invoice(edit()).await.unwrap();
    }
}

#[tokio::test]
async fn an_app_has_a_name_of_its_own() {
    let world = world(false, false).await;
    let installed = world
        .billing
        .list_apps(world.call(pb::ListAppsRequest::default()));
    let app = installed.await.unwrap().into_inner().apps.remove(0);
    for name in [String::new(), "x".repeat(257)] {
        let update = pb::UpdateAppRequest {
            app: Some(pb::App {
                name,
                ..app.clone()
            }),
            ..Default::default()
        };
        let refused = world.billing.update_app(world.call(update)).await;
        let details = chassis::error::details(&refused.unwrap_err());
        assert_eq!(details.violations[0].field, "app.name");
    }
    let installed = world
        .billing
        .list_apps(world.call(pb::ListAppsRequest::default()));
    assert!(installed.await.unwrap().into_inner().apps.contains(&app));
}
