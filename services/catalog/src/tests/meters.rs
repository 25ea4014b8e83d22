//! A metering service with the meters `tokens` (sum, by provider, model and kind) and `latency`
//! (average), and usage that a test reports. It answers by the name of the method, so that it needs
//! to know only those that the catalog calls.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use bytes::{BufMut as _, Bytes, BytesMut};
use chassis::Link;
use contract::metering::v1::{self as pb, filter_string::Operator, meter::Aggregation};
use http_body_util::{BodyExt as _, Full};
use kernel::Decimal;
use prost::Message;
use tonic::{Status, body::Body};

const METER: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// The service.
#[derive(Clone, Default)]
pub struct Meters(Arc<Mutex<State>>);

/// What it knows.
#[derive(Default)]
pub struct State {
    /// Holds on meters.
    pub holds: Vec<pb::MeterHold>,
    /// Reported usage: group-by values and how much.
    pub usage: Vec<(BTreeMap<String, String>, Decimal)>,
    /// Questions about usage, oldest first.
    pub asked: Vec<pb::QueryMeterRequest>,
    /// Nothing can be asked.
    pub down: bool,
}

impl Meters {
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Reports usage.
    pub fn used(&self, groups: &[(&str, &str)], value: i64) {
        let groups = groups
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        self.state()
            .usage
            .push((groups.collect(), Decimal::from(value)));
    }

    pub fn link(&self) -> Link {
        let meters = self.clone();
        Link::new(tower::service_fn(move |request: http::Request<Body>| {
            let meters = meters.clone();
            async move {
                let method = request.uri().path().rsplit('/').next().unwrap().to_owned();
                let body = request.into_body().collect().await.unwrap().to_bytes();
                let answer = meters.state().answer(&method, &body[5..]);
                Ok(match answer {
                    Ok(message) => respond(&message),
                    Err(status) => status.into_http(),
                })
            }
        }))
    }
}

fn respond(message: &[u8]) -> http::Response<Body> {
    let mut frame = BytesMut::with_capacity(message.len() + 5);
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).unwrap());
    frame.put_slice(message);
    let mut trailers = http::HeaderMap::new();
    trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
    let body = Full::<Bytes>::new(frame.freeze()).with_trailers(async move { Some(Ok(trailers)) });
    http::Response::builder()
        .header("content-type", "application/grpc")
        .body(Body::new(body))
        .unwrap()
}

impl State {
    fn answer(&mut self, method: &str, body: &[u8]) -> Result<Vec<u8>, Status> {
        if self.down {
            return Err(Status::unavailable("metering is down"));
        }
        Ok(match method {
            "GetMeter" => self.meter(pb::GetMeterRequest::decode(body).unwrap())?,
            "PlaceMeterHold" => {
                let request = pb::PlaceMeterHoldRequest::decode(body).unwrap();
                self.holds.extend(request.hold);
                pb::PlaceMeterHoldResponse::default().encode_to_vec()
            }
            "ReleaseMeterHold" => {
                let request = pb::ReleaseMeterHoldRequest::decode(body).unwrap();
                self.holds
                    .retain(|hold| hold.holder_id != request.holder_id);
                pb::ReleaseMeterHoldResponse {}.encode_to_vec()
            }
            "QueryMeter" => {
                let request = pb::QueryMeterRequest::decode(body).unwrap();
                let rows = self.rows(&request);
                self.asked.push(request);
                pb::QueryMeterResponse {
                    rows,
                    ..Default::default()
                }
                .encode_to_vec()
            }
            other => return Err(Status::unimplemented(other)),
        })
    }

    fn meter(&self, request: pb::GetMeterRequest) -> Result<Vec<u8>, Status> {
        let Some(pb::meter_ref::Ref::Slug(slug)) = request.meter.and_then(|meter| meter.r#ref)
        else {
            return Err(Status::unimplemented("by slug only"));
        };
        let aggregation = match slug.as_str() {
            "tokens" => Aggregation::Sum,
            "latency" => Aggregation::Avg,
            _ => return Err(Status::not_found("no such meter")),
        };
        let keys = ["provider", "model", "kind"];
        let meter = pb::Meter {
            id: METER.into(),
            slug,
            aggregation: aggregation.into(),
            group_by: keys
                .map(|key| (key.to_owned(), format!("$.{key}")))
                .into_iter()
                .collect(),
            ..Default::default()
        };
        Ok(pb::GetMeterResponse { meter: Some(meter) }.encode_to_vec())
    }

    /// Sums by the keys asked for, in their order; one row of nothing where nothing is grouped.
    fn rows(&self, asked: &pb::QueryMeterRequest) -> Vec<pb::UsageRow> {
        let mut sums: BTreeMap<BTreeMap<String, String>, Decimal> = BTreeMap::new();
        if asked.group_by.is_empty() {
            sums.insert(BTreeMap::new(), Decimal::ZERO);
        }
        for (groups, value) in &self.usage {
            let matches = asked.group_by_filters.iter().all(|(key, filter)| {
                let value = groups.get(key).map(String::as_str).unwrap_or_default();
                allows(filter, value)
            });
            if matches {
                let group = groups
                    .iter()
                    .filter(|(key, _)| asked.group_by.contains(key));
                let group = group.map(|(key, value)| (key.clone(), value.clone()));
                *sums.entry(group.collect()).or_default() += *value;
            }
        }
        sums.into_iter()
            .map(|(group_by, value)| pb::UsageRow {
                value: Some(contract::convert::decimal(value)),
                // Finer groups may begin later, as they do where no windows were asked for.
                window_start_time: Some(prost_types::Timestamp {
                    seconds: if asked.window_size == 0 {
                        i64::try_from(asked.group_by.len()).unwrap()
                    } else {
                        0
                    },
                    nanos: 0,
                }),
                window_end_time: Some(prost_types::Timestamp::default()),
                group_by: group_by.into_iter().collect(),
                ..Default::default()
            })
            .collect()
    }
}

fn allows(filter: &pb::FilterString, value: &str) -> bool {
    match &filter.operator {
        Some(Operator::Equals(wanted)) => wanted == value,
        Some(Operator::OneOf(list)) => list.values.iter().any(|wanted| wanted == value),
        Some(Operator::AllOf(all)) => all.filters.iter().all(|filter| allows(filter, value)),
        _ => true,
    }
}
