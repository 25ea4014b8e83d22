//! Whose usage a subject is: asked of the customer service, a page at a time.

use std::collections::{BTreeSet, HashMap, HashSet};

use chassis::{Context, Link};
use contract::customer::v1::{
    BatchGetCustomersRequest, Customer, ResolveSubjectsRequest,
    customer_service_client::CustomerServiceClient,
};
use tonic::Status;

/// Most subjects that the customer service takes in one call.
const RESOLVE_CHUNK: usize = 1_000;

/// The subjects of a customer: its subject keys and its own key.
pub fn subjects(customer: Customer) -> Vec<String> {
    let keys = customer.usage_attribution.map(|usage| usage.subject_keys);
    let own = Some(customer.key).filter(|key| !key.is_empty());
    keys.into_iter().flatten().chain(own).collect()
}

/// The customer service, as far as metering needs it.
#[derive(Clone)]
pub struct Customers {
    client: CustomerServiceClient<Link>,
}

/// The subjects of some customers.
#[derive(Clone, Debug, Default)]
pub struct Attribution {
    /// The customer of each subject.
    pub customers: HashMap<String, String>,
    /// The ids that name no live customer.
    pub missing: Vec<String>,
}

impl Customers {
    /// The customer service at the end of a link.
    pub fn new(link: Link) -> Self {
        Self {
            client: CustomerServiceClient::new(link).max_decoding_message_size(64 * 1024 * 1024),
        }
    }

    /// The live customer of each subject that has one.
    pub async fn of_subjects(
        &self,
        context: &Context,
        subjects: BTreeSet<String>,
    ) -> Result<HashMap<String, String>, Status> {
        let subjects: Vec<String> = subjects.into_iter().collect();
        let mut customers = HashMap::with_capacity(subjects.len());
        for chunk in subjects.chunks(RESOLVE_CHUNK) {
            let request = context.request(ResolveSubjectsRequest {
                subject_keys: chunk.to_vec(),
            });
            let answer = self
                .client
                .clone()
                .resolve_subjects(request)
                .await?
                .into_inner();
            customers.extend(
                answer
                    .attributions
                    .into_iter()
                    .map(|attribution| (attribution.subject_key, attribution.customer_id)),
            );
        }
        Ok(customers)
    }

    /// The subjects of customers: their keys and their subject keys, as they are now.
    pub async fn subjects_of(
        &self,
        context: &Context,
        ids: &[String],
    ) -> Result<Attribution, Status> {
        let request = context.request(BatchGetCustomersRequest { ids: ids.to_vec() });
        let answer = self
            .client
            .clone()
            .batch_get_customers(request)
            .await?
            .into_inner();
        let mut attribution = Attribution::default();
        let mut live = HashSet::new();
        for customer in answer
            .customers
            .into_iter()
            .filter(|customer| customer.delete_time.is_none())
        {
            let id = customer.id.clone();
            attribution.customers.extend(
                subjects(customer)
                    .into_iter()
                    .map(|subject| (subject, id.clone())),
            );
            live.insert(id);
        }
        attribution.missing = ids
            .iter()
            .filter(|id| !live.contains(*id))
            .cloned()
            .collect();
        Ok(attribution)
    }
}
