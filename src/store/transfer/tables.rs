//! Every table that is moved, in an order in which rows come after those that
//! they refer to. What an engine has for itself is not among them:
//! [`OWN_TABLES`], [`OWN_COLUMNS`].

use super::table::{
    Column,
    Kind::{Bytes, Flag, Integer, Text},
    Merge, Table,
};

/// Tables of one engine alone.
pub const OWN_TABLES: [&str; 5] = [
    "commits",
    "leases",
    "locks",
    "refinery_schema_history",
    "shared_version",
];

/// Columns of one engine alone, by table.
pub const OWN_COLUMNS: [(&str, &str); 3] = [
    ("cohorts", "shard"),
    ("counters", "shard"),
    ("users", "version"),
];

/// Names of columns and what is in them, as a list.
macro_rules! columns {
    ($($name:ident $kind:ident $($merge:ident)?),+ $(,)?) => {
        &[$(Column {
            name: stringify!($name),
            kind: $kind,
            merge: columns!(@merge $($merge)?),
        }),+]
    };
    (@merge) => { Merge::One };
    (@merge $merge:ident) => { Merge::$merge };
}

const fn table(name: &'static str, columns: &'static [Column]) -> Table {
    Table {
        name,
        key: 1,
        columns,
        first: None,
    }
}

const fn keyed(name: &'static str, key: usize, columns: &'static [Column]) -> Table {
    Table {
        key,
        ..table(name, columns)
    }
}

/// Every table that is moved.
pub static TABLES: [Table; 23] = [
    Table {
        // Whoever is pointed to has the higher rank.
        first: Some("rank DESC"),
        ..table(
            "families",
            columns![id Integer, parent_id Integer, rank Integer],
        )
    },
    table(
        "users",
        columns![
            id Integer, phone Integer, invitation_code Text, first_name Text, last_name Text, email Text,
            referrer_id Integer, referral_number Integer, redeemed_at Integer, invitees_gone Integer,
            last_number_gone Integer, created_at Integer, family_id Integer, banned_at Integer,
        ],
    ),
    table("retired_users", columns![id Integer, invitation_code Text]),
    table("deleted_referrers", columns![id Integer]),
    table(
        "challenges",
        columns![
            id Integer, phone Integer, phone_of_user Integer, code Text, created_at Integer, expires_at Integer,
            wrong_guesses Integer, spent Flag, source Integer,
        ],
    ),
    table(
        "sessions",
        columns![
            id Integer, user_id Integer, created_at Integer, used_at Integer, expires_at Integer, user_agent Text,
            ip Text, current_generation Bytes, issued_at Integer, previous_generation Bytes, device Bytes,
            is_used Flag,
        ],
    ),
    table(
        "devices",
        columns![
            hash Bytes, user_id Integer, created_at Integer, used_at Integer, epoch Integer, user_agent Text, ip Text,
        ],
    ),
    table(
        "sends",
        columns![
            id Integer, at Integer, party Integer, known Flag, prefix Integer, cost Integer, confirmed Flag,
            network Integer,
        ],
    ),
    keyed(
        "misses",
        3,
        columns![miss Integer, party Integer, at Integer],
    ),
    table(
        "deliveries",
        columns![
            id Integer, state Integer, lease_until Integer, gateway Text, message Text, taken_at Integer,
        ],
    ),
    keyed(
        "counters",
        3,
        columns![
            counter Integer, span Integer, start Integer, last Integer Max, count Integer Sum, amount Integer Sum,
        ],
    ),
    table(
        "cohorts",
        columns![week Integer, accounts Integer Sum, deleted Integer Sum, invited Integer Sum],
    ),
    table(
        "audits",
        columns![
            id Integer, at Integer, actor Text, action Text, user_id Integer, detail Text, reason Text,
        ],
    ),
    keyed(
        "statistics",
        4,
        columns![day Integer, measure Text, label Text, prefix Text, count Integer, cost Integer],
    ),
    keyed(
        "hourly_statistics",
        4,
        columns![hour Integer, measure Text, label Text, prefix Text, count Integer, cost Integer],
    ),
    table(
        "imported_tokens",
        columns![id Bytes, session_id Integer, expires_at Integer],
    ),
    table(
        "operators",
        columns![user_id Integer, role Text, granted_at Integer],
    ),
    table(
        "operator_sessions",
        columns![hash Bytes, user_id Integer, epoch Integer, created_at Integer, used_at Integer],
    ),
    table(
        "service_keys",
        columns![
            id Integer, hash Bytes, name Text, permissions Text, epoch Integer, created_at Integer,
            expires_at Integer, used_at Integer,
        ],
    ),
    table("latest", columns![id Integer, at Integer]),
    table("alarm", columns![id Integer, at Integer]),
    table("dead_codes", columns![id Integer, until Integer]),
    table("installation", columns![id Integer, keys Text]),
];
