//! Figures for those who watch the service (OpenMetrics), on a listener of
//! their own, so that nobody else comes to see them.

use std::{fmt, sync::Arc};

use poem::{EndpointExt, Response, Route, endpoint::make_sync, get};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, text::encode},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};

use super::server::{self, Plain};
use crate::{
    app::App,
    sms::configured::{Configured, Figures},
};

/// What the text is (OpenMetrics 1.0, section "Text Format").
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `/metrics`.
pub fn endpoint(app: &Arc<App>) -> impl server::Service {
    let mut registry = Registry::with_prefix("invited");
    registry.register_collector(Box::new(Gateways(Arc::clone(app))));
    registry.register_collector(Box::new(Storage(Arc::clone(app))));
    let page = move |_| {
        let mut text = String::new();
        match encode(&mut text, &registry) {
            Ok(()) => Response::builder().content_type(CONTENT_TYPE).body(text),
            Err(fmt::Error) => Response::builder()
                .status(poem::http::StatusCode::INTERNAL_SERVER_ERROR)
                .finish(),
        }
    };
    let route = Route::new().at("/metrics", get(make_sync(page)));
    Plain(route.map_to_response())
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
        "sms_gateway_circuit_open",
        "Whether a gateway fails and is not called for a while",
        |figures| Some(f64::from(figures.is_circuit_open)),
    ),
    (
        "sms_gateway_demoted",
        "Whether a gateway is tried last because messages do not arrive",
        |figures| Some(f64::from(figures.is_demoted)),
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
        let gateways: Vec<(&Configured, Figures)> = self
            .0
            .sms
            .gateways()
            .map(|configured| (configured, configured.figures()))
            .collect();
        let help = "Calls of a gateway, by what came of them";
        let mut calls =
            encoder.encode_descriptor("sms_gateway_calls", help, None, MetricType::Counter)?;
        for (configured, figures) in &gateways {
            for (outcome, count) in figures.calls {
                let labels = [("gateway", configured.name.as_str()), ("outcome", outcome)];
                ConstCounter::new(count).encode(calls.encode_family(&labels)?)?;
            }
        }
        for (name, help, figure) in FIGURES {
            let mut gauge = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for (configured, figures) in &gateways {
                let Some(value) = figure(figures) else {
                    continue;
                };
                let labels = [("gateway", configured.name.as_str())];
                ConstGauge::new(value).encode(gauge.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

/// What becomes of the database.
struct Storage(Arc<App>);

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Storage")
    }
}

impl Collector for Storage {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let figures = self.0.store.figures();
        let gauges = [
            (
                "store_log_bytes",
                "Size of the write-ahead log",
                figures.log_bytes,
            ),
            (
                "store_log_blocked_seconds",
                "For how long another program has kept the write-ahead log from being merged",
                figures.log_blocked.as_secs(),
            ),
            (
                "store_stopped",
                "Whether nothing is written any more, because the database is damaged or its file is another",
                u64::from(figures.is_stopped),
            ),
        ];
        for (name, help, value) in gauges {
            let gauge = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            ConstGauge::new(value).encode(gauge)?;
        }
        let help = "What came of the check of the database after the start";
        let mut check = encoder.encode_descriptor("store_check", help, None, MetricType::Gauge)?;
        if let Some(outcome) = figures.check {
            let labels = [("outcome", outcome.name())];
            ConstGauge::new(1_u64).encode(check.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
