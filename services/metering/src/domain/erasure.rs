//! What stays of the usage of a customer who was erased: what was measured, and nothing that says whose it was.

use kernel::id::CustomerId;
use serde_json::Value;

use super::meter::Meter;

/// What the subjects of erased customers begin with. The id of the customer follows: bare invoices still name it, so that
/// they can be accounted for, and it leads to nobody.
const PREFIX: &str = "erased:";

/// The subject that stands for all subjects of an erased customer.
pub fn subject(customer: CustomerId) -> String {
    format!("{PREFIX}{customer}")
}

/// Whether a subject stands for an erased customer.
pub fn is_erased(subject: &str) -> bool {
    let id = subject.strip_prefix(PREFIX);
    id.is_some_and(|id| id.parse::<CustomerId>().is_ok())
}

/// What stays of an event's data: the places that meters read.
pub fn kept<'meter>(data: &Value, meters: impl IntoIterator<Item = &'meter Meter>) -> Value {
    let mut kept = Value::Object(serde_json::Map::new());
    for meter in meters {
        for path in meter
            .measure
            .path()
            .into_iter()
            .chain(meter.group_by.values())
        {
            path.copy(data, &mut kept);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use kernel::id::Ulid;

    use super::*;
    use crate::domain::{aggregate::Aggregation, meter::MeterDraft};

    fn meter(value: &str, group: &str) -> Meter {
        let draft = MeterDraft {
            slug: "m".into(),
            event_type: "api".into(),
            aggregation: Some(Aggregation::Sum),
            value_property: value.into(),
            group_by: [("group".to_owned(), group.to_owned())].into(),
            ..MeterDraft::default()
        };
        let now = "2025-01-01T00:00:00Z".parse().unwrap();
        Meter::new(kernel::id::MeterId::from_ulid(Ulid::nil()), draft, now).unwrap()
    }

    #[test]
    fn only_what_meters_read_stays() {
        let text = r#"{"email":"o@m.com","v":1.50,"who":{"name":"Olga","model":"a"},"list":["x",{"n":2,"m":3}]}"#;
        let data: Value = serde_json::from_str(text).unwrap();
        let of = |meters: &[Meter]| kept(&data, meters).to_string();
        assert_eq!(of(&[]), "{}");
        assert_eq!(
            of(&[meter("$.v", "$.who.model")]),
            r#"{"v":1.50,"who":{"model":"a"}}"#
        );
        // What stands before a place in a list is no more than a gap.
        assert_eq!(
            of(&[meter("$.list[1].n", "$.missing")]),
            r#"{"list":[null,{"n":2}]}"#
        );
        // Whoever reads more wins, in whatever order they come.
        let (part, whole) = (meter("$.who.model", "$.v"), meter("$.who", "$.v"));
        let both = r#"{"v":1.50,"who":{"model":"a","name":"Olga"}}"#;
        for meters in [[part.clone(), whole.clone()], [whole, part]] {
            assert_eq!(
                kept(&data, &meters),
                serde_json::from_str::<Value>(both).unwrap()
            );
        }
        assert_eq!(kept(&data, &[meter("$", "$.v")]), data);
    }

    #[test]
    fn only_subjects_of_erased_customers_are_known_as_such() {
        let customer = CustomerId::from_ulid(Ulid(7));
        assert!(is_erased(&subject(customer)));
        for other in ["", "erased:", "erased:olga", &customer.to_string()] {
            assert!(!is_erased(other), "{other}");
        }
    }
}
