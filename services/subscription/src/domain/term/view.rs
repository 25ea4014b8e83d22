//! What a term is at an instant: the tables of states and of renewal, first match.

use jiff::Timestamp;
use kernel::calendar::{CalendarError, Recurrence};

use super::{Amount, Coverage, Facts, Flag, Origin, Periods, Product, Stage};

/// Where a term stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// In trial.
    Trialing,
    /// Paid, or free.
    Active,
    /// Over.
    Expired,
    /// Not renewed, with access.
    InGracePeriod,
    /// Not renewed, payment is tried again.
    InBillingRetry,
    /// Paused.
    Paused,
    /// Recorded without a period.
    Unknown,
    /// Not begun.
    Incomplete,
}

/// What comes at the end of the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// Renewal.
    WillRenew,
    /// The end.
    WillNotRenew,
    /// Another product.
    WillChangeProduct,
    /// A pause.
    WillPause,
    /// The end, unless the customer agrees.
    RequiresConsent,
    /// A period that is paid.
    HasAlreadyRenewed,
}

/// A term at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Where it stands.
    pub status: Status,
    /// What comes next.
    pub renewal: Renewal,
    /// Whether the customer has access.
    pub gives_access: bool,
    /// Whether a payment is open.
    pub pending_payment: bool,
    /// Start of the current period.
    pub period_start: Timestamp,
    /// Its end, if it is known.
    pub period_end: Option<Timestamp>,
    /// When the term ends or ended, as far as anybody said so.
    pub end: Option<Timestamp>,
    /// Until when it gives access without further news.
    pub access_end: Option<Timestamp>,
    /// What is sold.
    pub product: Option<Product>,
    /// What is to be sold next, where the renewal says so.
    pub pending: Option<Product>,
    /// Worth of a month.
    pub monthly: Option<Amount>,
}

/// What was said about the future by an instant and still holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Plans {
    renewal_off: bool,
    change_to: Option<Product>,
    price_asked: bool,
}

impl Facts {
    /// The term at an instant. `open_payment`: somebody knows of an unpaid bill.
    pub fn view(&self, now: Timestamp, open_payment: bool) -> Result<View, CalendarError> {
        let status = self.status(now);
        let stage = self.stage_for(now);
        let plans = self.plans(now);
        let (period_start, period_end) = self.period(now, status)?;
        let renewal = self.renewal(now, status, &plans, period_end);
        let pending = match renewal {
            Renewal::WillChangeProduct => plans.change_to,
            Renewal::WillRenew
            | Renewal::WillNotRenew
            | Renewal::WillPause
            | Renewal::RequiresConsent
            | Renewal::HasAlreadyRenewed => None,
        };
        let holds = stage.is_some_and(|stage| stage.contains(now));
        let gives_access = stage.is_some_and(|stage| stage.coverage.gives_access()) && holds;
        let pending_payment = match status {
            Status::InGracePeriod | Status::InBillingRetry => true,
            Status::Expired | Status::Paused => false,
            Status::Trialing | Status::Active | Status::Unknown | Status::Incomplete => {
                open_payment
            }
        };
        // The last period that a store sold is not the end, unless it was said to be.
        let told = self.periods != Periods::Stages || renewal == Renewal::WillNotRenew;
        let ends = self.end().filter(|_| told);
        Ok(View {
            status,
            renewal,
            gives_access,
            pending_payment,
            period_start,
            period_end,
            end: ends,
            access_end: self.access_end(now),
            product: stage.and_then(|stage| stage.product.clone()),
            pending,
            monthly: stage
                .filter(|_| gives_access)
                .and_then(|stage| stage.monthly.clone()),
        })
    }

    fn status(&self, now: Timestamp) -> Status {
        if now < self.start() {
            return Status::Incomplete;
        }
        match self.stages.iter().find(|stage| stage.contains(now)) {
            None => Status::Expired,
            Some(stage) => match stage.coverage {
                Coverage::Trial => Status::Trialing,
                Coverage::Paid | Coverage::Free => Status::Active,
                Coverage::Grace => Status::InGracePeriod,
                Coverage::Retry => Status::InBillingRetry,
                Coverage::Paused => Status::Paused,
                Coverage::Unknown => Status::Unknown,
            },
        }
    }

    /// The stage that holds; before the first the first, else the last one that began.
    pub fn stage_for(&self, now: Timestamp) -> Option<&Stage> {
        let begun = self.stages.iter().rev().find(|stage| stage.start <= now);
        begun.or(self.stages.first())
    }

    /// Whether renewal was turned off by an instant, and that still holds.
    pub fn renewal_is_off(&self, now: Timestamp) -> bool {
        self.plans(now).renewal_off
    }

