//! Exchange rates: many in one call, and from the file that the settings name.

use chassis::{
    BuildError, Env, clock::Clocks, config::ServiceConfig, link::Links, secret::MasterKey,
};
use contract::{customer::v1 as pb, kernel::v1::Decimal};
use sea_orm::{ConnectionTrait as _, Statement};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use super::{World, ok, refusal, time};

fn rate(from: &str, to: &str, rate: &str, at: &str) -> pb::ExchangeRate {
    pb::ExchangeRate {
        from_currency_code: from.into(),
        to_currency_code: to.into(),
        rate: Some(Decimal { value: rate.into() }),
        effective_time: time(at),
        ..Default::default()
    }
}

const JANUARY: &str = "2024-01-01T00:00:00Z";
const FEBRUARY: &str = "2024-02-01T00:00:00Z";

impl World {
    async fn set_rates(
        &self,
        rates: Vec<pb::ExchangeRate>,
    ) -> Result<pb::BatchSetRatesResponse, Status> {
        let request = self.request(pb::BatchSetRatesRequest {
            rates,
            request_id: String::new(),
        });
        Ok(self.rates().batch_set_rates(request).await?.into_inner())
    }

    /// All rates: pair, rate and month.
    async fn all_rates(&self) -> Vec<String> {
        let request = self.request(pb::ListRatesRequest {
            page_size: 250,
            ..Default::default()
        });
        let answer = ok(self.rates().list_rates(request).await);
        let shown = answer.rates.into_iter().map(|rate| {
            let time = contract::convert::from_timestamp(&rate.effective_time.expect("a time"))
                .expect("an instant");
            format!(
                "{} {} {} {}",
                rate.from_currency_code,
                rate.to_currency_code,
                rate.rate.expect("a number").value,
                &time.to_string()[..7]
            )
        });
        shown.collect()
    }

    async fn rate_events(&self) -> i64 {
        let db = self.database().await;
        let sql = "SELECT count(*) AS n FROM outbox WHERE kind = 'rate.set'";
        let row = db
            .query_one_raw(Statement::from_string(db.get_database_backend(), sql))
            .await
            .expect("rows")
            .expect("a row");
        let count = row.try_get("", "n").expect("a number");
        db.close().await.expect("closed");
        count
    }

    /// Starts the service anew with this file; answers what keeps it from starting.
    async fn start_with(&self, file: &str) -> Option<String> {
        let path = self._folder.path().join("rates.csv");
        std::fs::write(&path, file).expect("written");
        let mut config = ServiceConfig::on(self.config.database_url.clone());
        config.bootstrap_key.clone_from(&self.config.bootstrap_key);
        started(
            config.with_setting("rates_file", path.display().to_string()),
            &self.master,
        )
        .await
    }
}

