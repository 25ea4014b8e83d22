//! What an invoice would be: lines with given quantities are calculated, nothing is stored.

use chassis::Context;
use contract::billing::v1 as pb;
use kernel::{Decimal, currency::Currency, id::CustomerId};

use super::{Billing, fresh, gather::new_header, provision};
use crate::{
    convert::{self, invoice::Lines},
    domain::{
        calculate::calculate,
        edit::{LineInput, check_standard},
        invoice::{Invoice, Line},
        issue,
        price::Model,
        state::State,
    },
    error::BillingError,
};

/// What is simulated.
#[derive(Clone, Debug)]
pub struct Simulation {
    customer: CustomerId,
    currency: Currency,
    number: String,
    lines: Vec<(LineInput, Decimal, Decimal)>,
}

impl Simulation {
    /// Reads a request.
    pub fn from_proto(request: &pb::SimulateInvoiceRequest) -> Result<Self, BillingError> {
        let wire: Vec<pb::LineInput> = request
            .lines
            .iter()
            .map(|line| line.line.clone().unwrap_or_default())
            .collect();
        let inputs = convert::line::inputs("lines", &wire, 1)?;
        let mut lines = Vec::with_capacity(inputs.len());
        for (index, (input, sent)) in inputs.into_iter().zip(&request.lines).enumerate() {
            let field = format!("lines[{index}].quantity");
            let quantity = if input.price.is_flat() {
                Decimal::ONE
            } else {
                convert::required_decimal(&field, sent.quantity.as_ref())?
            };
            let before = convert::decimal(
                &format!("lines[{index}].pre_line_period_quantity"),
                sent.pre_line_period_quantity.as_ref(),
            )?;
            if matches!(input.price.model, Model::Volume { .. })
                && before.is_some_and(|before| !before.is_zero())
            {
                return Err(BillingError::GraduatedSplit);
            }
            lines.push((input, quantity, before.unwrap_or_default()));
        }
        let number = if request.number.is_empty() {
            "INV-SIMULATED"
        } else {
            &request.number
        };
        Ok(Self {
            customer: convert::id("customer_id", &request.customer_id)?,
            currency: convert::currency("currency_code", &request.currency_code)?,
            number: number.to_owned(),
            lines,
        })
    }
}

impl Billing {
    /// Calculates the invoice that these lines would make.
    pub async fn simulate(
        &self,
        ctx: &Context,
        simulation: Simulation,
    ) -> Result<pb::Invoice, BillingError> {
        let buyer = convert::customer::buyer(&self.customer(ctx, simulation.customer).await?)?;
        let effective = provision::find(self.db.reader(), ctx.project, buyer.id)
            .await?
            .ok_or(BillingError::DefaultProfileNotFound)?;
        let mut lines = Vec::with_capacity(simulation.lines.len());
        for (input, quantity, before) in simulation.lines {
            let given = input.id;
            let mut line: Line = input.into_line(ctx.now, &mut fresh);
            line.id = given.unwrap_or(line.id);
            line.metered = Some(quantity);
            line.metered_before = before;
            check_standard(&line)?;
            lines.push(line);
        }
        let mut invoice = Invoice {
            id: chassis::id::next(),
            currency: simulation.currency,
            state: State::DraftCreated,
            number: simulation.number,
            header: new_header(buyer, &effective),
            lines,
            revision: 1,
            create_time: ctx.now,
            update_time: ctx.now,
            delete_time: None,
        };
        calculate(&mut invoice, &[], ctx.now, &mut fresh);
        let critical = issue::any_critical(&invoice.header.issues);
        if critical {
            invoice.state = State::DraftInvalid;
        }
        let mut shown =
            convert::invoice::to_proto(&invoice, &effective.app, ctx.now, Lines::Live, false);
        if let Some(details) = &mut shown.status_details {
            // Nothing can be done with an invoice that does not exist.
            details.available_actions = Some(pb::AvailableActions::default());
            details.failed = critical;
        }
        Ok(shown)
    }
}
