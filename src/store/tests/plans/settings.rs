//! The part of the plans about settings of registries, and caches of others: rows, and what requests and background work ask for.

use super::super::harness::{NOW, registry};
use super::{ID, digest};
use crate::{
    Conn, Result, cached_tags, pull_through_cache_rules, pull_time_exclusions, registry_settings,
    repository_creation_templates,
};

pub(super) const ROWS: &str = "
    insert into registry_settings (account_id, region, name, document, version, updated_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 103000)
        select '000000000000', 'region-' || cast(i as text), 'policy', '{}', 1, 0 from n;
    insert into pull_through_cache_rules (account_id, region, prefix, upstream_url, upstream_prefix, version, created_at,
            updated_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select '000000000000', 'us-east-1', 'p' || cast(i as text), 'quay.io', 'ROOT', 1, 0, 0 from n;
    insert into cached_tags (repository_id, name, digest, checked_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'r' || cast(100001 + case when i % 2 = 0 then i % 20 else i % 9000 end as text), 't' || cast(i as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text), 0 from n;
    insert into repository_creation_templates (account_id, region, prefix, document, version, created_at, updated_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select '000000000000', 'us-east-1', 'p' || cast(i as text), '{}', 1, 0, 0 from n;
    insert into pull_time_exclusions (account_id, region, principal_arn, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 103000)
        select '000000000000', 'us-east-1', 'p' || cast(i as text), 0 from n;
";

pub(super) async fn ask(conn: &mut Conn) -> Result<()> {
    let registry = registry();
    let id = ID;
    let first = digest(100_020);
    registry_settings::find(conn, &registry, "policy").await?;
    registry_settings::upsert(conn, &registry, "policy", "{}", NOW).await?;
    registry_settings::delete(conn, &registry, "policy").await?;
    let prefixes = ["p101000".to_owned(), "p102000".to_owned()];
    pull_through_cache_rules::find_all(conn, &registry, &prefixes).await?;
    pull_through_cache_rules::list(conn, &registry, "p102000", 100).await?;
    pull_through_cache_rules::update(conn, &registry, "p101000", None, None, NOW).await?;
    pull_through_cache_rules::delete(conn, &registry, "p101000").await?;
    let tag = "t100020".parse().expect("a tag");
    cached_tags::find(conn, id, &tag).await?;
    cached_tags::upsert(conn, id, &tag, &first, NOW).await?;
    cached_tags::update_checked(conn, id, &tag, NOW).await?;
    cached_tags::delete_some(conn, id, 10).await?;
    repository_creation_templates::find_all(conn, &registry, &prefixes).await?;
    repository_creation_templates::list(conn, &registry, "p102000", 100).await?;
    repository_creation_templates::lock(conn, &registry, "p101000").await?;
    repository_creation_templates::delete(conn, &registry, "p101000").await?;
    pull_time_exclusions::list(conn, &registry, "p102000", 100).await?;
    pull_time_exclusions::delete(conn, &registry, "p101000").await?;
    Ok(())
}
