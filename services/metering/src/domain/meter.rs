//! Meters: what may be created, what an update may change, and what holds forbid.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Timestamp, calendar::floor_to_second, id::MeterId, key::ResourceKey};

use super::{
    aggregate::{Aggregation, Measure, NumberAggregation},
    event::TYPE_MAX,
    jsonpath::JsonPath,
};

/// Longest name, in characters.
const NAME_MAX: usize = 256;
/// Longest description, in characters.
const DESCRIPTION_MAX: usize = 1_024;
/// Most group-by keys of a meter.
const GROUP_BY_MAX: usize = 100;
/// Longest group-by key, in bytes.
const GROUP_KEY_MAX: usize = 64;
/// Most metadata entries.
const METADATA_MAX: usize = 100;

/// How usage events of one type become a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Meter {
    /// Its id.
    pub id: MeterId,
    /// Its handle.
    pub slug: ResourceKey,
    /// Name for people.
    pub name: String,
    /// Text for people; empty for none.
    pub description: String,
    /// The type that events must have.
    pub event_type: String,
    /// Events before this full second are ignored.
    pub event_from: Option<Timestamp>,
    /// What is read and aggregated.
    pub measure: Measure,
    /// What usage can be grouped by.
    pub group_by: BTreeMap<String, JsonPath>,
    /// The user's key-value pairs.
    pub metadata: BTreeMap<String, String>,
    /// Grows with every change.
    pub revision: i64,
    /// When it was made.
    pub create_time: Timestamp,
    /// When it was last changed.
    pub update_time: Timestamp,
    /// When it was deleted.
    pub delete_time: Option<Timestamp>,
}

/// The fields of a meter as they were sent.
#[derive(Clone, Debug, Default)]
pub struct MeterDraft {
    /// Handle.
    pub slug: String,
    /// Name; empty for the slug.
    pub name: String,
    /// Description.
    pub description: String,
    /// Event type.
    pub event_type: String,
    /// First instant that counts.
    pub event_from: Option<Timestamp>,
    /// Aggregation; none when it was not said.
    pub aggregation: Option<Aggregation>,
    /// JSONPath of the value; empty for none.
    pub value_property: String,
    /// JSONPaths by group-by key.
    pub group_by: BTreeMap<String, String>,
    /// Key-value pairs.
    pub metadata: BTreeMap<String, String>,
}

/// One field that is wrong, relative to the meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadField {
    /// Path of the field.
    pub field: String,
    /// What is wrong.
    pub description: String,
}

fn bad(field: impl Into<String>, description: impl Into<String>) -> BadField {
    BadField {
        field: field.into(),
        description: description.into(),
    }
}

/// Changes of a meter; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeterPatch {
    /// New name; empty for the slug.
    pub name: Option<String>,
    /// New description; empty for none.
    pub description: Option<String>,
    /// New group-bys, all of them.
    pub group_by: Option<BTreeMap<String, String>>,
    /// New metadata, all of it.
    pub metadata: Option<BTreeMap<String, String>>,
}

impl Meter {
    /// A new meter, or every field that is wrong.
    pub fn new(id: MeterId, draft: MeterDraft, now: Timestamp) -> Result<Self, Vec<BadField>> {
        let mut wrong = Vec::new();
        let slug = ResourceKey::parse(&draft.slug)
            .map_err(|error| wrong.push(bad("slug", error.to_string())))
            .ok();
        check_text(&mut wrong, "name", &draft.name, NAME_MAX);
        check_text(
            &mut wrong,
            "description",
            &draft.description,
            DESCRIPTION_MAX,
        );
        if draft.event_type.is_empty() {
            wrong.push(bad("event_type", "is required"));
        } else if draft.event_type.len() > TYPE_MAX || draft.event_type.contains('\0') {
            wrong.push(bad("event_type", "must be at most 512 bytes without a NUL"));
        }
        let measure = measure(draft.aggregation, &draft.value_property)
            .map_err(|error| wrong.push(error))
            .ok();
        let value_path = measure.as_ref().and_then(Measure::path);
        let group_by = group_by(&draft.group_by, value_path)
            .map_err(|errors| wrong.extend(errors))
            .ok();
        check_metadata(&mut wrong, &draft.metadata);
        match (slug, measure, group_by) {
            (Some(slug), Some(measure), Some(group_by)) if wrong.is_empty() => Ok(Self {
                id,
                name: if draft.name.is_empty() {
                    slug.as_str().to_owned()
                } else {
                    draft.name
                },
                slug,
                description: draft.description,
                event_type: draft.event_type,
                event_from: draft.event_from.map(floor_to_second),
                measure,
                group_by,
                metadata: draft.metadata,
                revision: 1,
                create_time: now,
                update_time: now,
                delete_time: None,
            }),
            _ => Err(wrong),
        }
    }

