//! The filter expressions of the contract (metering text §1.6): an object that sets one
//! operator, which may be a list of such objects.

use contract::metering::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::Problem;
use super::scalars::{Time, Ulid};

/// A condition on text; at most one operator may be set. An operator that does not exist is
/// refused: ignored, it would match everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FilterString {
    /// Equal to.
    #[serde(rename = "$eq", skip_serializing_if = "Option::is_none")]
    eq: Option<String>,
    /// Not equal to.
    #[serde(rename = "$ne", skip_serializing_if = "Option::is_none")]
    ne: Option<String>,
    /// One of.
    #[serde(rename = "$in", skip_serializing_if = "Option::is_none")]
    one_of: Option<Vec<String>>,
    /// None of.
    #[serde(rename = "$nin", skip_serializing_if = "Option::is_none")]
    none_of: Option<Vec<String>>,
    /// Like a pattern with `%` and `_`.
    #[serde(rename = "$like", skip_serializing_if = "Option::is_none")]
    like: Option<String>,
    /// Not like a pattern.
    #[serde(rename = "$nlike", skip_serializing_if = "Option::is_none")]
    not_like: Option<String>,
    /// Like a pattern, whatever the case.
    #[serde(rename = "$ilike", skip_serializing_if = "Option::is_none")]
    like_any_case: Option<String>,
    /// Not like a pattern, whatever the case.
    #[serde(rename = "$nilike", skip_serializing_if = "Option::is_none")]
    not_like_any_case: Option<String>,
    /// After, in the order of bytes.
    #[serde(rename = "$gt", skip_serializing_if = "Option::is_none")]
    gt: Option<String>,
    /// After or equal to.
    #[serde(rename = "$gte", skip_serializing_if = "Option::is_none")]
    gte: Option<String>,
    /// Before.
    #[serde(rename = "$lt", skip_serializing_if = "Option::is_none")]
    lt: Option<String>,
    /// Before or equal to.
    #[serde(rename = "$lte", skip_serializing_if = "Option::is_none")]
    lte: Option<String>,
    /// All of these hold.
    #[serde(rename = "$and", skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    all_of: Option<Vec<FilterString>>,
    /// One of these holds.
    #[serde(rename = "$or", skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    any_of: Option<Vec<FilterString>>,
}

impl FilterString {
    /// The text that is asked for, when the filter asks for nothing else.
    pub(crate) fn only_equals(&self) -> Option<&str> {
        let eq = self.eq.as_deref()?;
        (*self == Self::equals(eq)).then_some(eq)
    }

    /// A filter for one text.
    pub(crate) fn equals(text: &str) -> Self {
        Self {
            eq: Some(text.to_owned()),
            ..Self::default()
        }
    }

    /// The filter of a list of events, where lists of conditions hold no further lists.
    pub(crate) fn flat(self, field: &str) -> Result<Option<pb::FilterString>, Problem> {
        let lists = self.all_of.iter().chain(&self.any_of).flatten();
        for inner in lists {
            if inner.all_of.is_some() || inner.any_of.is_some() {
                return Err(too_deep(field));
            }
        }
        self.into_proto(field)
    }

    /// The message; none for a filter that sets nothing, which matches everything.
    pub(crate) fn into_proto(self, field: &str) -> Result<Option<pb::FilterString>, Problem> {
        use pb::filter_string::Operator;
        let list = |values| pb::StringList { values };
        let mut set = [
            self.eq.map(Operator::Equals),
            self.ne.map(Operator::NotEquals),
            self.one_of.map(|values| Operator::OneOf(list(values))),
            self.none_of.map(|values| Operator::NoneOf(list(values))),
            self.like.map(Operator::Like),
            self.not_like.map(Operator::NotLike),
            self.like_any_case.map(Operator::LikeIgnoreCase),
            self.not_like_any_case.map(Operator::NotLikeIgnoreCase),
            self.gt.map(Operator::GreaterThan),
            self.gte.map(Operator::GreaterOrEqual),
            self.lt.map(Operator::LessThan),
            self.lte.map(Operator::LessOrEqual),
            self.all_of
                .map(|filters| nested(filters, field))
                .transpose()?
                .map(Operator::AllOf),
            self.any_of
                .map(|filters| nested(filters, field))
                .transpose()?
                .map(Operator::AnyOf),
        ]
        .into_iter()
        .flatten();
        let first = set.next();
        if set.next().is_some() {
            return Err(too_many(field));
        }
        Ok(first.map(|operator| pb::FilterString {
            operator: Some(operator),
        }))
    }

