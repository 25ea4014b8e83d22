//! Terms put together for those who ask: what is known of them, wherever it is kept, with products from the catalog and money at the
//! rates of its days.

use std::collections::{BTreeMap, BTreeSet};

use chassis::Context;
use contract::catalog::v1 as catalog;
use contract::customer::v1 as customer;
use contract::subscription::v1 as pb;
use futures::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use kernel::Decimal;
use kernel::decimal::DecimalError;
use kernel::id::{CustomerId, SubscriptionId};
use sea_orm::ConnectionTrait;
use tonic::Code;

use crate::clients::Clients;
use crate::convert::term as show;
use crate::domain::refusal::Refusal;
use crate::domain::store_transaction::purchase::Purchase;
use crate::domain::subscription::Subscription;
use crate::domain::term::money::{self, Rates, Revenue};
use crate::domain::term::plan::chains;
use crate::domain::term::reported::facts as reported_facts;
use crate::domain::term::{Amount, Facts, Origin, Payment, Product};
use crate::error::SubscriptionError;
use crate::store;
use crate::store::invoice_share::Share;
use crate::store::payment::Moved;
use crate::store::purchase::Stored;
use crate::store::term::{NewTerm, Term};

/// Rates that are asked for at once.
const RATES_AT_ONCE: usize = 8;
/// Subscriptions that one read takes.
const REPORTED_PAGE: u64 = 1_000;
/// Most ids of one question to the catalog.
const PRODUCTS_MAX: usize = 1_000;

/// A term and all that is known of it.
#[derive(Clone, Debug)]
pub struct Known {
    /// The term.
    pub term: Term,
    /// What is known of it.
    pub facts: Facts,
    /// Whether somebody knows of an unpaid bill.
    pub open_payment: bool,
}

/// Products of the catalog.
#[derive(Clone, Debug, Default)]
pub struct Products {
    by_id: BTreeMap<String, catalog::Product>,
    by_key: BTreeMap<String, Vec<catalog::Product>>,
}

impl Products {
    /// Takes in one that is found by its key.
    pub fn add(&mut self, product: catalog::Product) {
        let offered = self.by_key.entry(product.product_key.clone()).or_default();
        offered.push(product);
    }

    /// The product that is sold: by its id, else by key and length of period, else by key.
    pub fn find(&self, sold: &Product) -> Option<&catalog::Product> {
        if !sold.id.is_empty() {
            return self.by_id.get(&sold.id);
        }
        let offered = self.by_key.get(&sold.key)?;
        let length = sold.duration.as_ref().map_or("", |length| length.as_str());
        let exact = offered.iter().find(|product| product.duration == length);
        exact.or(offered.first())
    }
}

/// The name under which all terms of a customer's subscriptions from plans are kept.
pub fn plan_source(customer: CustomerId) -> String {
    format!("plan:{customer}")
}

/// The terms that a customer's subscriptions from plans come to.
pub fn planned(customer: CustomerId, held: &[Subscription]) -> Vec<NewTerm> {
    let terms = chains(held).into_iter().map(|chain| NewTerm {
        origin: Origin::Plan,
        opening: chain.opening().id.to_string(),
        source_id: Some(chain.newest().id.to_string()),
        customer,
        identifier: chain.newest().id.to_string(),
        environment: crate::domain::term::Environment::Production,
        start: chain.start(),
        facts: None,
        definition: None,
    });
    terms.collect()
}

/// What is known of a customer's terms but money, from its subscriptions.
pub fn known_of(
    context: &Context,
    terms: Vec<Term>,
    held: &[Subscription],
) -> Result<Vec<Known>, SubscriptionError> {
    let mut found = BTreeMap::new();
    for chain in chains(held) {
        let facts = chain.facts(Vec::new(), context.now)?;
        found.insert(facts.opening.clone(), (facts, false));
    }
    Ok(joined(terms, found))
}

