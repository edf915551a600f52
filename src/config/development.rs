//! A developer's own machine: only it can connect, and codes are printed to
//! its terminal. There one address is all there is, so the limits by source
//! would end a morning's work, and keep nobody out. Limits by phone stay.

use super::Config;
use crate::sms::choice::Choice;

/// What limits by source are there, unless they are set.
pub const LIMIT: &str = "1000/1h";

impl Config {
    /// Whether this is a developer's own machine.
    pub fn is_for_development(&self) -> bool {
        let mut gateways = self.plan.chains.iter().flat_map(|(_, chain)| chain);
        gateways.all(|gateway| matches!(gateway, Choice::Console))
            && self.server.listen.ip().is_loopback()
            && self.http.trusted_proxies.is_empty()
            && self.http.public_url.is_none()
    }

    /// Makes limits by source generous where they are a developer's own; whether they are.
    pub fn make_room_for_development(&mut self) -> bool {
        let is_own = self.is_for_development();
        let limits = &mut self.limits;
        let by_source = [
            &mut limits.failed_confirmations_per_source,
            &mut limits.sends_per_source,
            &mut limits.wrong_invitation_codes_per_source,
        ];
        let is_set = |name| self.given.has(&format!("limits.{name}"));
        for limit in by_source
            .into_iter()
            .filter(|limit| is_own && !is_set(limit.name))
        {
            limit.limit = LIMIT.parse().expect("a limit");
        }
        is_own
    }
}
