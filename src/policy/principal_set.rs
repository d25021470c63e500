//! The elements `Principal` and `NotPrincipal`: whom they name, and how exactly they name a given caller.

use crate::error::{Flaw, Result};
use crate::json::Node;
use crate::place::{Place, Shown};
use crate::principal::{Principal, PrincipalKind};

/// Whom a statement names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PrincipalSet(Vec<Named>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Named {
    /// `"*"` or `{"AWS": "*"}`, which mean the same: also anonymous callers.
    Everyone,
    /// An account, by its id or the ARN of its root, which mean the same.
    Account(String),
    /// A user, a role (all its sessions) or one role session.
    Arn(String),
    /// The unique id of a user, of a role or of one session of a role: what a policy has in place of an ARN once the
    /// principal is deleted.
    UniqueId(String),
    Service(String),
    Federated(String),
    /// An account as S3 names it. Nobody has such an id here, so it never matches; AWS accepts it in any policy.
    CanonicalUser,
}

/// A user, role or account that a document names, as it spells them. Whether there is one is not known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedPrincipal<'d> {
    /// An account, by its id.
    Account(&'d str),
    /// A user, a role or a session, by its ARN.
    Arn(&'d str),
    /// A user, a role or a session, by its unique id.
    UniqueId(&'d str),
}

/// How a set names a principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Naming {
    /// Not at all.
    Absent,
    /// By its account. That makes over the decision to the account: within the account itself it grants nothing that
    /// an identity policy does not grant.
    ByAccount,
    /// As one of everybody, or by its role.
    Direct,
    /// In person: the user, or this one session of a role. Within an account such a grant holds whatever the caller's
    /// boundary and session policies leave out, as on AWS.
    InPerson,
}

impl PrincipalSet {
    /// Reads the element.
    pub(crate) fn parse(node: &Node, place: &Place) -> Result<Self> {
        if let Node::Text(text) = node {
            if text == "*" {
                return Ok(Self(vec![Named::Everyone]));
            }
            return Err(place.error("must be * or an object such as {\"AWS\": …}"));
        }
        let mut named = Vec::new();
        for (name, node) in node.object(place)? {
            let place = place.member(name);
            for text in node.texts(&place)? {
                named.push(match name.as_str() {
                    "AWS" => aws(text, &place)?,
                    "Service" => Named::Service(plain(text, &place)?),
                    "Federated" => Named::Federated(plain(text, &place)?),
                    "CanonicalUser" => {
                        plain(text, &place)?;
                        Named::CanonicalUser
                    }
                    _ => return Err(place.error("is not a type of principal")),
                });
            }
        }
        if named.is_empty() {
            return Err(place.error("names nobody"));
        }
        Ok(Self(named))
    }

    /// Those of the set who may or may not exist.
    pub(crate) fn named(&self) -> impl Iterator<Item = NamedPrincipal<'_>> {
        self.0.iter().filter_map(|named| match named {
            Named::Account(id) => Some(NamedPrincipal::Account(id)),
            Named::Arn(arn) => Some(NamedPrincipal::Arn(arn)),
            Named::UniqueId(id) => Some(NamedPrincipal::UniqueId(id)),
            Named::Everyone | Named::Service(_) | Named::Federated(_) | Named::CanonicalUser => None,
        })
    }

    /// How the set names a principal; the most exact way counts.
    pub(crate) fn naming(&self, principal: &Principal) -> Naming {
        self.0.iter().map(|named| named.naming(principal)).max().unwrap_or(Naming::Absent)
    }

    /// Whether `NotPrincipal` spares a principal. As on AWS every identity of the caller must be listed: its account,
    /// for a session its role, and itself. Naming the account alone does not spare its users.
    pub(crate) fn spares(&self, principal: &Principal) -> bool {
        if self.0.contains(&Named::Everyone) {
            return true;
        }
        if !principal.belongs_to_account() {
            return self.naming(principal) != Naming::Absent;
        }
        let lists = |arn: &str, id: &str| {
            self.0.iter().any(|named| match named {
                Named::Arn(named) => named == arn,
                Named::UniqueId(named) => named == id,
                _ => false,
            })
        };
        let account = self.0.iter().any(|named| matches!(named, Named::Account(id) if *id == principal.account));
        account
            && match &principal.kind {
                PrincipalKind::Root => true,
                PrincipalKind::RoleSession { role_arn } => {
                    lists(role_arn, principal.entity_id()) && lists(&principal.arn, &principal.user_id)
                }
                _ => lists(&principal.arn, &principal.user_id),
            }
    }
}

