//! What decides about the subscriptions of customers, as it was seen a moment ago: a new subscription asks for its customer, then for
//! a reservation, then reports, and only the first of the three has to look. What is found here may be outdated; whoever decides by
//! it has the commit check that it still stands (`Guard::Checked`), and takes no refusal from it.

use chassis::{Recent, clock::system_now};
use jiff::SignedDuration;
use kernel::{
    Timestamp,
    id::{CustomerId, ProjectId},
};

use crate::{
    domain::{currency::Reservation, customer::Customer},
    store::hanging::Hanging,
};

/// How long something counts as just seen, in system time and in project time. The commit does not check what the customer's revision
/// does not count, such as which of its subscriptions are active by now.
const FRESH: SignedDuration = SignedDuration::from_secs(10);

/// A customer with what decides about its subscriptions.
#[derive(Clone, Debug)]
pub struct Known {
    /// The customer.
    pub customer: Customer,
    /// What hangs on it, with what decides about subscriptions.
    pub hanging: Hanging,
}

impl Known {
    /// What it is once a reservation is committed.
    pub fn reserved(mut self, new: &Reservation) -> Self {
        self.hanging.change = self.hanging.change.saturating_add(1);
        let reservations = &mut self.hanging.reservations;
        reservations.retain(|known| known.subscription != new.subscription);
        reservations.push(new.clone());
        self
    }
}

/// What was seen, by customer. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Seen(Recent<(ProjectId, CustomerId), Look>);

#[derive(Clone, Debug)]
struct Look {
    known: Known,
    system_time: Timestamp,
    project_time: Timestamp,
}

impl Seen {
    /// Remembers what was seen, or committed, at a project time.
    pub fn keep(&self, project: ProjectId, known: Known, now: Timestamp) {
        let look = Look {
            system_time: system_now(),
            project_time: now,
            known,
        };
        self.0.keep((project, look.known.customer.id), look);
    }

    /// What was seen just before a project time, once: whoever asks is about to change it.
    pub fn take(&self, project: ProjectId, customer: CustomerId, now: Timestamp) -> Option<Known> {
        let look = self.0.take(&(project, customer))?;
        let fresh = |since: Timestamp, now: Timestamp| now.duration_since(since).abs() < FRESH;
        let fits = fresh(look.system_time, system_now()) && fresh(look.project_time, now);
        fits.then_some(look.known)
    }
}
