//! The calls, one function each, by the paths of Stripe's reference.

use super::{
    Account, AccountInfo, CheckoutSession, Customer, Form, List, Named, PaymentMethod,
    PortalSession, StripeError, StripeInvoice, StripeLine, WebhookEndpoint,
};

/// Items of a page.
const PAGE: usize = 100;
/// Most pages of a list: more lines than an invoice of ours can have.
const PAGES_MAX: usize = 200;

/// A part of a path that came from outside.
fn segment(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
        .to_string()
        .replace("%5F", "_")
}

impl Account {
    /// `GET /v1/account`.
    pub async fn info(&self) -> Result<AccountInfo, StripeError> {
        self.get("/v1/account").await
    }

    /// `POST /v1/webhook_endpoints`.
    pub async fn create_webhook(
        &self,
        form: &Form,
        key: &str,
    ) -> Result<WebhookEndpoint, StripeError> {
        self.post("/v1/webhook_endpoints", form, key).await
    }

    /// `DELETE /v1/webhook_endpoints/{id}`.
    pub async fn delete_webhook(&self, id: &str) -> Result<(), StripeError> {
        self.delete(&format!("/v1/webhook_endpoints/{}", segment(id)))
            .await
    }

    /// `GET /v1/customers/{id}` with the default payment method and taxes in full.
    pub async fn customer(&self, id: &str) -> Result<Customer, StripeError> {
        self.get(&format!(
            "/v1/customers/{}?expand[]=invoice_settings.default_payment_method&expand[]=tax",
            segment(id)
        ))
        .await
    }

    /// `POST /v1/customers`.
    pub async fn create_customer(&self, form: &Form, key: &str) -> Result<Customer, StripeError> {
        self.post("/v1/customers", form, key).await
    }

    /// `GET /v1/payment_methods/{id}`.
    pub async fn payment_method(&self, id: &str) -> Result<PaymentMethod, StripeError> {
        self.get(&format!("/v1/payment_methods/{}", segment(id)))
            .await
    }

    /// `POST /v1/invoices`.
    pub async fn create_invoice(
        &self,
        form: &Form,
        key: &str,
    ) -> Result<StripeInvoice, StripeError> {
        self.post("/v1/invoices", form, key).await
    }

    /// `GET /v1/invoices/{id}`.
    pub async fn invoice(&self, id: &str) -> Result<StripeInvoice, StripeError> {
        self.get(&format!("/v1/invoices/{}", segment(id))).await
    }

    /// `POST /v1/invoices/{id}`.
    pub async fn update_invoice(
        &self,
        id: &str,
        form: &Form,
        key: &str,
    ) -> Result<StripeInvoice, StripeError> {
        self.post(&format!("/v1/invoices/{}", segment(id)), form, key)
            .await
    }

    /// `POST /v1/invoices/{id}/finalize`.
    pub async fn finalize_invoice(
        &self,
        id: &str,
        key: &str,
    ) -> Result<StripeInvoice, StripeError> {
        let form = Form::new().with("auto_advance", true);
        self.post(
            &format!("/v1/invoices/{}/finalize", segment(id)),
            &form,
            key,
        )
        .await
    }

    /// `POST /v1/invoices/{id}/void`.
    pub async fn void_invoice(&self, id: &str, key: &str) -> Result<StripeInvoice, StripeError> {
        self.post(
            &format!("/v1/invoices/{}/void", segment(id)),
            &Form::new(),
            key,
        )
        .await
    }

    /// `DELETE /v1/invoices/{id}`.
    pub async fn delete_invoice(&self, id: &str) -> Result<(), StripeError> {
        self.delete(&format!("/v1/invoices/{}", segment(id))).await
    }

    /// The invoice of a customer that was made for one of ours, by its metadata:
    /// `GET /v1/invoices`.
    pub async fn find_invoice(
        &self,
        customer: &str,
        ours: &str,
    ) -> Result<Option<StripeInvoice>, StripeError> {
        let path = format!("/v1/invoices?customer={}&", segment(customer));
        self.find(&path, |invoice: &StripeInvoice| {
            (
                invoice.id.clone(),
                invoice
                    .metadata
                    .get("om_invoice_id")
                    .is_some_and(|id| id == ours),
            )
        })
        .await
    }

    /// `GET /v1/invoices/{id}/lines`, all of them.
    pub async fn lines(&self, invoice: &str) -> Result<Vec<StripeLine>, StripeError> {
        let base = format!("/v1/invoices/{}/lines?limit={PAGE}", segment(invoice));
        let mut lines: Vec<StripeLine> = Vec::new();
        for _ in 0..PAGES_MAX {
            let path = match lines.last() {
                None => base.clone(),
                Some(last) => format!("{base}&starting_after={}", segment(&last.id)),
            };
            let page: List<StripeLine> = self.get(&path).await?;
            let last = !page.has_more || page.data.is_empty();
            lines.extend(page.data);
            if last {
                return Ok(lines);
            }
        }
        Err(StripeError::Unreadable(
            "the lines of an invoice have no end".to_owned(),
        ))
    }

    /// `POST /v1/invoiceitems`.
    pub async fn create_item(&self, form: &Form, key: &str) -> Result<Named, StripeError> {
        self.post("/v1/invoiceitems", form, key).await
    }

    /// `POST /v1/invoiceitems/{id}`.
    pub async fn update_item(
        &self,
        id: &str,
        form: &Form,
        key: &str,
    ) -> Result<Named, StripeError> {
        self.post(&format!("/v1/invoiceitems/{}", segment(id)), form, key)
            .await
    }

    /// `DELETE /v1/invoiceitems/{id}`.
    pub async fn delete_item(&self, id: &str) -> Result<(), StripeError> {
        self.delete(&format!("/v1/invoiceitems/{}", segment(id)))
            .await
    }

    /// `POST /v1/checkout/sessions`.
    pub async fn create_checkout(
        &self,
        form: &Form,
        key: &str,
    ) -> Result<CheckoutSession, StripeError> {
        self.post("/v1/checkout/sessions", form, key).await
    }

    /// `POST /v1/billing_portal/sessions`.
    pub async fn create_portal(
        &self,
        form: &Form,
        key: &str,
    ) -> Result<PortalSession, StripeError> {
        self.post("/v1/billing_portal/sessions", form, key).await
    }

    /// The first item of a list that is meant; `look` answers its id and whether it is.
    async fn find<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        look: impl Fn(&T) -> (String, bool),
    ) -> Result<Option<T>, StripeError> {
        let mut after = String::new();
        for _ in 0..PAGES_MAX {
            let page: List<T> = self.get(&format!("{path}limit={PAGE}{after}")).await?;
            let mut last = None;
            for item in page.data {
                let (id, meant) = look(&item);
                if meant {
                    return Ok(Some(item));
                }
                last = Some(id);
            }
            match last {
                Some(last) if page.has_more => {
                    after = format!("&starting_after={}", segment(&last));
                }
                Some(_) | None => return Ok(None),
            }
        }
        Ok(None)
    }
}
