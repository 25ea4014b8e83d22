//! Reports and what they lead to, by the worked examples of both manners of reporting.
#![expect(clippy::unwrap_used, reason = "tests")]

use jiff::Timestamp;
use kernel::Decimal;
use kernel::currency::Currency;
use kernel::decimal;
use kernel::id::{CustomerId, SubscriptionId, Ulid};

use super::event::EventStatus;
use super::patch_report::{NewPayment, PaymentPatch};
use super::refusal::ReportRefusal;
use super::state_report::{NewReported, WholeState};
use super::stretch::Phase;
use super::{
    Amount, End, EndPatch, EndReason, ItemKind, ItemPatch, Origin, Patch, Reported, TimePatch,
};
use crate::domain::fixture::time;

/// A subscription of which nothing is reported yet.
pub fn fresh(origin: Origin) -> Reported {
    let mut reported = Reported::new(NewReported {
        id: SubscriptionId::from_ulid(Ulid(7)),
        customer_id: CustomerId::from_ulid(Ulid(8)),
        key: "sub_1".to_owned(),
        origin,
        now: time("2024-06-01T00:00:00Z"),
    });
    reported.short_id = "pws_whole".to_owned();
    reported
}

/// A day as an instant.
pub fn day(text: &str) -> Timestamp {
    time(&format!("{text}T00:00:00Z"))
}

/// A whole state that is paid by the month.
pub fn state(at: &str, product: &str, hundredths: i64) -> WholeState {
    WholeState {
        at: day(at),
        product_key: product.to_owned(),
        months: 1,
        is_trial: false,
        hundredths,
        currency: None,
    }
}

/// An item of a patch.
pub fn item(product: &str, kind: Option<ItemKind>) -> ItemPatch {
    ItemPatch {
        product_key: product.to_owned(),
        kind,
        trial_start: None,
        trial_end: None,
    }
}

/// An item on trial.
pub fn trial(product: &str, from: &str, to: &str) -> ItemPatch {
    ItemPatch {
        trial_start: Some(TimePatch::Set(day(from))),
        trial_end: Some(TimePatch::Set(day(to))),
        ..item(product, Some(ItemKind::Trial))
    }
}

/// A patch of items and amount, in dollars.
pub fn patch(items: Vec<ItemPatch>, amount: Option<&str>) -> Patch {
    Patch {
        items: (!items.is_empty()).then_some(items),
        amount: amount.map(|text| Amount {
            value: decimal::parse(text).unwrap(),
            months: 1,
        }),
        currency: amount.map(|_| Currency::USD),
        ..Patch::default()
    }
}

fn ended(at: &str) -> Patch {
    Patch {
        end: Some(EndPatch::Set(End {
            at: day(at),
            reason: EndReason::Voluntary,
        })),
        ..Patch::default()
    }
}

/// Reports with running ids.
fn report(reported: &mut Reported, at: &str, patch: Patch) -> Result<(), ReportRefusal> {
    let id = format!("f{}", reported.next_receipt);
    reported.patch(id, day(at), patch)
}

fn fields(refusal: ReportRefusal) -> Vec<String> {
    let ReportRefusal::Fields(fields) = refusal else {
        panic!("{refusal}")
    };
    fields.into_iter().map(|wrong| wrong.field).collect()
}

fn worth(reported: &Reported) -> Vec<String> {
    let show = |worth: super::revenue::Worth| {
        let day = &worth.at.to_string()[..10];
        let value = decimal::format(worth.monthly_value);
        format!(
            "{day} {} {value} {}",
            worth.product_key,
            worth.class.as_str()
        )
    };
    reported.worth().unwrap().into_iter().map(show).collect()
}

