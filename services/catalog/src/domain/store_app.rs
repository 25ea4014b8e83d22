//! A store app: which store, and what that store needs to know. What each store knows is the table
//! `AppKind::rules`; values that are secret are kept apart and sealed before they are stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::violation::{Violation, Violations};

/// Longest name of an app, in characters.
const NAME_LENGTH_MAX: usize = 255;
/// Currencies that built-in billing can charge in.
const CURRENCIES: [&str; 6] = ["AUD", "CAD", "EUR", "GBP", "JPY", "USD"];
/// Name of the app, and of the seller, that is made with the first product of a plan.
const DEFAULT_NAME: &str = "Default";
const DEFAULT_CURRENCY: &str = "USD";

/// Which store an app is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppKind {
    Amazon,
    AppStore,
    MacAppStore,
    PlayStore,
    Stripe,
    BuiltIn,
    Roku,
}

/// What may be said about one detail.
#[derive(Clone, Copy, Debug)]
pub struct DetailRule {
    /// Its name on the wire.
    pub name: &'static str,
    /// Never shown, sealed at rest.
    pub secret: bool,
    /// Must be there from the start.
    required: bool,
    length_min: usize,
    length_max: usize,
}

const fn open(
    name: &'static str,
    required: bool,
    length_min: usize,
    length_max: usize,
) -> DetailRule {
    DetailRule {
        name,
        secret: false,
        required,
        length_min,
        length_max,
    }
}

const fn secret(
    name: &'static str,
    required: bool,
    length_min: usize,
    length_max: usize,
) -> DetailRule {
    DetailRule {
        secret: true,
        ..open(name, required, length_min, length_max)
    }
}

const AMAZON: [DetailRule; 2] = [
    open("package_name", true, 1, 256),
    secret("shared_secret", false, 1, 4500),
];
/// Whether the seller is in the store's program for small businesses: `true`, or not there.
const SMALL_BUSINESS: DetailRule = open("small_business_program", false, 4, 4);

const APP_STORE: [DetailRule; 6] = [
    open("bundle_id", true, 1, 256),
    secret("shared_secret", false, 32, 32),
    secret("subscription_private_key", true, 1, 4500),
    secret("subscription_key_id", true, 1, 32),
    secret("subscription_key_issuer", true, 1, 36),
    SMALL_BUSINESS,
];
const MAC_APP_STORE: [DetailRule; 3] = [
    open("bundle_id", true, 1, 256),
    secret("shared_secret", false, 32, 32),
    SMALL_BUSINESS,
];
const PLAY_STORE: [DetailRule; 2] = [open("package_name", true, 1, 256), SMALL_BUSINESS];
const STRIPE: [DetailRule; 1] = [open("stripe_account_id", false, 1, 256)];
const BUILT_IN: [DetailRule; 4] = [
    open("stripe_account_id", false, 1, 256),
    open("seller_company_name", true, 1, 256),
    open("seller_company_support_email", false, 1, 320),
    open("default_currency_code", false, 3, 3),
];
const ROKU: [DetailRule; 3] = [
    secret("roku_api_key", false, 33, 33),
    open("roku_channel_id", false, 6, 6),
    open("roku_channel_name", false, 1, 30),
];

impl AppKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Amazon,
        Self::AppStore,
        Self::MacAppStore,
        Self::PlayStore,
        Self::Stripe,
        Self::BuiltIn,
        Self::Roku,
    ];

    /// The word in the table, and the name of the details on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Amazon => "amazon",
            Self::AppStore => "app_store",
            Self::MacAppStore => "mac_app_store",
            Self::PlayStore => "play_store",
            Self::Stripe => "stripe",
            Self::BuiltIn => "built_in",
            Self::Roku => "roku",
        }
    }

    /// The kind with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// What the store needs to know.
    pub fn rules(self) -> &'static [DetailRule] {
        match self {
            Self::Amazon => &AMAZON,
            Self::AppStore => &APP_STORE,
            Self::MacAppStore => &MAC_APP_STORE,
            Self::PlayStore => &PLAY_STORE,
            Self::Stripe => &STRIPE,
            Self::BuiltIn => &BUILT_IN,
            Self::Roku => &ROKU,
        }
    }

    /// Whether apps of the kind can be made.
    pub fn is_switched_on(self) -> bool {
        match self {
            Self::MacAppStore => false,
            Self::Amazon
            | Self::AppStore
            | Self::PlayStore
            | Self::Stripe
            | Self::BuiltIn
            | Self::Roku => true,
        }
    }
}

/// What a store knows about an app, by name. Secrets are sealed once they are stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// What is shown.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub open: BTreeMap<String, String>,
    /// What is not.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secret: BTreeMap<String, String>,
}

