//! Every change is an event in its service's feed and a row in its audit log.

use contract::{
    audit::v1::ListAuditEntriesRequest,
    feed::v1::ListEventsRequest,
    metering::v1::{CreateMeterRequest, Meter, meter::Aggregation},
};
use prost::Message as _;
use suite::World;
use tonic::Request;

fn for_service<T>(message: T, service: &'static str) -> Request<T> {
    let mut request = Request::new(message);
    request
        .metadata_mut()
        .insert("x-perennial-service", service.parse().unwrap());
    request
}

#[tokio::test]
async fn a_created_meter_is_in_the_feed_and_in_the_audit_log() {
    let world = World::start().await;
    let client = world.client();
    let meter = client
        .meters()
        .create_meter(CreateMeterRequest {
            meter: Some(Meter {
                slug: "a".into(),
                event_type: "request".into(),
                aggregation: Aggregation::Count.into(),
                ..Default::default()
            }),
            request_id: String::new(),
        })
        .await
        .unwrap()
        .into_inner()
        .meter
        .unwrap();

    let events = client
        .feeds()
        .list_events(for_service(ListEventsRequest::default(), "metering"))
        .await
        .unwrap()
        .into_inner();
    let event = events
        .events
        .iter()
        .find(|event| event.kind == "meter.created")
        .unwrap();
    assert_eq!(event.resource_id, meter.id);
    assert_eq!(event.payload_type, "perennial.metering.v1.Meter");
    assert_eq!(Meter::decode(event.payload.as_slice()).unwrap(), meter);
    assert!(event.actor.starts_with("key:"), "{}", event.actor);

    let again = client
        .feeds()
        .list_events(for_service(
            ListEventsRequest {
                cursor: events.next_cursor,
                ..Default::default()
            },
            "metering",
        ))
        .await
        .unwrap()
        .into_inner();
    assert!(again.events.is_empty());

    let log = client
        .audit()
        .list_audit_entries(for_service(
            ListAuditEntriesRequest {
                resource_id: meter.id.clone(),
                ..Default::default()
            },
            "metering",
        ))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(log.entries.len(), 1);
    assert!(log.entries[0].before.is_empty());
    assert_eq!(
        Meter::decode(log.entries[0].after.as_slice()).unwrap(),
        meter
    );
    world.stop().await;
}

#[tokio::test]
async fn a_feed_shows_only_the_callers_project() {
    let world = World::start().await;
    world
        .client()
        .meters()
        .create_meter(CreateMeterRequest {
            meter: Some(Meter {
                slug: "a".into(),
                event_type: "request".into(),
                aggregation: Aggregation::Count.into(),
                ..Default::default()
            }),
            request_id: String::new(),
        })
        .await
        .unwrap();
    let second = world
        .client()
        .projects()
        .create_project(contract::customer::v1::CreateProjectRequest {
            project: Some(contract::customer::v1::Project {
                name: "second".into(),
                ..Default::default()
            }),
            request_id: String::new(),
        })
        .await
        .unwrap()
        .into_inner()
        .project
        .unwrap();
    let events = world
        .client_in(&second.id)
        .feeds()
        .list_events(for_service(ListEventsRequest::default(), "metering"))
        .await
        .unwrap()
        .into_inner();
    assert!(events.events.is_empty());
    world.stop().await;
}
