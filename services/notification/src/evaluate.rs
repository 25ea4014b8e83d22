//! Looks at balances that may have changed and fires the rules whose thresholds they crossed. Triggers wait in the
//! database until a look has been committed: a dependency that is down delays events and loses none.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Context, Db, clock::system_now, timer::Timer};
use jiff::Timestamp;
use kernel::id::ProjectId;
use tonic::{Code, Status};

use crate::{
    Render,
    compose::{self, Occurrence},
    domain::rule::EventType,
    error::NotificationError,
    facts::{Balance, Facts, Scene, subject_key},
    store::{
        evaluation::{self, Kind, Pending},
        event,
        rule::{self, Rule},
    },
};

/// Triggers that one look takes.
const BATCH: i64 = 500;
/// Most features that a question names; of more it asks for all.
const FEATURES_MAX: usize = 100;

/// Looks at balances.
pub struct Evaluation {
    /// Its database.
    pub db: Db,
    /// What it asks.
    pub facts: Facts,
    /// Writes the bodies.
    pub render: Render,
}

#[async_trait::async_trait]
impl Timer for Evaluation {
    fn name(&self) -> &'static str {
        "evaluation"
    }

    async fn due(&self) -> Result<Vec<(ProjectId, Timestamp)>, Status> {
        let waiting = evaluation::projects(self.db.reader())
            .await
            .map_err(NotificationError::from)?;
        // Triggers are gathered by system time; in project time they are due at once.
        Ok(waiting
            .into_iter()
            .map(|(project, _)| (project, Timestamp::MIN))
            .collect())
    }

    async fn run(&self, context: &Context) -> Result<u64, Status> {
        // A clock that stands still is waited for, so nothing is gathered.
        let until = context.frozen().is_none().then(system_now);
        let pending = evaluation::pending(self.db.reader(), context.project, until, BATCH)
            .await
            .map_err(NotificationError::from)?;
        if pending.is_empty() {
            return Ok(0);
        }
        let rules = rule::ready(
            self.db.reader(),
            context.project,
            EventType::BalanceThreshold,
        )
        .await?;
        let mut parts = vec![pending];
        let mut done = 0;
        while let Some(part) = parts.pop() {
            match self.look(context, &rules, &part).await {
                Ok(()) => done += part.len(),
                Err(status) if is_passing(&status) => return Err(status),
                // One balance that cannot be answered must not hold up the others.
                Err(_) if part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.push(first.to_vec());
                    parts.push(second.to_vec());
                }
                Err(status) => {
                    tracing::error!(project.id = %context.project, message = status.message(), "a balance cannot be looked at; its trigger is dropped");
                    self.strike_out(context, &part).await?;
                    done += part.len();
                }
            }
        }
        Ok(u64::try_from(done).unwrap_or(u64::MAX))
    }
}

/// Whether the same question may be answered later.
fn is_passing(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable
            | Code::DeadlineExceeded
            | Code::Aborted
            | Code::Cancelled
            | Code::ResourceExhausted
    )
}

impl Evaluation {
    async fn strike_out(
        &self,
        context: &Context,
        part: &[Pending],
    ) -> Result<(), NotificationError> {
        let write = self.db.system_write(context).await?;
        evaluation::done(write.tx(), context.project, part).await?;
        Ok(write.commit().await?)
    }

