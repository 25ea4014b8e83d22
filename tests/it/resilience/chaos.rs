//! Two or three replicas of every service, which balance their calls; clients at work that repeat what was not answered;
//! and somebody who kills processes at random and starts them again. What is there in the end is what was asked for: nothing
//! is lost, nothing is there twice, and no client was told anything but to try again. PostgreSQL only.
//!
//! `PERENNIAL_TEST_SEED` repeats the choices of a run that printed it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use contract::{
    billing::v1 as billing,
    convert::{from_decimal, timestamp},
    kernel::v1::Period,
};
use futures::future::join_all;
use perennial_sdk::{Client, Error};
use rust_decimal::Decimal;
use suite::{Installation, Rest, say};
use tonic::{Code, Status};

use super::setup::{
    FEE, all_whole, counted, customer, event, eventually, flat_price, invoices, offer, send,
    stored, subscribe, subscriptions,
};

/// Clients at work.
const WORKERS: usize = 4;
/// How often processes are killed.
const ROUNDS: usize = 6;
/// Events that a client sends at once.
const BATCH: usize = 5;
/// What is billed without a subscription.
const CHARGE: i64 = 7;
/// Longest time that a client repeats one call, and that anything waited for may take.
const LIMIT: Duration = Duration::from_secs(120);

/// Two of each; three of those that have most to lose.
fn replicas(part: &str) -> usize {
    match part {
        "metering" | "billing" | "subscription" => 3,
        _ => 2,
    }
}

/// What a run is repeated from.
struct Dice(u64);

impl Dice {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests are configured by their environment"
    )]
    fn new() -> Self {
        let given = std::env::var("PERENNIAL_TEST_SEED").ok();
        let seed = given.and_then(|text| text.parse().ok());
        Self(seed.unwrap_or_else(|| ulid::Ulid::generate().timestamp_ms()))
    }

    /// SplitMix64.
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(count).unwrap()).unwrap()
    }
}

/// All clients together: where they call, and what they were told.
pub(super) struct Crowd {
    clients: Vec<Client>,
    rests: Vec<Rest>,
    turn: AtomicUsize,
    calls: AtomicUsize,
    /// Calls that were repeated, by what they were told.
    repeats: Mutex<BTreeMap<String, usize>>,
    stopping: AtomicBool,
}

impl Crowd {
    /// Clients of all gateways of an installation.
    pub(super) fn of(installation: &Installation) -> Self {
        Self {
            clients: installation.clients(),
            rests: installation.rests(),
            turn: AtomicUsize::new(0),
            calls: AtomicUsize::new(0),
            repeats: Mutex::default(),
            stopping: AtomicBool::new(false),
        }
    }

    /// Lets everybody end what they are at.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Waits until so many further calls were answered.
    pub(super) async fn answered(&self, count: usize) {
        let goal = self.calls.load(Ordering::Relaxed) + count;
        eventually(LIMIT, || async {
            let calls = self.calls.load(Ordering::Relaxed);
            let told = format!("{calls} of {goal} calls answered");
            (calls >= goal).then_some(()).ok_or(told)
        })
        .await;
    }

    /// Writes down what everybody was told.
    pub(super) fn report(&self, confirmed: &[Confirmed]) {
        let of = |part: fn(&Confirmed) -> usize| confirmed.iter().map(part).sum::<usize>();
        say(&format!(
            "{} calls answered, repeated {:?}\n\
             confirmed: {} subscriptions, {} charges, {} events, {} checks of access",
            self.calls.load(Ordering::Relaxed),
            self.repeats.lock().unwrap(),
            of(|seen| seen.subscribed.len()),
            of(|seen| seen.charged.len()),
            of(|seen| seen.events.len()),
            of(|seen| seen.checks),
        ));
    }

    fn next(&self) -> usize {
        self.turn.fetch_add(1, Ordering::Relaxed) % self.clients.len()
    }

    fn note(&self, told: String) {
        let repeats = self.repeats.lock();
        *repeats
            .unwrap_or_else(PoisonError::into_inner)
            .entry(told)
            .or_default() += 1;
    }

    /// Makes one call, at one gateway after the other, until it is answered. `attempt` has to send the same request id
    /// each time.
    async fn call<Answer, Attempt, Pending>(&self, what: &str, attempt: Attempt) -> Answer
    where
        Attempt: Fn(Client) -> Pending,
        Pending: Future<Output = Result<Answer, Status>>,
    {
        eventually(LIMIT, || async {
            match attempt(self.clients[self.next()].clone()).await {
                Ok(answer) => {
                    self.calls.fetch_add(1, Ordering::Relaxed);
                    Ok(answer)
                }
                Err(status) => {
                    let code = Error::from(status.clone()).code().unwrap();
                    assert!(is_retriable(code), "{what} is refused: {status:?}");
                    self.note(format!("{code:?}"));
                    Err(format!("{what}: {status:?}"))
                }
            }
        })
        .await
    }