    /// The meter after a change, or every field that is wrong.
    pub fn patched(&self, patch: MeterPatch, now: Timestamp) -> Result<Self, Vec<BadField>> {
        let mut next = Self {
            revision: self.revision + 1,
            update_time: now,
            ..self.clone()
        };
        let mut wrong = Vec::new();
        if let Some(name) = patch.name {
            check_text(&mut wrong, "name", &name, NAME_MAX);
            next.name = if name.is_empty() {
                self.slug.as_str().to_owned()
            } else {
                name
            };
        }
        if let Some(description) = patch.description {
            check_text(&mut wrong, "description", &description, DESCRIPTION_MAX);
            next.description = description;
        }
        if let Some(paths) = patch.group_by {
            match group_by(&paths, self.measure.path()) {
                Ok(paths) => next.group_by = paths,
                Err(errors) => wrong.extend(errors),
            }
        }
        if let Some(metadata) = patch.metadata {
            check_metadata(&mut wrong, &metadata);
            next.metadata = metadata;
        }
        if wrong.is_empty() {
            Ok(next)
        } else {
            Err(wrong)
        }
    }

    /// The group-by keys that this meter has and `next` has no more.
    pub fn removed_keys<'meter>(&'meter self, next: &Self) -> BTreeSet<&'meter str> {
        self.group_by
            .keys()
            .filter(|key| !next.group_by.contains_key(*key))
            .map(String::as_str)
            .collect()
    }
}

/// A claim of another service on a meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// What kind of thing holds it.
    pub reason: HoldReason,
    /// Which one.
    pub holder: String,
    /// The group-by keys that it filters on.
    pub group_by_keys: BTreeSet<String>,
    /// How to name it to people.
    pub display_text: String,
    /// When it was placed.
    pub create_time: Timestamp,
}

/// What kind of thing holds a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldReason {
    /// A feature that is not archived.
    Feature,
    /// A live entitlement's feature.
    Entitlement,
}

impl HoldReason {
    /// The word that is stored.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Feature => "FEATURE",
            Self::Entitlement => "ENTITLEMENT",
        }
    }

    /// Reads the stored word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Feature, Self::Entitlement]
            .into_iter()
            .find(|reason| reason.word() == word)
    }
}

/// The holds that filter on one of the keys.
pub fn holds_on_keys<'hold>(holds: &'hold [Hold], keys: &BTreeSet<&str>) -> Vec<&'hold Hold> {
    holds
        .iter()
        .filter(|hold| {
            hold.group_by_keys
                .iter()
                .any(|key| keys.contains(key.as_str()))
        })
        .collect()
}

/// The measure of an aggregation and a path: COUNT has no path, all others need one.
pub fn measure(aggregation: Option<Aggregation>, path: &str) -> Result<Measure, BadField> {
    let aggregation = aggregation.ok_or_else(|| bad("aggregation", "is required"))?;
    if aggregation == Aggregation::Count {
        return if path.is_empty() {
            Ok(Measure::Count)
        } else {
            Err(bad(
                "value_property",
                "must be empty when the aggregation is COUNT",
            ))
        };
    }
    if path.is_empty() {
        return Err(bad(
            "value_property",
            format!("is required when the aggregation is {}", aggregation.word()),
        ));
    }
    let path = JsonPath::parse(path).map_err(|error| bad("value_property", error.to_string()))?;
    Ok(match aggregation {
        Aggregation::Count => Measure::Count,
        Aggregation::UniqueCount => Measure::Distinct(path),
        Aggregation::Sum => Measure::Number(NumberAggregation::Sum, path),
        Aggregation::Avg => Measure::Number(NumberAggregation::Avg, path),
        Aggregation::Min => Measure::Number(NumberAggregation::Min, path),
        Aggregation::Max => Measure::Number(NumberAggregation::Max, path),
        Aggregation::Latest => Measure::Number(NumberAggregation::Latest, path),
    })
}

/// The checked group-bys.
pub fn group_by(
    paths: &BTreeMap<String, String>,
    value_path: Option<&JsonPath>,
) -> Result<BTreeMap<String, JsonPath>, Vec<BadField>> {
    let mut wrong = Vec::new();
    let mut checked = BTreeMap::new();
    if paths.len() > GROUP_BY_MAX {
        wrong.push(bad("group_by", "must have at most 100 keys"));
    }
    for (key, text) in paths {
        let field = format!("group_by[{key}]");
        if !is_group_key(key) {
            wrong.push(bad(
                field,
                "must be a key of letters, digits and underscores that starts with no digit",
            ));
            continue;
        }
        match JsonPath::parse(text) {
            Err(error) => wrong.push(bad(field, error.to_string())),
            Ok(path) if value_path.is_some_and(|value| value.leads_where(&path)) => {
                wrong.push(bad(field, "must differ from the value property"));
            }
            Ok(path) => {
                checked.insert(key.clone(), path);
            }
        }
    }
    if wrong.is_empty() {
        Ok(checked)
    } else {
        Err(wrong)
    }
}