/// What happened, a line each.
pub fn events(reported: &Reported) -> Vec<String> {
    let show = |event: super::event::Event| {
        let day = &event.at.to_string()[..10];
        let value = decimal::format(event.amount.value);
        let status = match event.status {
            EventStatus::Active => "active",
            EventStatus::Trialing => "trialing",
            EventStatus::Ended(EndReason::Voluntary) => "voluntary",
            EventStatus::Ended(EndReason::Delinquent) => "delinquent",
        };
        let line = event.line.unwrap_or_default();
        format!("{day} {line} {} {value} {status}", event.product_key)
    };
    reported.events().unwrap().into_iter().map(show).collect()
}

/// The life of the walk-through: trial, conversion, raise, second product, end.
fn walk_through() -> Reported {
    let mut reported = fresh(Origin::Patches);
    let items = vec![trial("starter", "2019-09-06", "2019-09-13")];
    report(&mut reported, "2019-09-06", patch(items, None)).unwrap();
    let items = vec![item("starter", Some(ItemKind::Recurring))];
    report(&mut reported, "2019-09-11", patch(items, Some("100.45"))).unwrap();
    report(&mut reported, "2019-10-10", patch(vec![], Some("250.50"))).unwrap();
    let items = vec![
        item("starter", None),
        item("expansion-pack", Some(ItemKind::Recurring)),
    ];
    report(&mut reported, "2019-10-30", patch(items, Some("290.99"))).unwrap();
    report(&mut reported, "2019-12-30", ended("2019-12-30")).unwrap();
    reported
}

#[test]
fn the_walk_through_shows_its_last_state() {
    let reported = walk_through();
    let view = reported.latest_view().unwrap();
    assert_eq!(view.at, day("2019-12-30"));
    assert_eq!(view.end.unwrap().at, day("2019-12-30"));
    assert_eq!(view.monthly_amount, Some(Decimal::new(29099, 2)));
    assert_eq!(view.currency, Some(Currency::USD));
    let starter = &view.items[0];
    assert_eq!(
        (starter.product_key.as_str(), starter.kind),
        ("starter", ItemKind::Recurring)
    );
    assert_eq!(
        starter.trial_start,
        Some(day("2019-09-06")),
        "a trial's dates stay"
    );
    assert_eq!(starter.trial_end, Some(day("2019-09-13")));
    assert_eq!(
        (view.items[1].trial_start, view.items[1].trial_end),
        (None, None)
    );
}

#[test]
fn two_products_at_once_are_two_time_lines_of_equal_parts() {
    let reported = walk_through();
    assert_eq!(
        worth(&reported),
        [
            "2019-09-06 starter 0 trial",
            "2019-09-11 starter 100.45 paid",
            "2019-10-10 starter 250.5 paid",
            "2019-10-30 starter 145.5 paid",
            "2019-12-30 starter 0 ended",
            "2019-10-30 expansion-pack 145.49 paid",
            "2019-12-30 expansion-pack 0 ended",
        ]
    );
    assert_eq!(
        events(&reported),
        [
            "2019-09-06 starter starter 0 trialing",
            "2019-09-11 starter starter 100.45 active",
            "2019-10-10 starter starter 250.5 active",
            "2019-10-30 starter starter 145.5 active",
            "2019-10-30 expansion-pack expansion-pack 145.49 active",
            "2019-12-30 expansion-pack expansion-pack 145.49 voluntary",
            "2019-12-30 starter starter 145.5 voluntary",
        ]
    );
}

#[test]
fn a_trial_that_is_not_converted_is_over_by_itself() {
    let mut reported = fresh(Origin::Patches);
    let items = vec![trial("starter", "2024-01-01", "2024-01-15")];
    report(&mut reported, "2024-01-01", patch(items, None)).unwrap();
    assert_eq!(
        worth(&reported),
        ["2024-01-01 starter 0 trial", "2024-01-15 starter 0 ended"]
    );
    assert_eq!(
        events(&reported),
        [
            "2024-01-01  starter 0 trialing",
            "2024-01-15  starter 0 voluntary"
        ]
    );
    assert_eq!(reported.life().unwrap().end, Some(day("2024-01-15")));
    assert_eq!(
        reported.latest_view().unwrap().end,
        None,
        "nobody reported an end"
    );
}

