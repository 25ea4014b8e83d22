//! A customer: what a new one must have, and what a change does to one. The name space of
//! keys is guarded in `handle`, that of subject keys in `attribution`.

use std::collections::BTreeMap;

use kernel::{Timestamp, currency::Currency, id::CustomerId};
use serde::{Deserialize, Serialize};

use super::{attribution, display_name::Name, text};
use crate::error::{CustomerError, Wrong};

/// Longest stored key. Dialects have shorter limits of their own.
pub const KEY_LENGTH_MAX: usize = 1500;
const KEY_BYTES_MAX: usize = 2400;
const NAME_LENGTH_MAX: usize = 256;
const DESCRIPTION_LENGTH_MAX: usize = 1024;
const EMAIL_LENGTH_MAX: usize = 1024;
const ADDRESS_PART_LENGTH_MAX: usize = 1024;

/// A customer as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Its id.
    pub id: CustomerId,
    /// Its key; a deleted customer still shows the one it had.
    pub key: Option<String>,
    /// Name for people, and whether somebody gave it.
    pub name: Name,
    /// Text for people.
    pub description: Option<String>,
    /// Attributed subject keys, ascending; of a deleted customer those it had.
    pub subject_keys: Vec<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Currency, once it is known.
    pub currency: Option<Currency>,
    /// Billing address; empty when no part is set.
    pub address: Address,
    /// Pairs of the user.
    pub metadata: BTreeMap<String, String>,
    /// Keys it had, as far as nobody else took them.
    pub former_keys: Vec<String>,
    /// Subscriptions active at the time of reading, oldest start first.
    pub active_subscriptions: Vec<String>,
    /// Version for optimistic concurrency.
    pub revision: i64,
    /// When it was made.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
    /// When it was deleted.
    pub delete_time: Option<Timestamp>,
    /// Its id in the ProfitWell dialect.
    pub profitwell_id: String,
    /// When its personal data was removed, unless some was given since.
    pub anonymize_time: Option<Timestamp>,
    /// When it was excluded from revenue metrics.
    pub exclude_time: Option<Timestamp>,
    /// When it was last seen.
    pub last_seen_time: Option<Timestamp>,
    /// When anything about it last changed.
    pub touch_time: Timestamp,
}

/// A postal address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Address {
    /// ISO 3166-1 alpha-2 code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// State or province.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// City.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// First line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line1: Option<String>,
    /// Second line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line2: Option<String>,
    /// Phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
}

/// What the caller gives for a customer, before any check.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Key; empty: none.
    pub key: String,
    /// Name.
    pub name: String,
    /// Description; empty: none.
    pub description: String,
    /// Subject keys in the caller's order.
    pub subject_keys: Vec<String>,
    /// E-mail; empty: none.
    pub email: String,
    /// ISO 4217 code; empty: none.
    pub currency: String,
    /// Billing address.
    pub address: Address,
    /// Pairs.
    pub metadata: BTreeMap<String, String>,
    /// Whether an empty name is derived and not refused.
    pub derive_name: bool,
    /// Whether an absent key is the ProfitWell id.
    pub generate_key: bool,
}

/// A customer that may be made, as far as it can be judged alone.
#[derive(Clone, Debug)]
pub struct NewCustomer {
    pub(crate) key: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) subject_keys: Vec<String>,
    pub(crate) email: Option<String>,
    pub(crate) currency: Option<Currency>,
    pub(crate) address: Address,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) generate_key: bool,
}

