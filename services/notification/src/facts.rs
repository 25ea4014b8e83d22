//! What the service asks of others: balances, and what an event shows beside them.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Context, Env, Link};
use contract::{
    catalog::v1::{self as catalog, feature_service_client::FeatureServiceClient},
    convert::{from_required_decimal, from_timestamp, timestamp},
    customer::v1::{
        self as customer, customer_service_client::CustomerServiceClient,
        subject_service_client::SubjectServiceClient,
    },
    entitlement::v1::{
        self as entitlement, entitlement_service_client::EntitlementServiceClient,
        entitlement_value::Kind as Value,
    },
};
use jiff::Timestamp;
use kernel::id::EntitlementId;
use tonic::Status;

use crate::domain::threshold::Standing;

/// Subjects of one question.
const SUBJECTS_MAX: usize = 100;
const MESSAGE_MAX: usize = 64 * 1024 * 1024;

/// The services that this one reads.
#[derive(Clone)]
pub struct Facts {
    customers: CustomerServiceClient<Link>,
    subjects: SubjectServiceClient<Link>,
    features: FeatureServiceClient<Link>,
    entitlements: EntitlementServiceClient<Link>,
}

/// A metered entitlement with its value.
#[derive(Clone, Debug)]
pub struct Balance {
    /// Its id.
    pub id: EntitlementId,
    /// The entitlement.
    pub entitlement: entitlement::Entitlement,
    /// Its value.
    pub value: entitlement::EntitlementValue,
    /// The usage period that the value is of.
    pub period: (Timestamp, Timestamp),
    /// From when usage counts.
    pub measured_from: Timestamp,
    /// What the thresholds look at.
    pub standing: Standing,
}

/// Everything that events about some entitlements show.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    customers: BTreeMap<String, customer::Customer>,
    features: BTreeMap<String, catalog::Feature>,
    subjects: BTreeMap<String, customer::Subject>,
}

impl Facts {
    /// The links of a service.
    pub fn new(env: &Env) -> Self {
        Self {
            customers: CustomerServiceClient::new(env.link("customer"))
                .max_decoding_message_size(MESSAGE_MAX),
            subjects: SubjectServiceClient::new(env.link("customer")),
            features: FeatureServiceClient::new(env.link("catalog")),
            entitlements: EntitlementServiceClient::new(env.link("entitlement"))
                .max_decoding_message_size(MESSAGE_MAX),
        }
    }

    /// The customers that subjects belong to.
    pub async fn owners(
        &self,
        context: &Context,
        subjects: Vec<String>,
    ) -> Result<BTreeSet<String>, Status> {
        if subjects.is_empty() {
            return Ok(BTreeSet::new());
        }
        let request = context.request(customer::ResolveSubjectsRequest {
            subject_keys: subjects,
        });
        let answer = self.customers.clone().resolve_subjects(request).await?;
        let attributions = answer.into_inner().attributions;
        Ok(attributions
            .into_iter()
            .map(|attribution| attribution.customer_id)
            .collect())
    }

    /// The active metered entitlements of some customers for some features (none: all of them) with
    /// their values, in one call; `at`: another instant than now.
    pub async fn balances(
        &self,
        context: &Context,
        customers: &BTreeMap<String, Vec<String>>,
        at: Option<Timestamp>,
    ) -> Result<Vec<Balance>, Status> {
        let queries = customers
            .iter()
            .map(
                |(customer, features)| entitlement::batch_get_values_request::Query {
                    customer_id: customer.clone(),
                    feature_keys: features.clone(),
                },
            )
            .collect();
        let request = context.request(entitlement::BatchGetValuesRequest {
            queries,
            time: at.map(timestamp),
            metered_only: true,
            with_entitlements: true,
        });
        let answer = self.entitlements.clone().batch_get_values(request).await?;
        let balances = answer.into_inner().balances;
        balances.into_iter().filter_map(balance).collect()
    }

    /// The customers of some entitlements, in one call.
    pub async fn owners_of(
        &self,
        context: &Context,
        balances: &[&Balance],
    ) -> Result<Scene, Status> {
        let mut scene = Scene::default();
        let ids = distinct(balances, |balance| &balance.entitlement.customer_id);
        if ids.is_empty() {
            return Ok(scene);
        }
        let request = context.request(customer::BatchGetCustomersRequest { ids });
        let answer = self.customers.clone().batch_get_customers(request).await?;
        let customers = answer.into_inner().customers.into_iter();
        scene.customers = customers
            .map(|customer| (customer.id.clone(), customer))
            .collect();
        Ok(scene)
    }

