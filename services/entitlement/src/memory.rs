//! What is remembered between two questions: customers, their entitlements, ledgers and values. Nothing
//! is believed for a time; everything is kept with the versions from before it was read, and serves
//! exactly as long as they stand. Where a service behind it is in another process it has no versions here, and
//! every question is asked anew.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

use chassis::{Context, Db, Env, Versions, db::DbErr};
use contract::customer::v1::CustomerRef;
use kernel::{
    Decimal, Timestamp,
    id::{CustomerId, EntitlementId, ProjectId},
    period::OpenPeriod,
};
use moka::future::Cache;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::{
    clients::{Clients, Customer},
    domain::{
        balance::MeteredValue,
        entitlement::Entitlement,
        grant::Grant,
        promotion::{Promotion, joined},
    },
    error::EntitlementError,
    pieces::Piece,
    store::{self, checkpoint::Kept as KeptCheckpoint, scope},
};

/// Most customers of which something is remembered.
const CUSTOMERS_MAX: u64 = 50_000;
/// Most grants that are remembered, and as many entitlements without.
const GRANTS_MAX: u64 = 500_000;
/// Most values that are remembered.
const VALUES_MAX: u64 = 200_000;
/// Most entitlements of which it is known whether somebody is working out the value.
const TURNS_MAX: u64 = 10_000;
/// Most pieces of usage that are remembered.
const PIECES_MAX: u64 = 500_000;
/// Most entitlements of which the customer is remembered.
const OWNERS_MAX: u64 = 200_000;

/// Reads what values are made of, and remembers it. Cheap to clone.
#[derive(Clone)]
pub struct Memory {
    /// The service's database.
    pub db: Db,
    /// The other services.
    pub clients: Clients,
    kept: Option<Arc<Kept>>,
}

struct Kept {
    own: Versions,
    customer: Versions,
    metering: Versions,
    customers: Cache<(ProjectId, CustomerName), (u64, Arc<Customer>)>,
    rights: Cache<(ProjectId, CustomerId), Rights>,
    ledgers: Cache<(ProjectId, EntitlementId), Ledger>,
    values: Cache<(ProjectId, EntitlementId), KeptValue>,
    turns: Cache<(ProjectId, EntitlementId), Arc<Mutex<()>>>,
    pieces: Cache<PieceKey, (PieceStamp, Option<Decimal>)>,
    owners: Cache<(ProjectId, EntitlementId), CustomerId>,
}

/// Project, entitlement, first and past last second.
type PieceKey = (ProjectId, EntitlementId, i64, i64);

/// A customer reference as a key: the kind of the name, and the name.
type CustomerName = (u8, String);

/// All entitlements of a customer that are not deleted, and what was given away to it.
#[derive(Clone, Debug)]
pub struct Rights {
    /// The version of the customer's entitlements from before they were read.
    version: Option<u64>,
    all: Arc<Vec<Arc<Entitlement>>>,
    promotions: Arc<Vec<Promotion>>,
}

/// An entitlement as it was at some version.
#[derive(Clone, Debug)]
pub struct Known {
    /// The entitlement.
    pub entitlement: Arc<Entitlement>,
    version: Option<u64>,
}

/// The grants of an entitlement and its last checkpoint.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    version: Option<u64>,
    /// All grants, ended ones too.
    pub grants: Arc<Vec<Grant>>,
    /// The last checkpoint.
    pub checkpoint: Option<Arc<KeptCheckpoint>>,
}

/// What all values of a customer stand on: the versions of its entitlements and of its usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ground {
    own: u64,
    usage: u64,
    subjects: u64,
}

impl Ground {
    /// The stamp of a value that is about to be made or looked up; none when it cannot be kept: the entitlement was read
    /// under another version.
    pub fn stamp(self, known: &Known, until: Timestamp) -> Option<Stamp> {
        (known.version == Some(self.own)).then_some(Stamp {
            ground: self,
            until,
        })
    }
}

/// Under which versions a value was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    ground: Ground,
    until: Timestamp,
}

