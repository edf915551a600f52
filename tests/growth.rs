//! What lives for a while only takes no more room after days than after one.

use crate::harness::Harness;

/// Tables whose rows are of no use after a day, or sooner.
const SHORT_LIVED: [&str; 4] = ["challenges", "sessions", "sends", "counters"];

#[tokio::test]
async fn days_of_logins_leave_short_lived_tables_small() {
    let harness = Harness::new();
    let a_day = 120_u32;
    for login in 0..a_day * 10 {
        harness.login(&format!("+79{login:09}")).await;
        harness.advance(24 * 60 * 60 / u64::from(a_day));
    }
    let database = harness.intruder();
    for table in SHORT_LIVED {
        let sql = format!("SELECT count(*) FROM {table}");
        let rows = database.number(&sql);
        // One in 32 logins sweeps, and of five days one does for sure: that none of 600
        // does has a chance of one in a hundred million.
        let of_a_day = i64::from(if table == "counters" {
            a_day * 2
        } else {
            a_day
        });
        assert!(rows < of_a_day * 6, "{table}: {rows}");
    }
}
