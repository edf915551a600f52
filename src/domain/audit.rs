//! The audit: what operators did, who, to whom, and why. It outlives accounts,
//! so it names nobody by phone.

use rand::CryptoRng;

pub use super::id::AuditId;
use super::{
    error::StoreError,
    id::{self, UserId},
    permission::{Permission, Permissions},
    time::Timestamp,
};

/// Whoever operates the service, while they do something.
#[derive(Debug, Clone)]
pub struct Operator {
    /// As the audit names them.
    pub name: String,
    /// Why they do it, in their words.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// What they may do.
    pub permissions: Permissions,
}

/// Somebody wants to do what they may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("that needs the permission {0}")]
pub struct Forbidden(pub Permission);

impl Operator {
    /// Refuses whoever has not this permission.
    pub fn require(&self, permission: Permission) -> Result<(), Forbidden> {
        let is_allowed = self.permissions.has(permission);
        is_allowed.then_some(()).ok_or(Forbidden(permission))
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the command of the same name")]
pub enum Action {
    Ban,
    Unban,
    Delete,
    Export,
    Logout,
    EndSession,
    Unlock,
    MovePhone,
    FixInvitation,
    Import,
    ExportAll,
    Look,
    Grant,
    Revoke,
    CreateKey,
    DeleteKey,
    AdminLogin,
}

impl Action {
    /// Every action there is.
    pub const ALL: [Self; 17] = [
        Self::Ban,
        Self::Unban,
        Self::Delete,
        Self::Export,
        Self::Logout,
        Self::EndSession,
        Self::Unlock,
        Self::MovePhone,
        Self::FixInvitation,
        Self::Import,
        Self::ExportAll,
        Self::Look,
        Self::Grant,
        Self::Revoke,
        Self::CreateKey,
        Self::DeleteKey,
        Self::AdminLogin,
    ];

    /// As it is written. Never to be changed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ban => "ban",
            Self::Unban => "unban",
            Self::Delete => "delete",
            Self::Export => "export",
            Self::Logout => "logout",
            Self::EndSession => "end_session",
            Self::Unlock => "unlock",
            Self::MovePhone => "move_phone",
            Self::FixInvitation => "fix_invitation",
            Self::Import => "import",
            Self::ExportAll => "export_all",
            Self::Look => "look",
            Self::Grant => "grant",
            Self::Revoke => "revoke",
            Self::CreateKey => "create_key",
            Self::DeleteKey => "delete_key",
            Self::AdminLogin => "admin_login",
        }
    }
}

/// One row of the audit.
#[derive(Debug, Clone)]
pub struct Audit {
    /// Which one; they are in the order of time.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What.
    pub action: Action,
    /// To whom, if to anybody. They may be gone by now.
    pub user: Option<UserId>,
    /// What there is to know beyond that.
    pub detail: String,
    /// Why, in the operator's words.
    pub reason: String,
}

/// What operators did.
pub trait Audits {
    /// Adds a row; `false` when the identifier is taken.
    fn insert_audit(&mut self, audit: &Audit) -> Result<bool, StoreError>;
    /// Replaces what there is to know beyond the action.
    fn set_audit_detail(&mut self, id: AuditId, detail: &str) -> Result<(), StoreError>;
    /// The latest rows before one, of one user or of all, the latest first.
    fn audits(
        &mut self,
        user: Option<UserId>,
        before: Option<AuditId>,
        most: usize,
    ) -> Result<Vec<Audit>, StoreError>;
}

/// Writes down what the operator does, in the transaction that does it.
pub fn note(
    tx: &mut (impl Audits + ?Sized),
    operator: &Operator,
    action: Action,
    user: Option<UserId>,
    detail: String,
    rng: &mut dyn CryptoRng,
) -> Result<AuditId, StoreError> {
    let mut audit = Audit {
        id: AuditId(0),
        at: operator.at,
        actor: operator.name.clone(),
        action,
        user,
        detail,
        reason: operator.reason.clone(),
    };
    id::draw_free("audit", operator.at, rng, |id, _| {
        audit.id = AuditId(id);
        Ok(tx.insert_audit(&audit)?.then_some(audit.id))
    })
}

/// The same of something that takes many transactions: the first adds the row,
/// and each of the others says in it how far that is.
pub fn note_part(
    tx: &mut (impl Audits + ?Sized),
    row: Option<AuditId>,
    operator: &Operator,
    action: Action,
    detail: String,
    rng: &mut dyn CryptoRng,
) -> Result<AuditId, StoreError> {
    let Some(id) = row else {
        return note(tx, operator, action, None, detail, rng);
    };
    tx.set_audit_detail(id, &detail)?;
    Ok(id)
}