impl Details {
    /// Sets a value; an empty one is forgotten.
    pub fn set(&mut self, rule: &DetailRule, value: String) {
        let place = if rule.secret {
            &mut self.secret
        } else {
            &mut self.open
        };
        if value.is_empty() {
            place.remove(rule.name);
        } else {
            place.insert(rule.name.to_owned(), value);
        }
    }
}

/// What the user says about an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppSpec {
    /// Name for people.
    pub name: String,
    /// Which store.
    pub kind: AppKind,
    /// What the store needs to know.
    pub details: Details,
}

impl AppSpec {
    /// The home of the products that come from plans.
    pub fn default_app() -> Self {
        let mut spec = Self {
            name: DEFAULT_NAME.to_owned(),
            kind: AppKind::BuiltIn,
            details: Details::default(),
        };
        let seller = ("seller_company_name".to_owned(), DEFAULT_NAME.to_owned());
        spec.details.open.extend([seller]);
        spec.fill_defaults();
        spec
    }

    /// Fills in what the user may leave out.
    pub fn fill_defaults(&mut self) {
        if self.kind == AppKind::BuiltIn {
            self.details
                .open
                .entry("default_currency_code".to_owned())
                .or_insert_with(|| DEFAULT_CURRENCY.to_owned());
        }
    }

    /// What makes the app unreadable, before its secrets are sealed; paths start with `store_app`.
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Violations::default();
        found.text("store_app.name", &self.name, 1, NAME_LENGTH_MAX);
        for rule in self.kind.rules() {
            let path = format!("store_app.{}.{}", self.kind.word(), rule.name);
            let place = if rule.secret {
                &self.details.secret
            } else {
                &self.details.open
            };
            match place.get(rule.name) {
                Some(value) => found.text(path, value, rule.length_min, rule.length_max),
                None => found.require(!rule.required, path, "is required"),
            }
        }
        let currency = self.details.open.get("default_currency_code");
        found.require(
            currency.is_none_or(|code| CURRENCIES.contains(&code.as_str())),
            "store_app.built_in.default_currency_code",
            "must be one of AUD, CAD, EUR, GBP, JPY, USD",
        );
        found.into_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(kind: AppKind, details: &[(&str, &str)]) -> AppSpec {
        let mut spec = AppSpec {
            name: "Shop".into(),
            kind,
            details: Details::default(),
        };
        for (name, value) in details {
            for rule in kind.rules().iter().filter(|rule| rule.name == *name) {
                spec.details.set(rule, (*value).to_owned());
            }
        }
        spec.fill_defaults();
        spec
    }

    fn check(kind: AppKind, details: &[(&str, &str)], expected: &[&str]) {
        let found = app(kind, details).violations();
        let found: Vec<&str> = found.iter().map(|found| found.field.as_str()).collect();
        assert_eq!(found, expected, "{kind:?} {details:?}");
    }

    #[test]
    fn each_store_needs_its_own_details() {
        check(AppKind::Amazon, &[], &["store_app.amazon.package_name"]);
        check(AppKind::PlayStore, &[("package_name", "com.acme")], &[]);
        check(AppKind::Stripe, &[], &[]);
        check(AppKind::Roku, &[], &[]);
        check(
            AppKind::BuiltIn,
            &[],
            &["store_app.built_in.seller_company_name"],
        );
        check(
            AppKind::AppStore,
            &[("bundle_id", "com.acme")],
            &[
                "store_app.app_store.subscription_private_key",
                "store_app.app_store.subscription_key_id",
                "store_app.app_store.subscription_key_issuer",
            ],
        );
    }

    #[test]
    fn details_have_lengths_and_currencies_are_known() {
        let long = "k".repeat(34);
        check(
            AppKind::Roku,
            &[("roku_api_key", &long), ("roku_channel_id", "12345")],
            &[
                "store_app.roku.roku_api_key",
                "store_app.roku.roku_channel_id",
            ],
        );
        check(
            AppKind::BuiltIn,
            &[
                ("seller_company_name", "Acme"),
                ("default_currency_code", "CHF"),
            ],
            &["store_app.built_in.default_currency_code"],
        );
        let filled = app(AppKind::BuiltIn, &[("seller_company_name", "Acme")]);
        assert_eq!(filled.details.open["default_currency_code"], "USD");
    }

    #[test]
    fn the_default_app_is_sound_and_words_read_back() {
        assert!(AppSpec::default_app().violations().is_empty());
        for kind in AppKind::ALL {
            assert_eq!(AppKind::parse(kind.word()), Some(kind));
        }
    }

    #[test]
    fn names_are_1_to_255_characters_without_nul() {
        for name in ["", "a\0b", &"n".repeat(256)] {
            let mut spec = app(AppKind::Stripe, &[]);
            spec.name = name.into();
            let fields: Vec<String> = spec.violations().into_iter().map(|v| v.field).collect();
            assert_eq!(fields, ["store_app.name"]);
        }
    }
}
