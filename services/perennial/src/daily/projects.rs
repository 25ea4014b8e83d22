//! `perennial project`.

use contract::customer::v1::{
    CreateProjectRequest, GetProjectRequest, ListProjectsRequest, Project, UpdateProjectRequest,
};
use perennial_sdk::Client;
use prost_types::FieldMask;

use super::list;
use crate::{
    cli::{Listing, ProjectCommand},
    failure::misused,
    screen::{Column, Screen},
};

const COLUMNS: [Column; 5] = [
    Column::text("id", "id"),
    Column::text("name", "name"),
    Column::text("currency", "currencyCode"),
    Column::text("time zone", "timeZone"),
    Column::text("RevenueCat id", "revenuecatId"),
];

/// Does it.
pub(crate) async fn run(
    client: &Client,
    command: ProjectCommand,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    match command {
        ProjectCommand::Create {
            name,
            revenuecat_id,
        } => {
            let project = Project {
                name,
                revenuecat_id: revenuecat_id.unwrap_or_default(),
                ..Default::default()
            };
            let answer = client.call(|request_id| async {
                let request = CreateProjectRequest {
                    project: Some(project.clone()),
                    request_id,
                };
                client.projects().create_project(request).await
            });
            screen.message(&answer.await?)
        }
        ProjectCommand::List => {
            list(
                screen,
                "projects",
                &COLUMNS,
                Listing::ALL,
                |page_size, page_token| async move {
                    let request = ListProjectsRequest {
                        page_size,
                        page_token,
                    };
                    let answer = client
                        .call(|_| async { client.projects().list_projects(request.clone()).await });
                    let answer = answer.await?;
                    Ok((answer.projects, answer.next_page_token))
                },
            )
            .await
        }
        ProjectCommand::Show => {
            let answer = client
                .call(|_| async { client.projects().get_project(GetProjectRequest {}).await });
            screen.message(&answer.await?)
        }
        ProjectCommand::Set {
            name,
            currency,
            timezone,
        } => {
            let request = change(name, currency, timezone)?;
            let answer = client.call(|request_id| async {
                let request = UpdateProjectRequest {
                    request_id,
                    ..request.clone()
                };
                client.projects().update_project(request).await
            });
            screen.message(&answer.await?)
        }
    }
}

/// Changes what is named and nothing else.
fn change(
    name: Option<String>,
    currency: Option<String>,
    timezone: Option<String>,
) -> anyhow::Result<UpdateProjectRequest> {
    let fields = [
        ("name", &name),
        ("currency_code", &currency),
        ("time_zone", &timezone),
    ];
    let named = fields.iter().filter(|(_, value)| value.is_some());
    let paths: Vec<String> = named.map(|(path, _)| (*path).to_owned()).collect();
    if paths.is_empty() {
        return Err(misused(
            "say what to change: --name, --currency or --timezone",
        ));
    }
    Ok(UpdateProjectRequest {
        project: Some(Project {
            name: name.unwrap_or_default(),
            currency_code: currency.unwrap_or_default(),
            time_zone: timezone.unwrap_or_default(),
            ..Default::default()
        }),
        update_mask: Some(FieldMask { paths }),
        request_id: String::new(),
    })
}
