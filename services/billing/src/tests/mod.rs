//! The service through its RPCs, over its own database and timers.

mod continuing;
mod custom_invoicing;
mod editing;
mod erasing;
mod explaining;
#[path = "../../../../tests/src/fake_stripe/mod.rs"]
mod fake_stripe;
mod flows;
mod parts;
mod profiles;
mod refusals;
mod runs;
mod stripe;
mod stripe_faults;
mod subscriptions;
mod taxes;
mod times;
mod world;

/// The reason of a refusal and the codes of its issues.
fn refusal<T: std::fmt::Debug>(answer: Result<T, tonic::Status>) -> (String, Vec<String>) {
    let status = match answer {
        Err(status) => status,
        Ok(answer) => panic!("not refused: {answer:?}"),
    };
    let details = chassis::error::details(&status);
    (
        details.reason,
        details.issues.into_iter().map(|issue| issue.code).collect(),
    )
}
