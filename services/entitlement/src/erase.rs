//! Erasing a customer: its rows go, and what was recorded of them keeps no more than that it was.

use chassis::Write;
use contract::entitlement::v1 as pb;
use kernel::id::CustomerId;
use prost::{Message as _, Name as _};

use crate::{domain::entitlement::Entitlement, error::EntitlementError, provision, store};

/// Removes everything of a customer; answers how many live entitlements there were. Each of them is
/// announced as deleted.
pub async fn erase(write: &mut Write, customer: CustomerId) -> Result<usize, EntitlementError> {
    let context = write.context().clone();
    let (project, now) = (context.project, context.now);
    store::lock_customer(write, customer).await?;
    let live = store::entitlement::of_customers(write.tx(), project, &[customer], None).await?;
    for id in store::erasure::resources(write.tx(), project, customer).await? {
        write.redact(&id, redacted).await?;
    }
    store::erasure::erase(write.tx(), project, customer).await?;
    for entitlement in &live {
        let gone = Entitlement {
            metadata: std::collections::BTreeMap::new(),
            annotations: std::collections::BTreeMap::new(),
            ..entitlement.clone().delete(now)
        };
        provision::record(write, "entitlement.deleted", None, &gone.without_config()).await?;
    }
    Ok(live.len())
}

/// What a recorded message keeps: ids, times and amounts, no text that somebody wrote.
fn redacted(name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    if name == pb::Entitlement::full_name() {
        return Some(bare_entitlement(pb::Entitlement::decode(bytes).ok()?).encode_to_vec());
    }
    if name == pb::EntitlementReset::full_name() {
        let mut reset = pb::EntitlementReset::decode(bytes).ok()?;
        reset.entitlement = reset.entitlement.map(bare_entitlement);
        return Some(reset.encode_to_vec());
    }
    if name == pb::Grant::full_name() {
        let mut grant = pb::Grant::decode(bytes).ok()?;
        grant.metadata.clear();
        grant.annotations.clear();
        return Some(grant.encode_to_vec());
    }
    None
}

fn bare_entitlement(mut entitlement: pb::Entitlement) -> pb::Entitlement {
    entitlement.metadata.clear();
    entitlement.annotations.clear();
    if let Some(pb::entitlement::Kind::Static(fixed)) = &mut entitlement.kind {
        "null".clone_into(&mut fixed.config);
    }
    entitlement
}
