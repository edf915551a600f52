//! Gateways that hang, are down, send another code or panic, and what that
//! costs the others.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use invited::sms::{Failure, Gateway, Message, Receipt, SmsError, Transcript};
use poem::http::Method;
use serde_json::json;
use tokio::{sync::Semaphore, task::JoinHandle, time::timeout};

use super::environment::TestEnv;
use crate::harness::{ALICE, BOB, Harness, other_than, statuses};

/// So many at once, far more than there are threads to block.
const MANY: u32 = 500;

/// Takes messages and says nothing until it is opened.
struct Hanging {
    arrived: Semaphore,
    open: Semaphore,
    last_code: Mutex<String>,
}

impl Hanging {
    fn in_front_of(harness: &Harness) -> Arc<Self> {
        let hanging = Arc::new(Self {
            arrived: Semaphore::new(0),
            open: Semaphore::new(0),
            last_code: Mutex::default(),
        });
        *harness.gateway.instead.lock().unwrap() = Some(Arc::clone(&hanging) as _);
        hanging
    }
}

#[async_trait]
impl Gateway for Hanging {
    async fn deliver(&self, message: &Message, _: &mut Transcript) -> Result<Receipt, Failure> {
        let code = message.code.as_ref().unwrap().reveal();
        code.clone_into(&mut self.last_code.lock().unwrap());
        self.arrived.add_permits(1);
        let opened = self.open.acquire().await;
        opened
            .map_err(|_| SmsError::Unknown.into())
            .map(|_| Receipt::default())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_gateway_hangs_everybody_else_is_served() {
    let harness = Harness::new();
    let (alice, bob) = (harness.login(ALICE).await, harness.login(BOB).await);
    let hanging = Hanging::in_front_of(&harness);
    let waiting: Vec<_> = (0..MANY).map(|number| ask(&harness, number)).collect();
    let _all_are_there = hanging.arrived.acquire_many(MANY).await.unwrap();
    let served = async {
        alice.profile().await;
        let name = json!({ "first_name": "Alice" });
        alice.patch("/profile/", name).await.ok();
        alice.redeem(&bob.invitation_code().await).await.ok();
        alice.exchange(&alice.refresh).await.ok();
        let ready = harness.call(Method::GET, "/health/ready", &[], None);
        ready.await.ok();
    };
    timeout(Duration::from_mins(1), served).await.unwrap();
    assert!(!waiting.iter().any(JoinHandle::is_finished));
    hanging.open.add_permits(1);
    assert_eq!(statuses(waiting).await, [200; MANY as usize]);
}

fn ask(harness: &Harness, number: u32) -> JoinHandle<u16> {
    let (harness, phone) = (harness.clone(), format!("+79{number:05}0000"));
    tokio::spawn(async move {
        // Where all transactions are SERIALIZABLE, of so many at once some are told to come again.
        loop {
            let reply = harness.post("/login/", json!({ "phone": phone })).await;
            if reply.status != 503 {
                return reply.status.as_u16();
            }
        }
    })
}

#[tokio::test]
#[ignore = "long: it takes the eight seconds that it is about"]
async fn nobody_waits_for_a_gateway_for_ever() {
    let harness = Harness::new();
    let hanging = Hanging::in_front_of(&harness);
    let asked = timeout(Duration::from_secs(20), harness.ask(ALICE)).await;
    // It may have been sent; then the token is what makes it of use.
    let token = asked.expect("the login is bounded");
    let code = hanging.last_code.lock().unwrap().clone();
    harness.confirm(&token, &code).await.ok();
}

#[tokio::test]
async fn who_hangs_up_on_a_hanging_gateway_takes_nothing_along() {
    let harness = Harness::new();
    let hanging = Hanging::in_front_of(&harness);
    let waiting = ask(&harness, 0);
    let _it_is_there = hanging.arrived.acquire().await.unwrap();
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    *harness.gateway.instead.lock().unwrap() = None;
    let token = harness.ask("+79000000000").await;
    let code = harness.code();
    let sent = hanging.last_code.lock().unwrap().clone();
    assert_eq!(code, sent, "a resend says the same");
    harness.confirm(&token, &code).await.ok();
}

#[tokio::test]
async fn of_a_gateway_that_sends_another_code_only_that_code_is_good() {
    let harness = Harness::new();
    *harness.gateway.chooses.lock().unwrap() = Some("004217".to_owned());
    let asked = harness.post("/login/", json!({ "phone": ALICE })).await;
    let asked = asked.ok();
    assert_eq!(asked["sms_code_length"], 6);
    let token = asked["sms-token"].as_str().unwrap();
    let wrong = harness.confirm(token, &other_than("004217")).await;
    assert_eq!(wrong.refused(401, "sms_code_invalid")["attempts_left"], 2);
    harness.confirm(token, "004217").await.ok();
}

struct Panicking;

#[async_trait]
impl Gateway for Panicking {
    async fn deliver(&self, _: &Message, _: &mut Transcript) -> Result<Receipt, Failure> {
        panic!("on purpose")
    }
}

#[tokio::test]
async fn a_gateway_that_panics_costs_one_request() {
    let harness = Harness::new();
    *harness.gateway.instead.lock().unwrap() = Some(Arc::new(Panicking));
    let reply = harness.post("/login/", json!({ "phone": ALICE })).await;
    reply.refused(500, "internal");
    *harness.gateway.instead.lock().unwrap() = None;
    harness.login(ALICE).await;
}

/// The executable's gateway that is down: a full disk under its file.
#[test]
fn a_gateway_that_cannot_write_is_503_and_nothing_else_is() {
    let env = TestEnv::new();
    let mut command = env.command();
    command.env("INVITED_SMS__GATEWAY", "file:/dev/full");
    let server = env.launch(command).unwrap();
    let mut client = env.client(&server);
    let asked = client.ask(ALICE);
    assert_eq!((asked.status, asked.code()), (503, "sms_unavailable"));
    assert_eq!(client.health("ready").status, 200);
}