impl NewCustomer {
    /// Checks what can be checked without other customers, in the documented order.
    pub fn new(draft: Draft) -> Result<Self, CustomerError> {
        let mut wrong = Wrong::default();
        let name = if draft.derive_name && draft.name.is_empty() {
            None
        } else {
            Some(wrong.take(name(draft.name)))
        };
        let handles = (!draft.key.is_empty(), !draft.subject_keys.is_empty());
        let key = wrong.take(key(draft.key));
        if !draft.generate_key {
            wrong.take(require_handle(handles));
        }
        let new = Self {
            key,
            name,
            currency: wrong.take(currency(&draft.currency)),
            subject_keys: wrong.take(attribution::normalize(draft.subject_keys)),
            description: wrong.take(description(draft.description)),
            email: wrong.take(email(draft.email)),
            address: address(draft.address, &mut wrong),
            metadata: wrong.take(text::metadata(draft.metadata)),
            generate_key: draft.generate_key,
        };
        wrong.refuse()?;
        Ok(new)
    }

    /// The customer that comes of it.
    pub fn into_customer(self, id: CustomerId, profitwell_id: String, now: Timestamp) -> Customer {
        let generated = self.generate_key.then(|| profitwell_id.clone());
        let key = self.key.or(generated);
        Customer {
            id,
            name: Name::new(self.name, self.email.as_deref(), key.as_deref()),
            key,
            description: self.description,
            subject_keys: self.subject_keys,
            email: self.email,
            currency: self.currency,
            address: self.address,
            metadata: self.metadata,
            former_keys: Vec::new(),
            active_subscriptions: Vec::new(),
            revision: 1,
            create_time: now,
            update_time: now,
            delete_time: None,
            profitwell_id,
            anonymize_time: None,
            exclude_time: None,
            last_seen_time: None,
            touch_time: now,
        }
    }
}

/// What a change does to one field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// Nothing.
    #[default]
    Keep,
    /// Takes the value; an empty one clears the field.
    Set(T),
}

impl<T> Change<T> {
    fn or(self, current: T) -> T {
        match self {
            Self::Keep => current,
            Self::Set(value) => value,
        }
    }
}

/// What a change does to the attribution.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AttributionChange {
    /// Nothing.
    #[default]
    Keep,
    /// Releases all subject keys, even while a subscription is active.
    Release,
    /// Takes this list; refused while a subscription is active unless it repeats the stored
    /// list in its order.
    Replace(Vec<String>),
}

/// A change of a customer. E-mail and currency cannot be cleared: empty keeps them.
#[derive(Clone, Debug, Default)]
pub struct CustomerPatch {
    /// Key; empty clears it.
    pub key: Change<String>,
    /// Name.
    pub name: Change<String>,
    /// Description; empty clears it.
    pub description: Change<String>,
    /// Subject keys.
    pub attribution: AttributionChange,
    /// E-mail; empty keeps it.
    pub email: Change<String>,
    /// Currency; empty keeps it.
    pub currency: Change<String>,
    /// The parts of the address.
    pub address: AddressPatch,
    /// Pairs.
    pub metadata: Change<BTreeMap<String, String>>,
}

/// A change of an address, part by part.
#[derive(Clone, Debug, Default)]
pub struct AddressPatch {
    /// ISO 3166-1 alpha-2 code.
    pub country: Change<Option<String>>,
    /// Postal code.
    pub postal_code: Change<Option<String>>,
    /// State or province.
    pub state: Change<Option<String>>,
    /// City.
    pub city: Change<Option<String>>,
    /// First line.
    pub line1: Change<Option<String>>,
    /// Second line.
    pub line2: Change<Option<String>>,
    /// Phone number.
    pub phone_number: Change<Option<String>>,
}

impl AddressPatch {
    /// A change that replaces every part.
    pub fn replace(address: Address) -> Self {
        Self {
            country: Change::Set(address.country),
            postal_code: Change::Set(address.postal_code),
            state: Change::Set(address.state),
            city: Change::Set(address.city),
            line1: Change::Set(address.line1),
            line2: Change::Set(address.line2),
            phone_number: Change::Set(address.phone_number),
        }
    }

