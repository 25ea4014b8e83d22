//! What the fake remembers, and what each call makes of it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{ACCOUNT, Fault, KEY};

/// A status and a body.
pub type Answer = (u16, Value);

/// The calls about one customer.
#[derive(Clone, Copy, Default)]
pub struct Lane {
    /// How many there were.
    pub calls: usize,
    /// How many go well, and what happens to all others.
    pub stop_at: Option<(usize, Fault)>,
}

/// The memory.
pub struct State {
    /// Keys and the accounts they open.
    pub keys: BTreeMap<String, String>,
    /// Customers by id.
    pub customers: BTreeMap<String, Value>,
    /// Payment methods by id.
    pub payment_methods: BTreeMap<String, Value>,
    /// Invoices by id.
    pub invoices: BTreeMap<String, Value>,
    /// Invoice items by id.
    pub items: BTreeMap<String, Value>,
    /// Webhook endpoints by id.
    pub webhooks: BTreeMap<String, Value>,
    /// Checkout and portal sessions, as their forms.
    pub sessions: Vec<BTreeMap<String, String>>,
    /// Every call, as `METHOD /path`.
    pub calls: Vec<String>,
    /// What goes wrong: part of a call, how many to let pass, and how.
    pub faults: Vec<(String, usize, Fault)>,
    /// From which call on everything goes wrong.
    pub broken: Option<(usize, Fault)>,
    /// What goes wrong for single customers, by id.
    pub lanes: BTreeMap<String, Lane>,
    /// Answers by idempotency key, with the form they answer.
    remembered: BTreeMap<String, (BTreeMap<String, String>, Answer)>,
    next: u64,
}

impl State {
    /// An account with nothing in it.
    pub fn new() -> Self {
        Self {
            keys: BTreeMap::from([(KEY.to_owned(), ACCOUNT.to_owned())]),
            customers: BTreeMap::new(),
            payment_methods: BTreeMap::new(),
            invoices: BTreeMap::new(),
            items: BTreeMap::new(),
            webhooks: BTreeMap::new(),
            sessions: Vec::new(),
            calls: Vec::new(),
            faults: Vec::new(),
            broken: None,
            lanes: BTreeMap::new(),
            remembered: BTreeMap::new(),
            next: 0,
        }
    }

    /// Notes a call; answers what goes wrong with it.
    pub fn note(
        &mut self,
        call: &str,
        path: &str,
        form: &BTreeMap<String, String>,
    ) -> Option<Fault> {
        let index = self.calls.len();
        self.calls.push(call.to_owned());
        if let Some(customer) = self.customer_of(path, form) {
            let lane = self.lanes.entry(customer).or_default();
            lane.calls += 1;
            if let Some((goes_well, fault)) = lane.stop_at
                && lane.calls > goes_well
            {
                return Some(fault);
            }
        }
        if let Some((from, fault)) = self.broken
            && index >= from
        {
            return Some(fault);
        }
        let meant = self.faults.iter_mut().position(|(part, skip, _)| {
            if !call.contains(part.as_str()) {
                return false;
            }
            let now = *skip == 0;
            *skip = skip.saturating_sub(1);
            now
        })?;
        Some(self.faults.remove(meant).2)
    }

