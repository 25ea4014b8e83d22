//! Projects and their settings.

use chassis::{clock::system_now, open};
use contract::customer::v1::{self as pb, project_service_server::ProjectService};
use kernel::id::ProjectId;
use tonic::{Request, Response, Status};

use super::{Server, cut, last_id, require_current};
use crate::{convert, error::CustomerError, store};

#[tonic::async_trait]
impl ProjectService for Server {
    async fn create_project(
        &self,
        request: Request<pb::CreateProjectRequest>,
    ) -> Result<Response<pb::CreateProjectResponse>, Status> {
        let (context, request) = &open(request)?;
        let new = convert::new_project(request.project.as_ref())?;
        let id: ProjectId = chassis::id::next();
        self.db
            .write(
                context,
                "CreateProject",
                &request.request_id,
                request,
                |mut w| async move {
                    let project = store::project::insert(w.tx(), id, new, system_now()).await?;
                    let state = convert::project(&project);
                    w.record(
                        "project.created",
                        &state.id,
                        project.revision,
                        None,
                        Some(&state),
                    )
                    .await?;
                    let project = Some(state);
                    Ok::<_, CustomerError>((w, pb::CreateProjectResponse { project }))
                },
            )
            .await
    }

    async fn list_projects(
        &self,
        request: Request<pb::ListProjectsRequest>,
    ) -> Result<Response<pb::ListProjectsResponse>, Status> {
        let (context, request) = open(request)?;
        let (size, token) = (request.page_size, &request.page_token);
        let page = self.page(&context, "projects", size, token, &[])?;
        let mut found = store::project::list(self.db.reader(), last_id(&page), page.limit).await?;
        let next_page_token = cut(&mut found, &page, |project| vec![project.id.to_string()]);
        Ok(Response::new(pb::ListProjectsResponse {
            projects: found.iter().map(convert::project).collect(),
            next_page_token,
        }))
    }

    async fn get_project(
        &self,
        request: Request<pb::GetProjectRequest>,
    ) -> Result<Response<pb::GetProjectResponse>, Status> {
        let (context, _) = open(request)?;
        let found = store::project::find(self.db.reader(), context.project).await?;
        Ok(Response::new(pb::GetProjectResponse {
            project: Some(convert::project(&found)),
        }))
    }

    async fn update_project(
        &self,
        request: Request<pb::UpdateProjectRequest>,
    ) -> Result<Response<pb::UpdateProjectResponse>, Status> {
        let (context, request) = &open(request)?;
        let given = request.project.clone().unwrap_or_default();
        let patch = convert::project_patch(&given, request.update_mask.as_ref())?;
        let etag = &given.etag;
        self.db
            .write(
                context,
                "UpdateProject",
                &request.request_id,
                request,
                |mut w| async move {
                    let before = store::project::find(w.tx(), context.project).await?;
                    require_current("project", etag, before.revision)?;
                    let after = before
                        .changed(patch, system_now())
                        .map_err(|error| error.below("project"))?;
                    store::project::save(w.tx(), &after).await?;
                    let (old, new) = (convert::project(&before), convert::project(&after));
                    w.record(
                        "project.updated",
                        &new.id,
                        after.revision,
                        Some(&old),
                        Some(&new),
                    )
                    .await?;
                    let project = Some(new);
                    Ok::<_, CustomerError>((w, pb::UpdateProjectResponse { project }))
                },
            )
            .await
    }
}