#[test]
fn a_late_report_goes_to_its_place_and_later_ones_still_win() {
    let mut reported = fresh(Origin::Patches);
    let items = vec![item("basic", Some(ItemKind::Recurring))];
    report(&mut reported, "2024-03-01", patch(items, Some("30"))).unwrap();
    let items = vec![item("basic", Some(ItemKind::Recurring))];
    report(&mut reported, "2024-01-01", patch(items, Some("10"))).unwrap();
    report(&mut reported, "2024-02-01", patch(vec![], Some("20"))).unwrap();
    assert_eq!(
        worth(&reported),
        [
            "2024-01-01 basic 10 paid",
            "2024-02-01 basic 20 paid",
            "2024-03-01 basic 30 paid"
        ]
    );
    // A correction of the same instant: the later receipt wins.
    report(&mut reported, "2024-02-01", patch(vec![], Some("25"))).unwrap();
    assert_eq!(worth(&reported)[1], "2024-02-01 basic 25 paid");
    assert_eq!(reported.latest_view().unwrap().at, day("2024-03-01"));
}

#[test]
fn a_report_behind_the_end_opens_it_again() {
    let mut reported = fresh(Origin::Patches);
    let items = vec![item("basic", Some(ItemKind::Recurring))];
    report(&mut reported, "2024-01-01", patch(items, Some("10"))).unwrap();
    report(&mut reported, "2024-02-01", ended("2024-02-01")).unwrap();
    report(&mut reported, "2024-03-01", patch(vec![], Some("12"))).unwrap();
    assert_eq!(
        worth(&reported),
        [
            "2024-01-01 basic 10 paid",
            "2024-02-01 basic 0 ended",
            "2024-03-01 basic 12 paid"
        ]
    );
    assert_eq!(reported.latest_view().unwrap().end, None);
    let clear = Patch {
        end: Some(EndPatch::Clear),
        ..Patch::default()
    };
    report(&mut reported, "2024-02-01", clear).unwrap();
    assert_eq!(worth(&reported).len(), 2, "the end is taken away");
}

#[test]
fn an_end_ahead_ends_all_until_something_is_reported_behind_it() {
    let mut reported = fresh(Origin::Patches);
    let items = vec![
        item("basic", Some(ItemKind::Recurring)),
        item("gift", Some(ItemKind::OneTime)),
    ];
    let mut first = patch(items, Some("10"));
    first.end = ended("2024-04-01").end;
    report(&mut reported, "2024-01-01", first).unwrap();
    report(&mut reported, "2024-02-01", patch(vec![], Some("11"))).unwrap();
    assert_eq!(
        worth(&reported),
        [
            "2024-01-01 basic 10 paid",
            "2024-02-01 basic 11 paid",
            "2024-04-01 basic 0 ended"
        ],
        "what is paid once takes no part of the amount"
    );
}

#[test]
fn a_dropped_product_starts_afresh_and_lists_are_whole() {
    let mut reported = fresh(Origin::Patches);
    let items = vec![
        trial("a", "2024-01-01", "2024-02-01"),
        item("b", Some(ItemKind::Recurring)),
    ];
    report(&mut reported, "2024-01-01", patch(items, Some("10"))).unwrap();
    report(
        &mut reported,
        "2024-01-10",
        patch(vec![item("b", None)], None),
    )
    .unwrap();
    let again = patch(vec![item("a", None), item("b", None)], None);
    assert_eq!(
        fields(report(&mut reported.clone(), "2024-01-20", again).unwrap_err()),
        ["items[0].type"]
    );
    let again = vec![item("a", Some(ItemKind::Recurring)), item("b", None)];
    report(&mut reported, "2024-01-20", patch(again, None)).unwrap();
    let view = reported.latest_view().unwrap();
    assert_eq!(
        (view.items[0].trial_start, view.items[0].trial_end),
        (None, None)
    );
}