    /// Asks by REST whether a customer has access, in the same way, until it has: a service that died may hear of a
    /// subscription a moment later.
    async fn access(&self, customer: &str) {
        let path = format!("/api/v1/customers/{customer}/entitlements/tokens/value");
        eventually(LIMIT, || async {
            let rest = &self.rests[self.next()];
            let told = match rest.request(http::Method::GET, &path).send().await {
                Err(_) => "no answer".to_owned(),
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    let text = answer.text().await.unwrap_or_default();
                    assert!(
                        [200, 404, 429, 503].contains(&status),
                        "{path}: {status} {text}"
                    );
                    if status == 200 && text.contains(r#""hasAccess":true"#) {
                        self.calls.fetch_add(1, Ordering::Relaxed);
                        return Ok(());
                    }
                    format!("HTTP {status}")
                }
            };
            self.note(told.clone());
            Err(format!("{path}: {told}"))
        })
        .await;
    }
}

/// What a client may repeat, and a library of ours does.
fn is_retriable(code: Code) -> bool {
    [Code::Unavailable, Code::Aborted, Code::ResourceExhausted].contains(&code)
}

/// What one client got confirmed.
#[derive(Default)]
pub(super) struct Confirmed {
    /// Customers, with their subscriptions.
    subscribed: Vec<(String, String)>,
    /// Customers who were charged once.
    charged: Vec<String>,
    events: Vec<String>,
    checks: usize,
}

/// Works until told to stop: signs customers up, sends their usage, asks for their access, and charges others.
pub(super) async fn work(crowd: &Crowd, worker: usize) -> Confirmed {
    let mut confirmed = Confirmed::default();
    let mut number = 0;
    while !crowd.stopping.load(Ordering::Relaxed) {
        let key = &format!("c-{worker}-{number}");
        number += 1;
        let make = |client| async move { customer(&client, key, &format!("{key}-made")).await };
        let id = &crowd.call("a customer", make).await;
        let sign = |client| async move { subscribe(&client, id, &format!("{key}-signed")).await };
        let subscription = crowd.call("a subscription", sign).await;
        confirmed.subscribed.push((id.clone(), subscription));

        let ids: &Vec<String> = &(0..BATCH).map(|event| format!("{key}-{event}")).collect();
        let used = |client| async move {
            let events = ids.iter().map(|id| event(id, key));
            send(&client, events.collect()).await
        };
        crowd.call("usage", used).await;
        confirmed.events.extend(ids.iter().cloned());

        crowd.access(key).await;
        confirmed.checks += 1;

        let charged = charge(crowd, &format!("once-{worker}-{number}")).await;
        confirmed.charged.push(charged);
    }
    confirmed
}

/// A customer with one line, which is due and invoiced: by this call, or by the timer before it.
async fn charge(crowd: &Crowd, key: &str) -> String {
    let make = |client| async move { customer(&client, key, &format!("{key}-made")).await };
    let id = crowd.call("a customer", make).await;
    let at = |text: &str| Some(timestamp(text.parse().unwrap()));
    let lines = billing::CreatePendingLinesRequest {
        customer_id: id.clone(),
        currency_code: "USD".into(),
        lines: vec![billing::LineInput {
            name: key.into(),
            period: Some(Period {
                start_time: at("2026-01-01T00:00:00Z"),
                end_time: at("2026-02-01T00:00:00Z"),
            }),
            invoice_time: at("2026-02-01T00:00:00Z"),
            price: Some(flat_price(CHARGE)),
            ..Default::default()
        }],
        request_id: format!("{key}-lines"),
    };
    let add = |client: Client| {
        let lines = lines.clone();
        async move { client.invoices().create_pending_lines(lines).await }
    };
    crowd.call("pending lines", add).await;
    let due = billing::InvoicePendingLinesRequest {
        customer_id: id.clone(),
        request_id: format!("{key}-invoice"),
        ..Default::default()
    };
    let invoice = |client: Client| {
        let due = due.clone();
        async move {
            match client.invoices().invoice_pending_lines(due).await {
                Err(status) if is_done_already(&status) => Ok(()),
                answer => answer.map(drop),
            }
        }
    };
    crowd.call("an invoice", invoice).await;
    id
}

fn is_done_already(status: &Status) -> bool {
    Error::from(status.clone()).reason() == Some("INVOICE_CREATE_NO_LINES")
}

