//! The one name space of a project: ids, keys, former keys and aliases of customers. A text
//! names at most one live customer; a former key yields to whoever takes it.

use kernel::id::CustomerId;

use crate::error::CustomerError;

/// How a caller names a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerName {
    /// By id; finds deleted customers too.
    Id(String),
    /// By key, among live customers.
    Key(String),
    /// By id or key; should both match different customers, the lower id wins.
    IdOrKey(String),
    /// By id, key, former key, alias or ProfitWell id.
    Handle(String),
}

impl CustomerName {
    /// The text that was given.
    pub fn text(&self) -> &str {
        match self {
            Self::Id(text) | Self::Key(text) | Self::IdOrKey(text) | Self::Handle(text) => text,
        }
    }
}

/// Why a text names a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandleKind {
    /// It is the customer's key.
    Key,
    /// It was the customer's key.
    FormerKey,
    /// It is another id of the same person.
    Alias,
    /// It is the customer's id in the ProfitWell dialect.
    ProfitwellId,
}

impl HandleKind {
    /// The word stored for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::FormerKey => "former_key",
            Self::Alias => "alias",
            Self::ProfitwellId => "profitwell_id",
        }
    }

    /// The kind of a stored word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Key, Self::FormerKey, Self::Alias, Self::ProfitwellId]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

/// What is known about a text that shall become a key.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// Whether it is the id of any customer, deleted ones included.
    pub is_id: bool,
    /// The live customer that has it as subject key.
    pub subject_of: Option<CustomerId>,
    /// The live customer that it names already.
    pub handle_of: Option<(CustomerId, HandleKind)>,
}

/// Whether a text may become the key of a customer (`own` is the customer's id when it
/// exists already). The order of the refusals is documented.
pub fn admit_key(key: &str, own: Option<CustomerId>, claims: &Claims) -> Result<(), CustomerError> {
    if claims.is_id {
        return Err(CustomerError::KeyOverlapsId {
            key: key.to_owned(),
        });
    }
    if claims.subject_of.is_some_and(|holder| Some(holder) != own) {
        return Err(CustomerError::KeyOverlapsSubject {
            key: key.to_owned(),
        });
    }
    match claims.handle_of {
        None | Some((_, HandleKind::FormerKey)) => Ok(()),
        Some((holder, _)) if Some(holder) == own => Ok(()),
        Some((_, HandleKind::Key | HandleKind::Alias | HandleKind::ProfitwellId)) => {
            Err(CustomerError::KeyTaken {
                key: key.to_owned(),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::error::Problem as _;

    use super::*;

    fn id(number: u128) -> CustomerId {
        CustomerId::from_ulid(ulid::Ulid::from(number))
    }

    fn check(own: Option<CustomerId>, claims: Claims, expected: Option<&str>) {
        let found = admit_key("k", own, &claims).err();
        assert_eq!(found.as_ref().map(|error| error.reason()), expected);
    }

    #[test]
    fn the_refusals_come_in_the_documented_order() {
        let all = Claims {
            is_id: true,
            subject_of: Some(id(1)),
            handle_of: Some((id(1), HandleKind::Key)),
        };
        check(None, all.clone(), Some("KEY_OVERLAPS_ID"));
        let two = Claims {
            is_id: false,
            ..all
        };
        check(None, two.clone(), Some("KEY_OVERLAPS_SUBJECT"));
        let one = Claims {
            subject_of: None,
            ..two
        };
        check(None, one, Some("KEY_TAKEN"));
        check(None, Claims::default(), None);
    }

    #[test]
    fn its_own_subject_key_may_become_the_key_of_a_customer_but_not_its_own_id() {
        let own = Claims {
            subject_of: Some(id(1)),
            handle_of: Some((id(1), HandleKind::Alias)),
            ..Claims::default()
        };
        check(Some(id(1)), own.clone(), None);
        check(Some(id(2)), own, Some("KEY_OVERLAPS_SUBJECT"));
        let id_itself = Claims {
            is_id: true,
            ..Claims::default()
        };
        check(Some(id(1)), id_itself, Some("KEY_OVERLAPS_ID"));
    }

    #[test]
    fn a_former_key_yields() {
        let former = Claims {
            handle_of: Some((id(1), HandleKind::FormerKey)),
            ..Claims::default()
        };
        check(Some(id(2)), former.clone(), None);
        check(None, former, None);
    }
}