#[test]
fn reports_by_fields_are_judged_by_the_states_they_lead_to() {
    let check = |patch: Patch, expected: &[&str]| {
        let mut reported = fresh(Origin::Patches);
        let refusal = report(&mut reported, "2024-01-10", patch).unwrap_err();
        assert_eq!(fields(refusal), expected);
    };
    let recurring = || item("a", Some(ItemKind::Recurring));
    check(patch(vec![], None), &["items"]);
    check(patch(vec![item("a", None)], None), &["items[0].type"]);
    check(patch(vec![recurring()], None), &["monthly_amount"]);
    check(
        patch(vec![recurring(), recurring()], Some("1")),
        &["items[1].product_key"],
    );
    check(
        patch(
            vec![
                item("a b", Some(ItemKind::Recurring)),
                item("", Some(ItemKind::Free)),
            ],
            Some("1"),
        ),
        &["items[0].product_key", "items[1].product_key"],
    );
    check(patch(vec![recurring()], Some("-1")), &["monthly_amount"]);
    let without_currency = Patch {
        currency: None,
        ..patch(vec![recurring()], Some("1"))
    };
    check(without_currency, &["currency_code"]);
    check(
        patch(vec![item("a", Some(ItemKind::Free))], None),
        &["items[0].trial_start_time"],
    );
    check(
        patch(vec![item("a", Some(ItemKind::Trial))], None),
        &["items[0].trial_start_time", "items[0].trial_end_time"],
    );
    check(
        patch(vec![trial("a", "2024-01-02", "2024-01-01")], None),
        &["items[0].trial_end_time"],
    );
    let early = Patch {
        end: ended("2024-01-09").end,
        ..patch(vec![recurring()], Some("1"))
    };
    check(early, &["end_time"]);
    check(
        Patch {
            items: Some(Vec::new()),
            ..patch(vec![], Some("1"))
        },
        &["items"],
    );
}

#[test]
fn a_late_report_may_not_take_away_what_later_ones_build_on() {
    let mut reported = fresh(Origin::Patches);
    let items = vec![
        item("a", Some(ItemKind::Recurring)),
        item("b", Some(ItemKind::Recurring)),
    ];
    report(&mut reported, "2024-01-01", patch(items, Some("10"))).unwrap();
    let items = vec![item("a", None), item("b", None)];
    report(&mut reported, "2024-03-01", patch(items, Some("12"))).unwrap();
    let refusal = report(
        &mut reported,
        "2024-02-01",
        patch(vec![item("a", None)], None),
    );
    assert_eq!(fields(refusal.unwrap_err()), ["items"]);
}

#[test]
fn whole_states_tell_one_event_each_and_an_end_repeats_what_was() {
    let mut reported = fresh(Origin::States);
    let first = WholeState {
        is_trial: true,
        ..state("2024-01-01", "gold", 0)
    };
    reported.begin("f0".to_owned(), &first);
    reported
        .change("f1".to_owned(), None, &state("2024-01-15", "gold", 12000))
        .unwrap();
    reported
        .change("f2".to_owned(), None, &state("2024-02-15", "gold", 12000))
        .unwrap();
    let yearly = WholeState {
        months: 12,
        ..state("2024-03-15", "platinum", 120_000)
    };
    reported.change("f3".to_owned(), None, &yearly).unwrap();
    let end = End {
        at: day("2024-05-01"),
        reason: EndReason::Delinquent,
    };
    reported.end("f4".to_owned(), None, end).unwrap();
    assert_eq!(
        events(&reported),
        [
            "2024-01-01  gold 0 trialing",
            "2024-01-15  gold 120 active",
            "2024-02-15  gold 120 active",
            "2024-03-15  platinum 1200 active",
            "2024-05-01  platinum 1200 delinquent"
        ]
    );
    assert_eq!(
        worth(&reported),
        [
            "2024-01-01 gold 0 trial",
            "2024-01-15 gold 120 paid",
            "2024-02-15 gold 120 paid",
            "2024-03-15 platinum 100 paid",
            "2024-05-01 platinum 0 delinquent"
        ]
    );
    assert_eq!(
        reported.end("f5".to_owned(), None, end),
        Err(ReportRefusal::AlreadyEnded)
    );
    let late = state("2024-05-01", "gold", 1);
    assert_eq!(
        reported.change("f5".to_owned(), None, &late),
        Err(ReportRefusal::Ended)
    );
    let early = state("2023-12-31", "gold", 1);
    assert_eq!(
        reported.change("f5".to_owned(), None, &early),
        Err(ReportRefusal::BeforeStart)
    );
    reported.retract_end(None).unwrap();
    assert_eq!(reported.retract_end(None), Err(ReportRefusal::NotEnded));
    let early = End {
        at: day("2024-03-14"),
        ..end
    };
    assert_eq!(
        reported.end("f5".to_owned(), None, early),
        Err(ReportRefusal::BeforeLastChange)
    );
}