/// Kills one process or two at a time while there is work going on, and starts them again.
async fn kill_at_random(
    installation: &mut Installation,
    crowd: &Crowd,
    dice: &mut Dice,
) -> Vec<String> {
    let mut killed = Vec::new();
    for _ in 0..ROUNDS {
        let names = installation.names();
        for _ in 0..=dice.below(2) {
            crowd.answered(5 + dice.below(20)).await;
            let name = &names[dice.below(names.len())];
            // It may be the one that was killed a moment ago.
            if installation.kill_part(name).is_ok() {
                killed.push(name.clone());
            }
        }
        installation.spawn().await.unwrap();
    }
    crowd.answered(20).await;
    crowd.stop();
    killed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_die_at_random_lose_nothing_and_double_nothing() {
    let Some(mut installation) = Installation::replicated(replicas, &[]).await.unwrap() else {
        say("SKIPPED: chaos among replicas needs PERENNIAL_TEST_DATABASE_URL");
        return;
    };
    let mut dice = Dice::new();
    say(&format!("PERENNIAL_TEST_SEED={}", dice.0));
    let client = installation.client();
    offer(&client).await;
    let crowd = Crowd::of(&installation);
    let workers = join_all((0..WORKERS).map(|worker| work(&crowd, worker)));
    let (confirmed, killed) = tokio::join!(
        workers,
        kill_at_random(&mut installation, &crowd, &mut dice)
    );
    say(&format!("{} processes killed: {killed:?}", killed.len()));
    crowd.report(&confirmed);
    all_is_as_asked_for(&client, &confirmed).await;
    everything_is_renewed_once(&client, &confirmed).await;
    installation.stop().await.unwrap();
}

/// Every wish was confirmed in the end: so everything is there, once.
pub(super) async fn all_is_as_asked_for(client: &Client, confirmed: &[Confirmed]) {
    let subscribed = || confirmed.iter().flat_map(|seen| &seen.subscribed);
    let customers: Vec<String> = subscribed().map(|(customer, _)| customer.clone()).collect();
    all_whole(client, &customers, LIMIT).await;
    for (customer, id) in subscribed() {
        let there = subscriptions(client, customer).await;
        assert_eq!(there.len(), 1, "{customer}");
        assert_eq!(&there[0].id, id);
    }
    let events = stored(client).await;
    let once: BTreeSet<&String> = events.iter().collect();
    assert_eq!(once.len(), events.len(), "an event is stored twice");
    let sent: BTreeSet<&String> = confirmed.iter().flat_map(|seen| &seen.events).collect();
    assert_eq!(once, sent);
    assert_eq!(counted(client).await, Decimal::from(sent.len()));
    for customer in confirmed.iter().flat_map(|seen| &seen.charged) {
        paid(client, customer, &[CHARGE]).await;
    }
}

/// A month later each subscription is billed once more, and every invoice follows from subscriptions and usage.
pub(super) async fn everything_is_renewed_once(client: &Client, confirmed: &[Confirmed]) {
    let later = chassis::clock::system_now() + Duration::from_secs(32 * 24 * 60 * 60);
    client.freeze_clock(later).await.unwrap();
    let of = |part: fn(&Confirmed) -> usize| confirmed.iter().map(part).sum::<usize>();
    for (customer, _) in confirmed.iter().flat_map(|seen| &seen.subscribed) {
        paid(client, customer, &[FEE, FEE]).await;
    }
    let expected = 2 * of(|seen| seen.subscribed.len()) + of(|seen| seen.charged.len());
    eventually(LIMIT, || async {
        let found = perennial::reconcile::check(client, &[]).await.unwrap();
        let summary = found.summary();
        if found.differences.is_empty() && found.invoices >= expected {
            say(&summary);
            return Ok(());
        }
        Err(format!("{summary}: {:?}", found.differences))
    })
    .await;
}

/// Waits until a customer has paid these invoices, of one line each, and has no other.
async fn paid(client: &Client, customer: &str, amounts: &[i64]) {
    let expected: Vec<_> = amounts.iter().copied().map(Decimal::from).collect();
    eventually(LIMIT, || async {
        let found = invoices(client, customer).await;
        let amount = |invoice: &billing::Invoice| {
            let total = invoice.totals.as_ref()?.total.as_ref()?;
            let single = invoice.state() == billing::InvoiceState::Paid && invoice.lines.len() == 1;
            from_decimal(total).ok().filter(|_| single)
        };
        let paid: Vec<Decimal> = found.iter().filter_map(amount).collect();
        if paid == expected && found.len() == expected.len() {
            return Ok(());
        }
        Err(format!("{customer} has {found:#?}"))
    })
    .await;
}
