//! Chains of gateways, their breakers and their patience. Time is the test's own.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use invited::{
    domain::{code::OneTimeCode, delivery::Reported, phone::Phone},
    sms::{
        Failure, Gateway, Message, Receipt, SmsError, Transcript,
        configured::Configured,
        redaction::MessageId,
        route::{Delivery, Routes},
    },
};
use tokio::time::{Instant, advance, sleep};

use super::message;

/// A gateway that does as it is told.
#[derive(Default)]
struct Fake {
    fails: Mutex<Option<SmsError>>,
    takes: Duration,
    digits: Option<usize>,
    chooses: Option<&'static str>,
    calls: AtomicUsize,
    codes: Mutex<Vec<String>>,
}

#[async_trait]
impl Gateway for Fake {
    async fn deliver(&self, message: &Message, _: &mut Transcript) -> Result<Receipt, Failure> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        self.codes
            .lock()
            .unwrap()
            .push(message.code.as_ref().unwrap().reveal().to_owned());
        sleep(self.takes).await;
        match *self.fails.lock().unwrap() {
            Some(error) => Err(error.into()),
            None => Ok(Receipt {
                id: Some(MessageId::own(&number.to_string())),
                code: self.chooses.map(|code| OneTimeCode::parse(code).unwrap()),
                ..Receipt::default()
            }),
        }
    }

    fn digits(&self) -> usize {
        self.digits.unwrap_or(usize::MAX)
    }
}

