//! What a customer is after its personal data was removed, and after it was excluded from
//! metrics.

use kernel::Timestamp;

use super::{
    customer::{Address, Customer},
    display_name::{ANONYMIZED, Name},
};
use crate::error::CustomerError;

impl Customer {
    /// The customer without personal data. Its key, subject keys and metadata stay: they
    /// belong to the user's own systems.
    pub fn anonymized(&self, now: Timestamp) -> Result<Self, CustomerError> {
        self.require_live()?;
        if self.anonymize_time.is_some() {
            return Err(CustomerError::CustomerAnonymized { id: self.id });
        }
        Ok(Self {
            name: Name {
                text: ANONYMIZED.to_owned(),
                derived: false,
            },
            description: None,
            email: None,
            address: Address::default(),
            anonymize_time: Some(now),
            revision: self.revision + 1,
            update_time: now,
            touch_time: now,
            ..self.clone()
        })
    }

    /// Whether it holds no personal data.
    fn is_bare(&self) -> bool {
        self.email.is_none()
            && self.description.is_none()
            && self.address == Address::default()
            && self.name.if_given() == Some(ANONYMIZED)
    }

    /// Somebody who gives personal data to an anonymized customer makes it one like others.
    #[must_use]
    pub fn with_privacy_of_its_data(self) -> Self {
        Self {
            anonymize_time: self.anonymize_time.filter(|_| self.is_bare()),
            ..self
        }
    }

    /// The customer outside of all metrics; none when it is there already.
    pub fn excluded(&self, now: Timestamp) -> Result<Option<Self>, CustomerError> {
        self.require_live()?;
        if self.exclude_time.is_some() {
            return Ok(None);
        }
        Ok(Some(Self {
            exclude_time: Some(now),
            revision: self.revision + 1,
            update_time: now,
            touch_time: now,
            ..self.clone()
        }))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::customer::{Change, CustomerPatch, Draft, NewCustomer};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn customer() -> Customer {
        NewCustomer::new(Draft {
            key: "acme".into(),
            name: "Anna".into(),
            description: "likes tea".into(),
            email: "a@b.c".into(),
            address: Address {
                city: Some("Berlin".into()),
                ..Address::default()
            },
            metadata: [("tier".to_owned(), "gold".to_owned())].into(),
            subject_keys: vec!["s".into()],
            ..Draft::default()
        })
        .unwrap()
        .into_customer(
            kernel::id::CustomerId::from_ulid(ulid::Ulid::nil()),
            "pwu_x".into(),
            at(1),
        )
    }

    #[test]
    fn anonymizing_leaves_what_systems_need_and_nothing_of_the_person() {
        let bare = customer().anonymized(at(2)).unwrap();
        assert_eq!(bare.name.text, "anonymized");
        assert_eq!(
            (bare.email.as_deref(), bare.description.as_deref()),
            (None, None)
        );
        assert_eq!(bare.address, Address::default());
        assert_eq!(bare.key.as_deref(), Some("acme"));
        assert_eq!(bare.subject_keys, ["s"]);
        assert_eq!(bare.metadata, customer().metadata);
        assert_eq!(bare.anonymize_time, Some(at(2)));
        assert!(bare.anonymized(at(3)).is_err());
    }

    #[test]
    fn new_personal_data_can_be_removed_again() {
        let bare = customer().anonymized(at(2)).unwrap();
        let change = |patch| bare.changed(patch, at(3)).unwrap();
        let same = change(CustomerPatch {
            metadata: Change::Set([("a".to_owned(), "b".to_owned())].into()),
            ..CustomerPatch::default()
        });
        assert_eq!(same.anonymize_time, Some(at(2)));
        let named = change(CustomerPatch {
            name: Change::Set("Berta".into()),
            ..CustomerPatch::default()
        });
        assert_eq!(named.anonymize_time, None);
        assert!(named.anonymized(at(4)).is_ok());
    }

    #[test]
    fn excluding_twice_changes_nothing() {
        let out = customer().excluded(at(2)).unwrap().unwrap();
        assert_eq!(out.exclude_time, Some(at(2)));
        assert_eq!(out.excluded(at(3)).unwrap(), None);
        let gone = customer().deleted(at(2)).unwrap();
        assert!(gone.excluded(at(3)).is_err());
        assert!(gone.anonymized(at(3)).is_err());
    }
}
