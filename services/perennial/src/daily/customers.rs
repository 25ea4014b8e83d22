//! `perennial customers`.

use contract::customer::v1::{
    CreateCustomerRequest, Customer, DeleteCustomerRequest, ListCustomersRequest, UsageAttribution,
};
use perennial_sdk::Client;

use super::{get, list, named};
use crate::{
    cli::CustomersCommand,
    screen::{Column, Screen},
};

const COLUMNS: [Column; 5] = [
    Column::text("id", "id"),
    Column::text("key", "key"),
    Column::text("name", "displayName"),
    Column::text("currency", "currencyCode"),
    Column::text("subscriptions", "activeSubscriptionIds"),
];

/// Does it.
pub(crate) async fn run(
    client: &Client,
    command: CustomersCommand,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    match command {
        CustomersCommand::List {
            name,
            email,
            plan,
            listing,
        } => {
            let filter = ListCustomersRequest {
                display_name: name.unwrap_or_default(),
                primary_email: email.unwrap_or_default(),
                plan_key: plan.unwrap_or_default(),
                ..Default::default()
            };
            let fetch = |page_size, page_token| {
                let request = ListCustomersRequest {
                    page_size,
                    page_token,
                    ..filter.clone()
                };
                async move {
                    let answer = client.call(|_| async {
                        client.customers().list_customers(request.clone()).await
                    });
                    let answer = answer.await?;
                    Ok((answer.customers, answer.next_page_token))
                }
            };
            list(screen, "customers", &COLUMNS, listing, fetch).await
        }
        CustomersCommand::Show { customer: named } => screen.message(&get(client, &named).await?),
        CustomersCommand::Create {
            customer_key,
            name,
            email,
            currency,
            subjects,
        } => {
            let customer = Customer {
                display_name: name.unwrap_or_else(|| customer_key.clone()),
                key: customer_key,
                primary_email: email.unwrap_or_default(),
                currency_code: currency.unwrap_or_default(),
                usage_attribution: Some(UsageAttribution {
                    subject_keys: subjects,
                }),
                ..Default::default()
            };
            let answer = client.call(|request_id| async {
                let request = CreateCustomerRequest {
                    customer: Some(customer.clone()),
                    request_id,
                    ..Default::default()
                };
                client.customers().create_customer(request).await
            });
            screen.message(&answer.await?)
        }
        CustomersCommand::Delete { customer } => {
            let answer = client.call(|request_id| async {
                let request = DeleteCustomerRequest {
                    customer_ref: Some(named(&customer)),
                    request_id,
                };
                client.customers().delete_customer(request).await
            });
            screen.message(&answer.await?)
        }
    }
}