    fn apply(self, current: Address) -> Address {
        Address {
            country: self.country.or(current.country),
            postal_code: self.postal_code.or(current.postal_code),
            state: self.state.or(current.state),
            city: self.city.or(current.city),
            line1: self.line1.or(current.line1),
            line2: self.line2.or(current.line2),
            phone_number: self.phone_number.or(current.phone_number),
        }
    }
}

impl Customer {
    /// The customer after a change, with the next revision. Whether its key and subject keys
    /// are free is for the caller to find out.
    pub fn changed(&self, patch: CustomerPatch, now: Timestamp) -> Result<Self, CustomerError> {
        self.require_live()?;
        let current = self.clone();
        let mut wrong = Wrong::default();
        let has_key = match &patch.key {
            Change::Keep => current.key.is_some(),
            Change::Set(given) => !given.is_empty(),
        };
        let key = match patch.key {
            Change::Keep => current.key,
            Change::Set(given) => wrong.take(key(given)),
        };
        let has_subjects = match &patch.attribution {
            AttributionChange::Keep => !current.subject_keys.is_empty(),
            AttributionChange::Release => false,
            AttributionChange::Replace(given) => !given.is_empty(),
        };
        let subject_keys = match patch.attribution {
            AttributionChange::Keep => current.subject_keys,
            AttributionChange::Release => Vec::new(),
            AttributionChange::Replace(given) => {
                let locked = !self.active_subscriptions.is_empty();
                wrong.take(if locked && given != self.subject_keys {
                    Err(CustomerError::SubjectKeysLocked)
                } else {
                    attribution::normalize(given)
                })
            }
        };
        wrong.take(require_handle((has_key, has_subjects)));
        let email = match patch.email {
            Change::Keep => current.email,
            Change::Set(given) => wrong.take(email(given)).or(current.email),
        };
        let name = match patch.name {
            Change::Keep => current.name,
            Change::Set(given) => current.name.given(wrong.take(name(given))),
        };
        let after = Self {
            name: name.following(email.as_deref(), key.as_deref()),
            key,
            subject_keys,
            email,
            description: match patch.description {
                Change::Keep => current.description,
                Change::Set(given) => wrong.take(description(given)),
            },
            currency: match patch.currency {
                Change::Keep => current.currency,
                Change::Set(given) => wrong.take(currency(&given)).or(current.currency),
            },
            address: address(patch.address.apply(current.address), &mut wrong),
            metadata: match patch.metadata {
                Change::Keep => current.metadata,
                Change::Set(given) => wrong.take(text::metadata(given)),
            },
            revision: self.revision + 1,
            update_time: now,
            touch_time: now,
            ..self.clone()
        };
        wrong.refuse()?;
        Ok(after.with_privacy_of_its_data())
    }

    /// Refuses a deleted customer.
    pub fn require_live(&self) -> Result<(), CustomerError> {
        if self.delete_time.is_some() {
            return Err(CustomerError::CustomerDeleted { id: self.id });
        }
        Ok(())
    }

    /// The customer after its deletion.
    pub fn deleted(&self, now: Timestamp) -> Result<Self, CustomerError> {
        self.require_live()?;
        Ok(Self {
            delete_time: Some(now),
            update_time: now,
            touch_time: now,
            revision: self.revision + 1,
            former_keys: Vec::new(),
            ..self.clone()
        })
    }
}

/// Refuses a key that no index of PostgreSQL could hold.
pub fn key_bytes(field: &'static str, key: &str) -> Result<(), CustomerError> {
    if key.len() > KEY_BYTES_MAX {
        return Err(CustomerError::invalid(
            field,
            format!("must not be longer than {KEY_BYTES_MAX} bytes"),
        ));
    }
    Ok(())
}

/// A customer is found in usage by its key or by subject keys: it must have one of them.
fn require_handle((has_key, has_subject_keys): (bool, bool)) -> Result<(), CustomerError> {
    if has_key || has_subject_keys {
        Ok(())
    } else {
        Err(CustomerError::HandleRequired)
    }
}