/// All that is known of terms, in their order; one whose subscription is gone is left out.
pub async fn known(
    connection: &impl ConnectionTrait,
    context: &Context,
    terms: Vec<Term>,
) -> Result<Vec<Known>, SubscriptionError> {
    let mut found: BTreeMap<String, (Facts, bool)> = BTreeMap::new();
    let planned: BTreeSet<CustomerId> = terms
        .iter()
        .filter(|term| term.origin == Origin::Plan)
        .map(|term| term.customer)
        .collect();
    for customer in planned {
        let held = store::subscription::of_customer(connection, context.project, customer).await?;
        let ids: Vec<String> = held.iter().map(|held| held.id.to_string()).collect();
        let shares =
            store::invoice_share::of_subscriptions(connection, context.project, &ids).await?;
        for chain in chains(&held) {
            let own: Vec<&Share> = shares
                .iter()
                .filter(|share| chain.has(&share.subscription))
                .collect();
            let payments = own.iter().filter_map(|share| paid(share)).collect();
            let open = own.iter().any(|share| share.open);
            let facts = chain.facts(payments, context.now)?;
            found.insert(facts.opening.clone(), (facts, open));
        }
    }
    let reporting: BTreeSet<CustomerId> = terms
        .iter()
        .filter(|term| [Origin::Profitwell, Origin::Probe].contains(&term.origin))
        .map(|term| term.customer)
        .collect();
    for customer in reporting {
        let held = store::reported::of_customer(connection, context.project, customer).await?;
        for reported in held {
            for facts in reported_facts(&reported, context.now)? {
                let opening = (reported_source(reported.id), facts.opening.clone());
                found.insert(format!("{}/{}", opening.0, opening.1), (facts, false));
            }
        }
    }
    Ok(joined(terms, found))
}

/// The name under which all terms of a reported subscription are kept.
pub fn reported_source(id: SubscriptionId) -> String {
    format!("reported:{id}")
}

/// Terms and what is known of each, here or as it was found.
fn joined(terms: Vec<Term>, mut found: BTreeMap<String, (Facts, bool)>) -> Vec<Known> {
    let mut known = Vec::with_capacity(terms.len());
    for mut term in terms {
        let facts = match term.facts.take() {
            Some(facts) => Some((facts, false)),
            None if term.origin == Origin::Plan => found.remove(&term.opening),
            None => found.remove(&format!("{}/{}", term.source_key, term.opening)),
        };
        if let Some((facts, open_payment)) = facts
            && !facts.stages.is_empty()
        {
            known.push(Known {
                term,
                facts,
                open_payment,
            });
        }
    }
    known
}

/// What was paid with an invoice for a subscription, if it is paid.
fn paid(share: &Share) -> Option<Payment> {
    Some(Payment {
        id: share.invoice.clone(),
        at: share.paid_at?,
        amount: Amount {
            value: share.amount,
            currency: share.currency.clone(),
        },
        tax: Decimal::ZERO,
        commission: Decimal::ZERO,
        imputed: false,
    })
}

/// Terms as they are now.
pub async fn shown(
    clients: &Clients,
    context: &Context,
    known: &[Known],
) -> Result<Vec<pb::Term>, SubscriptionError> {
    let now = context.now;
    let mut views = Vec::with_capacity(known.len());
    for known in known {
        let view = known.facts.view(now, known.open_payment);
        views.push(view.map_err(Refusal::from)?);
    }
    let mut sold = Vec::new();
    for view in &views {
        sold.extend(view.product.clone());
        sold.extend(view.pending.clone());
    }
    let products = products(clients, context, &sold).await?;
    let mut wanted = BTreeSet::new();
    for known in known {
        wanted.extend(money::wanted(&known.facts.payments, now));
    }
    let rates = rates_at(clients, context, wanted).await?;
    let mut terms = Vec::with_capacity(known.len());
    for (known, view) in known.iter().zip(&views) {
        let revenue = sums(&known.facts.payments, &rates, now)?;
        terms.push(show::term(known, view, &products, revenue));
    }
    Ok(terms)
}

/// Purchases as they are now.
pub async fn shown_purchases(
    clients: &Clients,
    context: &Context,
    purchases: &[Stored],
) -> Result<Vec<pb::Purchase>, SubscriptionError> {
    let mut sold = Vec::new();
    let mut wanted = BTreeSet::new();
    for purchase in purchases {
        sold.push(purchase.facts.product.clone());
        wanted.extend(money::wanted(&purchase.facts.payments, context.now));
    }
    let products = products(clients, context, &sold).await?;
    let rates = rates_at(clients, context, wanted).await?;
    let mut shown = Vec::with_capacity(purchases.len());
    for purchase in purchases {
        let revenue = if purchase.facts.refunded.is_some() {
            Revenue::default()
        } else {
            sums(&purchase.facts.payments, &rates, context.now)?
        };
        shown.push(show::purchase(purchase, &products, revenue));
    }
    Ok(shown)
}

fn sums(payments: &[Payment], rates: &Rates, now: Timestamp) -> Result<Revenue, SubscriptionError> {
    let sum = money::sum(payments, rates, now).map_err(Refusal::from)?;
    Ok(sum)
}