impl Stamp {
    /// Whether a value of this stamp answers who asks under another one: of the same entitlements and subjects, and of usage
    /// as new as is wanted, or newer when it was worked out while the other waited.
    fn serves(self, wanted: Self) -> bool {
        let older = Ground {
            usage: wanted.ground.usage,
            ..self.ground
        };
        // Versions only grow; half of the numbers are ahead of any.
        let ahead = self.ground.usage.wrapping_sub(wanted.ground.usage);
        older == wanted.ground && self.until == wanted.until && ahead <= u64::MAX / 2
    }
}

/// Under which versions, and of which subjects, a piece of usage was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PieceStamp {
    usage: u64,
    subjects: u64,
}

#[derive(Clone, Debug)]
struct KeptValue {
    stamp: Stamp,
    value: MeteredValue,
}

impl Rights {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Known> + '_ {
        self.all.iter().map(|entitlement| Known {
            entitlement: entitlement.clone(),
            version: self.version,
        })
    }

    /// What was given away and lasts at an instant.
    pub fn promotions(&self, at: Timestamp) -> impl Iterator<Item = &Promotion> {
        self.promotions
            .iter()
            .filter(move |promotion| promotion.is_active(at))
    }

    /// The end of promotional access to a feature; none without.
    pub fn promoted(&self, feature_key: &str, at: Timestamp) -> Option<OpenPeriod> {
        let own = self.promotions(at);
        joined(
            own.filter(|promotion| promotion.feature_key == feature_key)
                .map(Promotion::span),
        )
    }

    /// The one with an id.
    pub fn by_id(&self, id: EntitlementId) -> Option<Known> {
        self.iter().find(|known| known.entitlement.id == id)
    }

    /// The one for a feature that is active at an instant.
    pub fn active(&self, feature_key: &str, at: Timestamp) -> Option<Known> {
        let fits = |found: &Entitlement| found.feature_key == feature_key && found.is_active(at);
        self.iter().find(|known| fits(&known.entitlement))
    }
}

impl Kept {
    /// The version of all that decides who a name means and whose a subject is.
    fn customer_version(&self, project: ProjectId) -> u64 {
        let aliases = self.customer.of(project, "aliases");
        aliases.wrapping_add(self.customer.of(project, "customer"))
    }
}

impl Memory {
    /// A memory that reads from `db` and `clients`.
    pub fn new(env: &Env, db: Db, clients: Clients) -> Self {
        let versions = || {
            Some((
                db.versions()?.clone(),
                env.versions("customer")?,
                env.versions("metering")?,
            ))
        };
        let kept = versions().map(|(own, customer, metering)| {
            Arc::new(Kept {
                own,
                customer,
                metering,
                customers: Cache::new(CUSTOMERS_MAX),
                rights: Cache::new(CUSTOMERS_MAX),
                ledgers: Cache::builder()
                    .max_capacity(GRANTS_MAX)
                    .weigher(|_, ledger: &Ledger| {
                        u32::try_from(ledger.grants.len()).map_or(u32::MAX, |count| count + 1)
                    })
                    .build(),
                values: Cache::new(VALUES_MAX),
                turns: Cache::new(TURNS_MAX),
                pieces: Cache::new(PIECES_MAX),
                owners: Cache::new(OWNERS_MAX),
            })
        });
        Self { db, clients, kept }
    }

    /// Takes in what others have written before this call; to be done before anything is remembered.
    pub async fn look(&self) -> Result<(), DbErr> {
        if let Some(kept) = &self.kept {
            Versions::look([&kept.own, &kept.customer, &kept.metering]).await?;
        }
        Ok(())
    }

    /// A live customer.
    pub async fn customer(
        &self,
        context: &Context,
        reference: &CustomerRef,
    ) -> Result<Arc<Customer>, EntitlementError> {
        let (Some(kept), Some(name)) = (&self.kept, customer_name(reference)) else {
            return Ok(Arc::new(self.clients.customer(context, reference).await?));
        };
        let version = kept.customer_version(context.project);
        let key = (context.project, name);
        if let Some((then, customer)) = kept.customers.get(&key).await
            && then == version
        {
            return Ok(customer);
        }
        let customer = Arc::new(self.clients.customer(context, reference).await?);
        kept.customers
            .insert(key, (version, customer.clone()))
            .await;
        Ok(customer)
    }