/// `^[a-zA-Z_][0-9a-zA-Z_]*$`, at most 64 bytes.
fn is_group_key(key: &str) -> bool {
    key.len() <= GROUP_KEY_MAX
        && key.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn check_text(wrong: &mut Vec<BadField>, field: &str, text: &str, max: usize) {
    if text.chars().count() > max || text.contains('\0') {
        wrong.push(bad(
            field,
            format!("must be at most {max} characters without a NUL"),
        ));
    }
}

fn check_metadata(wrong: &mut Vec<BadField>, metadata: &BTreeMap<String, String>) {
    if metadata.len() > METADATA_MAX {
        wrong.push(bad("metadata", "must have at most 100 entries"));
    }
    if metadata
        .iter()
        .any(|(key, value)| key.contains('\0') || value.contains('\0'))
    {
        wrong.push(bad("metadata", "must not contain a NUL"));
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn now() -> Timestamp {
        "2025-01-01T00:00:00Z".parse().unwrap()
    }

    fn draft() -> MeterDraft {
        MeterDraft {
            slug: "tokens_total".into(),
            event_type: "prompt".into(),
            aggregation: Some(Aggregation::Sum),
            value_property: "$.tokens".into(),
            group_by: BTreeMap::from([
                ("model".into(), "$.model".into()),
                ("type".into(), "$.type".into()),
            ]),
            ..MeterDraft::default()
        }
    }

    fn create(draft: MeterDraft) -> Result<Meter, Vec<BadField>> {
        Meter::new(MeterId::from_ulid(kernel::id::Ulid::nil()), draft, now())
    }

    fn refused(change: impl FnOnce(&mut MeterDraft), field: &str) {
        let mut draft = draft();
        change(&mut draft);
        let wrong = create(draft).unwrap_err();
        assert_eq!(
            wrong
                .iter()
                .map(|bad| bad.field.as_str())
                .collect::<Vec<_>>(),
            [field]
        );
    }

    #[test]
    fn the_name_defaults_to_the_slug() {
        let meter = create(draft()).unwrap();
        assert_eq!((meter.name.as_str(), meter.revision), ("tokens_total", 1));
        let renamed = meter
            .patched(
                MeterPatch {
                    name: Some("Tokens".into()),
                    ..MeterPatch::default()
                },
                now(),
            )
            .unwrap();
        assert_eq!((renamed.name.as_str(), renamed.revision), ("Tokens", 2));
        let cleared = renamed
            .patched(
                MeterPatch {
                    name: Some(String::new()),
                    ..MeterPatch::default()
                },
                now(),
            )
            .unwrap();
        assert_eq!(cleared.name, "tokens_total");
    }

    #[test]
    fn each_wrong_field_is_named() {
        refused(|draft| draft.slug = "Tokens".into(), "slug");
        refused(|draft| draft.slug = "a__b".into(), "slug");
        refused(|draft| draft.name = "n".repeat(257), "name");
        refused(|draft| draft.description = "d".repeat(1_025), "description");
        refused(|draft| draft.event_type.clear(), "event_type");
        refused(|draft| draft.aggregation = None, "aggregation");
        refused(|draft| draft.value_property.clear(), "value_property");
        refused(
            |draft| draft.value_property = "tokens".into(),
            "value_property",
        );
        refused(
            |draft| draft.aggregation = Some(Aggregation::Count),
            "value_property",
        );
        refused(
            |draft| drop(draft.group_by.insert("1st".into(), "$.a".into())),
            "group_by[1st]",
        );
        refused(
            |draft| drop(draft.group_by.insert("a-b".into(), "$.a".into())),
            "group_by[a-b]",
        );
        refused(
            |draft| drop(draft.group_by.insert("model".into(), "model".into())),
            "group_by[model]",
        );
        refused(
            |draft| drop(draft.group_by.insert("model".into(), "$['tokens']".into())),
            "group_by[model]",
        );
    }

    #[test]
    fn count_needs_no_value_property() {
        let meter = create(MeterDraft {
            aggregation: Some(Aggregation::Count),
            value_property: String::new(),
            ..draft()
        });
        assert_eq!(meter.unwrap().measure, Measure::Count);
    }

    #[test]
    fn a_hold_on_a_removed_key_is_found() {
        let meter = create(draft()).unwrap();
        let patch = MeterPatch {
            group_by: Some(BTreeMap::from([("type".to_owned(), "$.type".to_owned())])),
            ..MeterPatch::default()
        };
        let next = meter.patched(patch, now()).unwrap();
        let removed = meter.removed_keys(&next);
        assert_eq!(removed, BTreeSet::from(["model"]));
        let hold = |keys: &[&str]| Hold {
            reason: HoldReason::Feature,
            holder: "f".into(),
            group_by_keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            display_text: String::new(),
            create_time: now(),
        };
        assert_eq!(
            holds_on_keys(&[hold(&["type"]), hold(&["model"]), hold(&[])], &removed).len(),
            1
        );
    }
}
