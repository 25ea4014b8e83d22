//! Notices that usage was reset: by hand, or because a usage period ended. Each watched entitlement has one next
//! boundary; when it is reached, the rules about resets fire and the boundary moves on.

use std::collections::BTreeMap;

use chassis::{Context, Db, timer::Timer};
use jiff::Timestamp;
use kernel::id::ProjectId;
use tonic::Status;

use crate::{
    Render,
    compose::{self, Occurrence},
    domain::rule::EventType,
    error::NotificationError,
    facts::{Balance, Facts},
    store::{
        boundary::{self, Boundary},
        evaluation::{self, Kind},
        rule::{self, Rule},
    },
};

/// Boundaries of one round.
const BATCH: i64 = 200;

/// Notices resets.
pub struct Rollover {
    /// Its database.
    pub db: Db,
    /// What it asks.
    pub facts: Facts,
    /// Writes the bodies.
    pub render: Render,
}

/// What becomes of a boundary.
struct Step {
    boundary: Boundary,
    /// The period that began there, if one did.
    began: Option<Balance>,
    /// The next boundary; none: the entitlement is watched no more.
    next: Option<Timestamp>,
}

#[async_trait::async_trait]
impl Timer for Rollover {
    fn name(&self) -> &'static str {
        "rollover"
    }

    async fn due(&self) -> Result<Vec<(ProjectId, Timestamp)>, Status> {
        Ok(boundary::projects(self.db.reader())
            .await
            .map_err(NotificationError::from)?)
    }

    async fn run(&self, context: &Context) -> Result<u64, Status> {
        let reached = boundary::reached(self.db.reader(), context.project, context.now, BATCH)
            .await
            .map_err(NotificationError::from)?;
        if reached.is_empty() {
            return Ok(0);
        }
        let count = reached.len();
        let rules = rule::ready(
            self.db.reader(),
            context.project,
            EventType::EntitlementReset,
        )
        .await?;
        let steps = self.steps(context, &rules, reached).await?;
        self.take(context, &rules, steps).await?;
        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }
}

impl Rollover {
    /// Asks for all of them at once what holds now; and what held at boundaries that were missed,
    /// where a rule was there to fire.
    async fn steps(
        &self,
        context: &Context,
        rules: &[Rule],
        reached: Vec<Boundary>,
    ) -> Result<Vec<Step>, Status> {
        let now = self
            .ask(context, &reached.iter().collect::<Vec<_>>(), None)
            .await?;
        let mut steps = Vec::new();
        let mut missed: BTreeMap<Timestamp, Vec<Boundary>> = BTreeMap::new();
        for boundary in reached {
            let Some(balance) = now.get(&boundary.entitlement.to_string()) else {
                steps.push(Step {
                    boundary,
                    began: None,
                    next: None,
                });
                continue;
            };
            let (start, end) = balance.period;
            if start > boundary.at && rules.iter().any(|rule| applies(rule, &boundary)) {
                missed.entry(boundary.at).or_default().push(boundary);
                continue;
            }
            let began = begins(&boundary, balance).then(|| balance.clone());
            steps.push(Step {
                boundary,
                began,
                next: Some(end),
            });
        }
        for (at, boundaries) in missed {
            let then = self
                .ask(context, &boundaries.iter().collect::<Vec<_>>(), Some(at))
                .await?;
            for boundary in boundaries {
                let id = boundary.entitlement.to_string();
                let balance = then.get(&id).or(now.get(&id)).cloned();
                let next = balance.as_ref().map(|balance| balance.period.1);
                let began = balance.filter(|balance| begins(&boundary, balance));
                steps.push(Step {
                    boundary,
                    began,
                    next,
                });
            }
        }
        Ok(steps)
    }

    async fn ask(
        &self,
        context: &Context,
        boundaries: &[&Boundary],
        at: Option<Timestamp>,
    ) -> Result<BTreeMap<String, Balance>, Status> {
        let mut questions: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for boundary in boundaries {
            let keys = questions.entry(boundary.customer.clone()).or_default();
            if !keys.contains(&boundary.feature_key) {
                keys.push(boundary.feature_key.clone());
            }
        }
        let balances = self.facts.balances(context, &questions, at).await?;
        Ok(balances
            .into_iter()
            .map(|balance| (balance.entitlement.id.clone(), balance))
            .collect())
    }

    async fn take(
        &self,
        context: &Context,
        rules: &[Rule],
        steps: Vec<Step>,
    ) -> Result<(), Status> {
        let mut firing: Vec<(&Rule, &Balance)> = Vec::new();
        for step in &steps {
            let Some(balance) = &step.began else { continue };
            let (id, key) = (
                &balance.entitlement.feature_id,
                &balance.entitlement.feature_key,
            );
            firing.extend(
                rules
                    .iter()
                    .filter(|rule| applies(rule, &step.boundary) && rule.spec.covers(id, key))
                    .map(|rule| (rule, balance)),
            );
        }
        let shown: Vec<&Balance> = firing.iter().map(|(_, balance)| *balance).collect();
        let mut scene = self.facts.owners_of(context, &shown).await?;
        self.facts.fill(context, &mut scene, &shown).await?;
        let mut drafts = Vec::new();
        for (rule, balance) in firing {
            let now = context.now;
            let what = Occurrence::Reset;
            drafts.extend(compose::about_entitlement(
                self.render,
                now,
                rule,
                balance,
                &scene,
                &what,
            )?);
        }
        Ok(self.keep(context, steps, drafts).await?)
    }

    async fn keep(
        &self,
        context: &Context,
        steps: Vec<Step>,
        drafts: Vec<crate::domain::event::Draft>,
    ) -> Result<(), NotificationError> {
        let project = context.project;
        let write = self.db.system_write(context).await?;
        let write = crate::raise::into(write, drafts).await?;
        let mut customers = Vec::new();
        for step in steps {
            boundary::advance(write.tx(), project, &step.boundary, step.next).await?;
            if step.began.is_some() {
                customers.push(step.boundary.customer);
            }
        }
        customers.sort_unstable();
        customers.dedup();
        // A new period has a new balance.
        evaluation::note(write.tx(), project, Kind::Customer, &customers).await?;
        Ok(write.commit().await?)
    }
}

/// Whether a rule was there when the boundary came about.
fn applies(rule: &Rule, boundary: &Boundary) -> bool {
    rule.create_time <= boundary.reset_time.unwrap_or(boundary.at)
}

/// Whether a usage period that follows another one begins at the boundary. The first one of an
/// entitlement is no reset, unless it was asked for by hand.
fn begins(boundary: &Boundary, balance: &Balance) -> bool {
    let active_from = balance.entitlement.active_from_time.as_ref();
    let active_from = active_from.and_then(|time| contract::convert::from_timestamp(time).ok());
    let is_first = boundary.at <= balance.measured_from
        || active_from.is_some_and(|active_from| boundary.at <= active_from);
    balance.period.0 == boundary.at && (boundary.reset_time.is_some() || !is_first)
}
