//! Figures for those who watch the service (OpenMetrics), on a listener of
//! their own, so that nobody else comes to see them.

use std::{fmt, sync::Arc};

use poem::{Endpoint, EndpointExt, Response, Route, endpoint::make_sync, get};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, text::encode},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};

use crate::{
    app::App,
    sms::link::{Figures, Link},
};

/// What the text is (OpenMetrics 1.0, section "Text Format").
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `/metrics`.
pub fn endpoint(app: &Arc<App>) -> impl Endpoint<Output = Response> + 'static {
    let mut registry = Registry::with_prefix("invited");
    registry.register_collector(Box::new(Gateways(Arc::clone(app))));
    let page = move |_| {
        let mut text = String::new();
        match encode(&mut text, &registry) {
            Ok(()) => Response::builder().content_type(CONTENT_TYPE).body(text),
            Err(fmt::Error) => Response::builder()
                .status(poem::http::StatusCode::INTERNAL_SERVER_ERROR)
                .finish(),
        }
    };
    Route::new()
        .at("/metrics", get(make_sync(page)))
        .map_to_response()
}

/// What becomes of messages.
struct Gateways(Arc<App>);

impl fmt::Debug for Gateways {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gateways")
    }
}

/// A figure that there is one of for a gateway, or none.
type Figure = (&'static str, &'static str, fn(&Figures) -> Option<f64>);

const FIGURES: [Figure; 5] = [
    (
        "sms_gateway_left_alone",
        "Whether a gateway fails and is not called for a while",
        |figures| Some(f64::from(figures.is_left_alone)),
    ),
    (
        "sms_gateway_last",
        "Whether a gateway stands last because messages do not arrive",
        |figures| Some(f64::from(figures.is_last)),
    ),
    (
        "sms_gateway_arrived_ratio",
        "Share of the latest messages that arrived, as reported",
        |figures| figures.arrived,
    ),
    (
        "sms_gateway_arrival_seconds",
        "Median time until a message arrived, as reported",
        |figures| figures.median.map(|median| median.as_secs_f64()),
    ),
    (
        "sms_gateway_balance",
        "What was left on the account when the gateway said so last",
        |figures| figures.balance,
    ),
];

impl Collector for Gateways {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let links: Vec<(&Link, Figures)> = self
            .0
            .sms
            .links()
            .map(|link| (link, link.figures()))
            .collect();
        let help = "Calls of a gateway, by what came of them";
        let mut calls =
            encoder.encode_descriptor("sms_gateway_calls", help, None, MetricType::Counter)?;
        for (link, figures) in &links {
            for (outcome, count) in figures.calls {
                let labels = [("gateway", link.name.as_str()), ("outcome", outcome)];
                ConstCounter::new(count).encode(calls.encode_family(&labels)?)?;
            }
        }
        for (name, help, figure) in FIGURES {
            let mut gauge = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for (link, figures) in &links {
                let Some(value) = figure(figures) else {
                    continue;
                };
                let labels = [("gateway", link.name.as_str())];
                ConstGauge::new(value).encode(gauge.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}