fn key(text: String) -> Result<Option<String>, CustomerError> {
    key_bytes("key", &text)?;
    text::optional("key", text, KEY_LENGTH_MAX)
}

fn name(text: String) -> Result<String, CustomerError> {
    text::required("display_name", text, NAME_LENGTH_MAX)
}

fn description(text: String) -> Result<Option<String>, CustomerError> {
    text::optional("description", text, DESCRIPTION_LENGTH_MAX)
}

fn email(text: String) -> Result<Option<String>, CustomerError> {
    text::optional("primary_email", text, EMAIL_LENGTH_MAX)
}

fn currency(code: &str) -> Result<Option<Currency>, CustomerError> {
    if code.is_empty() {
        return Ok(None);
    }
    super::currency::parse("currency_code", code).map(Some)
}

fn address(address: Address, wrong: &mut Wrong) -> Address {
    wrong.take(country(address.country.as_deref()));
    let parts = [
        ("billing_address.postal_code", &address.postal_code),
        ("billing_address.state", &address.state),
        ("billing_address.city", &address.city),
        ("billing_address.line1", &address.line1),
        ("billing_address.line2", &address.line2),
        ("billing_address.phone_number", &address.phone_number),
    ];
    for (field, part) in parts {
        let part = part.as_deref().unwrap_or_default();
        wrong.take(text::bounded(field, part, ADDRESS_PART_LENGTH_MAX));
    }
    address
}

