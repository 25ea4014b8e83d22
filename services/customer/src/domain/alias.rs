//! Aliases: further ids of one customer, in the one name space of keys and ids.

use kernel::{Timestamp, id::CustomerId};

use super::{
    customer::{Customer, KEY_LENGTH_MAX, key_bytes},
    handle::{Claims, HandleKind},
    text,
};
use crate::error::CustomerError;

/// Most aliases of one customer.
pub const ALIASES_MAX: usize = 500;

/// An id that names a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The text.
    pub text: String,
    /// Since when.
    pub create_time: Timestamp,
    /// Whether it is the id that is shown.
    pub canonical: bool,
}

/// A text that may be an alias as far as it can be judged alone.
pub fn text(given: &str) -> Result<String, CustomerError> {
    key_bytes("alias", given)?;
    text::required("alias", given.to_owned(), KEY_LENGTH_MAX)
}

/// What becomes of a text that shall be an alias of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It names the customer already.
    Held,
    /// It is free, or a former key that yields.
    Free,
}

/// Whether a text may become an alias of a customer.
pub fn admit(alias: &str, own: CustomerId, claims: &Claims) -> Result<Admission, CustomerError> {
    let taken = || CustomerError::AliasTaken {
        alias: alias.to_owned(),
    };
    match claims.handle_of {
        Some((holder, HandleKind::Key | HandleKind::Alias)) if holder == own => Ok(Admission::Held),
        // Its ProfitWell id names it anyway; as an alias it is also listed.
        Some((holder, HandleKind::ProfitwellId)) if holder == own => Ok(Admission::Free),
        Some((_, HandleKind::Key | HandleKind::Alias | HandleKind::ProfitwellId)) => Err(taken()),
        None | Some((_, HandleKind::FormerKey)) if claims.is_id => Err(taken()),
        None | Some((_, HandleKind::FormerKey)) => Ok(Admission::Free),
    }
}

/// All ids of a customer by time of creation: the canonical one is as old as the customer and
/// comes first among equals.
pub fn list(customer: &Customer, mut aliases: Vec<Alias>) -> Vec<Alias> {
    aliases.push(Alias {
        text: canonical(customer),
        create_time: customer.create_time,
        canonical: true,
    });
    aliases.sort_by(|a, b| {
        let key = |one: &Alias| (one.create_time, !one.canonical);
        key(a).cmp(&key(b)).then_with(|| a.text.cmp(&b.text))
    });
    aliases
}

/// The id of a customer that dialects show.
pub fn canonical(customer: &Customer) -> String {
    match &customer.key {
        Some(key) => key.clone(),
        None => customer.id.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::error::Problem as _;

    fn id(number: u128) -> CustomerId {
        CustomerId::from_ulid(ulid::Ulid::from(number))
    }

    fn check(claims: Claims, expected: Result<Admission, &'static str>) {
        let found = admit("a", id(1), &claims).map_err(|error| error.reason());
        assert_eq!(found, expected);
    }

    #[test]
    fn an_alias_must_name_nobody_else() {
        let of = |number, kind| Claims {
            handle_of: Some((id(number), kind)),
            ..Claims::default()
        };
        check(Claims::default(), Ok(Admission::Free));
        check(of(1, HandleKind::Key), Ok(Admission::Held));
        check(of(1, HandleKind::Alias), Ok(Admission::Held));
        check(of(1, HandleKind::ProfitwellId), Ok(Admission::Free));
        check(of(2, HandleKind::FormerKey), Ok(Admission::Free));
        for kind in [HandleKind::Key, HandleKind::Alias, HandleKind::ProfitwellId] {
            check(of(2, kind), Err("ALIAS_TAKEN"));
        }
        let somebodys_id = Claims {
            is_id: true,
            ..Claims::default()
        };
        check(somebodys_id, Err("ALIAS_TAKEN"));
    }

    #[test]
    fn the_canonical_id_is_listed_first_among_equals() {
        use crate::domain::customer::{Draft, NewCustomer};
        let at = |second| Timestamp::from_second(second).unwrap();
        let draft = Draft {
            key: "k".into(),
            name: "n".into(),
            ..Draft::default()
        };
        let customer = NewCustomer::new(draft)
            .unwrap()
            .into_customer(id(1), "pwu_x".into(), at(5));
        let alias = |text: &str, second| Alias {
            text: text.to_owned(),
            create_time: at(second),
            canonical: false,
        };
        let listed = list(
            &customer,
            vec![alias("z", 9), alias("a", 5), alias("old", 1)],
        );
        let texts: Vec<&str> = listed.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(texts, ["old", "k", "a", "z"]);
        assert!(text("").is_err());
        assert!(text(&"x".repeat(1501)).is_err());
    }
}
