//! The RPCs, one file per service. A handler opens the call, converts, calls the store or the
//! domain, and answers; rules are elsewhere.

mod alias;
mod attribute;
mod clock;
mod customer;
mod engagement;
mod hold;
mod key;
mod principal;
mod privacy;
mod project;
mod rate;
mod subject;
mod subscription;
mod traits;

use chassis::{Context, Db, Env, Write, page::PageRequest};
use contract::customer::v1 as pb;

use crate::{
    convert, domain::customer::Customer, error::CustomerError, principal::KeyRing, secret::Pepper,
    seen::Seen, store,
};

/// The server of all RPCs of this service. Cheap to clone.
#[derive(Clone)]
pub struct Server {
    db: Db,
    env: Env,
    pepper: Pepper,
    keys: KeyRing,
    seen: Seen,
}

impl Server {
    /// A server on a database.
    pub fn new(env: Env, db: Db, pepper: Pepper, keys: KeyRing) -> Self {
        Self {
            db,
            env,
            pepper,
            keys,
            seen: Seen::default(),
        }
    }

    /// The page of a list; `query` holds what else shapes the answer.
    fn page(
        &self,
        context: &Context,
        list: &str,
        size: i32,
        token: &str,
        query: &[&str],
    ) -> Result<PageRequest, CustomerError> {
        let project = context.project.to_string();
        let mut parts = vec![list, project.as_str()];
        parts.extend(query);
        Ok(PageRequest::parse(
            size,
            token,
            self.env.page_key(),
            &parts,
        )?)
    }
}

/// Cuts a list that was read one longer than its page; the token is of the last row kept.
fn cut<T>(
    rows: &mut Vec<T>,
    page: &PageRequest,
    sort_values: impl Fn(&T) -> Vec<String>,
) -> String {
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    if rows.len() <= limit {
        return String::new();
    }
    rows.truncate(limit);
    rows.last().map_or_else(String::new, |last| {
        let values = sort_values(last);
        page.token(&values.iter().map(String::as_str).collect::<Vec<_>>())
    })
}

/// The only sort value of a page that is sorted by id.
fn last_id(page: &PageRequest) -> Option<&str> {
    page.after.as_ref()?.first().map(String::as_str)
}

/// Refuses lists of a request that are too long.
fn at_most<T>(field: &'static str, given: &[T], max: usize) -> Result<(), CustomerError> {
    if given.len() > max {
        return Err(CustomerError::invalid(
            field,
            format!("must not be more than {max}"),
        ));
    }
    Ok(())
}

/// Refuses an etag that was sent and is not current.
fn require_current(resource: &'static str, etag: &str, revision: i64) -> Result<(), CustomerError> {
    chassis::etag::check(etag, revision).map_err(|_| CustomerError::Stale { resource })
}

/// The live customer with a name, locked until the end of the write. A deleted one is refused
/// as deleted when it was named by its id, as unknown otherwise.
async fn live(
    write: &Write,
    context: &Context,
    reference: Option<&pb::CustomerRef>,
) -> Result<Customer, CustomerError> {
    let name = convert::customer_name(reference)?;
    let (project, now) = (context.project, context.now);
    let customer = store::customer::find_for_update(write.tx(), project, &name, now).await?;
    customer.require_live()?;
    Ok(customer)
}

/// Records a change of a customer's own fields; answers its state.
async fn record_change(
    write: &mut Write,
    kind: &'static str,
    before: &Customer,
    after: &Customer,
) -> Result<pb::Customer, CustomerError> {
    let (old, new) = (
        convert::customer_state(before),
        convert::customer_state(after),
    );
    write
        .record(kind, &new.id, after.revision, Some(&old), Some(&new))
        .await?;
    Ok(new)
}

/// Records a change of what is beside a customer's own fields, all of one kind.
async fn record_profile<M: prost::Name + PartialEq>(
    write: &mut Write,
    kind: &'static str,
    customer: &Customer,
    before: &M,
    after: &M,
) -> Result<(), CustomerError> {
    if before == after {
        return Ok(());
    }
    let (project, now) = (write.context().project, write.context().now);
    let revision = store::profile::touch(write.tx(), project, customer.id, now).await?;
    let id = customer.id.to_string();
    write
        .record(kind, &id, revision, Some(before), Some(after))
        .await?;
    Ok(())
}
