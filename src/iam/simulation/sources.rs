//! Where the policies of a simulation come from: the input, or a user, group or role with what it has.

use std::sync::Arc;

use app::api::Call;
use app::{App, EntityKind, Grant, built_in_policies};
use aws::{Fault, Need, Operation, Resource, Violations};
use http::StatusCode;
use policy::{Document, Kind, Principal, PrincipalKind};
use store::{
    Conn, group_members, groups, inline_policies, policies, policy_attachments, policy_versions, roles, users,
};
use types::{AccountId, Arn};

use crate::entities;
use crate::error::Error;

/// Groups of a user that are looked at; a user may be in ten.
const GROUPS: usize = 1000;

/// A policy with its text.
pub(crate) struct Source {
    /// The id under which it is reported. Two may have the same one.
    pub(crate) id: String,
    pub(crate) document: Arc<Document>,
    /// What it is attached to, or what it is: `user`, `group`, `role`, `aws-managed`, `user-managed`, `resource`, `none`.
    pub(crate) kind: &'static str,
    pub(crate) text: String,
}

impl Source {
    /// A policy of the input, which must be one.
    pub(crate) fn input(id: &str, kind: &'static str, language: Kind, text: &str) -> Result<Self, Error> {
        let document = Document::parse(text, language, text.len()).map_err(|error| {
            let message = format!("The policy document {id} is not valid: {error}");
            Fault::new("InvalidInput", message)
        })?;
        Ok(Self { id: id.to_owned(), document: Arc::new(document), kind, text: text.to_owned() })
    }

    fn stored(id: String, kind: &'static str, text: String) -> Self {
        let document = Document::from_stored(&text, Kind::Identity);
        Self { id, document: Arc::new(document), kind, text }
    }
}

/// A user, group or role as an input names it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Named<'i> {
    pub(crate) kind: &'static str,
    path: &'i str,
    name: &'i str,
}

impl<'i> Named<'i> {
    /// Reads the part of an ARN behind the account: `user/path/name`.
    fn parse(resource: &'i str) -> Option<Self> {
        let (kind, rest) = ["user", "group", "role"]
            .into_iter()
            .find_map(|kind| Some((kind, resource.strip_prefix(kind)?)))
            .filter(|(_, rest)| rest.starts_with('/'))?;
        let cut = rest.rfind('/')? + 1;
        let (path, name) = rest.split_at(cut);
        (!name.is_empty()).then_some(Self { kind, path, name })
    }

    fn entity(&self) -> EntityKind {
        match self.kind {
            "user" => EntityKind::User,
            "group" => EntityKind::Group,
            _ => EntityKind::Role,
        }
    }
}

/// Reads the ARN of a user, group or role.
pub(crate) fn parse(arn: &str) -> Result<(AccountId, Named<'_>, Arn), Fault> {
    let invalid = || Fault::new("InvalidInput", "The ARN must be that of a user, group or role.");
    let rest = arn.strip_prefix("arn:aws:iam::").ok_or_else(invalid)?;
    let (account, resource) = rest.split_once(':').ok_or_else(invalid)?;
    let account: AccountId = account.parse().map_err(|_| invalid())?;
    let named = Named::parse(resource).ok_or_else(invalid)?;
    let arn = named.entity().arn(&account, named.path, named.name);
    Ok((account, named, arn))
}

/// What it takes to see the policies of a user, group or role.
pub(crate) fn need(call: &Call, action: &'static str, arn: Option<&str>) -> Result<Need, Fault> {
    let Some(arn) = arn else {
        return Err(Violations::new().missing("policySourceArn").finish().err().unwrap_or_else(Fault::internal));
    };
    let (account, named, arn) = parse(arn)?;
    if account == *call.account() {
        // With what conditions may ask of it, if that is the one that is known by this name.
        let need = entities::need(call, action, named.entity(), named.name);
        if need.resource.arn() == arn.as_str() {
            return Ok(need);
        }
    }
    Ok(Need::new(action, Resource::Arn(account, arn)))
}

/// The policies of a user, group or role, for a call that may see them.
pub(crate) async fn of<O>(call: &Call, grant: &Grant, input: &O::Input, arn: Option<&str>) -> Result<Owner, Error>
where
    O: Operation<Call = Call, Error = Error>,
    O::Input: Sync,
{
    let (account, named, arn) = parse(arn.unwrap_or_default())?;
    grant.require_on(O::ACTION, arn.as_str())?;
    if account == *call.account() {
        // The caller was judged by what is known here; if that was not the truth (yet) it is judged again.
        entities::find::<O>(call, grant, input, named.entity(), named.name).await?;
    }
    find(&call.ctx.app, &account, &named, &arn).await
}