    /// What was said and still holds.
    fn plans(&self, now: Timestamp) -> Plans {
        let mut plans = Plans::default();
        for mark in self.marks.iter().filter(|mark| mark.at <= now) {
            match &mark.flag {
                Flag::RenewalOff => plans.renewal_off = true,
                Flag::RenewalOn => plans.renewal_off = false,
                Flag::ChangeTo(product) => plans.change_to = Some((**product).clone()),
                Flag::PriceAsked => plans.price_asked = true,
                Flag::PriceAgreed => plans.price_asked = false,
                Flag::Renewed => plans = Plans::default(),
            }
        }
        plans
    }

    fn period(
        &self,
        now: Timestamp,
        status: Status,
    ) -> Result<(Timestamp, Option<Timestamp>), CalendarError> {
        match &self.periods {
            Periods::Given(period, _) => Ok((period.start, Some(period.end))),
            Periods::Every(length) => self.counted_period(now, length.clone()),
            Periods::Stages => {
                let begun = |stage: &&Stage| {
                    stage.start <= now
                        && stage.coverage.is_period()
                        && (stage.coverage != Coverage::Paused || status == Status::Paused)
                };
                let found = self.stages.iter().rev().find(begun);
                let found = found.or(self.stages.first());
                Ok(found.map_or((now, None), |stage| (stage.start, stage.end)))
            }
        }
    }

    /// The period around now, counted from the start of the term, or the end of its trial, with the day clamped to the length of the month; after the end the
    /// last one, cut.
    fn counted_period(
        &self,
        now: Timestamp,
        length: kernel::calendar::IsoDuration,
    ) -> Result<(Timestamp, Option<Timestamp>), CalendarError> {
        let (start, end) = (self.start(), self.end());
        // A trial is a period of its own, however long.
        let trial = self.stages.iter().find(|stage| {
            stage.coverage == Coverage::Trial && (stage.contains(now) || now < stage.start)
        });
        if let Some(trial) = trial {
            return Ok((trial.start, trial.end));
        }
        let inside = match end {
            Some(end) if end <= now => end
                .checked_sub(jiff::SignedDuration::from_micros(1))
                .map_err(|_| CalendarError::OutOfRange)?,
            Some(_) | None => now,
        };
        let anchor = self.anchor();
        let around = Recurrence::new(length, anchor)?.period_at(inside.max(start))?;
        let cut = end.map_or(around.end, |end| around.end.min(end));
        Ok((around.start.max(start), Some(cut)))
    }

    fn renewal(
        &self,
        now: Timestamp,
        status: Status,
        plans: &Plans,
        period_end: Option<Timestamp>,
    ) -> Renewal {
        if status == Status::Expired || self.origin == Origin::Promotional {
            return Renewal::WillNotRenew;
        }
        if plans.price_asked {
            return Renewal::RequiresConsent;
        }
        let next = self.stages.iter().find(|stage| stage.start > now);
        let is_next = |coverage: Coverage| {
            self.periods == Periods::Stages
                && status != Status::Incomplete
                && next.is_some_and(|stage| stage.coverage == coverage)
        };
        if is_next(Coverage::Paid) || is_next(Coverage::Free) {
            return Renewal::HasAlreadyRenewed;
        }
        let change = plans.change_to.is_some();
        let (ends, changes) = match self.periods {
            // What stores do not say goes on; the last stage ends only as far as is known.
            Periods::Stages => (plans.renewal_off, change),
            Periods::Every(_) | Periods::Given(..) => {
                let end = self.end();
                let last = end.is_some_and(|end| period_end.is_none_or(|period| end <= period));
                (last && !change, last && change)
            }
        };
        if ends {
            Renewal::WillNotRenew
        } else if is_next(Coverage::Paused) {
            Renewal::WillPause
        } else if changes {
            Renewal::WillChangeProduct
        } else {
            Renewal::WillRenew
        }
    }

    /// Until when access goes on without a break from now; the end of the last access when there is none now.
    fn access_end(&self, now: Timestamp) -> Option<Timestamp> {
        let spans = self.access();
        let begun = spans.iter().rev().find(|(from, _)| *from <= now);
        begun
            .or(spans.first())
            .map_or(Some(self.start()), |(_, until)| *until)
    }

    /// When it gives access: spans without gaps between them joined, by start.
    pub fn access(&self) -> Vec<(Timestamp, Option<Timestamp>)> {
        let mut spans: Vec<(Timestamp, Option<Timestamp>)> = Vec::new();
        for stage in self
            .stages
            .iter()
            .filter(|stage| stage.coverage.gives_access())
        {
            match spans.last_mut() {
                Some(last) if last.1 == Some(stage.start) => last.1 = stage.end,
                Some(_) | None => spans.push((stage.start, stage.end)),
            }
        }
        spans
    }
}
