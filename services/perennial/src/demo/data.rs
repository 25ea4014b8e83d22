//! The demo's company: what it sells, who buys it, how much they use. Everything follows
//! from a fixed seed, so every run tells the same story to the cent.

use kernel::Timestamp;
use rust_decimal::Decimal;

/// First day of the story.
pub const START: &str = "2026-01-01T00:00:00Z";
/// Days of the story: January, February and March.
pub const DAYS: i64 = 90;
/// How many customers there are.
pub const CUSTOMERS: usize = 50;
/// How many usage events are sent.
pub const EVENTS: usize = 100_000;
/// Regions that requests come from.
pub const REGIONS: [&str; 3] = ["eu", "us", "ap"];
/// Models that tokens are used with.
pub const MODELS: [&str; 2] = ["small", "large"];
/// The customer who changes to a larger plan, and the day.
pub const UPGRADE: (usize, i64) = (7, 45);
/// The customer who cancels, and the day.
pub const CANCELLATION: (usize, i64) = (12, 50);

/// A plan of the company.
#[derive(Clone, Copy, Debug)]
pub struct PlanSpec {
    /// Its key.
    pub key: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its monthly fee.
    pub fee: &'static str,
    /// Requests included in a month.
    pub included: i64,
    /// Prices of requests beyond those: up to how many (none: all further ones), each.
    pub tiers: &'static [(Option<i64>, &'static str)],
}

/// The three plans.
pub const PLANS: [PlanSpec; 3] = [
    PlanSpec {
        key: "starter",
        name: "Starter",
        fee: "19",
        included: 500,
        tiers: &[(Some(500), "0"), (Some(2_000), "0.01"), (None, "0.008")],
    },
    PlanSpec {
        key: "team",
        name: "Team",
        fee: "99",
        included: 1_000,
        tiers: &[(Some(1_000), "0"), (Some(5_000), "0.008"), (None, "0.006")],
    },
    PlanSpec {
        key: "scale",
        name: "Scale",
        fee: "499",
        included: 2_000,
        tiers: &[
            (Some(2_000), "0"),
            (Some(10_000), "0.006"),
            (None, "0.0045"),
        ],
    },
];

/// A customer of the company.
#[derive(Clone, Debug)]
pub struct CustomerSpec {
    /// Its number, from 0.
    pub index: usize,
    /// Its key, which is also its subject key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// The plan it starts on.
    pub plan: &'static PlanSpec,
    /// The day of the story it signs up on, from 0.
    pub start_day: i64,
}

/// One usage event.
#[derive(Clone, Debug)]
pub struct EventSpec {
    /// Unique id.
    pub id: String,
    /// Which customer.
    pub customer: usize,
    /// Seconds since the start of its day.
    pub second: i64,
    /// Where the request came from.
    pub region: &'static str,
    /// The model it used.
    pub model: &'static str,
    /// The tokens it used, a decimal.
    pub tokens: Decimal,
}

const FIRST: [&str; 10] = [
    "Alder", "Birch", "Cedar", "Fern", "Hazel", "Juniper", "Linden", "Maple", "Rowan", "Willow",
];
const SECOND: [&str; 5] = ["Analytics", "Robotics", "Studio", "Logistics", "Health"];

/// A small generator of numbers (SplitMix64): the same seed gives the same story.
#[derive(Clone, Debug)]
pub struct Numbers(u64);

impl Numbers {
    /// A generator for a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number below a bound above zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    /// One of some things.
    pub fn pick<T: Copy>(&mut self, things: &[T]) -> T {
        let index = usize::try_from(self.below(things.len() as u64)).unwrap_or(0);
        things[index]
    }
}

/// The customers in order of their number.
pub fn customers() -> Vec<CustomerSpec> {
    let mut numbers = Numbers::new(50);
    (0..CUSTOMERS)
        .map(|index| {
            let name = format!("{} {}", FIRST[index % 10], SECOND[index / 10]);
            // Thirty are there from the first day, the others come over ten weeks.
            let late = i64::try_from(numbers.below(70)).unwrap_or(0);
            CustomerSpec {
                index,
                key: name.to_lowercase().replace(' ', "-"),
                name,
                plan: match numbers.below(10) {
                    0..=4 => &PLANS[0],
                    5..=8 => &PLANS[1],
                    _ => &PLANS[2],
                },
                start_day: if index < 30 { 0 } else { late },
            }
        })
        .collect()
}

/// How many events each day has: the same total every time.
pub fn events_on(day: i64) -> usize {
    let days = usize::try_from(DAYS).unwrap_or(1);
    let day = usize::try_from(day).unwrap_or(0);
    EVENTS * (day + 1) / days - EVENTS * day / days
}

/// The events of a day, of the customers that are there.
pub fn events(day: i64, present: &[usize]) -> Vec<EventSpec> {
    let mut numbers = Numbers::new(1_000 + u64::try_from(day).unwrap_or(0));
    (0..events_on(day))
        .map(|number| EventSpec {
            id: format!("demo-{day}-{number}"),
            customer: numbers.pick(present),
            second: i64::try_from(numbers.below(86_400)).unwrap_or(0),
            region: numbers.pick(&REGIONS),
            model: numbers.pick(&MODELS),
            tokens: Decimal::new(i64::try_from(numbers.below(20_000)).unwrap_or(0) + 1, 1),
        })
        .collect()
}

/// An instant of the story.
pub fn instant(day: i64, second: i64) -> Timestamp {
    let start: Timestamp = START.parse().expect("the start is a time");
    Timestamp::from_second(start.as_second() + day * 86_400 + second)
        .expect("the story lies within time")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_add_up_to_all_events() {
        assert_eq!((0..DAYS).map(events_on).sum::<usize>(), EVENTS);
    }

    #[test]
    fn the_story_is_the_same_every_time() {
        let tokens = |_| -> Decimal { events(3, &[0, 1, 2]).iter().map(|e| e.tokens).sum() };
        assert_eq!(tokens(1), tokens(2));
        assert_eq!(customers()[7].key, customers()[7].key);
    }

    #[test]
    fn the_actors_of_the_story_are_there_in_time() {
        let customers = customers();
        assert!(customers[UPGRADE.0].start_day < UPGRADE.1);
        assert!(customers[CANCELLATION.0].start_day < CANCELLATION.1);
        assert_ne!(customers[UPGRADE.0].plan.key, "scale");
    }
}