    /// One look: one question for owners, one for balances, and one for each kind of thing that
    /// events show, if there are any.
    async fn look(
        &self,
        context: &Context,
        rules: &[Rule],
        part: &[Pending],
    ) -> Result<(), Status> {
        let balances = if rules.is_empty() {
            Vec::new()
        } else {
            self.balances(context, rules, part).await?
        };
        let crossed = crossed(rules, &balances);
        let shown: Vec<&Balance> = crossed.iter().map(|(_, balance, _)| *balance).collect();
        let mut scene = self.facts.owners_of(context, &shown).await?;
        let new = self.news(context, &scene, crossed).await?;
        let shown: Vec<&Balance> = new.iter().map(|(_, balance, _)| *balance).collect();
        self.facts.fill(context, &mut scene, &shown).await?;
        let now = context.now;
        let mut drafts = Vec::new();
        for (rule, balance, what) in &new {
            drafts.extend(compose::about_entitlement(
                self.render,
                now,
                rule,
                balance,
                &scene,
                what,
            )?);
        }
        let write = self
            .db
            .system_write(context)
            .await
            .map_err(NotificationError::from)?;
        let write = crate::raise::into(write, drafts).await?;
        evaluation::done(write.tx(), context.project, part)
            .await
            .map_err(NotificationError::from)?;
        write.commit().await.map_err(NotificationError::from)?;
        Ok(())
    }

    async fn balances(
        &self,
        context: &Context,
        rules: &[Rule],
        part: &[Pending],
    ) -> Result<Vec<Balance>, Status> {
        let named = |kind: Kind| {
            part.iter()
                .filter(move |pending| pending.kind == kind)
                .map(|pending| pending.name.clone())
        };
        let mut customers: BTreeSet<String> = named(Kind::Customer).collect();
        let subjects = named(Kind::Subject).collect();
        customers.extend(self.facts.owners(context, subjects).await?);
        if customers.is_empty() {
            return Ok(Vec::new());
        }
        let features = features(rules);
        let questions: BTreeMap<String, Vec<String>> = customers
            .into_iter()
            .map(|customer| (customer, features.clone()))
            .collect();
        self.facts.balances(context, &questions, None).await
    }

    /// Leaves out what has been told already, so that most looks need to ask nothing more.
    async fn news<'a>(
        &self,
        context: &Context,
        scene: &Scene,
        crossed: Vec<(&'a Rule, &'a Balance, Occurrence)>,
    ) -> Result<Vec<(&'a Rule, &'a Balance, Occurrence)>, Status> {
        let mut candidates = Vec::new();
        for (rule, balance, what) in crossed {
            if let Some(customer) = scene.customer(balance) {
                let subject = subject_key(customer);
                let same = compose::sameness(rule, balance, subject, &what);
                candidates.push((same, (rule, balance, what)));
            }
        }
        let hashes: Vec<String> = candidates
            .iter()
            .map(|(same, _)| same.hash.clone())
            .collect();
        let told = event::told(self.db.reader(), context.project, &hashes).await?;
        Ok(candidates
            .into_iter()
            .filter(|(same, _)| told.get(&same.hash) != Some(&same.told))
            .map(|(_, new)| new)
            .collect())
    }
}

/// Keys of the features that rules look at; none: all.
pub fn features(rules: &[Rule]) -> Vec<String> {
    if rules.iter().any(|rule| rule.spec.features.is_empty()) {
        return Vec::new();
    }
    let keys: BTreeSet<String> = rules
        .iter()
        .flat_map(|rule| rule.spec.features.iter().map(|feature| feature.key.clone()))
        .collect();
    if keys.len() > FEATURES_MAX {
        return Vec::new();
    }
    keys.into_iter().collect()
}

/// Which rules see which thresholds crossed.
fn crossed<'a>(
    rules: &'a [Rule],
    balances: &'a [Balance],
) -> Vec<(&'a Rule, &'a Balance, Occurrence)> {
    let mut found = Vec::new();
    for balance in balances {
        let (id, key) = (
            &balance.entitlement.feature_id,
            &balance.entitlement.feature_key,
        );
        for rule in rules.iter().filter(|rule| rule.spec.covers(id, key)) {
            let crossed = balance.standing.crossed(&rule.spec.thresholds);
            for threshold in [crossed.usage, crossed.balance].into_iter().flatten() {
                found.push((rule, balance, Occurrence::Crossed(threshold)));
            }
        }
    }
    found
}