    /// What the message says.
    pub(crate) fn from_proto(wire: pb::FilterString) -> Result<Self, Problem> {
        use pb::filter_string::Operator;
        let filters = |list: pb::FilterStringList| {
            list.filters
                .into_iter()
                .map(Self::from_proto)
                .collect::<Result<Vec<_>, _>>()
                .map(Some)
        };
        let mut filter = Self::default();
        let Some(operator) = wire.operator else {
            return Ok(filter);
        };
        match operator {
            Operator::Equals(text) => filter.eq = Some(text),
            Operator::NotEquals(text) => filter.ne = Some(text),
            Operator::OneOf(list) => filter.one_of = Some(list.values),
            Operator::NoneOf(list) => filter.none_of = Some(list.values),
            Operator::Like(text) => filter.like = Some(text),
            Operator::NotLike(text) => filter.not_like = Some(text),
            Operator::LikeIgnoreCase(text) => filter.like_any_case = Some(text),
            Operator::NotLikeIgnoreCase(text) => filter.not_like_any_case = Some(text),
            Operator::GreaterThan(text) => filter.gt = Some(text),
            Operator::GreaterOrEqual(text) => filter.gte = Some(text),
            Operator::LessThan(text) => filter.lt = Some(text),
            Operator::LessOrEqual(text) => filter.lte = Some(text),
            Operator::AllOf(list) => filter.all_of = filters(list)?,
            Operator::AnyOf(list) => filter.any_of = filters(list)?,
            // No dialect operator; the closest one says the same.
            Operator::Contains(text) => filter.like = Some(format!("%{text}%")),
        }
        Ok(filter)
    }
}

fn nested(filters: Vec<FilterString>, field: &str) -> Result<pb::FilterStringList, Problem> {
    Ok(pb::FilterStringList {
        filters: filters
            .into_iter()
            .filter_map(|filter| filter.into_proto(field).transpose())
            .collect::<Result<_, _>>()?,
    })
}

/// A condition on a time; at most one operator may be set.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FilterTime {
    /// After.
    #[serde(rename = "$gt")]
    gt: Option<Time>,
    /// At or after.
    #[serde(rename = "$gte")]
    gte: Option<Time>,
    /// Before.
    #[serde(rename = "$lt")]
    lt: Option<Time>,
    /// At or before.
    #[serde(rename = "$lte")]
    lte: Option<Time>,
    /// All of these hold.
    #[serde(rename = "$and")]
    #[schema(no_recursion)]
    all_of: Option<Vec<FilterTime>>,
    /// One of these holds.
    #[serde(rename = "$or")]
    #[schema(no_recursion)]
    any_of: Option<Vec<FilterTime>>,
}

impl FilterTime {
    /// From a first instant to one that is not included.
    pub(crate) fn between(from: Option<Time>, to: Option<Time>) -> Option<Self> {
        let from = from.map(|gte| Self {
            gte: Some(gte),
            ..Self::default()
        });
        let to = to.map(|lt| Self {
            lt: Some(lt),
            ..Self::default()
        });
        match (from, to) {
            (Some(from), Some(to)) => Some(Self {
                all_of: Some(vec![from, to]),
                ..Self::default()
            }),
            (from, to) => from.or(to),
        }
    }

    /// The filter of a list of events, where lists of conditions hold no further lists.
    pub(crate) fn flat(self, field: &str) -> Result<Option<pb::FilterTime>, Problem> {
        let lists = self.all_of.iter().chain(&self.any_of).flatten();
        for inner in lists {
            if inner.all_of.is_some() || inner.any_of.is_some() {
                return Err(too_deep(field));
            }
        }
        self.into_proto(field)
    }

