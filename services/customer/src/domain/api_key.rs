//! API keys: their text form, what each kind opens, which permissions one may list, and when
//! one still works. Hashing and randomness are elsewhere.

use std::collections::BTreeSet;

use kernel::{
    Timestamp,
    id::{KeyId, ProjectId},
};

use super::text;
use crate::error::CustomerError;

/// Most permissions of one key.
const PERMISSIONS_MAX: usize = 100;
/// Longest key that is looked at.
pub const TEXT_LENGTH_MAX: usize = 1024;
/// Bytes of the public part.
pub const PUBLIC_BYTES: usize = 8;
/// Bytes of the secret part: 256 bits.
pub const SECRET_BYTES: usize = 32;
/// Micros between two writes of the last use.
pub const LAST_USE_STEP_MICROS: i64 = 60_000_000;

/// What a key opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyKind {
    /// gRPC, OpenMeter and RevenueCat.
    Secret,
    /// ProfitWell without the event operation.
    ProfitwellPrivate,
    /// The event operation of ProfitWell.
    ProfitwellPublic,
    /// Probe.
    Probe,
    /// Everything but the public ProfitWell operation, in every project.
    Bootstrap,
}

impl KeyKind {
    const ALL: [Self; 5] = [
        Self::Secret,
        Self::ProfitwellPrivate,
        Self::ProfitwellPublic,
        Self::Probe,
        Self::Bootstrap,
    ];

    /// The word stored for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::ProfitwellPrivate => "profitwell_private",
            Self::ProfitwellPublic => "profitwell_public",
            Self::Probe => "probe",
            Self::Bootstrap => "bootstrap",
        }
    }

    /// The kind of a stored word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// What the text of a key starts with; none for the kind whose text is given from outside.
    fn prefix(self) -> Option<&'static str> {
        match self {
            Self::Secret => Some("sk"),
            Self::ProfitwellPrivate => Some("pw"),
            Self::ProfitwellPublic => Some("pwp"),
            Self::Probe => Some("prb"),
            Self::Bootstrap => None,
        }
    }
}

/// A key as stored, without its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its project.
    pub project: ProjectId,
    /// Its id.
    pub id: KeyId,
    /// Name for people.
    pub display_name: Option<String>,
    /// What it opens.
    pub kind: KeyKind,
    /// `<prefix>_<public part>`; none when the text was given from outside.
    pub public_prefix: Option<String>,
    /// What it may do; none listed: everything, as far as its kind reaches.
    pub permissions: BTreeSet<String>,
    /// When it stops working, in system time.
    pub expire_time: Option<Timestamp>,
    /// When it was last used, in system time, exact to a minute.
    pub last_use_time: Option<Timestamp>,
    /// When it was revoked, in system time.
    pub revoke_time: Option<Timestamp>,
    /// When it was made, in system time.
    pub create_time: Timestamp,
}

impl ApiKey {
    /// Whether the key still works at an instant of system time.
    pub fn works_at(&self, system_now: Timestamp) -> bool {
        self.revoke_time.is_none() && self.expire_time.is_none_or(|end| system_now < end)
    }

    /// Whether its last use should be written again.
    pub fn last_use_is_old(&self, system_now: Timestamp) -> bool {
        self.last_use_time.is_none_or(|last| {
            system_now.as_microsecond() - last.as_microsecond() >= LAST_USE_STEP_MICROS
        })
    }
}

/// A key that may be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub(crate) display_name: Option<String>,
    pub(crate) kind: KeyKind,
    pub(crate) permissions: BTreeSet<String>,
    pub(crate) expire_time: Option<Timestamp>,
}

impl NewKey {
    /// Checks what the caller gives.
    pub fn new(
        display_name: String,
        kind: KeyKind,
        permissions: Vec<String>,
        expire_time: Option<Timestamp>,
        system_now: Timestamp,
    ) -> Result<Self, CustomerError> {
        if kind == KeyKind::Bootstrap {
            return Err(CustomerError::invalid(
                "key.kind",
                "a bootstrap key cannot be made by a call",
            ));
        }
        if kind != KeyKind::Secret && !permissions.is_empty() {
            return Err(CustomerError::invalid(
                "key.permissions",
                "only keys of kind secret list permissions",
            ));
        }
        if permissions.len() > PERMISSIONS_MAX {
            return Err(CustomerError::invalid(
                "key.permissions",
                format!("must not be more than {PERMISSIONS_MAX}"),
            ));
        }
        if expire_time.is_some_and(|end| end <= system_now) {
            return Err(CustomerError::invalid(
                "key.expire_time",
                "must lie in the future",
            ));
        }
        Ok(Self {
            display_name: text::optional("key.display_name", display_name, 256)?,
            kind,
            permissions: permissions
                .into_iter()
                .map(permission)
                .collect::<Result<_, _>>()?,
            expire_time,
        })
    }
}

/// What a permission is about, without its level: RevenueCat's domains and our own.
const RESOURCES: &[&str] = &[
    "billing:apps",
    "billing:invoices",
    "billing:profiles",
    "catalog:addons",
    "catalog:features",
    "catalog:plans",
    "charts_metrics:charts",
    "charts_metrics:overview",
    "charts_metrics:revenue",
    "customer_information:customers",
    "customer_information:entitlements",
    "customer_information:invoices",
    "customer_information:purchases",
    "customer_information:subscriptions",
    "metering:events",
    "metering:meters",
    "metering:portal",
    "notifications:all",
    "project:audit",
    "project:clock",
    "project:keys",
    "project:settings",
    "project_configuration:apps",
    "project_configuration:entitlements",
    "project_configuration:offerings",
    "project_configuration:packages",
    "project_configuration:products",
    "project_configuration:projects",
];

