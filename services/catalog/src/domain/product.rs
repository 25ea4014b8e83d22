//! A product: what one store sells under one identifier; and which product a plan or a reported
//! subscription is, so that one thing sold is one product in every dialect.

use kernel::calendar::IsoDuration;
use serde::{Deserialize, Serialize};

use super::violation::{Violation, Violations};

/// Longest store identifier and product key, in characters.
pub const IDENTIFIER_LENGTH_MAX: usize = 255;
/// Longest display name, in characters.
pub const DISPLAY_NAME_LENGTH_MAX: usize = 1500;

/// What is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProductKind {
    /// Something that renews.
    Subscription,
    /// Something bought once.
    OneTime,
}

/// Where a product comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Made by hand for a store.
    Store,
    /// Named by a reported plan or subscription.
    Reported,
    /// A published plan.
    Plan,
}

impl ProductKind {
    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Subscription => "subscription",
            Self::OneTime => "one_time",
        }
    }

    /// The kind with this word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Subscription, Self::OneTime]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

impl Origin {
    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Reported => "reported",
            Self::Plan => "plan",
        }
    }

    /// The origin with this word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Store, Self::Reported, Self::Plan]
            .into_iter()
            .find(|origin| origin.word() == word)
    }
}

/// What may change about a product; stored as one JSON document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductBody {
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Length of one period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<IsoDuration>,
    /// How long access lasts after a missed renewal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_period: Option<IsoDuration>,
    /// Length of the trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<IsoDuration>,
    /// Whether a thing bought once can be used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_consumable: Option<bool>,
}

/// What the user says about a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductSpec {
    /// Identifier within the store.
    pub store_identifier: String,
    /// The same in every dialect and for all intervals.
    pub product_key: String,
    /// What is sold.
    pub kind: ProductKind,
    /// What may change.
    pub body: ProductBody,
}

impl ProductSpec {
    /// What makes the product unreadable; paths start with `product`.
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Violations::default();
        let most = IDENTIFIER_LENGTH_MAX;
        found.text("product.store_identifier", &self.store_identifier, 1, most);
        self.body.check(self.kind, &mut found);
        found.into_vec()
    }
}

impl ProductBody {
    fn check(&self, kind: ProductKind, found: &mut Violations) {
        if let Some(name) = &self.display_name {
            found.text("product.display_name", name, 1, DISPLAY_NAME_LENGTH_MAX);
        }
        let durations = [
            ("product.duration", &self.duration),
            ("product.grace_period_duration", &self.grace_period),
            ("product.trial_duration", &self.trial),
        ];
        for (path, duration) in durations {
            let Some(duration) = duration else { continue };
            found.require(
                duration.is_positive() && !duration.as_str().contains('T'),
                path,
                "must be whole days or longer",
            );
            found.require(
                kind == ProductKind::Subscription,
                path,
                "does not belong to a product that is sold once",
            );
        }
        found.require(
            self.is_consumable.is_none() || kind == ProductKind::OneTime,
            "product.is_consumable",
            "does not belong to a product that renews",
        );
    }
}

/// A product of the default app that has a key, or an identifier that the key might take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its identifier in the store.
    pub store_identifier: String,
    /// What is sold under it.
    pub product_key: String,
    /// What is sold.
    pub kind: ProductKind,
    /// Where it comes from.
    pub origin: Origin,
    /// Its interval.
    pub duration: Option<IsoDuration>,
}

/// Which product something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// One that exists, by its place among the known ones. It may have to learn the interval.
    Existing(usize),
    /// A new one under this identifier.
    New(String),
}

/// The identifiers that the product of a key and an interval may take, the preferred one first.
pub fn identifiers(key: &str, duration: Option<&IsoDuration>) -> [String; 3] {
    let suffix = duration.map_or("once", |duration| match duration.as_str() {
        "P1M" => "month",
        "P1Y" | "P12M" => "year",
        other => other,
    });
    // The suffix stays whole where the key is too long for both.
    let room = IDENTIFIER_LENGTH_MAX.saturating_sub(suffix.len() + 3);
    let head: String = key.chars().take(room).collect();
    [
        key.to_owned(),
        format!("{head}:{suffix}"),
        format!("{head}:{suffix}:2"),
    ]
}

/// Which product of a key has this interval: the one that has it, else one of unknown interval,
/// else a new one, named by the key alone if that is still free.
pub fn choose(
    key: &str,
    kind: ProductKind,
    duration: Option<&IsoDuration>,
    known: &[Known],
) -> Choice {
    let find = |fits: &dyn Fn(&Known) -> bool| {
        known
            .iter()
            .position(|known| known.product_key == key && known.kind == kind && fits(known))
    };
    // Who does not say an interval means whichever there is.
    let existing = find(&|known| known.duration.as_ref() == duration)
        .or_else(|| find(&|known| duration.is_none() || known.duration.is_none()));
    existing.map_or_else(
        || {
            let free = |identifier: &String| {
                known
                    .iter()
                    .all(|known| known.store_identifier != *identifier)
            };
            let [.., last] = identifiers(key, duration);
            let new = identifiers(key, duration).into_iter().find(free);
            Choice::New(new.unwrap_or(last))
        },
        Choice::Existing,
    )
}

