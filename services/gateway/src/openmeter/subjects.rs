//! Subjects: sources of usage as resources of their own (metering text §5).

use axum::Json;
use axum::http::StatusCode;
use contract::customer::v1 as pb;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::error::{Problem, ProblemDocument};
use super::extract::{Body, Call, Path};
use super::scalars::{Filled, Patch, Time, Ulid, optional};
use super::value::{all_pages, broken, present, required_time, time};

/// A source of usage.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Subject {
    created_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Time>,
    #[schema(value_type = Ulid)]
    id: String,
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    /// Always there, empty when nothing was said.
    #[schema(value_type = super::scalars::Annotations)]
    metadata: Map<String, Value>,
    /// Never kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_period_start: Option<Time>,
    /// Never kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_period_end: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stripe_customer_id: Option<String>,
}

impl Subject {
    pub(crate) fn from_proto(wire: pb::Subject) -> Result<Self, Problem> {
        let metadata = match optional(wire.metadata_json) {
            None => Map::new(),
            Some(text) => {
                serde_json::from_str(&text).map_err(|error| broken("subject metadata", &error))?
            }
        };
        Ok(Self {
            created_at: required_time(wire.create_time.as_ref())?,
            updated_at: required_time(wire.update_time.as_ref())?,
            deleted_at: time(wire.delete_time.as_ref())?,
            id: wire.id,
            key: wire.key,
            display_name: optional(wire.display_name),
            metadata,
            current_period_start: None,
            current_period_end: None,
            stripe_customer_id: optional(wire.stripe_customer_id),
        })
    }
}

/// A subject to make, or what to change of an existing one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubjectUpsert {
    key: Filled,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    display_name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<super::scalars::Annotations>)]
    metadata: Patch<Map<String, Value>>,
    #[expect(dead_code, reason = "accepted and ignored, metering text §5.1")]
    current_period_start: Option<Time>,
    #[expect(dead_code, reason = "accepted and ignored, metering text §5.1")]
    current_period_end: Option<Time>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    stripe_customer_id: Patch<Filled>,
}

impl SubjectUpsert {
    fn into_proto(self) -> pb::SubjectUpsert {
        let mut subject = pb::Subject {
            key: self.key.into(),
            ..pb::Subject::default()
        };
        let mut paths = Vec::new();
        let mut patch = |path: &str, field: &mut String, value: Patch<String>| match value {
            Patch::Keep => {}
            Patch::Clear => paths.push(path.to_owned()),
            Patch::Set(text) => {
                *field = text;
                paths.push(path.to_owned());
            }
        };
        let metadata = match self.metadata {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(map) => Patch::Set(Value::Object(map).to_string()),
        };
        let stripe_customer_id = match self.stripe_customer_id {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(id) => Patch::Set(id.into()),
        };
        patch("display_name", &mut subject.display_name, self.display_name);
        patch("metadata_json", &mut subject.metadata_json, metadata);
        patch(
            "stripe_customer_id",
            &mut subject.stripe_customer_id,
            stripe_customer_id,
        );
        pb::SubjectUpsert {
            subject: Some(subject),
            update_mask: Some(prost_types::FieldMask { paths }),
        }
    }
}

/// Lists all subjects.
#[utoipa::path(
    get, path = "/api/v1/subjects", operation_id = "listSubjects", tag = "Subjects",
    responses((status = 200, body = Vec<Subject>)),
)]
pub(crate) async fn list(call: Call) -> Result<Json<Vec<Subject>>, Problem> {
    let subjects = all_pages(async |page_token| {
        let request = pb::ListSubjectsRequest {
            page_size: 250,
            page_token,
            keys: Vec::new(),
        };
        let answer = call
            .clients()
            .subjects()
            .list_subjects(call.rpc(request))
            .await;
        let answer = call.take(answer)?;
        Ok((answer.subjects, answer.next_page_token))
    })
    .await?;
    subjects
        .into_iter()
        .map(Subject::from_proto)
        .collect::<Result<_, _>>()
        .map(Json)
}

/// Makes or changes subjects.
#[utoipa::path(
    post, path = "/api/v1/subjects", operation_id = "upsertSubject", tag = "Subjects",
    request_body = Vec<SubjectUpsert>,
    responses((status = 200, body = Vec<Subject>)),
)]
pub(crate) async fn upsert(
    call: Call,
    Body(upserts): Body<Vec<SubjectUpsert>>,
) -> Result<Json<Vec<Subject>>, Problem> {
    let request = pb::UpsertSubjectsRequest {
        upserts: upserts.into_iter().map(SubjectUpsert::into_proto).collect(),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .subjects()
        .upsert_subjects(call.rpc(request))
        .await;
    call.take(answer)?
        .subjects
        .into_iter()
        .map(Subject::from_proto)
        .collect::<Result<_, _>>()
        .map(Json)
}

/// The subject that a path names.
fn subject_ref(id_or_key: String) -> Option<pb::SubjectRef> {
    Some(pb::SubjectRef {
        r#ref: Some(pb::subject_ref::Ref::IdOrKey(id_or_key)),
    })
}

/// Reads a subject by id, deleted or not, or by key among the live ones.
pub(crate) async fn find(call: &Call, id_or_key: String) -> Result<pb::Subject, Problem> {
    let request = pb::GetSubjectRequest {
        subject_ref: subject_ref(id_or_key),
        include_deleted: true,
    };
    let answer = call
        .clients()
        .subjects()
        .get_subject(call.rpc(request))
        .await;
    present(call.take(answer)?.subject)
}

/// Shows a subject.
#[utoipa::path(
    get, path = "/api/v1/subjects/{subjectIdOrKey}", operation_id = "getSubject", tag = "Subjects",
    params(("subjectIdOrKey" = String, Path)),
    responses((status = 200, body = Subject), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn get(call: Call, Path(id): Path<String>) -> Result<Json<Subject>, Problem> {
    Subject::from_proto(find(&call, id).await?).map(Json)
}

/// Deletes a subject; usage, customers and entitlements stay.
#[utoipa::path(
    delete, path = "/api/v1/subjects/{subjectIdOrKey}", operation_id = "deleteSubject", tag = "Subjects",
    params(("subjectIdOrKey" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn delete(call: Call, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let request = pb::DeleteSubjectRequest {
        subject_ref: subject_ref(id),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .subjects()
        .delete_subject(call.rpc(request))
        .await;
    call.take(answer)?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::openmeter::decode::from_json;
    use serde_json::json;

    #[test]
    fn only_what_was_sent_is_changed() {
        let upsert: SubjectUpsert = from_json(&json!({
            "key": "s1", "displayName": null, "metadata": {"a": 1},
        }))
        .unwrap();
        let wire = upsert.into_proto();
        assert_eq!(
            wire.update_mask.unwrap().paths,
            ["display_name", "metadata_json"]
        );
        let subject = wire.subject.unwrap();
        assert_eq!(subject.display_name, "");
        assert_eq!(subject.metadata_json, r#"{"a":1}"#);
    }
}
