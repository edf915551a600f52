//! What becomes of backups.

use std::fmt;

use prometheus_client::{
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, gauge::ConstGauge},
};

use crate::app::App;

/// Writes it.
pub fn encode(app: &App, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let figures = app.backups.figures();
    let help = "When the last backup was made that was verified";
    let name = "backup_verified_timestamp_seconds";
    let gauge = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    if let Some(at) = figures.verified_at {
        ConstGauge::new(at.seconds()).encode(gauge)?;
    }
    let help = "Whether a backup that was due was not made";
    let gauge = encoder.encode_descriptor("backup_failing", help, None, MetricType::Gauge)?;
    ConstGauge::new(u64::from(figures.is_failing)).encode(gauge)
}
