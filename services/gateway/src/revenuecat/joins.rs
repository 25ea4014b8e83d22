//! What subscriptions and purchases show of other things: the ids of their owners, the entitlements they give, the
//! products to come. One batch call each for a whole page.

use std::collections::{BTreeSet, HashMap};

use contract::catalog::v1 as catalog;
use contract::customer::v1 as customer;

use super::customers::canonical;
use super::entitlements::Entitlement;
use super::error::Refusal;
use super::extract::Call;
use super::list::{List, Paging, Parameters, cut};
use super::products::{BATCH, Product, show_all};

/// What a page of subscriptions or purchases shows of other things.
pub(crate) struct Joined {
    owners: HashMap<String, String>,
    by_product: HashMap<String, Vec<String>>,
    by_key: HashMap<String, String>,
    definitions: Vec<catalog::EntitlementDefinition>,
    products: HashMap<String, Product>,
}

/// What is to be joined.
#[derive(Default)]
pub(crate) struct Wanted {
    /// ULIDs of customers.
    pub customers: BTreeSet<String>,
    /// ULIDs of products whose entitlements are shown.
    pub products: BTreeSet<String>,
    /// Lookup keys of entitlements that are given away.
    pub keys: BTreeSet<String>,
    /// ULIDs of products that are shown themselves.
    pub pending: BTreeSet<String>,
}

fn listed(set: BTreeSet<String>) -> Vec<String> {
    set.into_iter().filter(|text| !text.is_empty()).collect()
}

impl Joined {
    /// Reads what is wanted.
    pub(crate) async fn read(call: &Call, wanted: Wanted) -> Result<Self, Refusal> {
        let mut joined = Self {
            owners: HashMap::new(),
            by_product: HashMap::new(),
            by_key: HashMap::new(),
            definitions: Vec::new(),
            products: HashMap::new(),
        };
        for ids in listed(wanted.customers).chunks(BATCH) {
            let request = customer::BatchGetCustomersRequest { ids: ids.to_vec() };
            let answer = call
                .clients()
                .customers()
                .batch_get_customers(call.rpc(request))
                .await;
            for found in call.take(answer)?.customers {
                let shown = canonical(&found).to_owned();
                joined.owners.insert(found.id, shown);
            }
        }
        joined
            .entitlements(call, listed(wanted.products), listed(wanted.keys))
            .await?;
        for ids in listed(wanted.pending).chunks(BATCH) {
            let request = catalog::BatchGetProductsRequest {
                ids: ids.to_vec(),
                product_keys: Vec::new(),
            };
            let answer = call
                .clients()
                .products()
                .batch_get_products(call.rpc(request))
                .await;
            let found = call.take(answer)?.products;
            let ulids: Vec<String> = found.iter().map(|product| product.id.clone()).collect();
            let shown = show_all(call, found, false).await?;
            joined.products.extend(ulids.into_iter().zip(shown));
        }
        Ok(joined)
    }

    async fn entitlements(
        &mut self,
        call: &Call,
        products: Vec<String>,
        keys: Vec<String>,
    ) -> Result<(), Refusal> {
        let rounds = products.len().max(keys.len()).div_ceil(BATCH);
        let mut seen = BTreeSet::new();
        for round in 0..rounds {
            let part = |all: &[String]| -> Vec<String> {
                all.chunks(BATCH).nth(round).unwrap_or_default().to_vec()
            };
            let request = catalog::BatchGetEntitlementDefinitionsRequest {
                ids: Vec::new(),
                lookup_keys: part(&keys),
                product_ids: part(&products),
            };
            let answer = call
                .clients()
                .entitlement_definitions()
                .batch_get_entitlement_definitions(call.rpc(request))
                .await;
            let found = call.take(answer)?;
            for attachment in found.attachments {
                self.by_product
                    .entry(attachment.product_id)
                    .or_default()
                    .push(attachment.entitlement_definition_id);
            }
            for definition in found.entitlement_definitions {
                self.by_key
                    .insert(definition.lookup_key.clone(), definition.id.clone());
                if seen.insert(definition.id.clone()) {
                    self.definitions.push(definition);
                }
            }
        }
        Ok(())
    }

    /// The id that is shown of a customer; one that is gone keeps its ULID.
    pub(crate) fn owner(&self, ulid: &str) -> String {
        self.owners
            .get(ulid)
            .cloned()
            .unwrap_or_else(|| ulid.to_owned())
    }

    /// A product that is shown itself.
    pub(crate) fn product(&self, ulid: &str) -> Option<Product> {
        self.products.get(ulid).cloned()
    }

    /// The entitlements that a product, or a gift, gives now, oldest first.
    pub(crate) fn given(
        &self,
        call: &Call,
        product: &str,
        key: &str,
    ) -> Result<Vec<Entitlement>, Refusal> {
        let gift = self.by_key.get(key);
        let attached = self.by_product.get(product);
        self.definitions
            .iter()
            .filter(|definition| {
                gift == Some(&definition.id)
                    || attached.is_some_and(|ids| ids.contains(&definition.id))
            })
            .map(|definition| Entitlement::from_proto(definition.clone(), call.project()))
            .collect()
    }

    /// Those as part of what gives them.
    pub(crate) fn embedded(
        &self,
        call: &Call,
        product: &str,
        key: &str,
        place: &[&str],
    ) -> Result<List<Entitlement>, Refusal> {
        let given = self.given(call, product, key)?;
        let (items, more) = cut(given, &Paging::first(), |item| &item.id)?;
        Ok(call.embedded(place, items, more, |item| &item.id))
    }

    /// A page of those at their own address.
    pub(crate) fn page(
        &self,
        call: &Call,
        query: &Parameters,
        product: &str,
        key: &str,
    ) -> Result<List<Entitlement>, Refusal> {
        let paging = query.paging()?;
        let (items, more) = cut(self.given(call, product, key)?, &paging, |item| &item.id)?;
        Ok(call.page(query, items, more, |item| &item.id))
    }
}
