//! Subscriptions for tests, drawn with a few strokes.
#![expect(clippy::unwrap_used, reason = "tests")]

use jiff::Timestamp;
use kernel::calendar::IsoDuration;
use kernel::currency::Currency;
use kernel::decimal;
use kernel::id::{CustomerId, Ulid};

use super::plan::{NewSubscription, Plan, PlanPhase, subscribe};
use super::rate_card::{CardKind, Discounts, Labels, PaymentTerm, Price, PriceModel, RateCard};
use super::refusal::Refusal;
use super::subscription::{Proration, Subscription};

/// Reads an instant.
pub fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Reads a duration.
pub fn duration(text: &str) -> IsoDuration {
    IsoDuration::parse(text).unwrap()
}

/// A flat monthly card.
pub fn flat(key: &str, amount: &str) -> RateCard {
    let model = PriceModel::Flat {
        amount: decimal::parse(amount).unwrap(),
        payment_term: PaymentTerm::InAdvance,
    };
    RateCard {
        price: Some(Price {
            model,
            minimum_amount: None,
            maximum_amount: None,
        }),
        ..unpriced(key)
    }
}

/// A monthly card priced per unit, with a commitment.
pub fn unit(key: &str, minimum: Option<&str>) -> RateCard {
    let model = PriceModel::Unit {
        amount: decimal::parse("5").unwrap(),
    };
    let minimum_amount = minimum.map(|text| decimal::parse(text).unwrap());
    let price = Some(Price {
        model,
        minimum_amount,
        maximum_amount: None,
    });
    RateCard {
        kind: CardKind::UsageBased,
        price,
        ..unpriced(key)
    }
}

/// A monthly card that is not billed.
pub fn unpriced(key: &str) -> RateCard {
    RateCard {
        key: key.into(),
        name: key.into(),
        description: String::new(),
        kind: CardKind::FlatFee,
        feature_key: None,
        feature_id: None,
        billing_cadence: Some(duration("P1M")),
        price: None,
        discounts: Discounts::default(),
        entitlement: None,
        tax: None,
        metadata: Labels::new(),
    }
}

/// Yields ids that count up.
pub fn mint() -> impl FnMut() -> Ulid {
    let mut next = 0_u128;
    move || {
        next += 1;
        Ulid(next)
    }
}

/// An open monthly subscription with one phase and one item.
pub fn monthly(start: &str) -> Subscription {
    Sketch::new(start).phases(&[""]).build()
}

/// A subscription to be.
pub struct Sketch {
    start: Timestamp,
    anchor: Option<Timestamp>,
    starting: Option<String>,
    phases: Vec<PlanPhase>,
}

impl Sketch {
    /// Starts then.
    pub fn new(start: &str) -> Self {
        Self {
            start: time(start),
            anchor: None,
            starting: None,
            phases: Vec::new(),
        }
    }

    /// Billing periods hang on this instant.
    pub fn anchor(mut self, anchor: &str) -> Self {
        self.anchor = Some(time(anchor));
        self
    }

    /// Phases `phase_0`, … with these lengths (empty: open), each with a flat fee `fee` of 10.
    pub fn phases(self, durations: &[&str]) -> Self {
        durations.iter().fold(self, |sketch, length| {
            sketch.phase(length, vec![flat("fee", "10")])
        })
    }

    /// One more phase.
    pub fn phase(mut self, length: &str, cards: Vec<RateCard>) -> Self {
        self.phases.push(PlanPhase {
            key: format!("phase_{}", self.phases.len()),
            name: "phase".into(),
            description: String::new(),
            duration: (!length.is_empty()).then(|| duration(length)),
            cards,
        });
        self
    }

    /// Starts with this phase.
    pub fn starting(mut self, phase: &str) -> Self {
        self.starting = Some(phase.into());
        self
    }

    /// Makes it.
    pub fn try_build(self) -> Result<Subscription, Refusal> {
        let plan = Plan {
            reference: None,
            name: "plan".into(),
            description: String::new(),
            metadata: Labels::new(),
            currency: Currency::USD,
            billing_cadence: duration("P1M"),
            proration: Proration::ProratePrices,
            phases: self.phases,
        };
        let new = NewSubscription {
            customer_id: CustomerId::from_ulid(Ulid(7)),
            name: String::new(),
            description: String::new(),
            metadata: Labels::new(),
            active_from: self.start,
            billing_anchor: self.anchor,
            starting_phase: self.starting,
        };
        // Each its own id, so that two of them are two.
        let mut next = u128::try_from(self.start.as_microsecond()).unwrap() << 40;
        subscribe(&plan, new, self.start, &mut || {
            next += 1;
            Ulid(next)
        })
    }

    /// Makes it, knowing that it can be made.
    pub fn build(self) -> Subscription {
        self.try_build().unwrap()
    }
}
