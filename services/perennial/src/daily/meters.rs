//! Meters in `perennial usage`.

use contract::metering::v1::{
    CreateMeterRequest, DeleteMeterRequest, ListMetersRequest, Meter, MeterRef, meter::Aggregation,
    meter_ref::Ref,
};
use perennial_sdk::Client;

use super::list;
use crate::{
    cli::{AggregationArg, Listing, NewMeter},
    screen::{Column, Screen},
};

const COLUMNS: [Column; 5] = [
    Column::text("id", "id"),
    Column::text("slug", "slug"),
    Column::name("aggregation", "aggregation", "AGGREGATION_"),
    Column::text("event type", "eventType"),
    Column::text("of", "valueProperty"),
];

/// A meter as people name it.
pub(super) fn named(meter: String) -> MeterRef {
    MeterRef {
        r#ref: Some(Ref::IdOrSlug(meter)),
    }
}

pub(super) async fn show_all(
    client: &Client,
    listing: Listing,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    let fetch = |page_size, page_token| async move {
        let request = ListMetersRequest {
            page_size,
            page_token,
            ..Default::default()
        };
        let answer = client.call(|_| async { client.meters().list_meters(request.clone()).await });
        let answer = answer.await?;
        Ok((answer.meters, answer.next_page_token))
    };
    list(screen, "meters", &COLUMNS, listing, fetch).await
}

pub(super) async fn create(
    client: &Client,
    new: NewMeter,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    let meter = Meter {
        slug: new.slug,
        name: new.name.unwrap_or_default(),
        event_type: new.kind,
        aggregation: new.aggregation.to_wire().into(),
        value_property: new.value.unwrap_or_default(),
        group_by: new.group_by.into_iter().collect(),
        ..Default::default()
    };
    let answer = client.call(|request_id| async {
        let request = CreateMeterRequest {
            meter: Some(meter.clone()),
            request_id,
        };
        client.meters().create_meter(request).await
    });
    screen.message(&answer.await?)
}

pub(super) async fn delete(
    client: &Client,
    meter: String,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    let meter = named(meter);
    let answer = client.call(|request_id| async {
        let request = DeleteMeterRequest {
            meter: Some(meter.clone()),
            request_id,
        };
        client.meters().delete_meter(request).await
    });
    screen.message(&answer.await?)
}

impl AggregationArg {
    fn to_wire(self) -> Aggregation {
        match self {
            Self::Sum => Aggregation::Sum,
            Self::Count => Aggregation::Count,
            Self::UniqueCount => Aggregation::UniqueCount,
            Self::Avg => Aggregation::Avg,
            Self::Min => Aggregation::Min,
            Self::Max => Aggregation::Max,
            Self::Latest => Aggregation::Latest,
        }
    }
}
