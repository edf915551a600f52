//! What happens, as it happens (server-sent events, HTML Living Standard,
//! section 9.2). A stream ends with the session or the key that began it.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::stream;
use hyper::body::Bytes;
use poem::{Body, IntoResponse, Response, http::header, web::Data};
use poem_openapi::{
    ApiResponse, OpenApi,
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::Type,
};
use tokio::time::timeout;

use super::{auth::Caller, refused::OPERATOR, tag::Tag};
use crate::{
    app::{
        Reloadable,
        admin::{Actor, AdminError, Instant},
        events::{Heard, Listener},
    },
    domain::{
        audit::Operator,
        limit::{Reached, Subject},
        permission::Permission,
    },
    http::{
        problem::{self, Problem},
        refusal::{ANY, Groups, Refusal, Refusals},
    },
};

/// After so long without an event something is sent all the same, so that
/// nobody in between takes the connection for dead.
const SILENCE: Duration = Duration::from_secs(15);
/// What that is.
const COMMENT: &str = ":\n\n";
/// Streams of one operator or key at a time.
const MOST: usize = 8;
const CONTENT_TYPE: &str = "text/event-stream";

/// The call that tells of events.
#[derive(Default)]
pub struct EventsApi {
    open: Arc<OpenStreams>,
}

/// What `GET events/` may refuse.
pub struct Watch;

impl Refusals for Watch {
    const KINDS: Groups = &[OPERATOR, ANY];
}

#[OpenApi(prefix_path = "/admin/api", tag = "Tag::Figures")]
impl EventsApi {
    /// Watch what happens
    ///
    /// Server-sent events: `asked`, `sent`, `unsent`, `delivered`, `undelivered`,
    /// `confirmed`, `account`, `invitation`, `limited`, `wrong`, `deleted`,
    /// `alarm`, and `missed` for those that came faster than they were read. The
    /// data is JSON with `at`, `kind`, `phone` (masked), `user` and `detail`.
    #[oai(path = "/events/", method = "get", operation_id = "watch_events")]
    async fn events(
        &self,
        service: Data<&Arc<Reloadable>>,
        caller: Caller,
    ) -> Result<EventStream, Refusal<Watch>> {
        let operator = identify(&service, caller.actor()).await;
        let operator = operator.map_err(Problem::from)?;
        let permission = Permission::Figures;
        if !operator.permissions.has(permission) {
            return Err(Problem::forbidden(permission).into());
        }
        let watcher = Watcher {
            service: Arc::clone(&service),
            actor: caller.actor().clone(),
            listener: caller.app().events.listen(),
            is_new: true,
            _slot: self.open.take_slot(operator.name)?,
        };
        let frames = stream::unfold(watcher, Watcher::next);
        Ok(EventStream(Body::from_bytes_stream(frames)))
    }
}

/// Who it is, by the keys of this very moment.
async fn identify(service: &Reloadable, actor: &Actor) -> Result<Operator, AdminError> {
    let (app, actor) = (service.current(), actor.clone());
    let instant = Instant::of(&app);
    let reading = app.store.read(move |tx| actor.identify(tx, instant, ""));
    reading.await
}

/// Somebody who watches.
struct Watcher {
    service: Arc<Reloadable>,
    actor: Actor,
    listener: Listener,
    is_new: bool,
    _slot: Slot,
}

impl Watcher {
    /// What is sent next; nothing once they may not watch any more.
    async fn next(mut self) -> Option<(io::Result<Bytes>, Self)> {
        if std::mem::take(&mut self.is_new) {
            return Some((Ok(COMMENT.into()), self));
        }
        let text = match timeout(SILENCE, self.listener.next()).await {
            Ok(heard) => frame(&heard?),
            Err(_elapsed) => COMMENT.to_owned(),
        };
        let operator = identify(&self.service, &self.actor).await.ok()?;
        let may = operator.permissions.has(Permission::Figures);
        may.then(|| (Ok(text.into()), self))
    }
}

fn frame(heard: &Heard) -> String {
    // JSON has no line in it that would end the data.
    format!("event: {}\ndata: {}\n\n", heard.kind(), heard.json())
}

/// How many streams each operator and key has open.
#[derive(Default)]
struct OpenStreams(Mutex<HashMap<String, usize>>);

impl OpenStreams {
    fn take_slot(self: &Arc<Self>, name: String) -> Result<Slot, Problem> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(name.clone()).or_default();
        if *count >= MOST {
            let reached = Reached {
                limit: "event_streams",
                subject: Subject::User,
                wait: SILENCE,
            };
            return Err(Problem::limited(&problem::RATE_LIMITED, reached));
        }
        *count += 1;
        let streams = Arc::clone(self);
        Ok(Slot { streams, name })
    }
}

/// A stream among those of its operator, for as long as it is there.
struct Slot {
    streams: Arc<OpenStreams>,
    name: String,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self
            .streams
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.name) {
            *count -= 1;
        }
        open.retain(|_, count| *count > 0);
    }
}

/// An answer that goes on.
pub struct EventStream(Body);

impl IntoResponse for EventStream {
    fn into_response(self) -> Response {
        Response::builder()
            .header(header::CONTENT_TYPE, CONTENT_TYPE)
            // Or nginx would keep events until there are many.
            .header("x-accel-buffering", "no")
            .body(self.0)
    }
}

impl ApiResponse for EventStream {
    fn meta() -> MetaResponses {
        let stream = MetaResponse {
            description: "Events, for as long as the session lasts",
            status: Some(200),
            status_range: None,
            content: vec![MetaMediaType {
                content_type: CONTENT_TYPE,
                schema: String::schema_ref(),
            }],
            headers: vec![],
        };
        MetaResponses {
            responses: vec![stream],
        }
    }

    fn register(_: &mut Registry) {}
}