/// Somebody with the policies that apply.
pub(crate) struct Owner {
    /// Who would ask; none for a group, which asks nothing.
    pub(crate) caller: Option<Principal>,
    pub(crate) identity: Vec<Source>,
    pub(crate) boundary: Option<Source>,
}

/// Finds a user, group or role with all that applies to it.
async fn find(app: &App, account: &AccountId, named: &Named<'_>, arn: &Arn) -> Result<Owner, Error> {
    let absent = || {
        let message = format!("The {} with name {} cannot be found.", named.kind, named.name);
        Error::from(Fault::with_status("NoSuchEntity", StatusCode::NOT_FOUND, message))
    };
    let mut conn = app.db().reader().await?;
    let conn = &mut conn;
    // The ids of all that has policies, with kind and name.
    let (path, caller, boundary_arn, holders) = match named.kind {
        "user" => {
            let user = users::find(conn, account, named.name).await?.ok_or_else(absent)?;
            let groups = group_members::list_groups(conn, &user.user_id, "", GROUPS).await?;
            let mut holders = vec![("user", user.user_id.clone(), user.name.clone())];
            holders.extend(groups.into_iter().map(|group| ("group", group.group_id, group.name)));
            let caller = Principal {
                account: account.as_str().to_owned(),
                arn: arn.to_string(),
                user_id: user.user_id,
                kind: PrincipalKind::User { name: user.name },
            };
            (user.path, Some(caller), user.boundary_arn, holders)
        }
        "group" => {
            let group = groups::find(conn, account, named.name).await?.ok_or_else(absent)?;
            (group.path, None, None, vec![("group", group.group_id, group.name)])
        }
        _ => {
            let role = roles::find(conn, account, named.name).await?.ok_or_else(absent)?;
            let caller = Principal {
                account: account.as_str().to_owned(),
                arn: format!("arn:aws:sts::{account}:assumed-role/{}/simulated", role.name),
                user_id: format!("{}:simulated", role.role_id),
                kind: PrincipalKind::RoleSession { role_arn: arn.to_string() },
            };
            (role.path, Some(caller), role.boundary_arn, vec![("role", role.role_id, role.name)])
        }
    };
    if path != named.path {
        return Err(absent());
    }
    let ids: Vec<&str> = holders.iter().map(|(_, id, _)| id.as_str()).collect();
    let mut identity = Vec::new();
    for row in inline_policies::list_of(conn, &ids).await? {
        if let Some((kind, _, name)) = holders.iter().find(|(_, id, _)| *id == row.principal_id) {
            identity.push(Source::stored(format!("{kind}_{name}_{}", row.name), kind, row.document));
        }
    }
    for row in policy_attachments::list_of(conn, &ids).await? {
        // A group and its member may have the same one.
        if !identity.iter().any(|source| source.id == row.policy_arn) {
            identity.push(managed(conn, &row.policy_arn).await?);
        }
    }
    let boundary = match boundary_arn {
        Some(arn) => Some(managed(conn, &arn).await?),
        None => None,
    };
    Ok(Owner { caller, identity, boundary })
}

/// A managed policy with the version in force. One that is gone denies everything, as it does for requests.
async fn managed(conn: &mut Conn, arn: &str) -> Result<Source, Error> {
    if let Some(policy) = built_in_policies::find(arn) {
        return Ok(Source::stored(arn.to_owned(), "aws-managed", policy.document.to_owned()));
    }
    let version = match policies::find(conn, arn).await? {
        Some(policy) => policy_versions::find(conn, arn, policy.default_version).await?,
        None => None,
    };
    let text = version.map(|version| version.document).unwrap_or_default();
    Ok(Source::stored(arn.to_owned(), "user-managed", text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_groups_and_roles_are_named_by_arn() {
        let (account, named, arn) = parse("arn:aws:iam::111122223333:role/ci/deploy").unwrap();
        assert_eq!((account.as_str(), named.kind, named.path, named.name), ("111122223333", "role", "/ci/", "deploy"));
        assert_eq!(arn.as_str(), "arn:aws:iam::111122223333:role/ci/deploy");
        assert_eq!(parse("arn:aws:iam::111122223333:group/g").unwrap().1.kind, "group");
        for text in
            ["", "arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:user/", "arn:aws:iam::1:user/a", "user/a"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
