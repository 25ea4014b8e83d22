//! Subjects.

use chassis::open;
use contract::customer::v1::{self as pb, subject_service_server::SubjectService};
use tonic::{Request, Response, Status};

use super::{Server, at_most, cut, last_id};
use crate::{convert, error::CustomerError, store};

/// Most subjects of one upsert, and most keys of one list.
const BATCH_MAX: usize = 1000;

#[tonic::async_trait]
impl SubjectService for Server {
    async fn upsert_subjects(
        &self,
        request: Request<pb::UpsertSubjectsRequest>,
    ) -> Result<Response<pb::UpsertSubjectsResponse>, Status> {
        let (context, request) = &open(request)?;
        at_most("upserts", &request.upserts, BATCH_MAX)?;
        let patches = request
            .upserts
            .iter()
            .map(convert::subject_patch)
            .collect::<Result<Vec<_>, _>>()?;
        self.db
            .write(
                context,
                "UpsertSubjects",
                &request.request_id,
                request,
                |mut w| async move {
                    let mut subjects = Vec::with_capacity(patches.len());
                    for patch in patches {
                        let done =
                            store::subject::upsert(w.tx(), context.project, patch, context.now)
                                .await?;
                        let state = convert::subject(&done.after);
                        let (id, revision) = (&state.id, done.after.revision);
                        match &done.before {
                            None => {
                                w.record("subject.created", id, revision, None, Some(&state))
                                    .await?;
                            }
                            Some(before) if before.revision != revision => {
                                let before = convert::subject(before);
                                w.record(
                                    "subject.updated",
                                    id,
                                    revision,
                                    Some(&before),
                                    Some(&state),
                                )
                                .await?;
                            }
                            Some(_) => {}
                        }
                        subjects.push(state);
                    }
                    Ok::<_, CustomerError>((w, pb::UpsertSubjectsResponse { subjects }))
                },
            )
            .await
    }

    async fn get_subject(
        &self,
        request: Request<pb::GetSubjectRequest>,
    ) -> Result<Response<pb::GetSubjectResponse>, Status> {
        let (context, request) = open(request)?;
        let name = convert::subject_name(request.subject_ref.as_ref())?;
        let db = self.db.reader();
        let found =
            store::subject::find(db, context.project, &name, request.include_deleted).await?;
        Ok(Response::new(pb::GetSubjectResponse {
            subject: Some(convert::subject(&found)),
        }))
    }

    async fn list_subjects(
        &self,
        request: Request<pb::ListSubjectsRequest>,
    ) -> Result<Response<pb::ListSubjectsResponse>, Status> {
        let (context, request) = open(request)?;
        at_most("keys", &request.keys, BATCH_MAX)?;
        let query: Vec<&str> = request.keys.iter().map(String::as_str).collect();
        let (size, token) = (request.page_size, &request.page_token);
        let page = self.page(&context, "subjects", size, token, &query)?;
        let mut found = store::subject::list(
            self.db.reader(),
            context.project,
            &request.keys,
            last_id(&page),
            page.limit,
        )
        .await?;
        let next_page_token = cut(&mut found, &page, |subject| vec![subject.id.to_string()]);
        Ok(Response::new(pb::ListSubjectsResponse {
            subjects: found.iter().map(convert::subject).collect(),
            next_page_token,
        }))
    }

    async fn delete_subject(
        &self,
        request: Request<pb::DeleteSubjectRequest>,
    ) -> Result<Response<pb::DeleteSubjectResponse>, Status> {
        let (context, request) = &open(request)?;
        let name = &convert::subject_name(request.subject_ref.as_ref())?;
        self.db
            .write(
                context,
                "DeleteSubject",
                &request.request_id,
                request,
                |mut w| async move {
                    let before = store::subject::find(w.tx(), context.project, name, true).await?;
                    let after =
                        store::subject::delete(w.tx(), context.project, &before, context.now)
                            .await?;
                    if after != before {
                        let (old, new) = (convert::subject(&before), convert::subject(&after));
                        w.record(
                            "subject.deleted",
                            &new.id,
                            after.revision,
                            Some(&old),
                            Some(&new),
                        )
                        .await?;
                    }
                    Ok::<_, CustomerError>((w, pb::DeleteSubjectResponse {}))
                },
            )
            .await
    }
}