    /// Customers by id, deleted ones too; unknown ones are left out.
    pub async fn customers(
        &self,
        context: &Context,
        ids: &[CustomerId],
    ) -> Result<BTreeMap<CustomerId, Arc<Customer>>, EntitlementError> {
        let mut found = BTreeMap::new();
        let mut missing = Vec::new();
        let mut version = 0;
        let by_id = |id: &CustomerId| (context.project, (0, id.to_string()));
        if let Some(kept) = &self.kept {
            version = kept.customer_version(context.project);
            for id in ids {
                match kept.customers.get(&by_id(id)).await {
                    Some((then, customer)) if then == version => {
                        found.insert(*id, customer);
                    }
                    Some(_) | None => missing.push(*id),
                }
            }
        } else {
            missing.extend_from_slice(ids);
        }
        for (id, customer) in self.clients.customers(context, &missing).await? {
            let customer = Arc::new(customer);
            // A reference to a deleted customer is refused, so it is asked each time.
            if let Some(kept) = self.kept.as_ref().filter(|_| !customer.deleted) {
                let entry = (version, customer.clone());
                kept.customers.insert(by_id(&id), entry).await;
            }
            found.insert(id, customer);
        }
        Ok(found)
    }

    /// The entitlements of a customer.
    pub async fn rights_of(
        &self,
        context: &Context,
        customer: CustomerId,
    ) -> Result<Rights, EntitlementError> {
        let mut found = self.rights(context, &[customer]).await?;
        Ok(found.remove(&customer).unwrap_or(Rights {
            version: None,
            all: Arc::default(),
            promotions: Arc::default(),
        }))
    }

    /// The entitlements of customers, each of whom is in the answer; two statements for all that are
    /// not remembered.
    pub async fn rights(
        &self,
        context: &Context,
        customers: &[CustomerId],
    ) -> Result<HashMap<CustomerId, Rights>, EntitlementError> {
        let project = context.project;
        let mut found = HashMap::with_capacity(customers.len());
        let mut missing: HashMap<CustomerId, Rights> = HashMap::new();
        for customer in customers {
            let version = self
                .kept
                .as_ref()
                .map(|kept| kept.own.of(project, &scope(*customer)));
            if let Some(kept) = &self.kept
                && let Some(rights) = kept.rights.get(&(project, *customer)).await
                && rights.version == version
            {
                found.insert(*customer, rights);
                continue;
            }
            let rights = Rights {
                version,
                all: Arc::default(),
                promotions: Arc::default(),
            };
            missing.insert(*customer, rights);
        }
        if missing.is_empty() {
            return Ok(found);
        }
        let ids: Vec<CustomerId> = missing.keys().copied().collect();
        let rows = store::entitlement::of_customers(self.db.reader(), project, &ids, None).await?;
        let mut lists: HashMap<CustomerId, Vec<Arc<Entitlement>>> = HashMap::new();
        for row in rows {
            lists.entry(row.customer).or_default().push(Arc::new(row));
        }
        let given = store::promotion::of_customers(self.db.reader(), project, &ids).await?;
        let mut promotions: HashMap<CustomerId, Vec<Promotion>> = HashMap::new();
        for promotion in given {
            let own = promotions.entry(promotion.customer).or_default();
            own.push(promotion);
        }
        for (customer, rights) in missing {
            let rights = Rights {
                all: Arc::new(lists.remove(&customer).unwrap_or_default()),
                promotions: Arc::new(promotions.remove(&customer).unwrap_or_default()),
                ..rights
            };
            if let Some(kept) = &self.kept {
                let key = (project, customer);
                kept.rights.insert(key, rights.clone()).await;
            }
            found.insert(customer, rights);
        }
        Ok(found)
    }

