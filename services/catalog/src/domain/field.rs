//! Where an issue is: as a JSONPath for those who read issues, and as the path of a field of the
//! message for those who read what a request has wrong.

use std::fmt;

/// One step from a resource to what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// A property, in the words of issues.
    Property(&'static str),
    /// A member of a list.
    Member {
        list: &'static str,
        index: usize,
        key: String,
    },
}

/// The way from a resource to a field: `$.phases[?(@.key=='pro')].duration`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field(Vec<Step>);

impl Field {
    /// The whole resource; prints as nothing.
    pub fn root() -> Self {
        Self(Vec::new())
    }

    /// Whether it is the whole resource.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// A property of this.
    #[must_use]
    pub fn property(&self, name: &'static str) -> Self {
        self.then(Step::Property(name))
    }

    /// The member of a list property that stands at this place and has this key.
    #[must_use]
    pub fn member(&self, list: &'static str, index: usize, key: &str) -> Self {
        self.then(Step::Member {
            list,
            index,
            key: key.to_owned(),
        })
    }

    fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// The path of the field in a request whose field `resource` holds the resource:
    /// `plan.phases[0].duration`.
    pub fn in_request(&self, resource: &str) -> String {
        self.0
            .iter()
            .fold(resource.to_owned(), |path, step| match step {
                Step::Property(name) => format!("{path}.{}", wire_name(name)),
                Step::Member { list, index, .. } => format!("{path}.{}[{index}]", wire_name(list)),
            })
    }
}

impl fmt::Display for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            return Ok(());
        }
        formatter.write_str("$")?;
        for step in &self.0 {
            match step {
                Step::Property(name) => write!(formatter, ".{name}")?,
                Step::Member { list, key, .. } => {
                    write!(formatter, ".{list}[?(@.key=='{key}')]")?;
                }
            }
        }
        Ok(())
    }
}

/// The field of the message that a word of issues means.
fn wire_name(word: &'static str) -> &'static str {
    match word {
        "billingCadence" => "billing_cadence",
        "config" => "static.config",
        "effectiveFrom" => "effective_from_time",
        "entitlementTemplate" => "entitlement_template",
        "featureKey" => "feature_key",
        "instanceType" => "instance_type",
        "issueAfterReset" => "metered.issue_after_reset",
        "key.key" => "key",
        "rateCards" | "ratecards" | "ratecards[*]" => "rate_cards",
        "status" => "state",
        "stripe.code" => "stripe_code",
        "taxConfig" => "tax_config",
        "usagePeriod" => "metered.usage_period_duration",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card() -> Field {
        Field::root()
            .member("phases", 1, "pro")
            .member("ratecards", 2, "storage")
    }

    #[test]
    fn issues_name_fields_by_json_path() {
        assert_eq!(
            card().property("billingCadence").to_string(),
            "$.phases[?(@.key=='pro')].ratecards[?(@.key=='storage')].billingCadence"
        );
        assert_eq!(
            Field::root().property("maxQuantity").to_string(),
            "$.maxQuantity"
        );
        assert_eq!(Field::root().to_string(), "");
    }

    #[test]
    fn requests_name_them_by_message_and_place() {
        let template = card().property("entitlementTemplate");
        for (field, path) in [
            (Field::root(), "plan"),
            (Field::root().property("name"), "plan.name"),
            (card(), "plan.phases[1].rate_cards[2]"),
            (
                template.property("usagePeriod"),
                "plan.phases[1].rate_cards[2].entitlement_template.metered.usage_period_duration",
            ),
        ] {
            assert_eq!(field.in_request("plan"), path);
        }
    }
}