#[test]
fn a_currency_is_kept() {
    let mut reported = fresh(Origin::States);
    reported.begin("f0".to_owned(), &state("2024-01-01", "gold", 1000));
    let euro = WholeState {
        currency: Some(Currency::parse("EUR").unwrap()),
        ..state("2024-02-01", "gold", 1000)
    };
    let refusal = reported.change("f1".to_owned(), None, &euro).unwrap_err();
    assert_eq!(fields(refusal), ["currency_code"]);
}

#[test]
fn lists_show_whole_states_as_in_force_with_an_end_that_is_known() {
    let mut reported = fresh(Origin::States);
    let yearly = WholeState {
        months: 12,
        ..state("2024-01-01", "gold", 10_000)
    };
    reported.begin("f0".to_owned(), &yearly);
    reported
        .change("f1".to_owned(), None, &state("2024-03-01", "gold", 900))
        .unwrap();
    let end = End {
        at: day("2024-09-01"),
        reason: EndReason::Voluntary,
    };
    reported.end("f2".to_owned(), None, end).unwrap();
    let view = |now: &str| reported.view(day(now)).unwrap();
    let amount = |now: &str| decimal::format(view(now).monthly_amount.unwrap());
    assert_eq!(
        (view("2024-02-01").at, amount("2024-02-01").as_str()),
        (day("2024-01-01"), "8.333333")
    );
    assert_eq!(
        (view("2023-01-01").at, amount("2024-06-01").as_str()),
        (day("2024-01-01"), "9")
    );
    assert_eq!(view("2024-02-01").end, Some(end));
    assert_eq!(view("2024-10-01").at, day("2024-09-01"));
}

#[test]
fn an_amount_by_fields_makes_a_yearly_plan_monthly() {
    let mut reported = fresh(Origin::States);
    let yearly = WholeState {
        months: 12,
        ..state("2024-01-01", "gold plan", 10_000)
    };
    reported.begin("f0".to_owned(), &yearly);
    report(&mut reported, "2024-02-01", patch(vec![], Some("15"))).unwrap();
    assert_eq!(
        worth(&reported),
        [
            "2024-01-01 gold plan 8.333333333333 paid",
            "2024-02-01 gold plan 15 paid"
        ]
    );
    let items = vec![item("gold plan", None)];
    report(&mut reported, "2024-03-01", patch(items, None)).unwrap();
}

/// Two products at 100 in all.
fn two() -> Reported {
    let mut reported = fresh(Origin::Patches);
    let items = vec![
        item("a", Some(ItemKind::Recurring)),
        item("b", Some(ItemKind::Metered)),
    ];
    report(&mut reported, "2024-01-01", patch(items, Some("100.01"))).unwrap();
    reported
}

