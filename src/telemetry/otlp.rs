//! Traces, as OpenTelemetry collectors take them (OTLP/HTTP with JSON, section
//! "OTLP/HTTP" of the specification), in builds with the feature `otel`. Some
//! twenty lines of JSON stand in for as many crates.
//!
//! A trace is a request, and is named by its id: that which the answer, the log
//! and whoever complains have. A `traceparent` in the request is ignored, since
//! proxies pass on what strangers wrote there, and so is what no request caused.

use std::{
    fmt, mem,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use reqwest::{Client, header::CONTENT_TYPE, redirect::Policy};
use serde_json::{Map, Value, json};
use tokio::{
    sync::mpsc::{Receiver, Sender, channel},
    time::{Instant, sleep},
};
use tracing::{
    Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{layer::Context, registry::LookupSpan};

/// What filters name spans.
const TARGET: &str = "invited::span";
/// Most spans that wait to be sent, and that are sent at once.
const MOST: usize = 4096;
/// How long spans wait for others to be sent with them.
const LINGER: Duration = Duration::from_millis(500);
/// How long the collector has to take them.
const TIMEOUT: Duration = Duration::from_secs(5);

static WAITING: Mutex<Option<Sender<Value>>> = Mutex::new(None);
/// Spans that found no room.
static LOST: AtomicU64 = AtomicU64::new(0);
static LAST_ID: AtomicU64 = AtomicU64::new(0);

fn waiting() -> MutexGuard<'static, Option<Sender<Value>>> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does some work, and sends its traces to the collector at `endpoint`, if there is one.
///
/// # Errors
/// When there can be no HTTP client; then nothing was done.
pub async fn export_during<T>(
    endpoint: Option<&str>,
    work: impl Future<Output = T>,
) -> Result<T, reqwest::Error> {
    let Some(endpoint) = endpoint else {
        return Ok(work.await);
    };
    let client = Client::builder().no_proxy().redirect(Policy::none());
    let client = client.timeout(TIMEOUT).build()?;
    let (sender, spans) = channel(MOST);
    *waiting() = Some(sender);
    let exporting = tokio::spawn(export(client, format!("{endpoint}/v1/traces"), spans));
    let done = work.await;
    waiting().take();
    // A panic of the task was reported when it happened.
    let _ = exporting.await;
    Ok(done)
}

async fn export(client: Client, url: String, mut spans: Receiver<Value>) {
    let mut was_failing = false;
    let mut batch = Vec::new();
    while spans.recv_many(&mut batch, MOST).await > 0 {
        sleep(LINGER).await;
        while let Ok(span) = spans.try_recv() {
            batch.push(span);
        }
        let sent = send(&client, &url, &mem::take(&mut batch)).await;
        match (&sent, LOST.swap(0, Ordering::Relaxed)) {
            (Err(error), _) if !was_failing => {
                tracing::warn!(url, %error, "traces are lost: the collector does not take them");
            }
            (Ok(()), _) if was_failing => tracing::info!("the collector takes traces again"),
            (Ok(()), lost @ 1..) => tracing::warn!(lost, "there were more spans than are exported"),
            _ => {}
        }
        was_failing = sent.is_err();
    }
}

async fn send(client: &Client, url: &str, spans: &[Value]) -> Result<(), reqwest::Error> {
    let resource = [
        attribute("service.name", &"invited".into()),
        attribute("service.version", &env!("CARGO_PKG_VERSION").into()),
    ];
    let body = json!({ "resourceSpans": [{
        "resource": { "attributes": resource },
        "scopeSpans": [{ "scope": { "name": "invited" }, "spans": spans }],
    }] });
    let request = client.post(url).header(CONTENT_TYPE, "application/json");
    let response = request.body(body.to_string()).send().await;
    let response = response.and_then(reqwest::Response::error_for_status);
    response.map(drop).map_err(reqwest::Error::without_url)
}

fn attribute(name: &str, value: &Value) -> Value {
    match value {
        Value::Number(number) => {
            json!({ "key": name, "value": { "intValue": number.to_string() } })
        }
        value => json!({ "key": name, "value": { "stringValue": value } }),
    }
}

/// A span under way. Some of its fields are named as tracing-opentelemetry names them.
struct Open {
    trace: String,
    id: u64,
    parent: Option<u64>,
    at: SystemTime,
    begun: Instant,
    fields: Map<String, Value>,
}

impl Open {
    fn close(mut self, name: &str) -> Value {
        let end = self.at + self.begun.elapsed();
        let nanos = |at: SystemTime| at.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let mut take = |name| self.fields.remove(name);
        let (name, kind) = (take("otel.name").unwrap_or(name.into()), take("otel.kind"));
        let is_error = take("otel.status_code").is_some();
        let kind = match kind.as_ref().and_then(Value::as_str) {
            Some("server") => 2,
            Some("client") => 3,
            _ => 1,
        };
        let attributes = self.fields.iter();
        json!({
            "traceId": self.trace,
            "spanId": format!("{:016x}", self.id),
            "parentSpanId": self.parent.map_or(String::new(), |id| format!("{id:016x}")),
            "name": name,
            "kind": kind,
            "startTimeUnixNano": nanos(self.at).to_string(),
            "endTimeUnixNano": nanos(end).to_string(),
            "attributes": attributes.map(|(name, value)| attribute(name, value)).collect::<Value>(),
            "status": { "code": if is_error { 2 } else { 0 } },
        })
    }
}

impl Visit for Open {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.fields.insert(field.name().to_owned(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name().to_owned(), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// Has the spans of requests sent, while they are sent anywhere.
pub struct Layer;

impl<S: Subscriber + for<'a> LookupSpan<'a>> tracing_subscriber::Layer<S> for Layer {
    fn on_new_span(&self, fields: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let is_ours = fields.metadata().target() == TARGET && waiting().is_some();
        let Some(span) = context.span(id).filter(|_| is_ours) else {
            return;
        };
        let mut open = Open {
            trace: String::new(),
            id: LAST_ID.fetch_add(1, Ordering::Relaxed) + 1,
            parent: None,
            at: super::format::now(),
            begun: Instant::now(),
            fields: Map::new(),
        };
        fields.record(&mut open);
        if let Some(parent) = span.parent() {
            let extensions = parent.extensions();
            let Some(parent) = extensions.get::<Open>() else {
                return;
            };
            (open.trace, open.parent) = (parent.trace.clone(), Some(parent.id));
        } else if let Some(Value::String(id)) = open.fields.get("request_id") {
            open.trace = format!("{id:0>32}");
        } else {
            return;
        }
        span.extensions_mut().insert(open);
    }

    fn on_record(&self, id: &Id, fields: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(open) = span.extensions_mut().get_mut::<Open>()
        {
            fields.record(open);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else {
            return;
        };
        let (open, sender) = (span.extensions_mut().remove(), waiting().clone());
        if let (Some::<Open>(open), Some(sender)) = (open, sender)
            && sender.try_send(open.close(span.name())).is_err()
        {
            LOST.fetch_add(1, Ordering::Relaxed);
        }
    }
}