    /// The message; none for a filter that sets nothing.
    pub(crate) fn into_proto(self, field: &str) -> Result<Option<pb::FilterTime>, Problem> {
        use pb::filter_time::Operator;
        let mut set = [
            self.gt.map(|time| Operator::GreaterThan(time.into())),
            self.gte.map(|time| Operator::GreaterOrEqual(time.into())),
            self.lt.map(|time| Operator::LessThan(time.into())),
            self.lte.map(|time| Operator::LessOrEqual(time.into())),
            self.all_of
                .map(|filters| nested_times(filters, field))
                .transpose()?
                .map(Operator::AllOf),
            self.any_of
                .map(|filters| nested_times(filters, field))
                .transpose()?
                .map(Operator::AnyOf),
        ]
        .into_iter()
        .flatten();
        let first = set.next();
        if set.next().is_some() {
            return Err(too_many(field));
        }
        Ok(first.map(|operator| pb::FilterTime {
            operator: Some(operator),
        }))
    }
}

fn nested_times(filters: Vec<FilterTime>, field: &str) -> Result<pb::FilterTimeList, Problem> {
    Ok(pb::FilterTimeList {
        filters: filters
            .into_iter()
            .filter_map(|filter| filter.into_proto(field).transpose())
            .collect::<Result<_, _>>()?,
    })
}

fn too_many(field: &str) -> Problem {
    Problem::invalid(format!(
        "{field}: only one filter can be set; combine several with $and or $or"
    ))
}

fn too_deep(field: &str) -> Problem {
    Problem::invalid(format!(
        "{field}: filter complexity exceeds maximum allowed depth"
    ))
}

/// A condition on an id.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FilterIdExact {
    /// One of.
    #[serde(rename = "$in")]
    pub one_of: Option<Vec<Ulid>>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::openmeter::decode::from_json;
    use serde_json::json;

    fn read(value: serde_json::Value) -> FilterString {
        from_json(&value).unwrap()
    }

    #[test]
    fn one_operator_is_allowed() {
        assert!(
            read(json!({"$eq": "a", "$ne": "b"}))
                .into_proto("key")
                .is_err()
        );
        assert_eq!(read(json!({"$eq": null})).into_proto("key").unwrap(), None);
        assert_eq!(read(json!({})).into_proto("key").unwrap(), None);
    }

    #[test]
    fn filters_survive_the_way_there_and_back() {
        for value in [
            json!({"$eq": "a"}),
            json!({"$in": ["a", "b"]}),
            json!({"$and": [{"$gt": "a"}, {"$or": [{"$ilike": "%b"}, {"$nin": []}]}]}),
        ] {
            let there = read(value.clone()).into_proto("key").unwrap().unwrap();
            let back = FilterString::from_proto(there).unwrap();
            assert_eq!(serde_json::to_value(back).unwrap(), value);
        }
    }

    #[test]
    fn an_operator_that_does_not_exist_is_refused() {
        for value in [json!({"$foo": "a"}), json!({"$and": [{"$eqq": "a"}]})] {
            let error = from_json::<FilterString>(&value).unwrap_err().to_string();
            assert!(error.contains('$'), "{error}");
        }
        assert!(from_json::<FilterTime>(&json!({"$eq": "2026-01-01T00:00:00Z"})).is_err());
        assert!(from_json::<FilterIdExact>(&json!({"$eq": "a"})).is_err());
    }

    #[test]
    fn lists_of_events_take_one_level_of_lists() {
        let shallow = json!({"$and": [{"$gte": "a"}, {"$lt": "b"}]});
        assert!(read(shallow).flat("key").is_ok());
        let deep = json!({"$and": [{"$or": [{"$eq": "a"}]}]});
        assert!(read(deep.clone()).flat("key").is_err());
        assert!(read(deep).into_proto("key").is_ok());
    }

    #[test]
    fn a_filter_that_sets_nothing_survives_too() {
        let back = FilterString::from_proto(pb::FilterString::default()).unwrap();
        assert_eq!(serde_json::to_value(back).unwrap(), json!({}));
    }

    #[test]
    fn only_a_plain_equality_is_the_legacy_form() {
        assert_eq!(read(json!({"$eq": "a"})).only_equals(), Some("a"));
        assert_eq!(read(json!({"$ne": "a"})).only_equals(), None);
    }
}
