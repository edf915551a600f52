//! How PostgreSQL would run a statement. Builds with debug assertions, and so
//! every test on a server, look at each statement when it is prepared first:
//! none may read the whole of a table that grows, however few rows there are yet.
//!
//! Meanwhile the planner goes by indexes and loops wherever there is a way, as
//! it does by itself among many rows. What it reads whole all the same has no
//! index to be found by; or else it was analysed, and is known to be small.

use std::{
    collections::{HashMap, HashSet},
    iter::repeat_n,
    sync::{LazyLock, Mutex, PoisonError},
};

use tokio_postgres::{Client, Error, SimpleQueryMessage, SimpleQueryRow, Statement, types::Type};

/// What was looked at already.
static SEEN: LazyLock<Mutex<HashSet<&str>>> = LazyLock::new(Mutex::default);

/// Tables with as many rows however many people there are.
const SMALL: [&str; 14] = [
    "alarm",
    "cohorts",
    "counters",
    "dead_codes",
    "hourly_statistics",
    "installation",
    "latest",
    "leases",
    "locks",
    "operator_sessions",
    "operators",
    "service_keys",
    "shared_version",
    "statistics",
];

/// How statements begin that there is a plan for.
const PLANNED: [&str; 6] = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "("];

/// The table of an index, if that was never analysed, and the first column in it.
type Indexes = HashMap<String, (String, String)>;

/// The step of the plan that reads a whole table or index, if there is one.
pub async fn scan(
    client: &Client,
    sql: &'static str,
    statement: &Statement,
) -> Result<Option<String>, Error> {
    let has_plan = PLANNED.iter().any(|word| sql.starts_with(word));
    let is_seen = || {
        SEEN.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(sql)
    };
    if !has_plan || is_seen() {
        return Ok(None);
    }
    let answer = client
        .simple_query(&question(sql, statement.params()))
        .await?;
    let rows = answer.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let (indexes, steps): (Vec<_>, Vec<_>) = rows.partition(|row| row.len() == 3);
    let indexes = indexes.into_iter().filter_map(index).collect();
    let steps: Vec<_> = steps.into_iter().filter_map(|row| row.get(0)).collect();
    let whole = whole(&steps, &indexes).map(str::to_owned);
    if whole.is_none() {
        SEEN.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(sql);
    }
    Ok(whole)
}

/// What shows the indexes there are, and the plan for any values.
fn question(sql: &str, types: &[Type]) -> String {
    let list = |items: Vec<&str>| match &items[..] {
        [] => String::new(),
        items => format!("({})", items.join(", ")),
    };
    let values = list(repeat_n("NULL", types.len()).collect());
    let types = list(types.iter().map(Type::name).collect());
    format!(
        "SELECT indexrelid::regclass, CASE WHEN reltuples < 0 THEN relname ELSE '' END,
                pg_get_indexdef(indexrelid, 1, true)
         FROM pg_index JOIN pg_class ON pg_class.oid = indrelid;
         SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
         SET plan_cache_mode = force_generic_plan;
         PREPARE looked_at {types} AS {sql};
         EXPLAIN (COSTS off) EXECUTE looked_at {values};
         DEALLOCATE looked_at;
         RESET enable_seqscan; RESET enable_hashjoin; RESET enable_mergejoin; RESET plan_cache_mode"
    )
}

fn index(row: &SimpleQueryRow) -> Option<(String, (String, String))> {
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let column = row
        .get(2)?
        .split(|letter| !is_of_name(letter))
        .find(|part| !part.is_empty())?;
    Some((
        row.get(0)?.to_owned(),
        (row.get(1)?.to_owned(), column.to_owned()),
    ))
}

/// The first step that reads a whole table that grows, or a whole index of one.
fn whole<'p>(steps: &[&'p str], indexes: &Indexes) -> Option<&'p str> {
    let name = |at: usize| {
        steps
            .get(at)
            .map_or("", |step| step.trim_start_matches([' ', '-', '>']))
    };
    let reads_all = |at: usize| {
        let step = name(at);
        let first_word = |rest: &'p str| rest.split(' ').next().unwrap_or_default();
        if let Some(rest) = step.strip_prefix("Seq Scan on ") {
            return !SMALL.contains(&first_word(rest));
        }
        let by_index = step.split_once(" using ").map(|(_, rest)| rest);
        let Some(rest) = by_index.or_else(|| step.strip_prefix("Bitmap Index Scan on ")) else {
            return false;
        };
        let Some((table, column)) = indexes.get(first_word(rest)) else {
            return true;
        };
        let condition = name(at + 1).strip_prefix("Index Cond: ");
        let begins_somewhere = condition.is_some_and(|condition| condition.contains(column));
        let ends_soon = at > 0 && name(at - 1).starts_with("Limit");
        let is_small = table.is_empty() || SMALL.contains(&table.as_str());
        !begins_somewhere && !ends_soon && !is_small
    };
    (0..steps.len()).find(|at| reads_all(*at)).map(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole_of(plan: &str) -> &str {
        let of = |index: &str, table: &str, column: &str| {
            (index.to_owned(), (table.to_owned(), column.to_owned()))
        };
        let indexes = [
            of("users_pkey", "users", "id"),
            of("sends_by_party", "sends", "party"),
            of("cohorts_pkey", "cohorts", "week"),
            of("challenges_pkey", "", "id"),
        ];
        let steps: Vec<_> = plan.split('\n').collect();
        whole(&steps, &indexes.into()).unwrap_or_default()
    }

    #[test]
    fn a_scan_is_found() {
        for plan in [
            "Seq Scan on users",
            "Update on users\n  ->  Seq Scan on users invitees\n        Filter: (email = $1)",
            "Index Scan using users_pkey on users\n  Filter: (email = $1)",
            "Index Only Scan Backward using users_pkey on users",
            "Bitmap Heap Scan on sends\n  Recheck Cond: (at < $1)\n  ->  Bitmap Index Scan on sends_by_party\n        Index Cond: (at < $1)",
            "Index Scan using of_nobody on users\n  Index Cond: (id = $1)",
        ] {
            assert_ne!(whole_of(plan), "", "{plan}");
        }
        let below = "Nested Loop\n  ->  Index Scan using users_pkey on users\n        Index Cond: (id = $1)\n  ->  Seq Scan on sends";
        assert_eq!(whole_of(below), "Seq Scan on sends");
    }

    #[test]
    fn what_begins_somewhere_or_ends_soon_is_no_scan() {
        for plan in [
            "Index Scan using users_pkey on users\n  Index Cond: (id = $1)\n  Filter: (email = $2)",
            "Limit\n  ->  Index Only Scan using users_pkey on users",
            "Bitmap Heap Scan on sends\n  ->  Bitmap Index Scan on sends_by_party\n        Index Cond: (party = $1)",
            "Seq Scan on locks",
            "GroupAggregate\n  ->  Index Scan using cohorts_pkey on cohorts",
            "CTE Scan on chain",
            "Nested Loop Semi Join\n  ->  Index Scan using challenges_pkey on challenges",
        ] {
            assert_eq!(whole_of(plan), "", "{plan}");
        }
    }
}