impl Named {
    fn naming(&self, principal: &Principal) -> Naming {
        let (named, how) = match (self, &principal.kind) {
            (Named::Everyone, _) => (true, Naming::Direct),
            (Named::Account(id), _) => (principal.belongs_to_account() && *id == principal.account, Naming::ByAccount),
            (Named::Arn(arn), PrincipalKind::User { .. }) => (*arn == principal.arn, Naming::InPerson),
            (Named::Arn(arn), PrincipalKind::RoleSession { role_arn }) if arn == role_arn => (true, Naming::Direct),
            (Named::Arn(arn), PrincipalKind::RoleSession { .. }) => (*arn == principal.arn, Naming::InPerson),
            (Named::UniqueId(id), PrincipalKind::User { .. }) => (*id == principal.user_id, Naming::InPerson),
            (Named::UniqueId(id), PrincipalKind::RoleSession { .. }) if *id == principal.user_id => {
                (true, Naming::InPerson)
            }
            (Named::UniqueId(id), PrincipalKind::RoleSession { .. }) => (principal.entity_id() == id, Naming::Direct),
            (Named::Service(service), PrincipalKind::Service { name }) => (service == name, Naming::Direct),
            (Named::Federated(named), PrincipalKind::Federated { provider }) => (named == provider, Naming::Direct),
            _ => return Naming::Absent,
        };
        if named { how } else { Naming::Absent }
    }
}

fn aws(text: &str, place: &Place) -> Result<Named> {
    if text == "*" {
        return Ok(Named::Everyone);
    }
    if is_account(text) {
        return Ok(Named::Account(text.to_owned()));
    }
    if is_unique_id(text) {
        return Ok(Named::UniqueId(text.to_owned()));
    }
    arn(text).ok_or_else(|| {
        let wanted = "must be *, an account id or the ARN of a root, user, role or role session";
        let flaw = Flaw::PrincipalForm { kind: "AWS".to_owned(), text: text.to_owned() };
        place.flaw(flaw, format!("{wanted}, not {}", Shown(text)))
    })
}

