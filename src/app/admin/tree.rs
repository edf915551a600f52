//! The tree of who invited whom, a page of one branch at a time.

use serde_json::{Value, json};

use super::{error::AdminError, reads::Show, view, who::Who};
use crate::domain::{tree::Node, user::UserId};

/// Of a line from the top to somebody, as many are told.
const LONGEST: usize = 1000;

impl Show<'_> {
    /// Those whom nobody invited and who invited somebody.
    pub async fn roots(&self, after: i64, limit: usize) -> Result<Value, AdminError> {
        let roots = self.read(move |tx| Ok(tx.roots(UserId(after), limit)?));
        Ok(self.nodes("people", &roots.await?, limit))
    }

    /// Those whom somebody invited, who may be deleted by now.
    pub async fn invitees(&self, who: Who, after: i64, limit: usize) -> Result<Value, AdminError> {
        let invitees = self.read(move |tx| {
            let of = who.past(tx)?;
            Ok(tx.branch(of, after, limit)?)
        });
        Ok(self.nodes("invitees", &invitees.await?, limit))
    }

    /// Who leads from the top to somebody, and they themselves.
    pub async fn lineage(&self, who: Who) -> Result<Value, AdminError> {
        let lineage = self.read(move |tx| {
            let of = who.require(tx)?.id;
            Ok(tx.lineage(of, LONGEST)?)
        });
        let lineage = lineage.await?;
        let rows = lineage.iter().map(|node| view::node(node, self.full));
        Ok(json!({ "lineage": rows.collect::<Value>() }))
    }

    fn nodes(&self, name: &str, nodes: &[Node], limit: usize) -> Value {
        let last = nodes.last().map(|node| node.place);
        let rows = nodes.iter().map(|node| view::node(node, self.full));
        json!({
            name: rows.collect::<Value>(),
            "next": last.filter(|_| nodes.len() == limit),
        })
    }
}
