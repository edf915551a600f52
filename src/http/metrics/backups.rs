//! What becomes of backups.

use std::fmt;

use prometheus_client::{
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, gauge::ConstGauge},
};

use crate::app::App;

/// Writes it, by target.
pub fn encode(app: &App, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let figures = app.backups.figures();
    let help = "When the last backup was made that was verified";
    let name = "backup_verified_timestamp_seconds";
    let mut gauge = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (target, backup) in &figures {
        if let Some(at) = backup.verified_at {
            let labels = [("target", target.as_str())];
            ConstGauge::new(at.seconds()).encode(gauge.encode_family(&labels)?)?;
        }
    }
    let help = "Whether a backup that was due was not made";
    let mut gauge = encoder.encode_descriptor("backup_failing", help, None, MetricType::Gauge)?;
    for (target, backup) in &figures {
        let labels = [("target", target.as_str())];
        let is_failing = ConstGauge::new(u64::from(backup.is_failing));
        is_failing.encode(gauge.encode_family(&labels)?)?;
    }
    Ok(())
}