fn arn(text: &str) -> Option<Named> {
    let fields: Vec<&str> = text.split(':').collect();
    let ["arn", partition, service, "", account, resource] = fields[..] else {
        return None;
    };
    // As on AWS a wildcard cannot stand for part of a principal: conditions on aws:PrincipalArn do that.
    if !partition.starts_with("aws") || !is_account(account) || resource.contains(['*', '?']) {
        return None;
    }
    let (sort, name) = resource.split_once('/').unwrap_or((resource, ""));
    let named = !name.is_empty() && name.split('/').all(|part| !part.is_empty());
    match (service, sort) {
        ("iam", "root") if resource == "root" => Some(Named::Account(account.to_owned())),
        ("iam", "user" | "role") if named => Some(Named::Arn(text.to_owned())),
        ("sts", "assumed-role") if named && name.split('/').count() == 2 => Some(Named::Arn(text.to_owned())),
        ("sts", "federated-user") if named => Some(Named::Arn(text.to_owned())),
        _ => None,
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// An id as `AIDA…` or `AROA…`, or that of a session, `AROA…:<name>`.
fn is_unique_id(text: &str) -> bool {
    let (id, session) = text.split_once(':').unwrap_or((text, "session"));
    let characters = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    id.len() >= 16 && id.starts_with('A') && id.bytes().all(characters) && !session.is_empty() && !session.contains(':')
}

fn plain(text: &str, place: &Place) -> Result<String> {
    if text.is_empty() || text.contains(['*', '?']) {
        return Err(place.error(format!("must be a name without wildcards, not {}", Shown(text))));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<PrincipalSet> {
        PrincipalSet::parse(&Node::parse(text).unwrap(), &Place::Root)
    }

    fn user() -> Principal {
        Principal {
            account: "111122223333".into(),
            arn: "arn:aws:iam::111122223333:user/ci/anna".into(),
            user_id: "AIDAQ4Z7EXAMPLEUSER01".into(),
            kind: PrincipalKind::User { name: "anna".into() },
        }
    }

    fn session() -> Principal {
        Principal {
            account: "111122223333".into(),
            arn: "arn:aws:sts::111122223333:assumed-role/deploy/run-1".into(),
            user_id: "AROAQ4Z7EXAMPLEROLE01:run-1".into(),
            kind: PrincipalKind::RoleSession { role_arn: "arn:aws:iam::111122223333:role/ci/deploy".into() },
        }
    }

    fn service() -> Principal {
        Principal {
            kind: PrincipalKind::Service { name: "replication.ecr.amazonaws.com".into() },
            ..Principal::anonymous()
        }
    }

    #[test]
    fn principals_are_named_as_on_aws() {
        use Naming::{Absent, ByAccount, Direct, InPerson};
        // The columns: root of the account, a user, a role session, a service, nobody.
        let cases = [
            (r#""*""#, [Direct, Direct, Direct, Direct, Direct]),
            (r#"{"AWS":"*"}"#, [Direct, Direct, Direct, Direct, Direct]),
            (r#"{"AWS":"111122223333"}"#, [ByAccount, ByAccount, ByAccount, Absent, Absent]),
            (r#"{"AWS":"arn:aws:iam::111122223333:root"}"#, [ByAccount, ByAccount, ByAccount, Absent, Absent]),
            (r#"{"AWS":"444455556666"}"#, [Absent; 5]),
            (r#"{"AWS":["arn:aws:iam::111122223333:user/ci/anna"]}"#, [Absent, InPerson, Absent, Absent, Absent]),
            (r#"{"AWS":"arn:aws:iam::111122223333:user/anna"}"#, [Absent; 5]),
            (r#"{"AWS":"arn:aws:iam::111122223333:role/ci/deploy"}"#, [Absent, Absent, Direct, Absent, Absent]),
            (
                r#"{"AWS":"arn:aws:sts::111122223333:assumed-role/deploy/run-1"}"#,
                [Absent, Absent, InPerson, Absent, Absent],
            ),
            (r#"{"AWS":"arn:aws:sts::111122223333:assumed-role/deploy/run-2"}"#, [Absent; 5]),
            (r#"{"AWS":"AIDAQ4Z7EXAMPLEUSER01"}"#, [Absent, InPerson, Absent, Absent, Absent]),
            (r#"{"AWS":"AROAQ4Z7EXAMPLEROLE01"}"#, [Absent, Absent, Direct, Absent, Absent]),
            (r#"{"AWS":"AROAQ4Z7EXAMPLEROLE01:run-1"}"#, [Absent, Absent, InPerson, Absent, Absent]),
            (r#"{"AWS":"AROAQ4Z7EXAMPLEROLE01:run-2"}"#, [Absent; 5]),
            (r#"{"Service":"replication.ecr.amazonaws.com"}"#, [Absent, Absent, Absent, Direct, Absent]),
            (r#"{"Federated":"arn:aws:iam::111122223333:oidc-provider/x"}"#, [Absent; 5]),
            (r#"{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}"#, [Absent; 5]),
            (
                r#"{"AWS":["111122223333","arn:aws:iam::111122223333:user/ci/anna"]}"#,
                [ByAccount, InPerson, ByAccount, Absent, Absent],
            ),
        ];
        let principals = [Principal::root("111122223333"), user(), session(), service(), Principal::anonymous()];
        for (text, expected) in cases {
            let set = parse(text).unwrap();
            assert_eq!(principals.each_ref().map(|principal| set.naming(principal)), expected, "{text}");
        }
    }

    #[test]
    fn not_principal_spares_only_who_is_listed_with_account_and_role() {
        let cases = [
            (r#""*""#, [true, true, true, true, true]),
            (r#"{"AWS":"111122223333"}"#, [true, false, false, false, false]),
            (r#"{"AWS":"arn:aws:iam::111122223333:user/ci/anna"}"#, [false; 5]),
            (r#"{"AWS":["111122223333","arn:aws:iam::111122223333:user/ci/anna"]}"#, [true, true, false, false, false]),
            (
                r#"{"AWS":["111122223333","arn:aws:iam::111122223333:role/ci/deploy"]}"#,
                [true, false, false, false, false],
            ),
            (
                r#"{"AWS":["111122223333","arn:aws:iam::111122223333:role/ci/deploy",
                    "arn:aws:sts::111122223333:assumed-role/deploy/run-1"]}"#,
                [true, false, true, false, false],
            ),
            (r#"{"AWS":["111122223333","AIDAQ4Z7EXAMPLEUSER01"]}"#, [true, true, false, false, false]),
            (
                r#"{"AWS":["111122223333","AROAQ4Z7EXAMPLEROLE01","AROAQ4Z7EXAMPLEROLE01:run-1"]}"#,
                [true, false, true, false, false],
            ),
            (r#"{"AWS":["111122223333","AROAQ4Z7EXAMPLEROLE01:run-1"]}"#, [true, false, false, false, false]),
            (r#"{"Service":"replication.ecr.amazonaws.com"}"#, [false, false, false, true, false]),
        ];
        let principals = [Principal::root("111122223333"), user(), session(), service(), Principal::anonymous()];
        for (text, expected) in cases {
            let set = parse(text).unwrap();
            assert_eq!(principals.each_ref().map(|principal| set.spares(principal)), expected, "{text}");
        }
    }

    #[test]
    fn principals_that_cannot_exist_are_refused() {
        let cases = [
            r#""anna""#,
            r#""111122223333""#,
            r#"["*"]"#,
            "{}",
            r#"{"AWS":[]}"#,
            r#"{"AWS":{}}"#,
            r#"{"AWS":"11112222333"}"#,
            r#"{"AWS":"arn:aws:iam::111122223333:user/*"}"#,
            r#"{"AWS":"arn:aws:iam::*:root"}"#,
            r#"{"AWS":"arn:aws:iam::111122223333:group/ci"}"#,
            r#"{"AWS":"arn:aws:iam::111122223333:root/x"}"#,
            r#"{"AWS":"arn:aws:iam::111122223333:user/"}"#,
            r#"{"AWS":"arn:aws:sts::111122223333:assumed-role/deploy"}"#,
            r#"{"AWS":"arn:aws:iam:us-east-1:111122223333:root"}"#,
            r#"{"AWS":"AIDA"}"#,
            r#"{"AWS":"AROAQ4Z7EXAMPLEROLE01:"}"#,
            r#"{"AWS":"AROAQ4Z7EXAMPLEROLE01:a:b"}"#,
            r#"{"Service":"*"}"#,
            r#"{"Aws":"*"}"#,
        ];
        for text in cases {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
