//! The RPCs, one file per service. A handler opens the call, converts, calls the store or the
//! domain, and answers; rules are elsewhere.

mod clock;
mod customer;
mod hold;
mod key;
mod principal;
mod project;
mod rate;
mod subject;

use chassis::{Context, Db, Env, page::PageRequest};

use crate::{error::CustomerError, principal::KeyRing, secret::Pepper};

/// The server of all RPCs of this service. Cheap to clone.
#[derive(Clone)]
pub struct Server {
    db: Db,
    env: Env,
    pepper: Pepper,
    keys: KeyRing,
}

impl Server {
    /// A server on a database.
    pub fn new(env: Env, db: Db, pepper: Pepper, keys: KeyRing) -> Self {
        Self {
            db,
            env,
            pepper,
            keys,
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