    /// An entitlement by id that is not deleted.
    pub async fn entitlement(
        &self,
        context: &Context,
        id: EntitlementId,
    ) -> Result<Option<Known>, EntitlementError> {
        let project = context.project;
        let Some(kept) = &self.kept else {
            let found = store::entitlement::by_id(self.db.reader(), project, id).await?;
            return Ok(found.map(|entitlement| Known {
                entitlement: Arc::new(entitlement),
                version: None,
            }));
        };
        let owner = match kept.owners.get(&(project, id)).await {
            Some(owner) => owner,
            None => match store::entitlement::by_id(self.db.reader(), project, id).await? {
                // An entitlement never changes its customer.
                Some(found) => {
                    kept.owners.insert((project, id), found.customer).await;
                    found.customer
                }
                None => return Ok(None),
            },
        };
        Ok(self.rights_of(context, owner).await?.by_id(id))
    }

    /// The ledgers of entitlements, each of which is in the answer; two statements for all that are not
    /// remembered.
    pub async fn ledgers(
        &self,
        context: &Context,
        entitlements: &[&Entitlement],
    ) -> Result<HashMap<EntitlementId, Ledger>, EntitlementError> {
        let project = context.project;
        let mut found = HashMap::with_capacity(entitlements.len());
        let mut missing: HashMap<EntitlementId, Option<u64>> = HashMap::new();
        for entitlement in entitlements {
            let version = self
                .kept
                .as_ref()
                .map(|kept| kept.own.of(project, &scope(entitlement.customer)));
            if let Some(kept) = &self.kept
                && let Some(ledger) = kept.ledgers.get(&(project, entitlement.id)).await
                && ledger.version == version
            {
                found.insert(entitlement.id, ledger);
                continue;
            }
            missing.insert(entitlement.id, version);
        }
        if missing.is_empty() {
            return Ok(found);
        }
        let reader = self.db.reader();
        let ids: Vec<EntitlementId> = missing.keys().copied().collect();
        let mut grants = store::grant::of_entitlements(reader, project, &ids).await?;
        let mut checkpoints =
            store::checkpoint::latest(reader, project, &ids, Timestamp::MAX).await?;
        for (id, version) in missing {
            let ledger = Ledger {
                version,
                grants: Arc::new(grants.remove(&id).unwrap_or_default()),
                checkpoint: checkpoints.remove(&id).map(Arc::new),
            };
            if let Some(kept) = &self.kept {
                kept.ledgers.insert((project, id), ledger.clone()).await;
            }
            found.insert(id, ledger);
        }
        Ok(found)
    }

    /// What the values of a customer with these subjects stand on; none where nothing is kept.
    pub fn ground(
        &self,
        context: &Context,
        customer: CustomerId,
        subjects: &[String],
    ) -> Option<Ground> {
        let kept = self.kept.as_ref()?;
        let project = context.project;
        // Every version only grows, so their sum stands exactly when all of them do.
        let usage = subjects
            .iter()
            .map(|subject| kept.metering.of(project, &format!("subject:{subject}")))
            .fold(kept.metering.of(project, "meter"), u64::wrapping_add);
        Some(Ground {
            own: kept.own.of(project, &scope(customer)),
            usage,
            subjects: hash(subjects),
        })
    }

    /// The value that was made under a stamp, if nothing has changed since.
    pub async fn value(
        &self,
        context: &Context,
        entitlement: EntitlementId,
        stamp: Option<&Stamp>,
    ) -> Option<MeteredValue> {
        let (kept, stamp) = (self.kept.as_ref()?, stamp?);
        let found = kept.values.get(&(context.project, entitlement)).await?;
        found.stamp.serves(*stamp).then_some(found.value)
    }

    /// A turn at working out a value. Of many who ask for the same at once the others wait for the first and find its value.
    pub async fn turn(
        &self,
        context: &Context,
        entitlement: EntitlementId,
    ) -> Option<OwnedMutexGuard<()>> {
        let kept = self.kept.as_ref()?;
        let key = (context.project, entitlement);
        let turn = kept.turns.get_with(key, async { Arc::default() }).await;
        Some(turn.lock_owned().await)
    }