impl Fake {
    fn failing(error: SmsError) -> Self {
        Self {
            fails: Mutex::new(Some(error)),
            ..Self::default()
        }
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

/// A chain for everybody: `one` and then `two`, which cost 1 and 2.
fn chain(one: Fake, two: Fake) -> (Arc<Fake>, Arc<Fake>, Routes) {
    let (one, two) = (Arc::new(one), Arc::new(two));
    let configured = |name: &str, gateway: &Arc<Fake>, price: &str| {
        Arc::new(Configured::new(
            name,
            Arc::clone(gateway) as _,
            vec![price.parse().unwrap()],
        ))
    };
    let gateways = vec![
        configured("one", &one, "+7=1"),
        configured("two", &two, "+7=2"),
    ];
    let routes = Routes::new(vec![(String::new(), gateways)]);
    (one, two, routes)
}

async fn deliver(routes: &Routes) -> Delivery {
    routes
        .deliver(&message("hello"), &mut Transcript::default())
        .await
}

fn taken(delivery: &Delivery) -> Option<&str> {
    delivery
        .taken()
        .map(|(attempt, _)| attempt.gateway.as_str())
}

#[tokio::test(start_paused = true)]
async fn the_next_gateway_gets_the_same_code_unless_the_number_is_rejected() {
    for error in [
        SmsError::NotSent,
        SmsError::Throttled,
        SmsError::Misconfigured,
        SmsError::Unknown,
    ] {
        let (one, two, routes) = chain(Fake::failing(error), Fake::default());
        assert_eq!(taken(&deliver(&routes).await), Some("two"), "{error}");
        assert_eq!(*one.codes.lock().unwrap(), *two.codes.lock().unwrap());
    }
    let (one, two, routes) = chain(Fake::failing(SmsError::Unreachable), Fake::default());
    for _ in 0..10 {
        assert_eq!(taken(&deliver(&routes).await), Some("two"));
    }
    assert_eq!(
        (one.calls(), two.calls()),
        (10, 10),
        "that is not a failure of the gateway's"
    );
    let (_, two, routes) = chain(Fake::failing(SmsError::Rejected), Fake::default());
    assert_eq!(deliver(&routes).await.outcome(), Err(SmsError::Rejected));
    assert_eq!(two.calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_anybody_may_have_sent_may_arrive_and_is_paid_for() {
    use SmsError::{NotSent, Throttled, Unknown};
    for (one, two, outcome, cost) in [
        (None, None, Ok(()), Some("1.00")),
        (Some(NotSent), None, Ok(()), Some("2.00")),
        (Some(Unknown), None, Ok(()), Some("3.00")),
        (Some(Unknown), Some(NotSent), Err(Unknown), Some("1.00")),
        (Some(NotSent), Some(Unknown), Err(Unknown), Some("2.00")),
        (Some(NotSent), Some(Throttled), Err(Throttled), None),
    ] {
        let fake = |error: Option<SmsError>| error.map(Fake::failing).unwrap_or_default();
        let (_, _, routes) = chain(fake(one), fake(two));
        let delivery = deliver(&routes).await;
        assert_eq!(delivery.outcome(), outcome, "{one:?} {two:?}");
        let told = delivery.cost().map(|cost| cost.to_string());
        assert_eq!(told.as_deref(), cost, "{one:?} {two:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_takes_five_seconds_and_a_delivery_eight_at_most() {
    let hanging = || Fake {
        takes: Duration::from_mins(1),
        ..Fake::default()
    };
    let (_, two, routes) = chain(hanging(), Fake::default());
    let began = Instant::now();
    assert_eq!(taken(&deliver(&routes).await), Some("two"));
    assert_eq!(began.elapsed().as_secs(), 5);
    assert_eq!(two.calls(), 1);
    let (_, _, routes) = chain(hanging(), hanging());
    let began = Instant::now();
    assert_eq!(deliver(&routes).await.outcome(), Err(SmsError::Unknown));
    assert_eq!(began.elapsed().as_secs(), 8);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_fails_is_not_called_until_a_trial_succeeds() {
    let (one, two, routes) = chain(Fake::failing(SmsError::NotSent), Fake::default());
    for _ in 0..8 {
        assert_eq!(taken(&deliver(&routes).await), Some("two"));
    }
    assert_eq!((one.calls(), two.calls()), (5, 8));
    advance(Duration::from_secs(16)).await;
    deliver(&routes).await;
    deliver(&routes).await;
    assert_eq!(one.calls(), 6, "one trial");
    *one.fails.lock().unwrap() = None;
    advance(Duration::from_secs(31)).await;
    assert_eq!(taken(&deliver(&routes).await), Some("one"));
    assert_eq!(taken(&deliver(&routes).await), Some("one"));
}

#[tokio::test(start_paused = true)]
async fn when_all_are_left_alone_nothing_is_sent_and_nobody_waits() {
    let failing = || Fake::failing(SmsError::Misconfigured);
    let (_, _, routes) = chain(failing(), failing());
    deliver(&routes).await;
    let began = Instant::now();
    let delivery = deliver(&routes).await;
    assert!(delivery.calls.is_empty());
    assert_eq!(delivery.outcome(), Err(SmsError::NotSent));
    assert_eq!(delivery.cost(), None);
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn who_brings_short_codes_only_gets_no_long_ones() {
    let (one, _, routes) = chain(
        Fake {
            digits: Some(4),
            ..Fake::default()
        },
        Fake::default(),
    );
    let mut long = message("hello");
    long.code = OneTimeCode::parse("123456").ok();
    let delivery = routes.deliver(&long, &mut Transcript::default()).await;
    assert_eq!((taken(&delivery), one.calls()), (Some("two"), 0));
    let (_, _, routes) = chain(
        Fake {
            chooses: Some("1234"),
            ..Fake::default()
        },
        Fake::default(),
    );
    let delivery = routes.deliver(&long, &mut Transcript::default()).await;
    assert_eq!(
        taken(&delivery),
        Some("two"),
        "a short code in place of a long one is of no use"
    );
}

#[tokio::test(start_paused = true)]
async fn the_longest_prefix_tells_the_way() {
    let fake = |name: &str| {
        vec![Arc::new(Configured::new(
            name,
            Arc::new(Fake::default()),
            Vec::new(),
        ))]
    };
    let ways = [
        ("7", "country"),
        ("", "world"),
        ("79123", "town"),
        ("79", "mobile"),
        ("1", "elsewhere"),
    ];
    let chains = ways.map(|(prefix, name)| (prefix.to_owned(), fake(name)));
    assert_eq!(
        taken(&deliver(&Routes::new(chains.into())).await),
        Some("town")
    );
    let elsewhere = Routes::new(vec![("1".to_owned(), fake("elsewhere"))]);
    assert_eq!(deliver(&elsewhere).await.outcome(), Err(SmsError::NotSent));
}

#[tokio::test(start_paused = true)]
async fn a_gateway_whose_messages_do_not_arrive_is_tried_last() {
    let (one, two, routes) = chain(Fake::default(), Fake::default());
    for number in 0..30 {
        deliver(&routes).await;
        let phone = Phone::from_digits(&format!("7900{number:07}")).unwrap();
        routes
            .gateway_named("one")
            .unwrap()
            .note_verified(&number.to_string(), phone);
        let reported = if number == 0 {
            Reported::Delivered
        } else {
            Reported::Undelivered
        };
        let configured = routes.gateway_named("one").unwrap();
        configured.heard(&number.to_string(), reported, Instant::now());
    }
    assert_eq!((one.calls(), two.calls()), (20, 10));
    advance(Duration::from_mins(10)).await;
    assert_eq!(taken(&deliver(&routes).await), Some("one"));
}