#[test]
fn one_of_several_items_is_changed_and_ended_alone() {
    let mut reported = two();
    reported
        .change("g1".to_owned(), Some("a"), &state("2024-02-01", "a", 7000))
        .unwrap();
    assert_eq!(
        worth(&reported),
        [
            "2024-01-01 a 50.01 paid",
            "2024-02-01 a 70 paid",
            "2024-01-01 b 50 paid",
            "2024-02-01 b 50 paid"
        ]
    );
    let end = |at: &str| End {
        at: day(at),
        reason: EndReason::Delinquent,
    };
    let before = reported.clone();
    reported
        .end("g2".to_owned(), Some("b"), end("2024-03-01"))
        .unwrap();
    assert_eq!(worth(&reported)[5], "2024-03-01 b 0 delinquent");
    assert_eq!(
        decimal::format(reported.latest_view().unwrap().monthly_amount.unwrap()),
        "70"
    );
    assert_eq!(
        reported.end("g3".to_owned(), Some("b"), end("2024-04-01")),
        Err(ReportRefusal::AlreadyEnded)
    );
    let after = state("2024-04-01", "b", 100);
    assert_eq!(
        reported.change("g3".to_owned(), Some("b"), &after),
        Err(ReportRefusal::Ended)
    );
    let mut restored = reported.clone();
    restored.retract_end(Some("b")).unwrap();
    assert_eq!(restored.facts, before.facts);
    // The last item that is left ends the whole.
    reported
        .end("g3".to_owned(), Some("a"), end("2024-04-01"))
        .unwrap();
    assert_eq!(
        reported.latest_view().unwrap().end.unwrap().at,
        day("2024-04-01")
    );
    reported.retract_end(Some("a")).unwrap();
    assert_eq!(reported.latest_view().unwrap().end, None);
    let other = state("2024-01-15", "b", 100);
    let refusal = two()
        .change("g4".to_owned(), Some("a"), &other)
        .unwrap_err();
    assert_eq!(fields(refusal), ["product_key"]);
    // A new amount of the whole is split anew.
    report(&mut reported, "2024-05-01", patch(vec![], Some("90"))).unwrap();
    assert_eq!(
        worth(&reported).last().unwrap(),
        "2024-03-01 b 0 delinquent"
    );
}

#[test]
fn through_its_own_name_the_whole_is_changed() {
    let mut reported = two();
    reported
        .change("g1".to_owned(), None, &state("2024-02-01", "c", 4200))
        .unwrap();
    assert_eq!(
        worth(&reported),
        [
            "2024-01-01 a 50.01 paid",
            "2024-02-01 a 0 ended",
            "2024-01-01 b 50 paid",
            "2024-02-01 b 0 ended",
            "2024-02-01 c 42 paid"
        ]
    );
}

fn pay(reported: &mut Reported, key: &str, patch: PaymentPatch) -> Result<(), ReportRefusal> {
    let new = NewPayment {
        id: format!("p-{key}"),
        key: key.to_owned(),
        reporter_id: "user_x".to_owned(),
        now: day("2024-06-01"),
    };
    reported.pay(new, patch).map(drop)
}

fn paid(from: &str, to: &str, amount: &str) -> PaymentPatch {
    PaymentPatch {
        start: Some(day(from)),
        end: Some(day(to)),
        monthly_amount: Some(decimal::parse(amount).unwrap()),
        currency: Some(Currency::USD),
        kind: Some(ItemKind::Recurring),
        product_key: Some("basic".to_owned()),
    }
}

