//! Exchange rates.

use chassis::{db::micros, open};
use contract::customer::v1::{self as pb, rate_service_server::RateService};
use kernel::currency::Currency;
use tonic::{Request, Response, Status};

use super::{Server, cut};
use crate::{
    convert,
    domain::{currency, exchange_rate::lookup},
    error::CustomerError,
    rates,
    store::{self, exchange_rate::After},
};

/// The currency that bridges when the project's does not.
const BRIDGE: &str = "USD";

#[tonic::async_trait]
impl RateService for Server {
    async fn set_rate(
        &self,
        request: Request<pb::SetRateRequest>,
    ) -> Result<Response<pb::SetRateResponse>, Status> {
        let (context, request) = &open(request)?;
        let rate = convert::new_rate(request.rate.as_ref(), context.now)?;
        self.db
            .write(
                context,
                "SetRate",
                &request.request_id,
                request,
                |mut w| async move {
                    let now = context.now;
                    store::exchange_rate::set(w.tx(), context.project, &rate, now).await?;
                    rates::record(&mut w, &rate, now).await?;
                    let rate = Some(convert::rate(&rate, now));
                    Ok::<_, CustomerError>((w, pb::SetRateResponse { rate }))
                },
            )
            .await
    }

    async fn batch_set_rates(
        &self,
        request: Request<pb::BatchSetRatesRequest>,
    ) -> Result<Response<pb::BatchSetRatesResponse>, Status> {
        let (context, request) = &open(request)?;
        let rates = &convert::new_rates(&request.rates, context.now)?;
        self.db
            .write(
                context,
                "BatchSetRates",
                &request.request_id,
                request,
                |mut w| async move {
                    let (stored, changed) = rates::set(&mut w, rates).await?;
                    let answer = pb::BatchSetRatesResponse {
                        rates: stored
                            .iter()
                            .map(|stored| convert::rate(&stored.rate, stored.update_time))
                            .collect(),
                        changed_count: i64::try_from(changed).unwrap_or(i64::MAX),
                    };
                    Ok::<_, CustomerError>((w, answer))
                },
            )
            .await
    }

    async fn list_rates(
        &self,
        request: Request<pb::ListRatesRequest>,
    ) -> Result<Response<pb::ListRatesResponse>, Status> {
        let (context, request) = open(request)?;
        let (from_code, to_code) = (&request.from_currency_code, &request.to_currency_code);
        let from = convert::optional_currency("from_currency_code", from_code)?;
        let to = convert::optional_currency("to_currency_code", to_code)?;
        let (size, token) = (request.page_size, &request.page_token);
        let page = self.page(&context, "rates", size, token, &[from_code, to_code])?;
        let after = page.after.as_deref().and_then(after);
        let mut found = store::exchange_rate::list(
            self.db.reader(),
            context.project,
            from,
            to,
            after.as_ref(),
            page.limit,
        )
        .await?;
        let next_page_token = cut(&mut found, &page, |stored| {
            let rate = &stored.rate;
            let (from, to) = (rate.from.code(), rate.to.code());
            vec![
                from.to_owned(),
                to.to_owned(),
                micros(rate.time).to_string(),
            ]
        });
        Ok(Response::new(pb::ListRatesResponse {
            rates: found
                .iter()
                .map(|stored| convert::rate(&stored.rate, stored.update_time))
                .collect(),
            next_page_token,
        }))
    }

    async fn get_rate(
        &self,
        request: Request<pb::GetRateRequest>,
    ) -> Result<Response<pb::GetRateResponse>, Status> {
        let (context, request) = open(request)?;
        let from = currency::parse("from_currency_code", &request.from_currency_code)?;
        let to = currency::parse("to_currency_code", &request.to_currency_code)?;
        let at = convert::optional_time("time", request.time.as_ref())?.unwrap_or(context.now);
        let db = self.db.reader();
        let project = store::project::find(db, context.project).await?;
        let bridge = currency::parse("currency", BRIDGE)?;
        let mut currencies: Vec<Currency> = vec![from, to, project.currency, bridge];
        currencies.sort_by_key(|currency| currency.code());
        currencies.dedup();
        let table = store::exchange_rate::relevant(db, context.project, &currencies, at).await?;
        let found = lookup(&table, from, to, at, project.currency, bridge)
            .map_err(|_| CustomerError::RateOutOfRange { from, to })?
            .ok_or(CustomerError::RateMissing { from, to })?;
        Ok(Response::new(pb::GetRateResponse {
            rate: Some(convert::quote(from, to, &found)),
        }))
    }
}

fn after(values: &[String]) -> Option<After> {
    Some(After {
        from: values.first()?.clone(),
        to: values.get(1)?.clone(),
        time: values.get(2)?.parse().ok()?,
    })
}
