//! `ListSubscriptionChanges`.

use chassis::Context;
use chassis::page::PageRequest;
use contract::subscription::v1 as pb;
use tonic::Status;

use crate::convert::change::to_proto;
use crate::convert::request::optional_id;
use crate::engine::Engine;
use crate::store;

/// A page of the ledger of terms.
pub async fn list(
    engine: &Engine,
    context: &Context,
    request: &pb::ListSubscriptionChangesRequest,
) -> Result<pb::ListSubscriptionChangesResponse, Status> {
    let customer = optional_id("customer_id", &request.customer_id)?;
    let subscription = optional_id("subscription_id", &request.subscription_id)?;
    let filter = format!("{customer:?}{subscription:?}");
    let query = [context.project.to_string(), "terms".to_owned(), filter];
    let query: Vec<&str> = query.iter().map(String::as_str).collect();
    let page = PageRequest::parse(
        request.page_size,
        &request.page_token,
        engine.page_key,
        &query,
    )?;
    let after = page.after.as_deref().and_then(<[String]>::first);
    let mut found = store::change::list(
        engine.db.reader(),
        context.project,
        customer,
        subscription,
        after.map(String::as_str),
        page.limit + 1,
    )
    .await?;
    let more = u64::try_from(found.len()).is_ok_and(|count| count > page.limit);
    if more {
        found.pop();
    }
    let last = found.last().filter(|_| more);
    Ok(pb::ListSubscriptionChangesResponse {
        next_page_token: last.map_or_else(String::new, |last| page.token(&[&last.id])),
        changes: found.iter().map(to_proto).collect(),
    })
}
