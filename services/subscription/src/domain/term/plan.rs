//! Terms of subscriptions made from plans: a chain of subscriptions of one plan, each starting where the one before ends, is one term.

use jiff::Timestamp;
use kernel::calendar::Recurrence;

use super::{
    Amount, Coverage, Environment, Facts, Flag, Mark, Origin, Ownership, Payment, Periods, Product,
    Stage, Store,
};
use crate::domain::refusal::Refusal;
use crate::domain::revenue::change::{Class, changes, product_key};
use crate::domain::subscription::Subscription;

/// Subscriptions of one customer and one plan without gaps between them, by start, at least one.
#[derive(Clone, Debug)]
pub struct Chain<'a> {
    members: Vec<&'a Subscription>,
    /// Another plan that follows at once.
    next: Option<&'a Subscription>,
}

/// The chains of one customer's subscriptions, by start. What is deleted, or gave way to another at its very start, is in none.
pub fn chains(subscriptions: &[Subscription]) -> Vec<Chain<'_>> {
    let mut held: Vec<&Subscription> = subscriptions
        .iter()
        .filter(|found| found.deleted_at.is_none() && !gave_way_at_start(found))
        .collect();
    held.sort_by_key(|found| (found.active_from, found.id));
    let mut chains: Vec<Chain<'_>> = Vec::new();
    for found in held {
        let before = chains
            .iter_mut()
            .find(|chain| chain.newest().active_to == Some(found.active_from));
        match before {
            Some(chain) if product_key(chain.newest()) == product_key(found) => {
                chain.members.push(found);
            }
            before => {
                if let Some(chain) = before {
                    chain.next = Some(found);
                }
                chains.push(Chain {
                    members: vec![found],
                    next: None,
                });
            }
        }
    }
    chains
}

/// What was only ended at its very start was sold, and stays.
fn gave_way_at_start(subscription: &Subscription) -> bool {
    subscription.active_period().is_empty() && subscription.superseding_id().is_some()
}

impl<'a> Chain<'a> {
    /// The one that opened it.
    pub fn opening(&self) -> &'a Subscription {
        self.members[0]
    }

    /// The one that started last.
    pub fn newest(&self) -> &'a Subscription {
        self.members[self.members.len() - 1]
    }

    /// Whether a subscription is one of them.
    pub fn has(&self, id: &str) -> bool {
        self.members.iter().any(|found| found.id.to_string() == id)
    }

    /// Start of the chain.
    pub fn start(&self) -> Timestamp {
        self.opening().active_from
    }

    /// What is known of the term, with the billing period around now.
    pub fn facts(&self, payments: Vec<Payment>, now: Timestamp) -> Result<Facts, Refusal> {
        let opening = self.opening();
        let mut stages: Vec<Stage> = Vec::new();
        for member in &self.members {
            if member.active_period().is_empty() {
                stages.push(Stage {
                    start: member.active_from,
                    end: member.active_to,
                    coverage: Coverage::Unknown,
                    product: Some(product(member)),
                    monthly: None,
                });
            }
            for change in changes(member)? {
                if let Some(last) = stages.last_mut() {
                    last.end = Some(last.end.map_or(change.at, |end| end.min(change.at)));
                }
                let coverage = match change.class {
                    Class::Trial => Coverage::Trial,
                    Class::Paid | Class::PastDue => Coverage::Paid,
                    Class::Free => Coverage::Free,
                    Class::Ended | Class::Delinquent | Class::Lapsed => continue,
                };
                stages.push(Stage {
                    start: change.at,
                    end: member.active_to,
                    coverage,
                    product: Some(product(member)),
                    monthly: (coverage == Coverage::Paid).then(|| Amount {
                        value: change.monthly_value,
                        currency: member.currency.code().to_owned(),
                    }),
                });
            }
        }
        let marks = self.next.map(|next| Mark {
            at: opening.active_from,
            flag: Flag::ChangeTo(Box::new(product(next))),
        });
        Ok(Facts {
            opening: opening.id.to_string(),
            origin: Origin::Plan,
            customer: opening.customer_id,
            original_customer: opening.customer_id,
            store: Store::BuiltIn,
            environment: Environment::Production,
            ownership: Ownership::Purchased,
            identifier: self.newest().id.to_string(),
            stages,
            marks: marks.into_iter().collect(),
            payments,
            periods: self.periods(now)?,
            offering: None,
            country: None,
            management_url: None,
            entitlement: None,
        })
    }

    /// The billing period around now: the first before the start, the last after the end.
    fn periods(&self, now: Timestamp) -> Result<Periods, Refusal> {
        let begun = self
            .members
            .iter()
            .rev()
            .find(|found| found.active_from <= now);
        let member = begun.unwrap_or(&self.members[0]);
        let mut period = member.billing_period_at(now.max(member.active_from))?;
        if let Some(end) = member.active_to {
            period.end = period.end.min(end);
        }
        let recurrence = Recurrence {
            interval: member.billing_cadence.clone(),
            anchor: member.billing_anchor,
        };
        Ok(Periods::Given(period, recurrence))
    }
}

/// What a subscription sells; its id is the catalog's to tell.
fn product(subscription: &Subscription) -> Product {
    Product {
        id: String::new(),
        key: product_key(subscription),
        duration: Some(subscription.billing_cadence.clone()),
        grace: None,
        trial: None,
    }
}
