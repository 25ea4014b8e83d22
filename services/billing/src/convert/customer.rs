//! Suppliers and customers as invoices print them.

use contract::{billing::v1 as pb, customer::v1 as customer_pb};

use super::text;
use crate::{
    domain::party::{Address, Buyer, Supplier},
    error::BillingError,
};

/// The buyer that a customer is on an invoice made now.
pub fn buyer(customer: &customer_pb::Customer) -> Result<Buyer, BillingError> {
    let address = customer.billing_address.as_ref().map(|address| Address {
        country: address.country_code.clone(),
        postal_code: address.postal_code.clone(),
        state: address.state.clone(),
        city: address.city.clone(),
        line1: address.line1.clone(),
        line2: address.line2.clone(),
        phone_number: address.phone_number.clone(),
    });
    Ok(Buyer {
        id: super::id("customer.id", &customer.id)?,
        key: text(&customer.key),
        name: customer.display_name.clone(),
        tax_code: None,
        address,
        subject_keys: customer
            .usage_attribution
            .as_ref()
            .map(|from| from.subject_keys.clone())
            .unwrap_or_default(),
        email: text(&customer.primary_email),
        erased: false,
    })
}

/// The wire form of a buyer.
pub fn buyer_to_proto(buyer: &Buyer) -> pb::InvoiceCustomer {
    pb::InvoiceCustomer {
        id: buyer.id.to_string(),
        key: buyer.key.clone().unwrap_or_default(),
        name: buyer.name.clone(),
        tax_code: buyer.tax_code.clone().unwrap_or_default(),
        address: buyer.address.as_ref().map(address_to_proto),
        subject_keys: buyer.subject_keys.clone(),
        primary_email: buyer.email.clone().unwrap_or_default(),
    }
}

/// The wire form of a supplier.
pub fn supplier_to_proto(supplier: &Supplier) -> pb::Supplier {
    pb::Supplier {
        name: supplier.name.clone(),
        tax_code: supplier.tax_code.clone().unwrap_or_default(),
        address: Some(address_to_proto(&supplier.address)),
    }
}

/// A supplier as sent; checked.
pub fn supplier(field: &str, wire: Option<&pb::Supplier>) -> Result<Supplier, BillingError> {
    let wire = wire.ok_or_else(|| BillingError::invalid(field, "is required"))?;
    let supplier = Supplier {
        name: wire.name.clone(),
        tax_code: text(&wire.tax_code),
        address: wire.address.as_ref().map(address).unwrap_or_default(),
    };
    supplier.check(field)?;
    Ok(supplier)
}

/// An address as sent.
pub fn address(wire: &pb::PostalAddress) -> Address {
    Address {
        country: text(&wire.country),
        postal_code: text(&wire.postal_code),
        state: text(&wire.state),
        city: text(&wire.city),
        line1: text(&wire.line1),
        line2: text(&wire.line2),
        phone_number: text(&wire.phone_number),
    }
}

fn address_to_proto(address: &Address) -> pb::PostalAddress {
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    pb::PostalAddress {
        country: part(&address.country),
        postal_code: part(&address.postal_code),
        state: part(&address.state),
        city: part(&address.city),
        line1: part(&address.line1),
        line2: part(&address.line2),
        phone_number: part(&address.phone_number),
    }
}
