//! Plans.

use chassis::mask::Mask;
use contract::catalog::v1 as pb;
use jiff::Timestamp;

use super::{
    FILTER_COUNT_MAX, at, bounded, currency, duration, issues, optional_duration, optional_text,
    optional_time, parse_id, rate_card, required, time,
};
use crate::{
    domain::{
        plan::{Phase, PlanBody, PlanSpec, ProRating, ProRatingMode, effective_issues},
        versioning::{Offer, State},
    },
    error::CatalogError,
    store::offer::{Filter, OfferRef, PlanVersion, Selection, Sort},
};

/// What an update may change.
const CHANGEABLE: [&str; 6] = [
    "name",
    "description",
    "metadata",
    "billing_cadence",
    "pro_rating_config",
    "phases",
];
/// What is output only, or fixed by the id; ignored in an update.
const IGNORED: [&str; 11] = [
    "id",
    "key",
    "version",
    "currency_code",
    "effective_from_time",
    "effective_to_time",
    "state",
    "validation_issues",
    "etag",
    "create_time",
    "update_time",
];

/// Reads a plan as a user sends it. Defaults that depend on other fields are filled in.
pub fn from_proto(wire: &pb::Plan) -> Result<PlanSpec, CatalogError> {
    let currency = currency("plan.currency_code", &wire.currency_code)?;
    let mut body = PlanBody {
        name: wire.name.clone(),
        description: optional_text(&wire.description),
        metadata: wire.metadata.clone(),
        billing_cadence: duration("plan.billing_cadence", &wire.billing_cadence)?,
        pro_rating: pro_rating_from_proto(wire.pro_rating_config.as_ref())?,
        phases: phases_from_proto(&wire.phases)?,
    };
    body.fill_defaults();
    Ok(Offer {
        key: wire.key.clone(),
        currency,
        body,
    })
}

fn pro_rating_from_proto(wire: Option<&pb::ProRatingConfig>) -> Result<ProRating, CatalogError> {
    use pb::pro_rating_config::Mode;
    let Some(wire) = wire else {
        return Ok(ProRating::default());
    };
    let field = "plan.pro_rating_config.mode";
    let mode = match at(field, Mode::try_from(wire.mode))? {
        Mode::ProratePrices => ProRatingMode::ProratePrices,
        // While prorating is off there is nothing for a mode to say.
        Mode::Unspecified if !wire.enabled => ProRatingMode::ProratePrices,
        Mode::Unspecified => return Err(CatalogError::invalid(field, "is required")),
    };
    Ok(ProRating {
        enabled: wire.enabled,
        mode,
    })
}

fn phases_from_proto(wire: &[pb::PlanPhase]) -> Result<Vec<Phase>, CatalogError> {
    let phase = |(index, phase): (usize, &pb::PlanPhase)| {
        let path = format!("plan.phases[{index}]");
        Ok(Phase {
            key: phase.key.clone(),
            name: phase.name.clone(),
            description: optional_text(&phase.description),
            duration: optional_duration(&format!("{path}.duration"), &phase.duration)?,
            rate_cards: rate_card::list_from_proto(&path, &phase.rate_cards)?,
            metadata: phase.metadata.clone(),
        })
    };
    wire.iter().enumerate().map(phase).collect()
}

/// The stored plan with what an update request changes.
pub fn updated(
    stored: &PlanSpec,
    wire: &pb::Plan,
    mask: Option<&prost_types::FieldMask>,
) -> Result<PlanSpec, CatalogError> {
    let mask = Mask::from_proto(mask, &CHANGEABLE, &IGNORED)?;
    let mut spec = stored.clone();
    let body = &mut spec.body;
    if mask.changes("name", !wire.name.is_empty()) {
        body.name.clone_from(&wire.name);
    }
    if mask.changes("description", !wire.description.is_empty()) {
        body.description = optional_text(&wire.description);
    }
    if mask.changes("metadata", !wire.metadata.is_empty()) {
        body.metadata.clone_from(&wire.metadata);
    }
    if mask.changes("billing_cadence", !wire.billing_cadence.is_empty()) {
        body.billing_cadence = duration("plan.billing_cadence", &wire.billing_cadence)?;
    }
    if mask.changes("pro_rating_config", wire.pro_rating_config.is_some()) {
        body.pro_rating = pro_rating_from_proto(wire.pro_rating_config.as_ref())?;
    }
    if mask.changes("phases", !wire.phases.is_empty()) {
        body.phases = phases_from_proto(&wire.phases)?;
        body.fill_defaults();
    }
    Ok(spec)
}

/// A stored plan for the wire, with its state and issues at `now`.
pub fn to_proto(plan: &PlanVersion, now: Timestamp) -> pb::Plan {
    let mut found = plan.offer.issues();
    found.extend(effective_issues(&plan.effective));
    pb::Plan {
        id: plan.id.to_string(),
        version: plan.number,
        effective_from_time: optional_time(plan.effective.from),
        effective_to_time: optional_time(plan.effective.to),
        state: state_to_proto(plan.effective.state(now)).into(),
        validation_issues: issues(&found),
        etag: chassis::etag::of(plan.revision),
        create_time: time(plan.create_time),
        update_time: time(plan.update_time),
        delete_time: optional_time(plan.delete_time),
        ..spec_to_proto(&plan.offer)
    }
}