#[test]
fn payments_take_the_place_of_the_amount_while_they_cover_an_instant() {
    let mut reported = fresh(Origin::Patches);
    let items = vec![item("basic", Some(ItemKind::Recurring))];
    report(&mut reported, "2024-01-01", patch(items, Some("10"))).unwrap();
    pay(&mut reported, "one", paid("2024-02-01", "2024-04-01", "30")).unwrap();
    pay(&mut reported, "two", paid("2024-03-01", "2024-05-01", "5")).unwrap();
    assert_eq!(
        worth(&reported),
        [
            "2024-01-01 basic 10 paid",
            "2024-02-01 basic 30 paid",
            "2024-03-01 basic 35 paid",
            "2024-04-01 basic 5 paid",
            "2024-05-01 basic 10 paid"
        ]
    );
    let once = PaymentPatch {
        kind: Some(ItemKind::OneTime),
        ..PaymentPatch::default()
    };
    pay(&mut reported, "one", once.clone()).unwrap();
    pay(&mut reported, "two", once).unwrap();
    assert_eq!(worth(&reported), ["2024-01-01 basic 10 paid"]);
}

#[test]
fn a_subscription_known_by_payments_alone_shows_the_last_of_them() {
    let mut reported = fresh(Origin::Patches);
    pay(
        &mut reported,
        "one",
        paid("2021-03-30", "2021-09-30", "5000"),
    )
    .unwrap();
    pay(
        &mut reported,
        "two",
        paid("2020-03-30", "2020-09-30", "4000"),
    )
    .unwrap();
    let view = reported.latest_view().unwrap();
    assert_eq!(
        (view.at, view.end.unwrap().at),
        (day("2021-03-30"), day("2021-09-30"))
    );
    assert_eq!(view.monthly_amount, Some(Decimal::from(5000)));
    assert_eq!(reported.payments[0].total().unwrap(), Decimal::from(30_000));
    assert_eq!(worth(&reported).len(), 4);
}

#[test]
fn payments_are_judged_field_by_field() {
    let check = |patch: PaymentPatch, expected: &[&str]| {
        let mut reported = fresh(Origin::Patches);
        pay(
            &mut reported,
            "known",
            paid("2024-01-01", "2024-02-01", "5"),
        )
        .unwrap();
        assert_eq!(
            fields(pay(&mut reported, "new", patch).unwrap_err()),
            expected
        );
    };
    let good = || paid("2024-01-15", "2024-03-01", "5");
    let required = [
        "start_time",
        "end_time",
        "monthly_amount",
        "currency_code",
        "item_type",
        "product_key",
    ];
    check(PaymentPatch::default(), &required);
    check(
        PaymentPatch {
            end: Some(day("2024-01-15")),
            ..good()
        },
        &["end_time"],
    );
    check(
        PaymentPatch {
            monthly_amount: Some(Decimal::NEGATIVE_ONE),
            ..good()
        },
        &["monthly_amount"],
    );
    check(
        PaymentPatch {
            kind: Some(ItemKind::Trial),
            ..good()
        },
        &["item_type"],
    );
    check(
        PaymentPatch {
            product_key: Some("a b".to_owned()),
            ..good()
        },
        &["product_key"],
    );
    let euro = Some(Currency::parse("EUR").unwrap());
    check(
        PaymentPatch {
            currency: euro,
            ..good()
        },
        &["currency_code"],
    );
}

#[test]
fn a_stretch_hangs_on_the_report_that_began_it() {
    let mut reported = fresh(Origin::States);
    reported.begin("f0".to_owned(), &state("2024-01-01", "gold", 1000));
    reported
        .change("f1".to_owned(), None, &state("2024-02-01", "silver", 500))
        .unwrap();
    let end = End {
        at: day("2024-03-01"),
        reason: EndReason::Voluntary,
    };
    reported.end("f2".to_owned(), None, end).unwrap();
    let lines = reported.lines().unwrap();
    let stretches: Vec<_> = lines[0]
        .stretches
        .iter()
        .map(|stretch| (stretch.anchor.as_str(), stretch.phase, stretch.end_reason))
        .collect();
    assert_eq!(
        stretches,
        [
            ("f0", Phase::Paid, None),
            ("f1", Phase::Paid, Some(EndReason::Voluntary))
        ]
    );
    assert_eq!(lines[0].product_key, None);
}
