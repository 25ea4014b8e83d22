//! Where customers may have several subscriptions at a time: the setting `multi_subscription` (environment
//! `PERENNIAL_SUBSCRIPTION__MULTI_SUBSCRIPTION`): `none` (default), `all`, or ids of projects, parted by commas.

use std::collections::BTreeSet;
use std::sync::Arc;

use chassis::{BuildError, Env};
use kernel::id::ProjectId;

/// Projects in which the single-subscription rule is judged per item.
#[derive(Clone, Debug, Default)]
pub struct Multiple {
    all: bool,
    projects: Arc<BTreeSet<ProjectId>>,
}

impl Multiple {
    /// Reads the setting.
    pub fn of(env: &Env) -> Result<Self, BuildError> {
        env.config.setting("multi_subscription").map_or_else(
            || Ok(Self::default()),
            |text| {
                Self::parse(text).ok_or_else(|| {
                    BuildError::Setting(format!(
                        "{}.multi_subscription: `{text}` is not `none`, `all` or a list of project ids",
                        env.name
                    ))
                })
            },
        )
    }

    /// Whether customers of a project may have several.
    pub fn allows(&self, project: ProjectId) -> bool {
        self.all || self.projects.contains(&project)
    }

    /// Reads a text.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "" | "none" => Some(Self::default()),
            "all" => Some(Self {
                all: true,
                ..Self::default()
            }),
            list => {
                let ids = list.split(',').map(|id| id.trim().parse().ok());
                Some(Self {
                    all: false,
                    projects: Arc::new(ids.collect::<Option<_>>()?),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::id::Ulid;

    use super::*;

    #[test]
    fn the_setting_names_none_all_or_some_projects() {
        let (one, two) = (ProjectId::from_ulid(Ulid(1)), ProjectId::from_ulid(Ulid(2)));
        let allows =
            |text: &str| Multiple::parse(text).map(|read| (read.allows(one), read.allows(two)));
        assert_eq!(allows("none"), Some((false, false)));
        assert_eq!(allows(""), Some((false, false)));
        assert_eq!(allows("all"), Some((true, true)));
        assert_eq!(allows(&format!(" {two} ")), Some((false, true)));
        assert_eq!(allows(&format!("{one},{two}")), Some((true, true)));
        assert_eq!(allows("yes"), None);
    }
}