/// Splits a permission into its resource and whether it includes writing.
pub fn split_permission(permission: &str) -> Option<(&str, bool)> {
    let (resource, level) = permission.rsplit_once(':')?;
    let write = match level {
        "read" => false,
        "read_write" => true,
        _ => return None,
    };
    RESOURCES.contains(&resource).then_some((resource, write))
}

fn permission(text: String) -> Result<String, CustomerError> {
    if split_permission(&text).is_none() {
        return Err(CustomerError::invalid(
            "key.permissions",
            format!("`{text}` is not a permission"),
        ));
    }
    Ok(text)
}

/// The text of a key made of random parts, and its public beginning. None for a kind whose
/// text is given from outside.
pub fn compose(kind: KeyKind, public_hex: &str, secret_hex: &str) -> Option<(String, String)> {
    let public = format!("{}_{public_hex}", kind.prefix()?);
    Some((format!("{public}_{secret_hex}"), public))
}

/// The public beginning of a key in our form; none for any other text.
pub fn public_prefix(text: &str) -> Option<&str> {
    let (public, secret) = text.rsplit_once('_')?;
    let (prefix, part) = public.split_once('_')?;
    let known = KeyKind::ALL
        .iter()
        .any(|kind| kind.prefix() == Some(prefix));
    (known && is_hex(part, PUBLIC_BYTES) && is_hex(secret, SECRET_BYTES)).then_some(public)
}

fn is_hex(text: &str, bytes: usize) -> bool {
    text.len() == bytes * 2 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether a key of a kind is accepted where only some kinds are. The bootstrap key opens
/// everything but the public ProfitWell operation.
pub fn kind_is_accepted(kind: KeyKind, allowed: &[KeyKind]) -> bool {
    if allowed.is_empty() || allowed.contains(&kind) {
        return true;
    }
    kind == KeyKind::Bootstrap
        && allowed
            .iter()
            .any(|kind| *kind != KeyKind::ProfitwellPublic)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn key() -> ApiKey {
        ApiKey {
            project: ProjectId::from_ulid(ulid::Ulid::nil()),
            id: KeyId::from_ulid(ulid::Ulid::nil()),
            display_name: None,
            kind: KeyKind::Secret,
            public_prefix: None,
            permissions: BTreeSet::new(),
            expire_time: Some(at(100)),
            last_use_time: Some(at(10)),
            revoke_time: None,
            create_time: at(0),
        }
    }

    #[test]
    fn a_key_works_until_its_end_and_not_when_revoked() {
        assert!(key().works_at(at(99)));
        assert!(!key().works_at(at(100)));
        let revoked = ApiKey {
            revoke_time: Some(at(1)),
            ..key()
        };
        assert!(!revoked.works_at(at(99)));
    }

    #[test]
    fn the_last_use_is_written_once_a_minute() {
        assert!(!key().last_use_is_old(at(69)));
        assert!(key().last_use_is_old(at(70)));
    }

    #[test]
    fn what_a_new_key_must_not_be() {
        let new = |kind, permissions: &[&str], end| {
            let permissions = permissions.iter().map(|p| (*p).to_owned()).collect();
            NewKey::new(String::new(), kind, permissions, end, at(10))
        };
        assert!(new(KeyKind::Secret, &["catalog:plans:read"], None).is_ok());
        assert!(new(KeyKind::Secret, &["catalog:plans:write"], None).is_err());
        assert!(new(KeyKind::Secret, &["catalog:plan:read"], None).is_err());
        assert!(new(KeyKind::Probe, &["catalog:plans:read"], None).is_err());
        assert!(new(KeyKind::Bootstrap, &[], None).is_err());
        assert!(new(KeyKind::Secret, &[], Some(at(10))).is_err());
    }

    #[test]
    fn a_bootstrap_key_opens_all_but_the_public_profitwell_operation() {
        use KeyKind::{Bootstrap, Probe, ProfitwellPublic, Secret};
        assert!(kind_is_accepted(Bootstrap, &[Probe]));
        assert!(kind_is_accepted(Bootstrap, &[]));
        assert!(!kind_is_accepted(Bootstrap, &[ProfitwellPublic]));
        assert!(kind_is_accepted(ProfitwellPublic, &[ProfitwellPublic]));
        assert!(!kind_is_accepted(Secret, &[Probe]));
    }

    #[test]
    fn texts_of_other_forms_have_no_public_part() {
        for text in ["", "sk", "sk_1_2", "my-own-key", "xx_0011223344556677_00"] {
            assert_eq!(public_prefix(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_public_part_of_a_composed_key_is_found(
            public in "[0-9a-f]{16}", secret in "[0-9a-f]{64}", kind in 0usize..4,
        ) {
            let (text, prefix) = compose(KeyKind::ALL[kind], &public, &secret).unwrap();
            prop_assert_eq!(public_prefix(&text), Some(prefix.as_str()));
        }

        #[test]
        fn any_text_can_be_looked_at(text in ".*") {
            public_prefix(&text);
            split_permission(&text);
        }
    }
}
