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

/// A page whose documents have more characters than this together ends.
const LONGEST_PAGE: u64 = 2 << 20;

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
    let lengths = lengths(conn, &found).await?;
    let fit = fitting(found.iter().map(|(_, item)| item.length(&lengths)), paging.items);
    let more = found.len() > fit;
    found.truncate(fit);
    let Page { items, is_truncated, marker } = paging.page_of(call, found, more, |(key, _)| key.clone())?;
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
    details.forget_deleted();
    Ok(details)
}

impl Item {
    /// The id by which its documents are found.
    fn id(&self) -> &str {
        match self {
            Self::User(row) => &row.user_id,
            Self::Group(row) => &row.group_id,
            Self::Role(row) => &row.role_id,
            Self::Policy(policy) => &policy.arn,
        }
    }

    /// How many characters its documents have.
    fn length(&self, lengths: &HashMap<String, u64>) -> u64 {
        let own = if let Self::Role(row) = self { row.trust_policy.len() as u64 } else { 0 };
        own + lengths.get(self.id()).copied().unwrap_or_default()
    }
}

impl Details {
    /// Leaves out policies that were deleted after their rows had been read: every policy has a version.
    fn forget_deleted(&mut self) {
        let versions = &self.belongings.versions;
        self.policies.retain(|policy| versions.contains_key(&policy.arn));
    }
}

/// How many of so long elements fit on a page. One always does, so that clients get on.
fn fitting(lengths: impl Iterator<Item = u64>, items: usize) -> usize {
    let mut together = 0;
    let fits = lengths.take(items).take_while(|length| {
        together += length;
        together <= LONGEST_PAGE
    });
    fits.count().max(1)
}

/// How many characters the documents of what was found have, by its ids.
async fn lengths(conn: &mut Conn, found: &[(String, Item)]) -> Result<HashMap<String, u64>, Error> {
    let ids: Vec<&str> = found.iter().map(|(_, item)| item.id()).collect();
    let (policies, principals): (Vec<&str>, Vec<&str>) = ids.into_iter().partition(|id| id.starts_with("arn:"));
    let mut lengths: HashMap<String, u64> =
        inline_policies::list_lengths(conn, &principals).await?.into_iter().collect();
    lengths.extend(policy_versions::list_lengths(conn, &policies).await?);
    Ok(lengths)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_before_its_documents_are_long() {
        let half = LONGEST_PAGE / 2;
        assert_eq!(fitting([half, half, 1, 1].into_iter(), 4), 2);
        assert_eq!(fitting([1, 1, 1].into_iter(), 2), 2);
        assert_eq!(fitting([3 * half, 1].into_iter(), 100), 1);
    }

    #[test]
    fn a_policy_that_was_deleted_meanwhile_is_not_shown() {
        let there = Policy::from(&built_in_policies::ALL[0]);
        let deleted = Policy { arn: "arn:aws:iam::111122223333:policy/gone".to_owned(), ..there.clone() };
        let arn = there.arn.clone();
        let mut details = Details { policies: vec![deleted, there], ..Details::default() };
        details.belongings.versions.insert(arn.clone(), Vec::new());
        details.forget_deleted();
        assert_eq!(details.policies.iter().map(|policy| policy.arn.as_str()).collect::<Vec<_>>(), [arn]);
    }
}
