//! Which entitlements hold their feature's meter.

use sea_orm_migration::prelude::*;

/// Adds the column; entitlements from before it are told of once more, which places their holds.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0004_meter_hold"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in [
            "ALTER TABLE entitlement ADD COLUMN meter_held boolean NOT NULL DEFAULT false",
            // The timer looks for those that end by time.
            "CREATE INDEX entitlement_by_meter_held ON entitlement (project_id, active_to) WHERE meter_held",
            "UPDATE entitlement SET hold_due = true WHERE usage_query IS NOT NULL AND delete_time IS NULL",
        ] {
            manager
                .get_connection()
                .execute_unprepared(statement)
                .await?;
        }
        Ok(())
    }
}
