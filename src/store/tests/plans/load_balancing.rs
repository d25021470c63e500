//! The part of the plans about load balancers: rows, and what requests and background work ask for.

use types::Timestamp;

use super::super::harness::{NOW, registry};
use super::TIME;
use crate::{
    Conn, Result, balancers, listener_rules, listener_states, listeners, load_balancers, load_balancing_tags,
    target_group_uses, target_groups, target_health, targets,
};

pub(super) const ROWS: &str = "
    insert into load_balancers (load_balancer_id, account_id, region, name, settings, attributes, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'lb' || cast(i as text), '000000000000', 'us-east-1', 'lb-' || cast(i as text), '{}', '{}', 0 from n;
    insert into target_groups (target_group_id, account_id, region, name, settings, attributes, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'tg' || cast(i as text), '000000000000', 'us-east-1', 'tg-' || cast(i as text), '{}', '{}', 0 from n;
    insert into listeners (listener_id, load_balancer_id, port, settings, updated_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select 'li' || cast(i as text), 'lb' || cast(100001 + i % 10000 as text), i, '{}', 0 from n;
    insert into listener_rules (rule_id, listener_id, priority, conditions, actions)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 140000)
        select 'ru' || cast(i as text), 'li' || cast(100001 + case when i % 2 = 0 then i % 20 else i % 9000 end as text), i,
            '[]', '[]' from n;
    insert into target_group_uses (target_group_id, rule_id, load_balancer_id)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select 'tg' || cast(100001 + i % 10000 as text), 'ru' || cast(i as text),
            'lb' || cast(100001 + i % 10000 as text) from n;
    insert into targets (target_group_id, target_id, port, address, registered_at, draining_until)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 140000)
        select 'tg' || cast(100001 + i % 10000 as text), '10.0.0.1', i, '10.0.0.1', 0,
            case when i % 500 = 0 then i end from n;
    insert into balancers (balancer_id, seen_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'ba' || cast(i as text), i from n;
    insert into target_health (target_group_id, target_id, port, balancer_id, state, updated_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 140000)
        select 'tg' || cast(100001 + i % 10000 as text), '10.0.0.1', i, 'ba' || cast(100001 + i % 1000 as text),
            'healthy', 0 from n;
    insert into listener_states (listener_id, balancer_id, updated_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select 'li' || cast(i as text), 'ba' || cast(100001 + i % 1000 as text), 0 from n;
    insert into load_balancing_tags (resource_id, tag_key, tag_value)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select 'lb' || cast(i as text), 'key', 'value' from n;
";

pub(super) async fn ask(conn: &mut Conn) -> Result<()> {
    let registry = registry();
    let time = TIME;
    let some = ["lb105000", "lb105001"];
    load_balancers::find(conn, some[0]).await?;
    load_balancers::list_of(conn, &some).await?;
    load_balancers::list_named(conn, &registry, &["lb-105000"]).await?;
    load_balancers::list_page(conn, &registry, "lb-105000", 100).await?;
    load_balancers::update_attributes(conn, some[0], "{}").await?;
    target_groups::find(conn, "tg105000").await?;
    target_groups::list_named(conn, &registry, &["tg-105000"]).await?;
    target_groups::list_page(conn, &registry, "tg-105000", 100).await?;
    target_groups::update_settings(conn, "tg105000", "{}").await?;
    let listener = listeners::find(conn, "li105000").await?.expect("a listener");
    listeners::find_on(conn, some[0], 105_000).await?;
    listeners::list_of_load_balancers(conn, &some).await?;
    listeners::list_page(conn, some[0], 0, 100).await?;
    listeners::count(conn, some[0]).await?;
    listeners::update(conn, &listener).await?;
    let rule = listener_rules::list_of(conn, &["ru105000"]).await?.pop().expect("a rule");
    listener_rules::list_page(conn, "li100005", 0, 100).await?;
    listener_rules::list_at(conn, &["li100005"], 100_000).await?;
    listener_rules::count(conn, "li100005").await?;
    listener_rules::update_priority(conn, &rule, 7).await?;
    target_group_uses::list_load_balancers(conn, &["tg105000", "tg105001"]).await?;
    target_group_uses::delete(conn, "ru105001").await?;
    listener_rules::delete(conn, "ru105001").await?;
    targets::list(conn, "tg105000").await?;
    targets::list_drained(conn, time, 100).await?;
    targets::count(conn, "tg105000").await?;
    targets::update_draining(conn, "tg105000", "10.0.0.1", 104_999, NOW).await?;
    targets::delete_draining(conn, "tg105000", "10.0.0.1", 104_999).await?;
    balancers::list(conn, Timestamp::from_micros(109_990)).await?;
    balancers::list_gone(conn, time, 100).await?;
    balancers::delete(conn, "ba105000").await?;
    target_health::list(conn, "tg105000").await?;
    target_health::delete(conn, "tg105000", "10.0.0.1", 104_999).await?;
    target_health::delete_of_balancer(conn, "ba100500").await?;
    listener_states::list(conn, &["li105000", "li105001"]).await?;
    listener_states::delete(conn, "li105000").await?;
    listener_states::delete_of_balancer(conn, "ba100500").await?;
    load_balancing_tags::list(conn, &some).await?;
    load_balancing_tags::delete(conn, some[0], &["key".to_owned()]).await?;
    Ok(())
}