    /// Adds what events about these entitlements show beside their customers: one call for each
    /// kind of thing.
    pub async fn fill(
        &self,
        context: &Context,
        scene: &mut Scene,
        balances: &[&Balance],
    ) -> Result<(), Status> {
        if balances.is_empty() {
            return Ok(());
        }
        let request = context.request(catalog::BatchGetFeaturesRequest {
            ids: distinct(balances, |balance| &balance.entitlement.feature_id),
            keys: Vec::new(),
            include_archived: true,
        });
        let answer = self.features.clone().batch_get_features(request).await?;
        for feature in answer.into_inner().features {
            scene.features.insert(feature.id.clone(), feature);
        }
        let keys: BTreeSet<&str> = balances
            .iter()
            .filter_map(|balance| scene.customer(balance))
            .map(subject_key)
            .collect();
        let keys: Vec<String> = keys.into_iter().map(str::to_owned).collect();
        for keys in keys.chunks(SUBJECTS_MAX) {
            let request = context.request(customer::ListSubjectsRequest {
                page_size: 250,
                page_token: String::new(),
                keys: keys.to_vec(),
            });
            let answer = self.subjects.clone().list_subjects(request).await?;
            for subject in answer.into_inner().subjects {
                scene.subjects.insert(subject.key.clone(), subject);
            }
        }
        Ok(())
    }
}

fn distinct(balances: &[&Balance], of: fn(&Balance) -> &String) -> Vec<String> {
    let all: BTreeSet<&String> = balances.iter().map(|balance| of(balance)).collect();
    all.into_iter().cloned().collect()
}

impl Scene {
    /// The customer of an entitlement; none if it is gone.
    pub fn customer(&self, balance: &Balance) -> Option<&customer::Customer> {
        self.customers.get(&balance.entitlement.customer_id)
    }

    /// Its feature.
    pub fn feature(&self, balance: &Balance) -> Option<&catalog::Feature> {
        self.features.get(&balance.entitlement.feature_id)
    }

    /// The first subject of a customer, and whether it is a resource. Where there is none, one that
    /// stands for the customer.
    pub fn subject(&self, customer: &customer::Customer) -> (customer::Subject, bool) {
        let key = subject_key(customer);
        match self.subjects.get(key) {
            Some(subject) => (subject.clone(), true),
            None => (
                customer::Subject {
                    id: customer.id.clone(),
                    key: key.to_owned(),
                    display_name: customer.display_name.clone(),
                    create_time: customer.create_time,
                    update_time: customer.update_time,
                    ..customer::Subject::default()
                },
                false,
            ),
        }
    }
}

/// Key of the first subject of a customer; its own key where it has none.
pub fn subject_key(customer: &customer::Customer) -> &str {
    customer
        .usage_attribution
        .as_ref()
        .and_then(|attribution| attribution.subject_keys.first())
        .unwrap_or(&customer.key)
}

/// What an answer holds of a metered entitlement; none if it is not one.
fn balance(found: entitlement::EntitlementBalance) -> Option<Result<Balance, Status>> {
    let (entitlement, value) = (found.entitlement?, found.value?);
    let (Some(Value::Metered(metered)), Some(entitlement::entitlement::Kind::Metered(kind))) =
        (&value.kind, &entitlement.kind)
    else {
        return None;
    };
    let number = |wire: Option<&contract::kernel::v1::Decimal>| {
        from_required_decimal(wire).map_err(|error| broken(&error))
    };
    let time = |wire: Option<&prost_types::Timestamp>| {
        wire.ok_or_else(|| broken(&"a time is absent"))
            .and_then(|wire| from_timestamp(wire).map_err(|error| broken(&error)))
    };
    let read = || {
        let period = metered.usage_period.as_ref();
        Ok(Balance {
            id: entitlement.id.parse().map_err(|error| broken(&error))?,
            period: (
                time(period.and_then(|period| period.start_time.as_ref()))?,
                time(period.and_then(|period| period.end_time.as_ref()))?,
            ),
            measured_from: time(kind.measure_usage_from_time.as_ref())?,
            standing: Standing {
                balance: number(metered.balance.as_ref())?,
                usage: number(metered.usage.as_ref())?,
                overage: number(metered.overage.as_ref())?,
            },
            entitlement: entitlement.clone(),
            value: value.clone(),
        })
    };
    Some(read())
}

fn broken(why: &dyn std::fmt::Display) -> Status {
    Status::internal(format!("a balance cannot be read: {why}"))
}
