//! Subjects: sources of usage events that somebody gave a name or metadata. Attribution does
//! not depend on them.

use kernel::{Timestamp, id::SubjectId};

use super::{
    customer::{Change, KEY_LENGTH_MAX, key_bytes},
    text,
};
use crate::error::CustomerError;

/// Longest metadata document in bytes.
const METADATA_BYTES_MAX: usize = 64 * 1024;

/// A subject as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Its id.
    pub id: SubjectId,
    /// The subject of usage events.
    pub key: String,
    /// Name for people.
    pub display_name: Option<String>,
    /// A JSON object as text.
    pub metadata: String,
    /// Id of the Stripe customer.
    pub stripe_customer_id: Option<String>,
    /// Version for optimistic concurrency.
    pub revision: i64,
    /// When it was made.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
    /// When it was deleted.
    pub delete_time: Option<Timestamp>,
}

/// What an upsert does to the subject with a key.
#[derive(Clone, Debug, Default)]
pub struct SubjectPatch {
    /// The key.
    pub key: String,
    /// Name; empty clears it.
    pub display_name: Change<String>,
    /// JSON object; empty clears it.
    pub metadata: Change<String>,
    /// Id of the Stripe customer; empty clears it.
    pub stripe_customer_id: Change<String>,
}

impl SubjectPatch {
    /// Refuses an empty or over-long key. Kept apart because the subject is looked up by it.
    pub fn checked_key(&self) -> Result<&str, CustomerError> {
        key_bytes("subject.key", &self.key)?;
        text::required("subject.key", self.key.clone(), KEY_LENGTH_MAX)?;
        Ok(&self.key)
    }
}

impl Subject {
    /// A subject with a key and nothing else.
    pub fn bare(id: SubjectId, key: String, now: Timestamp) -> Self {
        Self {
            id,
            key,
            display_name: None,
            metadata: "{}".to_owned(),
            stripe_customer_id: None,
            revision: 1,
            create_time: now,
            update_time: now,
            delete_time: None,
        }
    }

    /// The subject made for a customer's subject key that had none.
    pub fn provisioned(
        id: SubjectId,
        key: String,
        customer: kernel::id::CustomerId,
        now: Timestamp,
    ) -> Self {
        Self {
            metadata: format!(r#"{{"createdBy":"subject.provisioner","customerId":"{customer}"}}"#),
            ..Self::bare(id, key, now)
        }
    }

    /// The subject after an upsert; revision and time are the caller's.
    pub fn patched(self, patch: SubjectPatch) -> Result<Self, CustomerError> {
        Ok(Self {
            display_name: match patch.display_name {
                Change::Keep => self.display_name,
                Change::Set(given) => text::optional("subject.display_name", given, 256)?,
            },
            metadata: match patch.metadata {
                Change::Keep => self.metadata,
                Change::Set(given) => metadata(given)?,
            },
            stripe_customer_id: match patch.stripe_customer_id {
                Change::Keep => self.stripe_customer_id,
                Change::Set(given) => stripe_customer_id(given)?,
            },
            ..self
        })
    }
}

fn metadata(document: String) -> Result<String, CustomerError> {
    const FIELD: &str = "subject.metadata_json";
    if document.is_empty() {
        return Ok("{}".to_owned());
    }
    if document.len() > METADATA_BYTES_MAX {
        return Err(CustomerError::invalid(
            FIELD,
            "must not be longer than 64 KiB",
        ));
    }
    let parsed: Result<serde_json::Map<String, serde_json::Value>, _> =
        serde_json::from_str(&document);
    match parsed {
        Ok(object) => Ok(serde_json::Value::Object(object).to_string()),
        Err(_) => Err(CustomerError::invalid(FIELD, "must be a JSON object")),
    }
}

fn stripe_customer_id(id: String) -> Result<Option<String>, CustomerError> {
    let id = text::optional("subject.stripe_customer_id", id, 255)?;
    if id.as_ref().is_some_and(|id| !id.starts_with("cus_")) {
        return Err(CustomerError::invalid(
            "subject.stripe_customer_id",
            "must start with cus_",
        ));
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn subject() -> Subject {
        let id = SubjectId::from_ulid(ulid::Ulid::nil());
        Subject::bare(id, "s".into(), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn only_what_is_present_changes_and_empty_clears() {
        let named = subject()
            .patched(SubjectPatch {
                display_name: Change::Set("Name".into()),
                metadata: Change::Set(r#"{"n":1.10}"#.into()),
                stripe_customer_id: Change::Set("cus_1".into()),
                ..SubjectPatch::default()
            })
            .unwrap();
        assert_eq!(named.metadata, r#"{"n":1.10}"#, "digits stay");
        let same = named.clone().patched(SubjectPatch::default()).unwrap();
        assert_eq!(same, named);
        let cleared = named
            .patched(SubjectPatch {
                display_name: Change::Set(String::new()),
                metadata: Change::Set(String::new()),
                stripe_customer_id: Change::Set(String::new()),
                ..SubjectPatch::default()
            })
            .unwrap();
        assert_eq!(cleared, subject());
    }

    #[test]
    fn what_a_subject_must_not_have() {
        let refused = |patch| assert!(subject().patched(patch).is_err());
        refused(SubjectPatch {
            stripe_customer_id: Change::Set("x".into()),
            ..SubjectPatch::default()
        });
        refused(SubjectPatch {
            metadata: Change::Set("[]".into()),
            ..SubjectPatch::default()
        });
        assert!(SubjectPatch::default().checked_key().is_err());
    }
}