/// The catalog's products of what is sold, deleted ones too where their id is known.
pub async fn products(
    clients: &Clients,
    context: &Context,
    sold: &[Product],
) -> Result<Products, SubscriptionError> {
    let (mut ids, mut keys) = (BTreeSet::new(), BTreeSet::new());
    for product in sold {
        if product.id.is_empty() {
            keys.insert(product.key.clone());
        } else {
            ids.insert(product.id.clone());
        }
    }
    let (ids, keys): (Vec<String>, Vec<String>) =
        (ids.into_iter().collect(), keys.into_iter().collect());
    let mut found = Products::default();
    let by_ids = ids
        .chunks(PRODUCTS_MAX)
        .map(|ids| (ids.to_vec(), Vec::new()));
    let by_keys = keys
        .chunks(PRODUCTS_MAX)
        .map(|keys| (Vec::new(), keys.to_vec()));
    for (ids, product_keys) in by_ids.chain(by_keys) {
        let by_id = !ids.is_empty();
        let request = catalog::BatchGetProductsRequest { ids, product_keys };
        let answer = clients
            .products
            .clone()
            .batch_get_products(context.request(request))
            .await?
            .into_inner();
        for product in answer.products {
            if by_id {
                found.by_id.insert(product.id.clone(), product);
            } else {
                found.add(product);
            }
        }
    }
    Ok(found)
}

/// Rates into USD; none where none is known.
pub async fn rates_at(
    clients: &Clients,
    context: &Context,
    wanted: BTreeSet<(String, Timestamp)>,
) -> Result<Rates, SubscriptionError> {
    futures::stream::iter(wanted)
        .map(|pair| async move {
            let rate = rate(clients, context, &pair.0, pair.1).await?;
            Ok::<_, SubscriptionError>((pair, rate))
        })
        .buffer_unordered(RATES_AT_ONCE)
        .try_collect()
        .await
}

async fn rate(
    clients: &Clients,
    context: &Context,
    from: &str,
    at: Timestamp,
) -> Result<Option<Decimal>, SubscriptionError> {
    let request = customer::GetRateRequest {
        from_currency_code: from.to_owned(),
        to_currency_code: money::USD.to_owned(),
        time: Some(contract::convert::timestamp(at)),
    };
    match clients
        .rates
        .clone()
        .get_rate(context.request(request))
        .await
    {
        Ok(answer) => {
            let rate = answer.into_inner().rate.and_then(|rate| rate.rate);
            contract::convert::from_optional_decimal(rate.as_ref())
                .map_err(|error| SubscriptionError::field("rate", error.to_string()))
        }
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(status.into()),
    }
}

/// Whether a sum can be made at all: a price that would overflow it is refused before it is kept.
pub fn check_sums(payments: &[Payment]) -> Result<(), DecimalError> {
    let one = |payment: &Payment| {
        let rate = (payment.amount.currency.clone(), payment.at);
        (rate, Some(Decimal::ONE))
    };
    let rates: Rates = payments.iter().map(one).collect();
    money::sum(payments, &rates, Timestamp::MAX).map(drop)
}

/// The money of a purchase that counts in figures.
pub fn counted(purchase: &Purchase) -> &[Payment] {
    let counts = purchase.environment == crate::domain::term::Environment::Production
        && purchase.ownership == crate::domain::term::Ownership::Purchased;
    if counts { &purchase.payments } else { &[] }
}

/// What was paid, as far as that follows from what was reported, after an instant, up to and with another.
pub async fn imputed_between(
    connection: &impl ConnectionTrait,
    context: &Context,
    after: Timestamp,
    until: Timestamp,
) -> Result<Vec<Moved>, SubscriptionError> {
    let mut found = Vec::new();
    let mut last = 0;
    loop {
        let page =
            store::reported::list(connection, context.project, None, last, REPORTED_PAGE).await?;
        let Some(newest) = page.last().map(store::reported::Stored::sequence) else {
            return Ok(found);
        };
        last = newest;
        for stored in page {
            let store::reported::Stored::Reported(reported) = stored else {
                continue;
            };
            for facts in reported_facts(&reported, until)? {
                let moved = facts.payments.iter().filter(|paid| paid.at > after);
                found.extend(moved.map(|paid| Moved {
                    customer: reported.customer_id.to_string(),
                    owner: reported.id.to_string(),
                    at: paid.at,
                    amount: paid.amount.value,
                    currency: paid.amount.currency.clone(),
                }));
            }
        }
    }
}