/// Which product a published plan is: all versions of a plan are one product.
pub fn choose_for_plan(key: &str, cadence: &IsoDuration, known: &[Known]) -> Choice {
    known
        .iter()
        .position(|known| known.product_key == key && known.origin == Origin::Plan)
        .map_or_else(
            || choose(key, ProductKind::Subscription, Some(cadence), known),
            Choice::Existing,
        )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    const RENEWS: ProductKind = ProductKind::Subscription;

    fn duration(text: &str) -> Option<IsoDuration> {
        (!text.is_empty()).then(|| IsoDuration::parse(text).unwrap())
    }

    fn known(identifier: &str, origin: Origin, length: &str) -> Known {
        Known {
            store_identifier: identifier.into(),
            product_key: identifier.split(':').next().unwrap().into(),
            kind: ProductKind::Subscription,
            origin,
            duration: duration(length),
        }
    }

    #[test]
    fn the_second_interval_of_a_key_gets_a_suffix() {
        let monthly = [known("gold", Origin::Reported, "P1M")];
        let check = |length: &str, expected: Choice| {
            assert_eq!(
                choose("gold", RENEWS, duration(length).as_ref(), &monthly),
                expected,
                "{length}"
            );
        };
        check("P1M", Choice::Existing(0));
        check("P1Y", Choice::New("gold:year".into()));
        check("P1W", Choice::New("gold:P1W".into()));
        check("", Choice::Existing(0));
        assert_eq!(
            choose("gold", ProductKind::OneTime, None, &monthly),
            Choice::New("gold:once".into()),
            "what is sold once is another product"
        );
        assert_eq!(
            choose("gold", RENEWS, duration("P1M").as_ref(), &[]),
            Choice::New("gold".into())
        );
    }

    #[test]
    fn a_product_without_interval_learns_the_first_one() {
        let made_by_hand = [known("gold", Origin::Reported, "")];
        assert_eq!(
            choose("gold", RENEWS, duration("P1Y").as_ref(), &made_by_hand),
            Choice::Existing(0)
        );
    }

    #[test]
    fn all_versions_of_a_plan_are_one_product() {
        let year = duration("P1Y").unwrap();
        let known = [
            known("pro", Origin::Reported, "P1M"),
            known("pro:year", Origin::Plan, "P1M"),
        ];
        assert_eq!(choose_for_plan("pro", &year, &known), Choice::Existing(1));
        assert_eq!(
            choose_for_plan("pro", &year, &known[..1]),
            Choice::New("pro:year".into())
        );
    }

    #[test]
    fn what_renews_has_intervals_and_what_does_not_may_be_used_up() {
        let spec = |kind, body| ProductSpec {
            store_identifier: "gold".into(),
            product_key: "gold".into(),
            kind,
            body,
        };
        let fields = |spec: ProductSpec| {
            spec.violations()
                .into_iter()
                .map(|found| found.field)
                .collect::<Vec<_>>()
        };
        let with = |length: &str| ProductBody {
            duration: duration(length),
            ..ProductBody::default()
        };
        assert!(fields(spec(ProductKind::Subscription, with("P1W"))).is_empty());
        assert_eq!(
            fields(spec(ProductKind::OneTime, with("P1W"))),
            ["product.duration"]
        );
        for length in ["PT1H", "-P1D", "P0D", "P1DT1H"] {
            assert_eq!(
                fields(spec(ProductKind::Subscription, with(length))),
                ["product.duration"],
                "{length}"
            );
        }
        let consumable = ProductBody {
            is_consumable: Some(true),
            ..ProductBody::default()
        };
        assert!(fields(spec(ProductKind::OneTime, consumable.clone())).is_empty());
        assert_eq!(
            fields(spec(ProductKind::Subscription, consumable)),
            ["product.is_consumable"]
        );
        let mut nameless = spec(ProductKind::OneTime, ProductBody::default());
        nameless.store_identifier = String::new();
        assert_eq!(fields(nameless), ["product.store_identifier"]);
    }

    proptest! {
        /// Whatever intervals come in whatever order, each gets one identifier for good, no two
        /// the same, and asking again finds it.
        #[test]
        fn each_interval_is_one_product_for_good(months in proptest::collection::vec(1i64..6, 1..12)) {
            let mut all: Vec<Known> = Vec::new();
            for months in &months {
                let wanted = IsoDuration::from_months(*months);
                if let Choice::New(identifier) = choose("gold", RENEWS, Some(&wanted), &all) {
                    prop_assert!(all.iter().all(|known| known.store_identifier != identifier));
                    all.push(Known {
                        store_identifier: identifier,
                        product_key: "gold".into(),
                        kind: RENEWS,
                        origin: Origin::Reported,
                        duration: Some(wanted.clone()),
                    });
                }
                let again = choose("gold", RENEWS, Some(&wanted), &all);
                let Choice::Existing(index) = again else {
                    return Err(TestCaseError::fail("it is found again"));
                };
                prop_assert_eq!(all[index].duration.as_ref(), Some(&wanted));
            }
        }
    }
}
