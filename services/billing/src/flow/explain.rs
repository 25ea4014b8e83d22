//! Where every amount of an invoice comes from: the subscription and rate card, the usage and
//! what was billed before, and how each amount was rated.

use std::collections::BTreeMap;

use chassis::Context;
use contract::{billing::v1 as pb, metering::v1 as metering_pb};
use kernel::{
    Timestamp,
    calendar::Recurrence,
    id::{InvoiceId, LineId},
    period::Period,
};

use super::{
    Billing,
    facts::{Features, query},
};
use crate::{
    convert::explain::{self, Evidence},
    domain::{
        calculate::Earlier,
        collect::spans,
        invoice::Line,
        party::Buyer,
        subscription::{Item, Phase, Subscription},
        sync,
    },
    error::BillingError,
    store,
};

/// Most days whose usage is told one by one; longer spans have none.
const DAYS_MAX: i64 = 400;

impl Billing {
    /// Explains an invoice.
    pub async fn explain(
        &self,
        ctx: &Context,
        id: InvoiceId,
    ) -> Result<pb::InvoiceExplanation, BillingError> {
        let db = self.db.reader();
        let stored = store::invoice::get(db, ctx.project, id).await?;
        let differences = self
            .differences(ctx, std::slice::from_ref(&stored))
            .await?
            .pop()
            .unwrap_or_default();
        // A gathering invoice is rated with the usage of the moment.
        let mut shown = vec![stored];
        self.rate_gathering(ctx, &mut shown).await?;
        let invoice = shown.remove(0);
        let parts =
            store::invoice::parts_of(db, ctx.project, std::slice::from_ref(&invoice)).await?;
        let billed: Vec<Line> = parts.iter().map(|(_, part)| part.clone()).collect();
        let lines: Vec<&Line> = invoice.live_lines().collect();
        let features = self.features(ctx, &lines).await?;
        let buyer = &invoice.header.buyer;
        let owned: Vec<(&Buyer, &Line)> = lines.iter().map(|line| (buyer, *line)).collect();
        let facts = self.usage(ctx, &owned, &features).await?;
        let days = self.days(ctx, &owned, &features).await?;
        let mut subscriptions: Vec<_> = lines
            .iter()
            .filter_map(|line| line.subscription.as_ref())
            .map(|from| from.subscription)
            .collect();
        subscriptions.sort();
        subscriptions.dedup();
        let copies = store::subscription::by_ids(db, ctx.project, &subscriptions).await?;
        let copies: BTreeMap<_, Subscription> = copies
            .into_iter()
            .map(|(copy, _)| (copy.id, copy))
            .collect();
        let mut explained: Vec<(&Line, pb::LineExplanation)> = Vec::with_capacity(lines.len());
        for line in lines {
            let earlier = Earlier::of(line, &billed)
                .map_err(|error| BillingError::invalid("invoice_id", error.to_string()))?;
            let evidence = Evidence {
                earlier: &earlier,
                parts: &parts,
                feature: features.found(line),
                subjects: buyer.usage_subjects(),
                usage: facts.get(&line.id),
                days: days.get(&line.id).map(Vec::as_slice).unwrap_or_default(),
            };
            let mut told = explain::line(line, &invoice, &evidence);
            told.origin = line.subscription.as_ref().and_then(|from| {
                let copy = copies.get(&from.subscription)?;
                Some(origin(copy, line))
            });
            explained.push((line, told));
        }
        explained.sort_by(|(a, _), (b, _)| {
            (&a.name, a.period.start, a.id).cmp(&(&b.name, b.period.start, b.id))
        });
        let explained = explained.into_iter().map(|(_, told)| told).collect();
        Ok(explain::invoice(&invoice, explained, &differences))
    }

    /// Usage of these lines by day.
    async fn days(
        &self,
        ctx: &Context,
        lines: &[(&Buyer, &Line)],
        features: &Features,
    ) -> Result<BTreeMap<LineId, Vec<metering_pb::UsageWindow>>, BillingError> {
        let mut asked = Vec::new();
        let mut queries = Vec::new();
        for (buyer, line) in lines {
            let (Some(spans), Ok(feature)) = (spans(line), features.metered(line)) else {
                continue;
            };
            if days_of(spans.counted) > DAYS_MAX {
                continue;
            }
            let mut query = query(feature, &buyer.usage_subjects(), spans.counted);
            query.set_window_size(metering_pb::WindowSize::Day);
            queries.push(query);
            asked.push(line.id);
        }
        let mut found = BTreeMap::new();
        let results = self.ask_usage(ctx, queries).await?;
        for (id, result) in asked.into_iter().zip(results) {
            found.insert(id, result.windows);
        }
        Ok(found)
    }
}

fn days_of(period: Period) -> i64 {
    (period.end.as_second() - period.start.as_second()) / 86_400
}

/// The part of a subscription that a line charges for.
fn origin(copy: &Subscription, line: &Line) -> pb::LineOrigin {
    let mut origin = explain::origin(copy, line);
    let Some(from) = &line.subscription else {
        return origin;
    };
    let phase = copy.phases.iter().find(|phase| phase.id == from.phase);
    let version = |phase: &Phase, item: &Item| sync::expected::version(copy, phase, item);
    let item = phase.and_then(|phase| {
        let reference = line.reference.as_deref().unwrap_or_default();
        let named = |item: &&Item| reference.starts_with(&version(phase, item));
        phase
            .items
            .iter()
            .filter(|item| item.id == from.item)
            .find(named)
    });
    if let (Some(phase), Some(item)) = (phase, item) {
        explain::rate_card(&mut origin, phase, item);
        origin.full_period =
            full_period(copy, item, line.whole_period().start).map(contract::convert::period);
    }
    origin
}

/// The whole period that the price of a rate card is for.
fn full_period(copy: &Subscription, item: &Item, at: Timestamp) -> Option<Period> {
    let cadence = item.cadence.clone()?;
    Recurrence::new(cadence, copy.anchor)
        .and_then(|recurrence| recurrence.period_at(at))
        .ok()
}
