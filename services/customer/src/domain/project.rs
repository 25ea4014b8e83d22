//! Projects: the tenants, with the company settings.

use kernel::{Timestamp, currency::Currency, id::ProjectId};

use super::{currency, customer::Change, text};
use crate::error::CustomerError;

/// Name of the project that every installation has from its first start on.
pub const DEFAULT_NAME: &str = "default";
const DEFAULT_CURRENCY: &str = "USD";
const DEFAULT_TIME_ZONE: &str = "UTC";

/// A project as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Name for people, unique in the installation.
    pub name: String,
    /// Currency of revenue metrics.
    pub currency: Currency,
    /// IANA time zone of revenue metrics.
    pub time_zone: String,
    /// Its id in the RevenueCat dialect.
    pub revenuecat_id: String,
    /// Its id in the ProfitWell dialect.
    pub company_id: String,
    /// Version for optimistic concurrency.
    pub revision: i64,
    /// When it was made, in system time.
    pub create_time: Timestamp,
    /// When it last changed, in system time.
    pub update_time: Timestamp,
}

/// A project that may be made.
#[derive(Clone, Debug)]
pub struct NewProject {
    pub(crate) name: String,
    pub(crate) currency: Currency,
    pub(crate) time_zone: String,
    pub(crate) revenuecat_id: Option<String>,
}

impl NewProject {
    /// Checks names and settings; empty settings take the defaults.
    pub fn new(
        name: String,
        currency_code: &str,
        time_zone: String,
        revenuecat_id: String,
    ) -> Result<Self, CustomerError> {
        let or = |text: &str, default: &str| {
            if text.is_empty() {
                default.to_owned()
            } else {
                text.to_owned()
            }
        };
        Ok(Self {
            name: self::name(name)?,
            currency: currency::parse("currency_code", &or(currency_code, DEFAULT_CURRENCY))?,
            time_zone: self::time_zone(or(&time_zone, DEFAULT_TIME_ZONE))?,
            revenuecat_id: self::revenuecat_id(revenuecat_id)?,
        })
    }

    /// The project that comes of it, with the generated ids of the dialects.
    pub fn into_project(
        self,
        id: ProjectId,
        generated_revenuecat_id: String,
        company_id: String,
        now: Timestamp,
    ) -> Project {
        Project {
            id,
            name: self.name,
            currency: self.currency,
            time_zone: self.time_zone,
            revenuecat_id: self.revenuecat_id.unwrap_or(generated_revenuecat_id),
            company_id,
            revision: 1,
            create_time: now,
            update_time: now,
        }
    }
}

/// A change of a project.
#[derive(Clone, Debug, Default)]
pub struct ProjectPatch {
    /// Name.
    pub name: Change<String>,
    /// ISO 4217 code.
    pub currency: Change<String>,
    /// IANA time zone.
    pub time_zone: Change<String>,
}

impl Project {
    /// The project after a change, with the next revision.
    pub fn changed(&self, patch: ProjectPatch, now: Timestamp) -> Result<Self, CustomerError> {
        Ok(Self {
            name: match patch.name {
                Change::Keep => self.name.clone(),
                Change::Set(given) => name(given)?,
            },
            currency: match patch.currency {
                Change::Keep => self.currency,
                Change::Set(given) => currency::parse("currency_code", &given)?,
            },
            time_zone: match patch.time_zone {
                Change::Keep => self.time_zone.clone(),
                Change::Set(given) => time_zone(given)?,
            },
            revision: self.revision + 1,
            update_time: now,
            ..self.clone()
        })
    }
}

fn name(name: String) -> Result<String, CustomerError> {
    let name = text::required("name", name, 100)?;
    // A name is also looked up where an id is: it must not look like one.
    if kernel::key::looks_like_ulid(&name) {
        return Err(CustomerError::invalid("name", "must not look like an id"));
    }
    // The name travels as gRPC metadata, which trims and refuses these.
    if name.trim() != name || !name.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
        return Err(CustomerError::invalid(
            "name",
            "must be printable ASCII without surrounding spaces",
        ));
    }
    Ok(name)
}

fn time_zone(name: String) -> Result<String, CustomerError> {
    match jiff::tz::TimeZone::get(&name) {
        Ok(_) => Ok(name),
        Err(_) => Err(CustomerError::invalid(
            "time_zone",
            format!("`{name}` is not an IANA time zone"),
        )),
    }
}

fn revenuecat_id(id: String) -> Result<Option<String>, CustomerError> {
    let id = text::optional("revenuecat_id", id, 255)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if id.as_ref().is_some_and(|id| !id.chars().all(allowed)) {
        return Err(CustomerError::invalid(
            "revenuecat_id",
            "must match ^[0-9a-zA-Z_-]*$",
        ));
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn new(name: &str, currency: &str, zone: &str, id: &str) -> Result<NewProject, CustomerError> {
        NewProject::new(name.into(), currency, zone.into(), id.into())
    }

    #[test]
    fn a_project_has_defaults() {
        let project = new("acme", "", "", "").unwrap();
        assert_eq!(project.currency.code(), "USD");
        assert_eq!(project.time_zone, "UTC");
        assert_eq!(project.revenuecat_id, None);
    }

    #[test]
    fn what_a_project_must_not_have() {
        assert!(new("", "", "", "").is_err());
        assert!(new("01ARZ3NDEKTSV4RRFFQ69G5FAV", "", "", "").is_err());
        assert!(new(" acme", "", "", "").is_err());
        assert!(new("acme", "ABC", "", "").is_err());
        assert!(new("acme", "", "Mars/Olympus", "").is_err());
        assert!(new("acme", "", "", "proj 1").is_err());
        assert!(new("acme", "EUR", "Europe/Berlin", "proj1ab2c3d4").is_ok());
    }
}
