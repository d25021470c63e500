//! The part of the plans about users and what they may: rows, and what requests and background work ask for.

use super::super::harness::registry;
use crate::{
    Conn, Result, access_keys, group_members, groups, iam_tags, inline_policies, policy_attachments, policy_principals,
    users,
};

pub(super) const ROWS: &str = "
    insert into users (user_id, account_id, name, path, boundary_arn, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select 'AIDA' || cast(i as text), '000000000000', 'user-' || cast(i as text), '/',
            case when i % 500 = 0 then 'arn:limit-' || cast(i % 7 as text) end, 0 from n;
    insert into groups (group_id, account_id, name, path, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'AGPA' || cast(i as text), '000000000000', 'group-' || cast(i as text), '/', 0 from n;
    insert into group_members (group_id, user_id)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'AGPA' || cast(100001 + i % 1000 as text), 'AIDA' || cast(i as text) from n;
    insert into access_keys (access_key_id, account_id, user_id, sealed_secret, status, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select 'AKIA' || cast(i as text), '000000000000', 'AIDA' || cast(i as text), cast('x' as blob), 'Active', 0
            from n;
    insert into inline_policies (principal_id, name, document)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select 'AIDA' || cast(i as text), 'own', '{}' from n;
    insert into policy_attachments (principal_id, policy_arn, account_id)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select 'AIDA' || cast(i as text), 'arn:policy-' || cast(i % 2000 as text), '000000000000' from n;
    insert into iam_tags (resource_id, folded_key, key, value)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select 'AIDA' || cast(i as text), 'team', 'Team', 'a' from n;
    insert into policy_principals (principal_id, owner_kind, owner_id)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select 'AIDA' || cast(i as text), 'repository', 'id-' || cast(i as text) from n;
";

pub(super) async fn ask(conn: &mut Conn) -> Result<()> {
    let registry = registry();
    let account = registry.account.clone();
    let user = users::find(conn, &account, "user-105000").await?.expect("a user");
    users::find_by_id(conn, "AIDA105000").await?;
    users::insert(conn, &user).await?;
    users::update_name(conn, &user, "user-105000", "/").await?;
    users::list_page(conn, &account, "/", "user-105000", 100).await?;
    groups::find(conn, &account, "group-105000").await?;
    groups::list_page(conn, &account, "/", "group-105000", 100).await?;
    group_members::list_group_names(conn, &["AIDA105000", "AIDA105001"]).await?;
    group_members::insert(conn, "AGPA105000", "AIDA105000").await?;
    group_members::delete(conn, "AGPA105000", "AIDA105000").await?;
    access_keys::find(conn, "AKIA105000").await?;
    access_keys::list_of_user(conn, "AIDA105000").await?;
    access_keys::count_of_user(conn, "AIDA105000").await?;
    access_keys::update_status(conn, "AKIA105000", true).await?;
    inline_policies::find(conn, "AIDA105000", "own").await?;
    inline_policies::list_of(conn, &["AIDA105000", "AIDA105001"]).await?;
    inline_policies::list_names(conn, "AIDA105000", "", 100).await?;
    inline_policies::list_lengths(conn, &["AIDA105000", "AIDA105001"]).await?;
    policy_attachments::list_of(conn, &["AIDA105000", "AIDA105001"]).await?;
    policy_attachments::count(conn, "AIDA105000").await?;
    policy_attachments::delete(conn, "AIDA105000", "arn:policy-7").await?;
    iam_tags::list_of(conn, &["AIDA105000", "AIDA105001"]).await?;
    iam_tags::list_page(conn, "AIDA105000", "", 100).await?;
    iam_tags::delete(conn, "AIDA105000", &["team"]).await?;
    policy_principals::replace(conn, "repository", "id-105000", &["AIDA105000".to_owned()]).await?;
    policy_principals::list_owners(conn, "AIDA105000").await?;
    policy_principals::delete_principal(conn, "AIDA105000").await?;
    Ok(())
}