fn country(code: Option<&str>) -> Result<(), CustomerError> {
    let well_formed = |code: &str| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
    if code.is_none_or(well_formed) {
        return Ok(());
    }
    let wrong = "must be an ISO 3166-1 alpha-2 code in upper case";
    Err(CustomerError::invalid(
        "billing_address.country_code",
        wrong,
    ))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn draft() -> Draft {
        Draft {
            key: "acme".into(),
            name: "Acme".into(),
            subject_keys: vec!["b".into(), "a".into()],
            email: "a@b.c".into(),
            currency: "USD".into(),
            address: Address {
                city: Some("Berlin".into()),
                country: Some("DE".into()),
                ..Address::default()
            },
            ..Draft::default()
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn customer() -> Customer {
        NewCustomer::new(draft()).unwrap().into_customer(
            CustomerId::from_ulid(ulid::Ulid::nil()),
            "pwu_x".into(),
            at(1),
        )
    }

    fn reason(result: Result<Customer, CustomerError>) -> &'static str {
        crate::error::Problem::reason(&result.unwrap_err())
    }

    #[test]
    fn subject_keys_are_sorted() {
        assert_eq!(customer().subject_keys, ["a", "b"]);
    }

    #[test]
    fn either_key_or_subject_keys_must_be_given_before_the_currency_is_looked_at() {
        let bare = Draft {
            key: String::new(),
            subject_keys: vec![],
            currency: "nope".into(),
            ..draft()
        };
        let Err(CustomerError::Several(wrong)) = NewCustomer::new(bare) else {
            panic!("two things are wrong");
        };
        let [
            CustomerError::HandleRequired,
            CustomerError::Invalid { field, .. },
        ] = &wrong[..]
        else {
            panic!("another order: {wrong:?}");
        };
        assert_eq!(field, "currency_code");
        let keyed = Draft {
            subject_keys: vec![],
            ..draft()
        };
        assert!(NewCustomer::new(keyed).is_ok());
    }

    #[test]
    fn what_a_new_customer_must_not_have() {
        let refused = |change: fn(&mut Draft)| {
            let mut wrong = draft();
            change(&mut wrong);
            assert!(NewCustomer::new(wrong).is_err());
        };
        refused(|draft| draft.name.clear());
        refused(|draft| draft.name = "x".repeat(257));
        refused(|draft| draft.key = "x".repeat(1501));
        refused(|draft| draft.currency = "XXY".into());
        refused(|draft| draft.currency = "usd".into());
        refused(|draft| draft.subject_keys = vec![String::new()]);
        refused(|draft| draft.address.country = Some("de".into()));
    }

    #[test]
    fn email_and_currency_cannot_be_cleared_but_description_can() {
        let mut before = customer();
        before.description = Some("text".into());
        let after = before
            .changed(
                CustomerPatch {
                    email: Change::Set(String::new()),
                    currency: Change::Set(String::new()),
                    description: Change::Set(String::new()),
                    ..CustomerPatch::default()
                },
                at(2),
            )
            .unwrap();
        assert_eq!(after.email, before.email);
        assert_eq!(after.currency, before.currency);
        assert_eq!(after.description, None);
        assert_eq!((after.revision, after.update_time), (2, at(2)));
        assert_eq!(after.create_time, at(1));
    }

    #[test]
    fn one_address_part_changes_alone_and_all_parts_can_be_cleared() {
        let one = customer()
            .changed(
                CustomerPatch {
                    address: AddressPatch {
                        city: Change::Set(Some("Bonn".into())),
                        ..AddressPatch::default()
                    },
                    ..CustomerPatch::default()
                },
                at(2),
            )
            .unwrap();
        assert_eq!(one.address.city.as_deref(), Some("Bonn"));
        assert_eq!(one.address.country.as_deref(), Some("DE"));
        let none = customer()
            .changed(
                CustomerPatch {
                    address: AddressPatch::replace(Address::default()),
                    ..CustomerPatch::default()
                },
                at(2),
            )
            .unwrap();
        assert_eq!(none.address, Address::default());
    }

    #[test]
    fn an_active_subscription_locks_the_subject_keys_in_their_order() {
        let mut subscribed = customer();
        subscribed.active_subscriptions = vec!["s".into()];
        let replace = |keys: &[&str]| {
            subscribed.changed(
                CustomerPatch {
                    attribution: AttributionChange::Replace(
                        keys.iter().map(|key| (*key).to_owned()).collect(),
                    ),
                    ..CustomerPatch::default()
                },
                at(2),
            )
        };
        assert!(replace(&["a", "b"]).is_ok());
        assert_eq!(reason(replace(&["b", "a"])), "SUBJECT_KEYS_LOCKED");
        assert_eq!(reason(replace(&[])), "SUBJECT_KEYS_LOCKED");
        let released = subscribed.changed(
            CustomerPatch {
                attribution: AttributionChange::Release,
                ..CustomerPatch::default()
            },
            at(2),
        );
        assert!(released.unwrap().subject_keys.is_empty());
    }

    #[test]
    fn the_last_handle_cannot_be_taken_away() {
        let bare = customer().changed(
            CustomerPatch {
                key: Change::Set(String::new()),
                attribution: AttributionChange::Release,
                ..CustomerPatch::default()
            },
            at(2),
        );
        assert_eq!(reason(bare), "KEY_OR_SUBJECT_KEYS_REQUIRED");
    }

    #[test]
    fn a_deleted_customer_changes_no_more() {
        let gone = customer().deleted(at(3)).unwrap();
        assert_eq!(gone.delete_time, Some(at(3)));
        assert_eq!(gone.subject_keys, ["a", "b"]);
        assert_eq!(
            reason(gone.changed(CustomerPatch::default(), at(4))),
            "CUSTOMER_DELETED"
        );
        assert_eq!(reason(gone.deleted(at(4))), "CUSTOMER_DELETED");
    }

    proptest! {
        #[test]
        fn an_empty_change_moves_only_revision_and_time(second in 2i64..1_000_000) {
            let before = customer();
            let after = before.changed(CustomerPatch::default(), at(second)).unwrap();
            prop_assert_eq!(
                Customer {
                    revision: 1,
                    update_time: before.update_time,
                    touch_time: before.touch_time,
                    ..after
                },
                before
            );
        }
    }
}