    /// Keeps a value that was made of a ledger under a stamp.
    pub async fn keep_value(
        &self,
        context: &Context,
        entitlement: EntitlementId,
        stamp: Option<Stamp>,
        ledger: &Ledger,
        value: &MeteredValue,
    ) {
        let (Some(kept), Some(stamp)) = (&self.kept, stamp) else {
            return;
        };
        if ledger.version == Some(stamp.ground.own) {
            let entry = KeptValue {
                stamp,
                value: value.clone(),
            };
            kept.values
                .insert((context.project, entitlement), entry)
                .await;
        }
    }

    /// Puts a newer checkpoint into a remembered ledger.
    pub async fn keep_checkpoint(
        &self,
        context: &Context,
        entitlement: EntitlementId,
        ledger: &Ledger,
        checkpoint: KeptCheckpoint,
    ) {
        if let Some(kept) = &self.kept {
            let ledger = Ledger {
                checkpoint: Some(Arc::new(checkpoint)),
                ..ledger.clone()
            };
            kept.ledgers
                .insert((context.project, entitlement), ledger)
                .await;
        }
    }

    /// Whether an entitlement's value was asked before, so that it is worth keeping what it is made of.
    pub async fn is_asked_often(&self, context: &Context, entitlement: EntitlementId) -> bool {
        match &self.kept {
            Some(kept) => {
                let key = (context.project, entitlement);
                kept.values.get(&key).await.is_some()
            }
            None => false,
        }
    }

    /// A piece of usage, if it stands, and the stamp under which it does or is about to be asked.
    pub async fn piece(
        &self,
        context: &Context,
        entitlement: EntitlementId,
        subjects: &[String],
        piece: &Piece,
    ) -> Option<(PieceStamp, Option<Option<Decimal>>)> {
        let kept = self.kept.as_ref()?;
        let project = context.project;
        let usage = subjects
            .iter()
            .map(|subject| kept.metering.of(project, &piece.scope(subject)))
            .fold(kept.metering.of(project, "meter"), u64::wrapping_add);
        let stamp = PieceStamp {
            usage,
            subjects: hash(subjects),
        };
        let (start, end) = piece.key();
        let found = kept.pieces.get(&(project, entitlement, start, end)).await;
        let value = found.and_then(|(then, value)| (then == stamp).then_some(value));
        Some((stamp, value))
    }

    /// Keeps a piece of usage that was asked under a stamp.
    pub async fn keep_piece(
        &self,
        context: &Context,
        entitlement: EntitlementId,
        piece: &Piece,
        stamp: PieceStamp,
        value: Option<Decimal>,
    ) {
        if let Some(kept) = &self.kept {
            let (start, end) = piece.key();
            let key = (context.project, entitlement, start, end);
            kept.pieces.insert(key, (stamp, value)).await;
        }
    }

    /// Whether usage is still what it was before; true when nobody can tell.
    pub fn usage_stands(
        &self,
        context: &Context,
        customer: CustomerId,
        subjects: &[String],
        before: Option<Ground>,
    ) -> bool {
        let Some(before) = before else { return true };
        let now = self.ground(context, customer, subjects);
        now.is_some_and(|now| now.usage == before.usage)
    }
}

/// Subjects in short: a piece or value belongs to these and no others.
fn hash(subjects: &[String]) -> u64 {
    let mut hasher = DefaultHasher::new();
    subjects.hash(&mut hasher);
    hasher.finish()
}

fn customer_name(reference: &CustomerRef) -> Option<CustomerName> {
    use contract::customer::v1::customer_ref::Ref;
    Some(match reference.r#ref.as_ref()? {
        Ref::Id(name) => (0, name.clone()),
        Ref::Key(name) => (1, name.clone()),
        Ref::IdOrKey(name) => (2, name.clone()),
        Ref::Handle(name) => (3, name.clone()),
    })
}