    /// The customer that a call is about.
    fn customer_of(&self, path: &str, form: &BTreeMap<String, String>) -> Option<String> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let of_invoice = |id: &str| text(&self.invoices.get(id)?["customer"]);
        let segments: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
        match segments.as_slice() {
            ["customers", id] => Some((*id).to_owned()),
            ["payment_methods", id] => text(&self.payment_methods.get(*id)?["customer"]),
            ["invoices", id, ..] => of_invoice(id),
            ["invoiceitems", id] => of_invoice(self.items.get(*id)?["invoice"].as_str()?),
            ["invoiceitems"] => of_invoice(form.get("invoice")?),
            _ => form.get("customer").cloned(),
        }
    }

    /// Carries a call out; a POST with a known key is answered as before.
    pub fn carry_out(
        &mut self,
        method: &str,
        path: &str,
        form: &BTreeMap<String, String>,
        idempotency: Option<&str>,
    ) -> Answer {
        let Some(key) = idempotency else {
            return self.act(method, path, form);
        };
        if let Some((before, answer)) = self.remembered.get(key) {
            if before != form {
                return refusal(
                    400,
                    "idempotency_error",
                    "keys for idempotent requests can only be used with the same parameters",
                );
            }
            return answer.clone();
        }
        let answer = self.act(method, path, form);
        self.remembered
            .insert(key.to_owned(), (form.clone(), answer.clone()));
        answer
    }

    fn id(&mut self, prefix: &str) -> String {
        self.next += 1;
        format!("{prefix}_{:06}", self.next)
    }

    fn act(&mut self, method: &str, path: &str, form: &BTreeMap<String, String>) -> Answer {
        let segments: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
        match (method, segments.as_slice()) {
            ("GET", ["customers", id]) => found(self.customers.get(*id)),
            ("POST", ["customers"]) => {
                let id = self.id("cus");
                let customer = json!({
                    "id": id, "email": form.get("email"), "name": form.get("name"),
                    "metadata": nested(form, "metadata"),
                    "invoice_settings": {"default_payment_method": null},
                });
                self.customers.insert(id, customer.clone());
                (200, customer)
            }
            ("GET", ["payment_methods", id]) => found(self.payment_methods.get(*id)),
            ("POST", ["webhook_endpoints"]) => {
                let id = self.id("we");
                let webhook = json!({
                    "id": id, "url": form.get("url"), "secret": format!("whsec_{id}"),
                });
                self.webhooks.insert(id, webhook.clone());
                (200, webhook)
            }
            ("DELETE", ["webhook_endpoints", id]) => match self.webhooks.remove(*id) {
                Some(_) => (200, json!({"id": id, "deleted": true})),
                None => missing(),
            },
            ("POST", ["invoices"]) => self.create_invoice(form),
            ("GET", ["invoices"]) => {
                let all: Vec<Value> = self
                    .invoices
                    .values()
                    .filter(|invoice| {
                        invoice["customer"].as_str() == form.get("customer").map(String::as_str)
                    })
                    .cloned()
                    .collect();
                page(&all, form)
            }
            ("GET", ["invoices", id]) => found(self.invoices.get(*id)),
            ("POST", ["invoices", id]) => self.update_invoice(id, form),
            ("DELETE", ["invoices", id]) => self.delete_invoice(id),
            ("POST", ["invoices", id, "finalize"]) => self.finalize(id),
            ("POST", ["invoices", id, "void"]) => self.void(id),
            ("GET", ["invoices", id, "lines"]) => {
                let lines: Vec<Value> = self
                    .items
                    .iter()
                    .filter(|(_, item)| item["invoice"] == *id)
                    .map(|(item, body)| {
                        json!({
                            "id": item.replace("ii_", "il_"), "invoice_item": item,
                            "amount": body["amount"], "description": body["description"],
                            "period": body["period"], "metadata": body["metadata"],
                        })
                    })
                    .collect();
                page(&lines, form)
            }
            ("POST", ["invoiceitems"]) => self.create_item(form),
            ("POST", ["invoiceitems", id]) => match self.items.get_mut(*id) {
                None => missing(),
                Some(item) => {
                    write_item(item, form);
                    (200, item.clone())
                }
            },
            ("DELETE", ["invoiceitems", id]) => match self.items.remove(*id) {
                Some(_) => (200, json!({"id": id, "deleted": true})),
                None => missing(),
            },
            ("POST", ["checkout", "sessions"]) => {
                self.sessions.push(form.clone());
                let (id, intent) = (self.id("cs"), self.id("seti"));
                let answer = json!({
                    "id": id, "setup_intent": intent, "created": 1_704_067_200,
                    "expires_at": 1_704_153_600, "status": "open", "currency": form.get("currency"),
                    "url": format!("https://checkout.stripe.test/{id}"),
                    "client_reference_id": form.get("client_reference_id"),
                    "success_url": form.get("success_url"), "cancel_url": form.get("cancel_url"),
                    "return_url": form.get("return_url"), "metadata": nested(form, "metadata"),
                });
                (200, answer)
            }
            ("POST", ["billing_portal", "sessions"]) => {
                self.sessions.push(form.clone());
                let id = self.id("bps");
                let answer = json!({
                    "id": id, "configuration": "bpc_1", "livemode": false, "created": 1_704_067_200,
                    "return_url": form.get("return_url"), "locale": form.get("locale"),
                    "url": format!("https://billing.stripe.test/{id}"),
                });
                (200, answer)
            }
            _ => refusal(404, "unknown_path", "there is no such call"),
        }
    }

    fn create_invoice(&mut self, form: &BTreeMap<String, String>) -> Answer {
        let customer = form.get("customer").cloned().unwrap_or_default();
        if !self.customers.contains_key(&customer) {
            return refusal(400, "resource_missing", "no such customer");
        }
        let id = self.id("in");
        let invoice = json!({
            "id": id, "object": "invoice", "status": "draft", "number": null,
            "customer": customer, "currency": form.get("currency"),
            "collection_method": form.get("collection_method"),
            "days_until_due": form.get("days_until_due"),
            "automatic_tax": form.get("automatic_tax[enabled]"),
            "default_payment_method": form.get("default_payment_method"),
            "metadata": nested(form, "metadata"),
        });
        self.invoices.insert(id, invoice.clone());
        (200, invoice)
    }

    fn draft(&mut self, id: &str) -> Result<&mut Value, Answer> {
        let invoice = self.invoices.get_mut(id).ok_or_else(missing)?;
        if invoice["status"] == "draft" {
            Ok(invoice)
        } else {
            Err(refusal(
                400,
                "invoice_not_editable",
                "this invoice is not a draft any more",
            ))
        }
    }

    fn update_invoice(&mut self, id: &str, form: &BTreeMap<String, String>) -> Answer {
        match self.draft(id) {
            Err(answer) => answer,
            Ok(invoice) => {
                for (name, field) in [
                    ("collection_method", "collection_method"),
                    ("days_until_due", "days_until_due"),
                    ("automatic_tax[enabled]", "automatic_tax"),
                ] {
                    if let Some(value) = form.get(name) {
                        invoice[field] = json!(value);
                    }
                }
                (200, invoice.clone())
            }
        }
    }

    fn delete_invoice(&mut self, id: &str) -> Answer {
        if let Err(answer) = self.draft(id) {
            return answer;
        }
        self.invoices.remove(id);
        self.items.retain(|_, item| item["invoice"] != *id);
        (200, json!({"id": id, "deleted": true}))
    }

    fn finalize(&mut self, id: &str) -> Answer {
        self.next += 1;
        let number = format!("ABC-{:04}", self.next);
        match self.draft(id) {
            Err(answer) => answer,
            Ok(invoice) => {
                if invoice["automatic_tax"] == "true" && invoice["customer"] == "cus_nowhere" {
                    return refusal(
                        400,
                        "customer_tax_location_invalid",
                        "the customer's location is not recognized",
                    );
                }
                invoice["status"] = json!("open");
                invoice["number"] = json!(number);
                invoice["payment_intent"] = json!(id.replace("in_", "pi_"));
                (200, invoice.clone())
            }
        }
    }

    fn void(&mut self, id: &str) -> Answer {
        match self.invoices.get_mut(id) {
            None => missing(),
            Some(invoice)
                if invoice["status"] == "open" || invoice["status"] == "uncollectible" =>
            {
                invoice["status"] = json!("void");
                (200, invoice.clone())
            }
            Some(_) => refusal(400, "invoice_not_open", "this invoice cannot be voided"),
        }
    }

    fn create_item(&mut self, form: &BTreeMap<String, String>) -> Answer {
        let invoice = form.get("invoice").cloned().unwrap_or_default();
        if let Err(answer) = self.draft(&invoice) {
            return answer;
        }
        let id = self.id("ii");
        let mut item = json!({"id": id, "invoice": invoice});
        write_item(&mut item, form);
        self.items.insert(id, item.clone());
        (200, item)
    }
}

