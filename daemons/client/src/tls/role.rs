//! What a program of the agency is to the others.

use std::fmt;

/// What the holder of a certificate is. Files, names in certificates and the operator's command
/// call it by its Portuguese [name](Self::name).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A web client.
    Web,
    /// A daemon. Only who has this role is believed when it listens.
    Daemon,
    /// Somebody who runs the operator's command.
    Administrator,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 3] = [Role::Web, Role::Daemon, Role::Administrator];

    /// `web`, `servidor`, `administrador`.
    pub fn name(self) -> &'static str {
        match self {
            Role::Web => "web",
            Role::Daemon => "servidor",
            Role::Administrator => "administrador",
        }
    }

    /// The role as a certificate says it: a DNS name that no host has.
    pub fn dns_name(self) -> &'static str {
        match self {
            Role::Web => "web.agencia.internal",
            Role::Daemon => "servidor.agencia.internal",
            Role::Administrator => "administrador.agencia.internal",
        }
    }

    /// The role of this name.
    pub fn named(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Some roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Roles(u8);

impl Roles {
    /// Whether this one is among them.
    pub fn contains(self, role: Role) -> bool {
        self.0 & Self::bit(role) != 0
    }

    /// They, in the order of [`Role::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |&role| self.contains(role))
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn bit(role: Role) -> u8 {
        1 << role as u8
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self(roles.into_iter().fold(0, |bits, role| bits | Self::bit(role)))
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, role) in self.iter().enumerate() {
            write!(f, "{}{role}", if at == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_told_apart() {
        let none = Roles::default();
        assert!(none.is_empty() && none.to_string().is_empty());
        for role in Role::ALL {
            let one = Roles::from_iter([role]);
            assert_eq!(
                (one.iter().collect::<Vec<_>>(), one.to_string()),
                (vec![role], role.to_string())
            );
            assert_eq!(Role::named(role.name()), Some(role));
            assert!(role.dns_name().starts_with(role.name()));
        }
        assert_eq!(Roles::from_iter(Role::ALL).to_string(), "web, servidor, administrador");
        assert_eq!(Role::named("daemon"), None);
    }
}
