//! What operators and service keys may do: permissions, sets of them, and the
//! roles that are names of such sets.

use std::{fmt, str::FromStr};

/// Something that not everybody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// To see figures, gateways and events.
    Figures,
    /// To see people, their phones masked.
    People,
    /// To see phones in full.
    Phones,
    /// To ban people, and to let them in again.
    Ban,
    /// To clear what keeps a phone out.
    Unlock,
    /// To end people's sessions.
    Logout,
    /// To put right who invited whom.
    Invitation,
    /// To see all that is known of a person.
    Export,
    /// To delete accounts.
    Delete,
    /// To give an account another phone.
    MovePhone,
    /// To grant and revoke roles.
    Operators,
    /// To create and delete service keys.
    Keys,
    /// To see what operators did.
    Audit,
}

impl Permission {
    /// Every permission there is.
    pub const ALL: [Self; 13] = [
        Self::Figures,
        Self::People,
        Self::Phones,
        Self::Ban,
        Self::Unlock,
        Self::Logout,
        Self::Invitation,
        Self::Export,
        Self::Delete,
        Self::MovePhone,
        Self::Operators,
        Self::Keys,
        Self::Audit,
    ];

    /// As it is written. Never to be changed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Figures => "figures",
            Self::People => "people",
            Self::Phones => "phones",
            Self::Ban => "ban",
            Self::Unlock => "unlock",
            Self::Logout => "logout",
            Self::Invitation => "invitation",
            Self::Export => "export",
            Self::Delete => "delete",
            Self::MovePhone => "move_phone",
            Self::Operators => "operators",
            Self::Keys => "keys",
            Self::Audit => "audit",
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Permission {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|one| one.name() == text);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("\"{text}\" is not a permission: there are {names}")
        })
    }
}

/// A set of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permissions(u16);

impl Permissions {
    /// All of them.
    pub const ALL: Self = Self::of(&Permission::ALL);

    /// These.
    pub const fn of(permissions: &[Permission]) -> Self {
        let (mut bits, mut at) = (0, 0);
        // A `for` is not to be had in a `const`.
        while at < permissions.len() {
            bits |= 1 << permissions[at] as u16;
            at += 1;
        }
        Self(bits)
    }

    /// These, and those.
    const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether this is one of them.
    pub fn has(self, permission: Permission) -> bool {
        self.cover(Self::of(&[permission]))
    }

    /// Whether all of the others are among them.
    pub fn cover(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        let all = Permission::ALL.into_iter();
        all.filter(move |permission| self.has(*permission))
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Permission::name).collect();
        f.write_str(&names.join(","))
    }
}

impl FromStr for Permissions {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = text.split(',').map(str::trim);
        let read: Vec<_> = names.map(str::parse).collect::<Result<_, _>>()?;
        Ok(Self::of(&read))
    }
}

/// What an operator is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Sees how things go.
    Viewer,
    /// Helps people.
    Support,
    /// Does everything.
    Owner,
}

impl Role {
    /// Every role there is.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Support, Self::Owner];

    /// As it is written. Never to be changed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Support => "support",
            Self::Owner => "owner",
        }
    }

    /// What it permits.
    pub const fn permissions(self) -> Permissions {
        const VIEWER: Permissions = Permissions::of(&[Permission::Figures, Permission::People]);
        const SUPPORT: Permissions = Permissions::of(&[
            Permission::Phones,
            Permission::Ban,
            Permission::Unlock,
            Permission::Logout,
            Permission::Invitation,
        ]);
        match self {
            Self::Viewer => VIEWER,
            Self::Support => VIEWER.and(SUPPORT),
            Self::Owner => Permissions::ALL,
        }
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|role| role.name() == text);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("\"{text}\" is not a role: there are {names}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_do_what_the_one_before_may() {
        let [viewer, support, owner] = Role::ALL.map(Role::permissions);
        assert!(support.cover(viewer) && !viewer.cover(support));
        assert!(owner.cover(support) && !support.cover(owner));
    }

    #[test]
    fn a_set_is_read_as_it_is_written() {
        for role in Role::ALL {
            let permissions = role.permissions();
            assert_eq!(permissions.to_string().parse(), Ok(permissions));
        }
        assert_eq!(
            "ban, phones".parse(),
            Ok(Permissions::of(&[Permission::Phones, Permission::Ban]))
        );
        for text in ["", "ban,", "Ban", "everything"] {
            assert!(text.parse::<Permissions>().is_err(), "{text}");
        }
    }
}
