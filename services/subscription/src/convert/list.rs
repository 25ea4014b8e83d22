//! Lists of subscriptions: filters, order, pages.

use contract::subscription::v1::{self as pb, list_subscriptions_request::OrderBy};

use super::subscription::status_from;
use crate::error::SubscriptionError;
use crate::store::subscription::{Filter, Sorting};

/// Most rows of a page that is asked for by number.
const NUMBERED_PAGE_MAX: u64 = 1_000;
/// Most values of one filter.
const FILTER_MAX: usize = 250;
/// Most ids of one list.
const IDS_MAX: usize = 1_000;

/// What a list wants, and in which order.
pub fn list_query(
    request: &pb::ListSubscriptionsRequest,
) -> Result<(Filter, Sorting), SubscriptionError> {
    if request.plan_keys.len() > FILTER_MAX {
        return Err(SubscriptionError::field("plan_keys", "must be at most 250"));
    }
    if request.ids.len() > IDS_MAX {
        return Err(SubscriptionError::field("ids", "must be at most 1000"));
    }
    let customer = match request.customer_id.as_str() {
        "" => None,
        text => Some(
            text.parse()
                .map_err(|_| SubscriptionError::field("customer_id", "is not an id"))?,
        ),
    };
    let mut statuses = request
        .statuses
        .iter()
        .map(|status| status_from(*status))
        .collect::<Result<Vec<_>, _>>()?;
    statuses.sort_unstable();
    statuses.dedup();
    let by_end = match OrderBy::try_from(request.order_by) {
        Ok(OrderBy::Unspecified | OrderBy::ActiveFrom) => false,
        Ok(OrderBy::ActiveTo) => true,
        Err(_) => return Err(SubscriptionError::field("order_by", "is unknown")),
    };
    let filter = Filter {
        customer,
        statuses,
        plan_keys: request.plan_keys.clone(),
        ids: request.ids.clone(),
    };
    Ok((
        filter,
        Sorting {
            by_end,
            ascending: request.ascending,
        },
    ))
}

/// Rows of a page that is asked for by number.
pub fn numbered_page_size(size: i32) -> u64 {
    match u64::try_from(size) {
        Ok(0) | Err(_) => chassis::page::DEFAULT_SIZE,
        Ok(size) => size.min(NUMBERED_PAGE_MAX),
    }
}
