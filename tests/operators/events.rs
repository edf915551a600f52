//! What happens is told as it happens, for as long as the session lasts.

use std::pin::Pin;

use futures_util::{Stream, StreamExt};
use hyper::body::Bytes;
use poem::Response;
use serde_json::{Value, json};

use crate::harness::{
    ALICE, BOB, CAROL, Harness,
    operator::{ADMIN, Operator},
};

/// A stream of events, being read.
struct Watched(Pin<Box<dyn Stream<Item = std::io::Result<Bytes>>>>);

impl Watched {
    async fn by(operator: &Operator) -> Self {
        let mut watched = Self::of(operator.watch().await);
        assert_eq!(watched.next().await.as_deref(), Some(":\n\n"));
        watched
    }

    fn of(response: Response) -> Self {
        assert_eq!(response.status(), 200);
        assert_eq!(response.content_type(), Some("text/event-stream"));
        Self(Box::pin(response.into_body().into_bytes_stream()))
    }

    async fn next(&mut self) -> Option<String> {
        let frame = self.0.next().await?.unwrap();
        Some(String::from_utf8(frame.into()).unwrap())
    }

    /// The data of the next event, which is of this kind.
    async fn event(&mut self, kind: &str) -> Value {
        let frame = self.next().await.unwrap();
        let data = frame.strip_prefix(&format!("event: {kind}\ndata: "));
        let data = data.unwrap_or_else(|| panic!("{frame}"));
        serde_json::from_str(data.strip_suffix("\n\n").unwrap()).unwrap()
    }
}

#[tokio::test]
async fn whoever_watches_sees_what_happens_with_phones_masked() {
    let harness = Harness::with(&[ADMIN]);
    let alice = harness.operator(ALICE, "owner").await;
    let mut watched = Watched::by(&alice).await;
    harness.ask(BOB).await;
    let asked = watched.event("asked").await;
    assert_eq!(asked["phone"], "+7900•••••21");
    assert_eq!(asked["at"], "2024-04-15T21:11:13Z");
    watched.event("sent").await;
}

#[tokio::test]
async fn a_stream_ends_when_its_operator_is_out() {
    for command in ["revoke", "ban_user", "log_out_user", "delete_user"] {
        let harness = Harness::with(&[ADMIN]);
        let alice = harness.operator(ALICE, "viewer").await;
        let mut watched = Watched::by(&alice).await;
        let done = json!({ "command": command, "who": ALICE });
        harness.command(done).await.unwrap();
        harness.ask(BOB).await;
        assert_eq!(watched.next().await, None, "{command}");
    }
}

#[tokio::test]
async fn watching_does_not_keep_a_session_alive_nor_a_server_from_stopping() {
    let harness = Harness::with(&[ADMIN]);
    let alice = harness.operator(ALICE, "viewer").await;
    let mut idle = Watched::by(&alice).await;
    harness.advance(31 * 60);
    harness.ask(CAROL).await;
    assert_eq!(idle.next().await, None);
    let mut ended = Watched::by(&harness.operator_login(ALICE).await).await;
    harness.app.events.end();
    while let Some(frame) = ended.next().await {
        assert!(frame.starts_with("event: "), "{frame}");
    }
}

#[tokio::test]
async fn so_many_streams_are_open_at_a_time_and_no_more() {
    let harness = Harness::with(&[ADMIN]);
    let alice = harness.operator(ALICE, "viewer").await;
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(Watched::by(&alice).await);
    }
    assert_eq!(alice.watch().await.status(), 429);
    let program = harness.program("board", "figures").await;
    Watched::by(&program).await;
    open.pop();
    Watched::by(&alice).await;
    let stranger = harness.program("other", "people").await;
    assert_eq!(stranger.watch().await.status(), 403);
}
