//! Whatever goes wrong between two calls to Stripe, nobody is charged twice and no invoice
//! is forgotten.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use super::{
    fake_stripe::Fault,
    stripe::Scene,
    world::{status, total},
};

/// More calls than any invoice needs.
const CALLS_MAX: usize = 20;

/// What Stripe shall have in the end: each invoice once, each item once.
fn check(scene: &Scene, made: usize) {
    let copies = scene.stripe.invoices();
    assert_eq!(copies.len(), made, "{:?}", scene.stripe.calls());
    for copy in copies {
        assert_eq!(copy["status"], "open");
        let items = scene.stripe.items(copy["id"].as_str().unwrap());
        assert_eq!(items, [("fee".to_owned(), 500)]);
    }
}

#[tokio::test]
async fn no_failing_call_charges_twice_or_forgets() {
    for fault in [Fault::Refuse(500), Fault::LoseAnswer, Fault::LoseCall] {
        let (scene, _) = Scene::ready().await;
        for n in 0..CALLS_MAX {
            scene.fee("5").await;
            let before = scene.stripe.calls().len();
            scene.stripe.break_from(n, fault);
            let mut invoice = scene.world.invoice().await;
            let needed = scene.stripe.calls().len() - before;
            scene.stripe.heal();
            if status(&invoice) != "payment_processing.pending" {
                invoice = scene.retry(&invoice.id).await.unwrap();
            }
            assert_eq!(
                (status(&invoice), total(&invoice)),
                ("payment_processing.pending", "5"),
                "{fault:?} at call {n}: {:?}",
                invoice.validation_issues
            );
            check(&scene, n + 1);
            if needed <= n {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_crash_between_any_two_calls_is_made_good_by_the_timer() {
    // The process dies waiting for the answer; the call was carried out, or was not.
    for fault in [Fault::Hang, Fault::Stall] {
        crash_at_each_call(fault).await;
    }
}

async fn crash_at_each_call(fault: Fault) {
    let (scene, _) = Scene::ready().await;
    for n in 0..CALLS_MAX {
        scene.fee("5").await;
        let before = scene.stripe.calls().len();
        scene.stripe.break_from(n, fault);
        let reached = async {
            while scene.stripe.calls().len() <= before + n {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let finished = tokio::select! {
            invoice = scene.world.invoice() => Some(invoice),
            () = reached => None,
        };
        scene.stripe.heal();
        // The next process finds what was recorded.
        scene.world.advance("2024-01-01").await;
        for invoice in scene.world.standard().await {
            assert_eq!(
                status(&invoice),
                "payment_processing.pending",
                "{fault:?} at call {n}"
            );
        }
        check(&scene, n + 1);
        if finished.is_some() {
            return;
        }
    }
    panic!("an invoice needs more than {CALLS_MAX} calls");
}

#[tokio::test]
async fn two_callers_at_once_make_one_copy() {
    let (scene, _) = Scene::ready().await;
    scene.fee("5").await;
    let (first, second) = tokio::join!(scene.world.try_invoice(), scene.world.try_invoice());
    let made = [first, second].into_iter().filter_map(Result::ok).flatten();
    assert_eq!(made.count(), 1);
    check(&scene, 1);
}
