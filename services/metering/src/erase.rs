//! Customers who were erased: what was measured stays, under a subject that leads to nobody.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chassis::{
    Write,
    feed::{Consume, ConsumerSpec, Event},
};
use contract::{customer::v1::Customer, metering::v1 as pb};
use kernel::Timestamp;
use prost::{Message as _, Name as _};
use tonic::Status;

use crate::{
    customers,
    domain::{erasure, meter::Meter, rollup::Level},
    error::MeteringError,
    freshness,
    store::{self, event::StoredEvent, merge, scan},
};

/// Events that are rewritten at a time.
const STEP: u64 = 1_000;

/// Takes customers who were erased out of usage.
struct Customers;

/// The consumer of customer's feed.
pub fn customers() -> ConsumerSpec {
    ConsumerSpec {
        name: "metering.customers",
        source: "customer",
        handler: Arc::new(Customers),
    }
}

#[async_trait::async_trait]
impl Consume for Customers {
    fn concerns(&self, event: &Event) -> bool {
        event.kind == "customer.erased"
    }

    async fn apply(&self, write: &mut Write, event: &Event) -> Result<(), Status> {
        let Ok(customer) = event.id.parse() else {
            tracing::error!(customer.id = %event.id, "an erased customer has no ULID");
            return Ok(());
        };
        let usage = Usage {
            subject: erasure::subject(customer),
            subjects: customers::subjects(event.decode::<Customer>()?),
            until: event.create_time,
        };
        Ok(usage.erase(write).await?)
    }
}

/// The usage of a customer who was erased.
struct Usage {
    /// What it is known under from now on.
    subject: String,
    /// What it was known under.
    subjects: Vec<String>,
    /// When that ended. What was stored later belongs to whoever took the subjects then.
    until: Timestamp,
}

impl Usage {
    /// Doing it again changes nothing.
    async fn erase(&self, write: &mut Write) -> Result<(), MeteringError> {
        let project = write.context().project;
        if self.subjects.is_empty() {
            return Ok(());
        }
        for subject in &self.subjects {
            store::portal_token::delete(write.tx(), project, "", subject).await?;
        }
        store::rollup::enter_alone(write.tx(), project).await?;
        let mut hours = BTreeMap::new();
        for kind in store::erasure::types(write.tx(), project).await? {
            let meters = store::meter::of_type(write.tx(), project, &kind).await?;
            if self.rewrite(write, &kind, &meters, &mut hours).await? {
                self.follow(write, &kind, meters).await?;
            }
        }
        for (subject, hours) in hours {
            freshness::touch(write, &subject, hours);
        }
        Ok(())
    }

    /// Rewrites the events of a type, and answers whether there were any.
    async fn rewrite(
        &self,
        write: &Write,
        kind: &str,
        meters: &[Meter],
        hours: &mut BTreeMap<String, BTreeSet<Timestamp>>,
    ) -> Result<bool, MeteringError> {
        let (project, of) = (write.context().project, (kind, self.subjects.as_slice()));
        let mut any = false;
        loop {
            let events =
                store::erasure::events(write.tx(), project, of, Some(self.until), STEP).await?;
            if events.is_empty() {
                return Ok(any);
            }
            any = true;
            let mut kept = Vec::with_capacity(events.len());
            for event in &events {
                let data = scan::parse(event.data.as_deref())?;
                let data = data.map(|data| erasure::kept(&data, meters).to_string());
                kept.push((event.seq, data));
                let hour = Level::Hour.floor(event.time.as_second());
                let hour = Timestamp::from_second(hour).unwrap_or(event.time);
                hours.entry(event.subject.clone()).or_default().insert(hour);
            }
            store::erasure::rename(write.tx(), &self.subject, &kept).await?;
            self.forget_corrections(write, &events, &kept).await?;
        }
    }

    /// What was recorded of events that were corrected says no more than the events themselves, and not why.
    async fn forget_corrections(
        &self,
        write: &Write,
        events: &[StoredEvent],
        kept: &[(i64, Option<String>)],
    ) -> Result<(), MeteringError> {
        let project = write.context().project;
        let positions: Vec<i64> = events.iter().map(|event| event.seq).collect();
        let known = store::correction::about(write.tx(), project, &positions).await?;
        for (event, (seq, data)) in events.iter().zip(kept) {
            if known.of.contains_key(seq) {
                let id = format!("{}/{}", event.source, event.id);
                write
                    .redact(&id, |name, bytes| {
                        self.redacted(name, bytes, data.as_deref())
                    })
                    .await?;
            }
        }
        Ok(store::correction::forget_reasons(write.tx(), project, &positions).await?)
    }

    fn redacted(&self, name: &str, bytes: &[u8], data: Option<&str>) -> Option<Vec<u8>> {
        if name != pb::IngestedEvent::full_name() {
            return None;
        }
        let mut recorded = pb::IngestedEvent::decode(bytes).ok()?;
        recorded.customer_id.clear();
        recorded.validation_error.clear();
        if let Some(event) = &mut recorded.event {
            event.subject.clone_from(&self.subject);
            data.unwrap_or_default().clone_into(&mut event.data);
        }
        if let Some(correction) = &mut recorded.correction {
            correction.reason.clear();
        }
        Some(recorded.encode_to_vec())
    }

    /// Lets what the live meters of a type have added up follow the events. Where somebody has used the subjects since, it is
    /// not known whose it is: it is built anew.
    async fn follow(
        &self,
        write: &Write,
        kind: &str,
        mut meters: Vec<Meter>,
    ) -> Result<(), MeteringError> {
        let (tx, project) = (write.tx(), write.context().project);
        meters.retain(|meter| meter.delete_time.is_none());
        if meters.is_empty() {
            return Ok(());
        }
        let of = (kind, self.subjects.as_slice());
        if !store::erasure::events(tx, project, of, None, 1)
            .await?
            .is_empty()
        {
            for meter in &meters {
                store::rollup::begin(tx, project, meter).await?;
            }
            return Ok(());
        }
        let ids: Vec<String> = meters.iter().map(|meter| meter.id.to_string()).collect();
        // What a builder has read meanwhile is void.
        store::recount::disturb(tx, project, &ids).await?;
        merge::lock(tx).await?;
        merge::settle(tx, project, &ids).await?;
        let subjects = &self.subjects;
        Ok(store::erasure::rename_rollups(tx, project, &ids, subjects, &self.subject).await?)
    }
}
