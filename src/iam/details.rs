//! Everything about users, groups, roles and policies of an account at once, in pages.

use std::collections::HashMap;

use app::api::Call;
use app::{Grant, built_in_policies};
use store::groups::GroupRow;
use store::policies::Used;
use store::roles::RoleRow;
use store::users::UserRow;
use store::{
    Conn, group_members, groups, iam_tags, inline_policies, policy_attachments, policy_versions, roles, users,
};

use crate::error::Error;
use crate::managed_policies::{self, Policy, Version};
use crate::paging::{Page, Paging};
use crate::tags::Tag;

/// The sorts of things that can be asked for, in the order in which they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sort {
    /// Users.
    User,
    /// Groups.
    Group,
    /// Roles.
    Role,
    /// Managed policies that the account made.
    LocalManagedPolicy,
    /// Managed policies that come with the program, as far as the account uses them.
    AwsManagedPolicy,
}

impl Sort {
    /// All of them.
    pub(crate) const ALL: [Self; 5] =
        [Self::User, Self::Group, Self::Role, Self::LocalManagedPolicy, Self::AwsManagedPolicy];

    /// What keys of this sort begin with.
    fn initial(self) -> char {
        match self {
            Self::User => 'a',
            Self::Group => 'b',
            Self::Role => 'c',
            Self::LocalManagedPolicy => 'd',
            Self::AwsManagedPolicy => 'e',
        }
    }
}

#[derive(Debug)]
enum Item {
    User(UserRow),
    Group(GroupRow),
    Role(RoleRow),
    Policy(Policy),
}

/// What belongs to users, groups, roles and policies, by their ids; versions by the ARNs of their policies.
#[derive(Debug, Default)]
pub(crate) struct Belongings {
    /// Names and documents.
    pub(crate) inline_policies: HashMap<String, Vec<(String, String)>>,
    /// ARNs.
    pub(crate) attached_policies: HashMap<String, Vec<String>>,
    /// Names.
    pub(crate) groups: HashMap<String, Vec<String>>,
    /// Tags.
    pub(crate) tags: HashMap<String, Vec<Tag>>,
    /// Versions.
    pub(crate) versions: HashMap<String, Vec<Version>>,
}

/// One page.
#[derive(Debug, Default)]
pub(crate) struct Details {
    /// Users.
    pub(crate) users: Vec<UserRow>,
    /// Groups.
    pub(crate) groups: Vec<GroupRow>,
    /// Roles.
    pub(crate) roles: Vec<RoleRow>,
    /// Policies.
    pub(crate) policies: Vec<Policy>,
    /// What belongs to them.
    pub(crate) belongings: Belongings,
    /// Whether there is more.
    pub(crate) is_truncated: bool,
    /// Where that begins.
    pub(crate) marker: Option<String>,
}

/// A page of the sorts that are wanted.
pub(crate) async fn list(call: &Call, grant: &Grant, sorts: &[Sort], paging: Paging) -> Result<Details, Error> {
    grant.require("iam:GetAccountAuthorizationDetails")?;
    let mut conn = call.ctx.app.db().reader().await?;
    let conn = &mut conn;
    let mut found: Vec<(String, Item)> = Vec::new();
    for sort in Sort::ALL {
        let initial = sort.initial();
        let wanted = paging.wanted() - found.len();
        if wanted == 0 || !sorts.contains(&sort) || paging.after.chars().next().is_some_and(|at| at > initial) {
            continue;
        }
        let after = paging.after.strip_prefix(initial).unwrap_or_default();
        found.extend(items(conn, call, sort, after, wanted).await?);
    }
    let Page { items, is_truncated, marker } = paging.page(call, found, |(key, _)| key)?;
    let mut details = Details { is_truncated, marker, ..Details::default() };
    for (_, item) in items {
        match item {
            Item::User(row) => details.users.push(row),
            Item::Group(row) => details.groups.push(row),
            Item::Role(row) => details.roles.push(row),
            Item::Policy(policy) => details.policies.push(policy),
        }
    }
    details.belongings = belongings(conn, &details).await?;
    Ok(details)
}

async fn items(
    conn: &mut Conn,
    call: &Call,
    sort: Sort,
    after: &str,
    limit: usize,
) -> Result<Vec<(String, Item)>, Error> {
    let account = call.account();
    let initial = sort.initial();
    let key = |name: &str| format!("{initial}{name}");
    Ok(match sort {
        Sort::User => {
            let rows = users::list_page(conn, account, "/", after, limit).await?;
            rows.into_iter().map(|row| (key(&row.name), Item::User(row))).collect()
        }
        Sort::Group => {
            let rows = groups::list_page(conn, account, "/", after, limit).await?;
            rows.into_iter().map(|row| (key(&row.name), Item::Group(row))).collect()
        }
        Sort::Role => {
            let rows = roles::list_page(conn, account, "/", after, limit).await?;
            rows.into_iter().map(|row| (key(&row.name), Item::Role(row))).collect()
        }
        Sort::LocalManagedPolicy | Sort::AwsManagedPolicy => {
            let built_in = sort == Sort::AwsManagedPolicy;
            let filter = managed_policies::Filter { own: !built_in, built_in, used: Used::Anyhow, path_prefix: "/" };
            let looked_at = if built_in { built_in_policies::ALL.len() } else { limit };
            let mut policies = managed_policies::list_after(conn, account, filter, after, looked_at).await?;
            policies.retain(|policy| !built_in || policy.attachments + policy.boundaries > 0);
            policies.truncate(limit);
            let keyed = |policy: Policy| (key(&managed_policies::key(&policy)), Item::Policy(policy));
            policies.into_iter().map(keyed).collect()
        }
    })
}

async fn belongings(conn: &mut Conn, details: &Details) -> Result<Belongings, Error> {
    let users: Vec<&str> = details.users.iter().map(|row| row.user_id.as_str()).collect();
    let roles: Vec<&str> = details.roles.iter().map(|row| row.role_id.as_str()).collect();
    let groups = details.groups.iter().map(|row| row.group_id.as_str());
    let principals: Vec<&str> = users.iter().chain(&roles).copied().chain(groups).collect();
    let tagged: Vec<&str> = users.iter().chain(&roles).copied().collect();
    let mut belongings = Belongings::default();
    for row in inline_policies::list_of(conn, &principals).await? {
        belongings.inline_policies.entry(row.principal_id).or_default().push((row.name, row.document));
    }
    for row in policy_attachments::list_of(conn, &principals).await? {
        belongings.attached_policies.entry(row.principal_id).or_default().push(row.policy_arn);
    }
    for (user_id, group) in group_members::list_group_names(conn, &users).await? {
        belongings.groups.entry(user_id).or_default().push(group);
    }
    for row in iam_tags::list_of(conn, &tagged).await? {
        belongings.tags.entry(row.resource_id.clone()).or_default().push(Tag::from(row));
    }
    let defaults: HashMap<&str, i64> =
        details.policies.iter().map(|policy| (policy.arn.as_str(), policy.default_version)).collect();
    let arns: Vec<&str> = defaults.keys().copied().collect();
    for row in policy_versions::list_of(conn, &arns).await? {
        let default = defaults.get(row.policy_arn.as_str()).copied().unwrap_or_default();
        belongings.versions.entry(row.policy_arn.clone()).or_default().push(Version::new(row, default));
    }
    for policy in details.policies.iter().filter_map(|policy| built_in_policies::find(&policy.arn)) {
        belongings.versions.insert(policy.arn().to_string(), vec![policy.into()]);
    }
    Ok(belongings)
}
