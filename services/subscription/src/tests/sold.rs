//! What neighbors know of products and of what was bought, and calls about it.

use contract::catalog::v1 as catalog;
use contract::customer::v1::{self as customer, CustomerRef, customer_ref::Ref};
use contract::entitlement::v1 as entitlement;
use contract::subscription::v1::{
    self as pb, store_transaction_service_server::StoreTransactionService as _,
    term_service_server::TermService as _,
};
use prost::Message as _;
use tonic::Status;

use super::world::{CUSTOMER, Neighbors, World, read, wire};
use crate::grpc::overview::OverviewServer;
use crate::grpc::purchase::PurchaseServer;
use crate::grpc::store_transaction::StoreTransactionServer;
use crate::grpc::term::TermServer;

/// Another customer.
pub const OTHER: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAW";

impl Neighbors {
    /// The answers to questions about products and rights.
    pub fn sold(&mut self, method: &str, body: &[u8]) -> Option<Result<Vec<u8>, Status>> {
        let answer = match method {
            "GetProduct" => {
                let request: catalog::GetProductRequest = read(body);
                let found = self.products.iter().find(|known| known.id == request.id);
                let Some(found) = found.cloned() else {
                    return Some(Err(Status::not_found("product")));
                };
                catalog::GetProductResponse {
                    product: Some(found),
                }
                .encode_to_vec()
            }
            "BatchGetProducts" => {
                let request: catalog::BatchGetProductsRequest = read(body);
                let wanted = |known: &&catalog::Product| {
                    request.ids.contains(&known.id)
                        || request.product_keys.contains(&known.product_key)
                };
                let products = self.products.iter().filter(wanted).cloned().collect();
                catalog::BatchGetProductsResponse { products }.encode_to_vec()
            }
            "BatchGetStoreApps" => {
                let request: catalog::BatchGetStoreAppsRequest = read(body);
                let details = catalog::AppStoreDetails {
                    small_business_program: self.small_business,
                    ..Default::default()
                };
                let types = self.app_types.iter();
                let apps = types.filter(|(id, _)| request.ids.contains(id));
                let store_apps = apps.map(|(id, kind)| catalog::StoreApp {
                    id: id.clone(),
                    r#type: (*kind).into(),
                    details: Some(catalog::store_app::Details::AppStore(details.clone())),
                    ..Default::default()
                });
                catalog::BatchGetStoreAppsResponse {
                    store_apps: store_apps.collect(),
                }
                .encode_to_vec()
            }
            "BatchGetEntitlementDefinitions" => {
                let request: catalog::BatchGetEntitlementDefinitionsRequest = read(body);
                let known = self.definitions.iter();
                let found = known.filter(|(key, _)| request.lookup_keys.contains(key));
                let found = found.map(|(key, id)| catalog::EntitlementDefinition {
                    id: id.clone(),
                    lookup_key: key.clone(),
                    ..Default::default()
                });
                catalog::BatchGetEntitlementDefinitionsResponse {
                    entitlement_definitions: found.collect(),
                    ..Default::default()
                }
                .encode_to_vec()
            }
            "ApplyProductAccess" => {
                let request: entitlement::ApplyProductAccessRequest = read(body);
                let revision = request.revision;
                self.rights.insert(request.customer_id.clone(), request);
                entitlement::ApplyProductAccessResponse { revision }.encode_to_vec()
            }
            "RevokePromotionalAccess" => return Some(Err(Status::not_found("promotion"))),
            "CountCustomers" => customer::CountCustomersResponse {
                created_count: 2,
                seen_count: 1,
            }
            .encode_to_vec(),
            _ => return None,
        };
        Some(Ok(answer))
    }
}

fn product(key: &str, duration: &str) -> catalog::Product {
    let kind = if duration.is_empty() {
        catalog::product::Kind::OneTime
    } else {
        catalog::product::Kind::Subscription
    };
    catalog::Product {
        id: format!("ID-{key}"),
        short_id: format!("prod-{key}"),
        kind: kind.into(),
        duration: duration.to_owned(),
        trial_duration: "P1W".to_owned(),
        product_key: key.to_owned(),
        ..Default::default()
    }
}

impl World {
    /// Puts a product into the catalog; without a duration it is sold once.
    pub fn sells(&self, key: &str, duration: &str) {
        let mut neighbors = self.neighbors.lock().unwrap();
        neighbors.products.push(product(key, duration));
    }

