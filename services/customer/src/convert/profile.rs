//! Aliases, attributes, traits and opt-outs; and what is left of a customer without personal
//! data.

use contract::{convert::timestamp, customer::v1 as pb};
use kernel::id::CustomerId;
use prost::{Message, Name};

use super::required;
use crate::{
    domain::{
        alias::Alias,
        attribute::{AttributeChanges, Attributes},
        display_name::ANONYMIZED,
        rate_limit::{CHARGES_MAX, Charge},
        retain::{Intervention, OptOut},
        traits::{SegmentChange, Trait, shown},
    },
    error::CustomerError,
};

/// An alias.
pub fn alias(alias: &Alias) -> pb::CustomerAlias {
    pb::CustomerAlias {
        alias: alias.text.clone(),
        create_time: Some(timestamp(alias.create_time)),
        canonical: alias.canonical,
    }
}

/// All aliases of a customer.
pub fn aliases(customer: CustomerId, aliases: &[Alias]) -> pb::CustomerAliases {
    pb::CustomerAliases {
        customer_id: customer.to_string(),
        aliases: aliases.iter().map(alias).collect(),
    }
}

/// Attributes to set.
pub fn attribute_changes(
    wire: &[pb::CustomerAttribute],
) -> Result<AttributeChanges, CustomerError> {
    let pairs = wire
        .iter()
        .map(|one| (one.name.clone(), one.value.clone()))
        .collect();
    AttributeChanges::new(pairs)
}

/// Attributes by name.
pub fn attributes(attributes: &Attributes) -> Vec<pb::CustomerAttribute> {
    attributes
        .iter()
        .map(|(name, attribute)| pb::CustomerAttribute {
            name: name.clone(),
            value: attribute.value.clone(),
            update_time: Some(timestamp(attribute.update_time)),
        })
        .collect()
}

/// Segments to set and remove.
pub fn segment_changes(wire: &[pb::SegmentChange]) -> Vec<SegmentChange> {
    wire.iter()
        .map(|one| (one.name.clone(), one.value.clone()))
        .collect()
}

fn trait_of(one: &Trait) -> pb::CustomerTrait {
    pb::CustomerTrait {
        name: one.name.clone(),
        value: one.value.clone(),
        create_time: Some(timestamp(one.create_time)),
        update_time: Some(timestamp(one.update_time)),
    }
}

/// Traits as they are stored.
pub fn segments(stored: &[Trait]) -> Vec<pb::CustomerTrait> {
    stored.iter().map(trait_of).collect()
}

/// Traits by category, in lower case.
pub fn traits(stored: &[Trait]) -> Vec<pb::CustomerTrait> {
    shown(stored)
        .into_iter()
        .map(|(category, one)| pb::CustomerTrait {
            name: category,
            value: one.value.to_lowercase(),
            ..trait_of(one)
        })
        .collect()
}

/// All traits of a customer.
pub fn trait_state(customer: CustomerId, stored: &[Trait]) -> pb::CustomerTraits {
    pb::CustomerTraits {
        customer_id: customer.to_string(),
        traits: segments(stored),
    }
}

/// Shows the traits of a customer.
pub type TraitView = fn(&[Trait]) -> Vec<pb::CustomerTrait>;

/// How traits are shown.
pub fn trait_view(value: i32) -> Result<TraitView, CustomerError> {
    use pb::list_traits_request::View;
    match View::try_from(value) {
        Ok(View::Unspecified | View::Segments) => Ok(segments),
        Ok(View::Traits) => Ok(traits),
        Err(_) => Err(CustomerError::invalid("view", "is not known")),
    }
}

/// An intervention, or none.
pub fn intervention(
    field: &'static str,
    value: i32,
) -> Result<Option<Intervention>, CustomerError> {
    match pb::Intervention::try_from(value) {
        Ok(pb::Intervention::Unspecified) => Ok(None),
        Ok(pb::Intervention::Retain) => Ok(Some(Intervention::Retain)),
        Ok(pb::Intervention::TermOptimization) => Ok(Some(Intervention::TermOptimization)),
        Ok(pb::Intervention::Reactivation) => Ok(Some(Intervention::Reactivation)),
        Err(_) => Err(CustomerError::invalid(field, "is not known")),
    }
}

/// The interventions of an opt-out: at least one, each once.
pub fn interventions(wire: &[i32]) -> Result<Vec<Intervention>, CustomerError> {
    let mut found = Vec::new();
    for value in wire {
        found.push(required(
            "interventions",
            intervention("interventions", *value)?,
        )?);
    }
    found.sort();
    found.dedup();
    if found.is_empty() {
        return Err(CustomerError::invalid("interventions", "must not be empty"));
    }
    Ok(found)
}

/// Opt-outs.
pub fn opt_outs(opt_outs: &[OptOut]) -> Vec<pb::OptOut> {
    opt_outs
        .iter()
        .map(|one| pb::OptOut {
            intervention: match one.intervention {
                Intervention::Retain => pb::Intervention::Retain,
                Intervention::TermOptimization => pb::Intervention::TermOptimization,
                Intervention::Reactivation => pb::Intervention::Reactivation,
            }
            .into(),
            create_time: Some(timestamp(one.create_time)),
        })
        .collect()
}

/// The buckets that a call is counted in.
pub fn charges(wire: &[pb::RateCharge]) -> Result<Vec<Charge>, CustomerError> {
    use pb::rate_charge::Window;
    if wire.len() > CHARGES_MAX {
        return Err(CustomerError::invalid(
            "charges",
            format!("must not be more than {CHARGES_MAX}"),
        ));
    }
    wire.iter()
        .map(|one| {
            let sliding = match Window::try_from(one.window) {
                Ok(Window::Fixed) => false,
                Ok(Window::Sliding) => true,
                Ok(Window::Unspecified) | Err(_) => {
                    return Err(CustomerError::invalid(
                        "charges.window",
                        "must be a known kind",
                    ));
                }
            };
            let span = required("charges.span", one.span.as_ref())?;
            let micros = span
                .seconds
                .checked_mul(1_000_000)
                .and_then(|micros| micros.checked_add(i64::from(span.nanos) / 1000));
            let micros = required("charges.span", micros)?;
            Charge::new(one.bucket.clone(), one.limit, micros, sliding)
        })
        .collect()
}

/// A recorded message about a customer without personal data; none when nothing else is in it.
pub fn anonymized(name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    if name == pb::Customer::full_name() {
        let state = pb::Customer::decode(bytes).ok()?;
        let bare = pb::Customer {
            display_name: ANONYMIZED.to_owned(),
            display_name_derived: false,
            description: String::new(),
            primary_email: String::new(),
            billing_address: None,
            ..state
        };
        return Some(bare.encode_to_vec());
    }
    if name == pb::CustomerAttributes::full_name() {
        return None;
    }
    Some(bytes.to_vec())
}

/// What a recorded message about an erased customer keeps: that there was one, and when.
pub fn erased(name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    if name != pb::Customer::full_name() {
        return None;
    }
    let state = pb::Customer::decode(bytes).ok()?;
    let bare = pb::Customer {
        id: state.id,
        etag: state.etag,
        create_time: state.create_time,
        update_time: state.update_time,
        delete_time: state.delete_time,
        ..pb::Customer::default()
    };
    Some(bare.encode_to_vec())
}