/// Builds a service; answers what keeps it from starting.
async fn started(config: ServiceConfig, master: &MasterKey) -> Option<String> {
    let env = Env::new(
        "customer",
        config,
        Links::default(),
        Clocks::default(),
        master.clone(),
        CancellationToken::new(),
    );
    match crate::build(env).await {
        Ok(service) => {
            service.db.close().await.expect("closed");
            None
        }
        Err(BuildError::Setting(told)) => Some(told),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn many_rates_are_set_at_once_or_none() {
    let world = World::start().await;
    let two = || {
        vec![
            rate("GBP", "USD", "1.27", JANUARY),
            rate("EUR", "USD", "1.25", JANUARY),
        ]
    };
    let made = world.set_rates(two()).await.expect("set");
    let order: Vec<_> = made
        .rates
        .iter()
        .map(|rate| rate.from_currency_code.as_str())
        .collect();
    assert_eq!((order, made.changed_count), (vec!["GBP", "EUR"], 2));
    assert_eq!(world.rate_events().await, 2);
    // What is there as given stays as it is, to the instant at which it was set.
    let again = world.set_rates(two()).await.expect("set");
    assert_eq!((again.rates, again.changed_count), (made.rates, 0));
    assert_eq!(world.rate_events().await, 2);
    let mut more = two();
    more[1] = rate("EUR", "USD", "1.26", JANUARY);
    more.push(rate("EUR", "USD", "1.3", FEBRUARY));
    assert_eq!(world.set_rates(more).await.expect("set").changed_count, 2);
    let all = [
        "EUR USD 1.3 2024-02",
        "EUR USD 1.26 2024-01",
        "GBP USD 1.27 2024-01",
    ];
    assert_eq!(world.all_rates().await, all);

    for (wrong, field) in [
        (vec![], "rates"),
        (vec![rate("EUR", "USD", "1", JANUARY); 1001], "rates"),
        (
            vec![
                rate("CHF", "USD", "1", JANUARY),
                rate("CHF", "USD", "2", JANUARY),
            ],
            "rates[1]",
        ),
        (
            vec![
                rate("CHF", "USD", "1", JANUARY),
                rate("CHF", "CHF", "2", JANUARY),
            ],
            "rates[1].to_currency_code",
        ),
        (vec![rate("CHF", "USD", "0", JANUARY)], "rates[0].rate"),
        (vec![rate("CHF", "USD", "-1", JANUARY)], "rates[0].rate"),
        (vec![rate("CHF", "USD", "x", JANUARY)], "rates[0].rate"),
        (
            vec![rate("XXY", "USD", "1", JANUARY)],
            "rates[0].from_currency_code",
        ),
        (
            vec![pb::ExchangeRate {
                rate: None,
                ..rate("CHF", "USD", "1", JANUARY)
            }],
            "rates[0].rate",
        ),
    ] {
        let status = world.set_rates(wrong).await.expect_err("refused");
        assert_eq!(status.code(), Code::InvalidArgument, "{field}");
        let details = chassis::error::details(&status);
        assert_eq!(details.violations[0].field, field);
    }
    assert_eq!(world.all_rates().await, all, "nothing is half-written");
    let missing = world
        .rates()
        .get_rate(world.request(pb::GetRateRequest {
            from_currency_code: "CHF".into(),
            to_currency_code: "USD".into(),
            time: time(JANUARY),
        }))
        .await;
    assert_eq!(refusal(missing), (Code::NotFound, "RATE_MISSING".into()));
    world.stop().await;
}

#[tokio::test]
async fn the_file_of_the_settings_is_read_at_every_start() {
    let world = World::start().await;
    let file =
        "from,to,rate,time\nEUR,USD,1.25,2024-01-01T00:00:00Z\nGBP,USD,1.27,2024-01-01T00:00:00Z\n";
    assert_eq!(world.start_with(file).await, None);
    let both = ["EUR USD 1.25 2024-01", "GBP USD 1.27 2024-01"];
    assert_eq!(world.all_rates().await, both);
    assert_eq!(world.rate_events().await, 2);
    assert_eq!(world.start_with(file).await, None, "and again");
    assert_eq!(world.rate_events().await, 2, "which changes nothing");

    // What differs, the file says; what it no longer has stays.
    let changed = "time,project,to,from,rate\n2024-01-01T00:00:00Z,default,USD,EUR,1.5\n";
    assert_eq!(world.start_with(changed).await, None);
    let all = ["EUR USD 1.5 2024-01", "GBP USD 1.27 2024-01"];
    assert_eq!(world.all_rates().await, all);
    assert_eq!(world.rate_events().await, 3);

    let good = "CHF,USD,1.1,2024-01-01T00:00:00Z,";
    for (line, expected) in [
        ("EUR,USD,1,,", "line 3: `time` is missing"),
        (
            "EUR,USD,0,2024-01-01T00:00:00Z,",
            "line 3: rate.rate: must be above zero",
        ),
        (
            "EUR,EUR,1,2024-01-01T00:00:00Z,",
            "line 3: rate.to_currency_code",
        ),
        (
            "EUR,XXY,1,2024-01-01T00:00:00Z,",
            "line 3: `XXY` is not a currency",
        ),
        (
            "EUR,USD,1,2024-01-01T00:00:00Z,nobody",
            "line 3: there is no project `nobody`",
        ),
        (good, "line 3: is the second of its pair and time"),
        ("EUR", "line 3: `rate` is missing"),
    ] {
        let file = format!("from,to,rate,time,project\n{good}\n{line}\n");
        let told = world.start_with(&file).await.expect("refused");
        assert!(
            told.starts_with("customer.rates_file: ") && told.contains(expected),
            "{told}"
        );
    }
    assert_eq!(world.all_rates().await, all, "nothing is half-written");
    let config = ServiceConfig::on(world.config.database_url.clone())
        .with_setting("rates_file", "/nowhere/rates.csv");
    let told = started(config, &world.master).await.expect("refused");
    assert!(told.contains("/nowhere/rates.csv"), "{told}");
    world.stop().await;
}
