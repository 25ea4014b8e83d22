//! What exists from the first start on: project `default` and the bootstrap key. Replicas that
//! start together make them once.

use std::collections::BTreeSet;

use chassis::{BuildError, Context, Db, Env, clock::system_now};
use kernel::id::ProjectId;

use crate::{
    convert,
    domain::{
        api_key::{ApiKey, KeyKind},
        project::{DEFAULT_NAME, NewProject, Project},
    },
    error::CustomerError,
    secret::Pepper,
    store,
};

/// Makes what is missing, and loads the test clocks into this process.
pub async fn prepare(env: &Env, db: &Db, pepper: &Pepper) -> Result<(), BuildError> {
    let failed = |error: CustomerError| BuildError::Start {
        service: env.name,
        message: chain(&error),
    };
    let project = default_project(env, db).await.map_err(failed)?;
    if let Some(key) = &env.config.bootstrap_key {
        bootstrap_key(env, db, pepper, &project, &key.0)
            .await
            .map_err(failed)?;
    }
    let seen = env.clocks().version();
    let clocks = store::clock::all(db.reader()).await.map_err(failed)?;
    env.clocks().replace_if(seen, clocks);
    Ok(())
}

fn chain(error: &CustomerError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

async fn default_project(env: &Env, db: &Db) -> Result<Project, CustomerError> {
    if let Some(found) = store::project::by_any_name(db.reader(), DEFAULT_NAME).await? {
        return Ok(found);
    }
    match make_default_project(env, db).await {
        // Another replica was faster.
        Err(CustomerError::ProjectTaken { .. }) => {
            store::project::by_any_name(db.reader(), DEFAULT_NAME)
                .await?
                .ok_or(CustomerError::ProjectNotFound)
        }
        made => made,
    }
}

async fn make_default_project(env: &Env, db: &Db) -> Result<Project, CustomerError> {
    let new = NewProject::new(DEFAULT_NAME.to_owned(), "", String::new(), String::new())?;
    let (id, now): (ProjectId, _) = (chassis::id::next(), system_now());
    let mut write = db.system_write(&Context::background(env, id, now)).await?;
    let project = store::project::insert(write.tx(), id, new, now).await?;
    let state = convert::project(&project);
    write
        .record(
            "project.created",
            &state.id,
            project.revision,
            None,
            Some(&state),
        )
        .await?;
    write.commit().await?;
    tracing::info!(project.id = %project.id, "made project default");
    Ok(project)
}

async fn bootstrap_key(
    env: &Env,
    db: &Db,
    pepper: &Pepper,
    project: &Project,
    text: &str,
) -> Result<(), CustomerError> {
    let now = system_now();
    let context = Context::background(env, project.id, now);
    let mut write = db.system_write(&context).await?;
    chassis::db::lock(write.tx(), "customer.bootstrap").await?;
    if store::api_key::has_bootstrap(write.tx()).await? {
        return Ok(());
    }
    let key = ApiKey {
        project: project.id,
        id: chassis::id::next(),
        display_name: Some("bootstrap".to_owned()),
        kind: KeyKind::Bootstrap,
        public_prefix: None,
        permissions: BTreeSet::new(),
        expire_time: None,
        last_use_time: None,
        revoke_time: None,
        create_time: now,
    };
    store::api_key::insert(write.tx(), &key, pepper.hash(text)).await?;
    let state = convert::api_key(&key);
    write
        .record("key.created", &state.id, 1, None, Some(&state))
        .await?;
    write.commit().await?;
    Ok(())
}
