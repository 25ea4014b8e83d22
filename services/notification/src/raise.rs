//! Stores events and tells the feed about them, which also wakes the loop that sends them.

use chassis::Write;

use crate::{
    convert,
    domain::event::Draft,
    error::NotificationError,
    store::event::{self, Event},
};

/// Stores what the drafts say inside a write, but for repeats; answers the write.
pub async fn into(mut write: Write, drafts: Vec<Draft>) -> Result<Write, NotificationError> {
    all(&mut write, drafts).await?;
    Ok(write)
}

/// Stores what the drafts say, but for repeats; answers the events.
pub async fn all(write: &mut Write, drafts: Vec<Draft>) -> Result<Vec<Event>, NotificationError> {
    let raised = event::raise(write, drafts).await?;
    for event in &raised {
        let wire = convert::event::for_feed(event);
        write.event("event.created", &wire.id, 1, &wire).await?;
    }
    Ok(raised)
}
