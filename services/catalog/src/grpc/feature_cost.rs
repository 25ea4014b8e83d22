//! What the usage of a feature cost.

use std::collections::{BTreeMap, BTreeSet};

use chassis::Context;
use contract::{catalog::v1 as pb, metering::v1 as metering_pb};
use kernel::Decimal;

use super::Catalog;
use crate::{
    convert::feature as convert,
    domain::feature::UnitCost,
    error::CatalogError,
    store::{
        feature::{self as store, FeatureRef},
        model_price,
    },
};

/// What a row of usage is known by within one answer: window, subject, customer, group.
type RowKey = (
    Option<(i64, i32)>,
    Option<String>,
    Option<String>,
    BTreeMap<String, String>,
);

impl Catalog {
    /// One row per row of usage. Where the price depends on group-by keys that were not asked for,
    /// usage is read a second time by those keys, priced piece by piece, and the pieces are added.
    pub(super) async fn feature_cost(
        &self,
        ctx: &Context,
        wanted: &FeatureRef,
        asked: metering_pb::QueryMeterRequest,
    ) -> Result<Vec<pb::FeatureCostRow>, CatalogError> {
        let feature = store::find(self.db.reader(), ctx.project, wanted, false).await?;
        let without = |missing| CatalogError::FeatureNotCosted {
            key: feature.key.clone(),
            missing,
        };
        let (meter, _) = feature.meter.as_ref().ok_or_else(|| without("meter"))?;
        let unit_cost = feature.body.unit_cost.as_ref();
        let unit_cost = unit_cost.ok_or_else(|| without("unit cost"))?;
        let asked = convert::usage_of(*meter, &feature.body, asked);
        let hidden: Vec<String> = unit_cost
            .properties()
            .into_iter()
            .filter(|key| !asked.group_by.contains(key))
            .collect();
        let rows = self.usage_rows(ctx, asked.clone()).await?;
        if hidden.is_empty() {
            let pieces = self.priced(ctx, unit_cost, &rows).await?;
            return Ok(rows
                .into_iter()
                .zip(pieces)
                .map(|(row, cost)| convert::cost_row(row, cost))
                .collect());
        }
        // Without windows there is one per group, and a finer group may begin later.
        let windowed = asked.window_size != 0;
        let mut finer = asked;
        finer.group_by.extend(hidden.iter().cloned());
        let pieces = self.usage_rows(ctx, finer).await?;
        let costs = self.priced(ctx, unit_cost, &pieces).await?;
        let mut sums: BTreeMap<RowKey, Result<Decimal, String>> = BTreeMap::new();
        for (mut piece, cost) in pieces.into_iter().zip(costs) {
            // Nothing used costs nothing, whatever its price.
            if convert::usage_value(&piece)?.is_zero() {
                continue;
            }
            for key in &hidden {
                piece.group_by.remove(key);
            }
            let sum = sums
                .entry(row_key(&piece, windowed))
                .or_insert(Ok(Decimal::ZERO));
            *sum = match (&*sum, cost) {
                (Ok(sum), Ok(cost)) => kernel::decimal::add(*sum, cost)
                    .map_err(|_| "the cost has more digits than can be told exactly".to_owned()),
                (Err(detail), _) => Err(detail.clone()),
                (Ok(_), Err(detail)) => Err(detail),
            };
        }
        Ok(rows
            .into_iter()
            .map(|row| {
                let cost = sums
                    .remove(&row_key(&row, windowed))
                    .unwrap_or(Ok(Decimal::ZERO));
                convert::cost_row(row, cost)
            })
            .collect())
    }

    async fn usage_rows(
        &self,
        ctx: &Context,
        asked: metering_pb::QueryMeterRequest,
    ) -> Result<Vec<metering_pb::UsageRow>, CatalogError> {
        let answer = self.usage.clone().query_meter(ctx.request(asked)).await?;
        Ok(answer.into_inner().rows)
    }

    /// The cost of each row, or why nobody can say.
    async fn priced(
        &self,
        ctx: &Context,
        unit_cost: &UnitCost,
        rows: &[metering_pb::UsageRow],
    ) -> Result<Vec<Result<Decimal, String>>, CatalogError> {
        let groups: Vec<BTreeMap<String, String>> = rows
            .iter()
            .map(|row| row.group_by.clone().into_iter().collect())
            .collect();
        let models: BTreeSet<(String, String)> = groups
            .iter()
            .filter_map(|group| unit_cost.model_of(group))
            .collect();
        let prices = model_price::of_models(self.db.reader(), ctx.project, &models).await?;
        rows.iter()
            .zip(&groups)
            .map(|(row, group)| {
                let usage = convert::usage_value(row)?;
                Ok(unit_cost.of(usage, group, &prices))
            })
            .collect()
    }
}

fn row_key(row: &metering_pb::UsageRow, windowed: bool) -> RowKey {
    let start = row.window_start_time.as_ref().filter(|_| windowed);
    (
        start.map(|time| (time.seconds, time.nanos)),
        row.subject.clone(),
        row.customer_id.clone(),
        row.group_by.clone().into_iter().collect(),
    )
}
