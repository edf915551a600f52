//! What becomes of messages, by gateway.

use std::fmt;

use prometheus_client::{
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};

use crate::{
    app::App,
    sms::{
        breaker::Circuit,
        configured::{Configured, Figures},
    },
};

/// A figure that there is one of for a gateway, or none.
type Figure = (&'static str, &'static str, fn(&Figures) -> Option<f64>);

const FIGURES: [Figure; 5] = [
    (
        "sms_gateway_circuit_open",
        "Whether a gateway fails and is not called for a while",
        |figures| Some(f64::from(figures.circuit == Circuit::Open)),
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

/// Writes them.
pub fn encode(app: &App, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let gateways: Vec<(&Configured, Figures)> = app
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