impl Default for State {
    fn default() -> Self {
        Self::new()
    }
}

fn write_item(item: &mut Value, form: &BTreeMap<String, String>) {
    let number = |name: &str| form.get(name).and_then(|text| text.parse::<i64>().ok());
    item["amount"] = json!(number("amount"));
    item["description"] = json!(form.get("description"));
    item["period"] = json!({"start": number("period[start]"), "end": number("period[end]")});
    item["metadata"] = nested(form, "metadata");
    item["tax_behavior"] = json!(form.get("tax_behavior"));
    item["tax_code"] = json!(form.get("tax_code"));
}

/// The fields `name[key]` of a form.
fn nested(form: &BTreeMap<String, String>, name: &str) -> Value {
    let fields: Map<String, Value> = form
        .iter()
        .filter_map(|(key, value)| {
            let inner = key
                .strip_prefix(name)?
                .strip_prefix('[')?
                .strip_suffix(']')?;
            Some((inner.to_owned(), json!(value)))
        })
        .collect();
    Value::Object(fields)
}

/// A page of two: more than one page is the rule.
fn page(all: &[Value], form: &BTreeMap<String, String>) -> Answer {
    const SIZE: usize = 2;
    let start = match form.get("starting_after") {
        None => 0,
        Some(after) => all
            .iter()
            .position(|item| item["id"] == **after)
            .map_or(0, |index| index + 1),
    };
    let data: Vec<Value> = all.iter().skip(start).take(SIZE).cloned().collect();
    let has_more = start + data.len() < all.len();
    (
        200,
        json!({"object": "list", "data": data, "has_more": has_more}),
    )
}

fn found(thing: Option<&Value>) -> Answer {
    match thing {
        Some(thing) => (200, thing.clone()),
        None => missing(),
    }
}

fn missing() -> Answer {
    refusal(404, "resource_missing", "no such object")
}

/// A refusal as Stripe writes it.
pub fn refusal(status: u16, code: &str, message: &str) -> Answer {
    (
        status,
        json!({"error": {"code": code, "type": "invalid_request_error", "message": message}}),
    )
}