/// What the user says about a plan, for the wire.
pub fn spec_to_proto(spec: &PlanSpec) -> pb::Plan {
    let body = &spec.body;
    let mode = match body.pro_rating.mode {
        ProRatingMode::ProratePrices => pb::pro_rating_config::Mode::ProratePrices,
    };
    pb::Plan {
        key: spec.key.clone(),
        name: body.name.clone(),
        description: body.description.clone().unwrap_or_default(),
        currency_code: spec.currency.code().to_owned(),
        billing_cadence: body.billing_cadence.as_str().to_owned(),
        pro_rating_config: Some(pb::ProRatingConfig {
            enabled: body.pro_rating.enabled,
            mode: mode.into(),
        }),
        phases: body.phases.iter().map(phase_to_proto).collect(),
        metadata: body.metadata.clone(),
        ..pb::Plan::default()
    }
}

fn phase_to_proto(phase: &Phase) -> pb::PlanPhase {
    pb::PlanPhase {
        key: phase.key.clone(),
        name: phase.name.clone(),
        description: phase.description.clone().unwrap_or_default(),
        duration: phase
            .duration
            .as_ref()
            .map_or_else(String::new, |duration| duration.as_str().to_owned()),
        rate_cards: phase.rate_cards.iter().map(rate_card::to_proto).collect(),
        metadata: phase.metadata.clone(),
    }
}

fn state_to_proto(state: State) -> pb::plan::State {
    match state {
        State::Draft => pb::plan::State::Draft,
        State::Scheduled => pb::plan::State::Scheduled,
        State::Active => pb::plan::State::Active,
        State::Archived => pb::plan::State::Archived,
    }
}

/// Reads what a plan version is found by.
pub fn reference(
    field: &str,
    wire: Option<&pb::PlanRef>,
) -> Result<OfferRef<kernel::id::PlanId>, CatalogError> {
    use pb::plan_ref::Ref;
    let wire = required(field, wire)?;
    let selection = selection(field, wire.version, wire.latest)?;
    let by_key = |key: &String| OfferRef::Key(key.clone(), selection);
    Ok(match required(field, wire.r#ref.as_ref())? {
        Ref::Id(text) => OfferRef::Id(parse_id(&format!("{field}.id"), text)?),
        Ref::Key(key) => by_key(key),
        // What reads as a ULID is an id and only an id.
        Ref::IdOrKey(text) => text.parse().map_or_else(|_| by_key(text), OfferRef::Id),
    })
}

/// Which version of a key a reference means.
pub fn selection(field: &str, version: i32, latest: bool) -> Result<Selection, CatalogError> {
    match (version, latest) {
        (0, false) => Ok(Selection::Active),
        (0, true) => Ok(Selection::Latest),
        (1.., false) => Ok(Selection::Number(version)),
        (1.., true) => Err(CatalogError::invalid(
            format!("{field}.latest"),
            "must not be set with version",
        )),
        (..0, _) => Err(CatalogError::invalid(
            format!("{field}.version"),
            "must not be negative",
        )),
    }
}

/// Reads the filters of a list.
pub fn filter(wire: &pb::ListPlansRequest) -> Result<Filter, CatalogError> {
    use pb::list_plans_request::OrderBy;
    bounded("ids", wire.ids.len(), FILTER_COUNT_MAX)?;
    bounded("keys", wire.keys.len(), FILTER_COUNT_MAX)?;
    bounded("key_versions", wire.key_versions.len(), FILTER_COUNT_MAX)?;
    bounded(
        "currency_codes",
        wire.currency_codes.len(),
        FILTER_COUNT_MAX,
    )?;
    let states = wire.states().map(|state| match state {
        pb::plan::State::Draft => Ok(State::Draft),
        pb::plan::State::Scheduled => Ok(State::Scheduled),
        pb::plan::State::Active => Ok(State::Active),
        pb::plan::State::Archived => Ok(State::Archived),
        pb::plan::State::Unspecified => {
            Err(CatalogError::invalid("states", "is not a known state"))
        }
    });
    Ok(Filter {
        ids: wire.ids.clone(),
        keys: wire.keys.clone(),
        key_numbers: wire
            .key_versions
            .iter()
            .map(|pair| (pair.key.clone(), pair.version))
            .collect(),
        currencies: wire.currency_codes.clone(),
        states: states.collect::<Result<_, _>>()?,
        include_deleted: wire.include_deleted,
        sort: match at("order_by", OrderBy::try_from(wire.order_by))? {
            OrderBy::Unspecified | OrderBy::Id => Sort::Id,
            OrderBy::Key => Sort::Key,
            OrderBy::Version => Sort::Number,
            OrderBy::CreateTime => Sort::CreateTime,
            OrderBy::UpdateTime => Sort::UpdateTime,
        },
    })
}

/// Reads when a version shall take effect; not in the past.
pub fn effective_time(
    wire: Option<&prost_types::Timestamp>,
    now: Timestamp,
) -> Result<Timestamp, CatalogError> {
    let given = at(
        "effective_time",
        contract::convert::from_optional_timestamp(wire),
    )?;
    let time = given.unwrap_or(now);
    if time < now {
        return Err(CatalogError::invalid(
            "effective_time",
            "must not be in the past",
        ));
    }
    Ok(time)
}