    /// Says which app sells a product: one of its own, of this type.
    pub fn is_sold_by(&self, key: &str, app: catalog::store_app::Type) {
        let mut neighbors = self.neighbors.lock().unwrap();
        let id = format!("APP-{key}");
        let mut products = neighbors.products.iter_mut();
        let found = products.find(|product| product.product_key == key).unwrap();
        found.store_app_id.clone_from(&id);
        neighbors.app_types.insert(id, app);
    }

    pub fn stores(&self) -> StoreTransactionServer {
        StoreTransactionServer::new(self.engine.clone())
    }

    pub fn terms(&self) -> TermServer {
        TermServer::new(self.engine.clone())
    }

    pub fn purchases(&self) -> PurchaseServer {
        PurchaseServer::new(self.engine.clone())
    }

    pub fn overview(&self) -> OverviewServer {
        OverviewServer::new(self.engine.clone())
    }

    /// Records a transaction.
    pub async fn tell(
        &self,
        now: &str,
        transaction: pb::StoreTransaction,
    ) -> Result<pb::RecordStoreTransactionResponse, Status> {
        let request = pb::RecordStoreTransactionRequest {
            transaction: Some(transaction),
            request_id: String::new(),
        };
        let stores = self.stores();
        let answer = stores.record_store_transaction(self.at(now, request));
        Ok(answer.await?.into_inner())
    }

    /// The customer's terms.
    pub async fn list(&self, now: &str, customer: &str) -> Vec<pb::Term> {
        let request = pb::ListTermsRequest {
            customer_id: customer.to_owned(),
            ..Default::default()
        };
        let answer = self.terms().list_terms(self.at(now, request)).await;
        answer.unwrap().into_inner().terms
    }

    /// Rights that entitlement was told: subject, start and end of each, oldest first.
    pub fn rights(&self, customer: &str) -> Vec<(String, String, String)> {
        use entitlement::product_right::Subject;
        let neighbors = self.neighbors.lock().unwrap();
        let told = neighbors.rights.get(customer);
        let mut all: Vec<(String, String, String)> = told
            .iter()
            .flat_map(|told| &told.rights)
            .map(|right| {
                let subject = match right.subject.clone().unwrap() {
                    Subject::ProductId(id) => id,
                    Subject::FeatureKey(key) => format!("key {key}"),
                };
                (subject, day(right.start_time), day(right.end_time))
            })
            .collect();
        all.sort_by(|one, other| one.1.cmp(&other.1));
        all
    }

    /// What renews these rights: start of each, length of its periods, and when one of them begins.
    pub fn renewals(&self, customer: &str) -> Vec<(String, String, String)> {
        let neighbors = self.neighbors.lock().unwrap();
        let told = neighbors.rights.get(customer);
        let mut all: Vec<(String, String, String)> = told
            .iter()
            .flat_map(|told| &told.rights)
            .map(|right| {
                let length = right.renewal_duration.clone();
                (
                    day(right.start_time),
                    length,
                    day(right.renewal_anchor_time),
                )
            })
            .collect();
        all.sort();
        all
    }
}

/// A day, or nothing.
pub fn day(at: Option<prost_types::Timestamp>) -> String {
    at.map_or_else(String::new, |at| {
        let at = contract::convert::from_timestamp(&at).unwrap();
        at.to_string()[..10].to_owned()
    })
}

pub fn by_id(customer: &str) -> Option<CustomerRef> {
    Some(CustomerRef {
        r#ref: Some(Ref::Id(customer.to_owned())),
    })
}

pub fn usd(amount: &str) -> Option<contract::kernel::v1::Money> {
    Some(contract::kernel::v1::Money {
        amount: Some(contract::kernel::v1::Decimal {
            value: amount.to_owned(),
        }),
        currency_code: "USD".to_owned(),
    })
}

/// Something that happened to the store subscription `S`.
pub fn happened(
    id: &str,
    kind: pb::StoreTransactionType,
    store: pb::Store,
    at: &str,
) -> pb::StoreTransaction {
    pb::StoreTransaction {
        id: id.to_owned(),
        r#type: kind.into(),
        store: store.into(),
        store_subscription_identifier: "S".to_owned(),
        time: wire(at),
        ..Default::default()
    }
}

/// A period of `product` for 10 dollars.
pub fn bought(id: &str, product: &str, store: pb::Store, at: &str) -> pb::StoreTransaction {
    pb::StoreTransaction {
        customer: by_id(CUSTOMER),
        product_id: format!("ID-{product}"),
        price: usd("10"),
        ..happened(id, pb::StoreTransactionType::Purchase, store, at)
    }
}
