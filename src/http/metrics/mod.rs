//! Figures for those who watch the service (OpenMetrics), on a listener of
//! their own, so that nobody else comes to see them.

mod backups;
mod events;
mod gateways;
mod storage;

use std::{fmt, sync::Arc};

use poem::{EndpointExt, Response, Route, endpoint::make, get, http::StatusCode};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, text::encode},
    metrics::{gauge::Gauge, info::Info},
    registry::Registry,
};

use super::server::{self, Plain};
use crate::{
    app::{App, Reloadable},
    domain::{
        counter::Counter,
        error::StoreError,
        guard::{alarm, budget::Spending},
    },
    tls::Tls,
};

/// What the text is (OpenMetrics 1.0, section "Text Format").
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `/metrics`.
pub fn endpoint(service: Arc<Reloadable>, tls: Option<Arc<Tls>>) -> impl server::Service {
    let page = move |_| {
        let (app, tls) = (service.current(), tls.clone());
        async move {
            Ok::<_, poem::Error>(match text(&app, tls.as_deref()).await {
                Ok(text) => Response::builder().content_type(CONTENT_TYPE).body(text),
                Err(fmt::Error) => Response::builder()
                    .status(StatusCode::INTERNAL_SERVER_ERROR)
                    .finish(),
            })
        }
    };
    let route = Route::new().at("/metrics", get(make(page)));
    Plain(route.map_to_response())
}

async fn text(app: &Arc<App>, tls: Option<&Tls>) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("invited");
    let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("build", "What runs", build);
    let durations = app.requests.durations();
    let help = "How long answers took; those without a status were given up by the client";
    registry.register("http_request_duration_seconds", help, durations);
    let at = app.monotonic.now();
    let service = Arc::clone(app);
    let reading = app.store.read(move |tx| {
        let is_on = alarm::is_on(tx, at)?;
        Ok::<_, StoreError>((is_on, service.guard.spending(tx, at)?))
    });
    // What a store that cannot be read would have told is missing.
    let mut spending = Vec::new();
    if let Ok((is_on, spent)) = reading.await {
        let alarm = Gauge::<i64>::default();
        alarm.set(i64::from(is_on));
        let help = "Whether codes are guessed all over the installation";
        registry.register("alarm", help, alarm);
        spending = spent;
    }
    if let Some(tls) = tls {
        let expiry = Gauge::<i64>::default();
        expiry.set(tls.expires().unwrap_or_default().seconds());
        let help = "Until when the certificate is good; zero while there is none";
        registry.register("tls_certificate_expiry_timestamp_seconds", help, expiry);
    }
    registry.register_collector(Box::new(Page {
        app: Arc::clone(app),
        spending,
    }));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

/// All that is looked up while the page is written.
struct Page {
    app: Arc<App>,
    spending: Vec<(Counter, Spending)>,
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Page")
    }
}

impl Collector for Page {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        events::encode(&self.app, &self.spending, &mut encoder)?;
        gateways::encode(&self.app, &mut encoder)?;
        storage::encode(&self.app, &mut encoder)?;
        backups::encode(&self.app, &mut encoder)
    }
}
