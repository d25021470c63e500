//! Rules of listeners: what is done with which requests, in the order of their priorities.

use std::collections::BTreeSet;

use app::Grant;
use app::api::Call;
use store::listener_rules::ListenerRuleRow;
use store::load_balancers::LoadBalancerRow;
use store::{Conn, listener_rules, load_balancing_tags, target_group_uses};

use crate::actions::Action;
use crate::arns::{Kind, Named, new_id};
use crate::change::{change, read, stored};
use crate::conditions::RuleCondition;
use crate::error::{Error, Quota, Result};
use crate::lookup;
use crate::paging::Paging;
use crate::tags::{self, Tag};

/// The highest priority that clients can give.
pub(crate) const MOST_PRIORITY: i64 = 50_000;

/// The priority of default rules, after all others.
pub(crate) const DEFAULT_PRIORITY: u64 = 100_000;

/// Above all priorities that clients give, for those that are on their way to another.
const PARKED: u64 = 1_000_000;

/// A rule with its load balancer.
pub(crate) struct Found {
    pub(crate) load_balancer: LoadBalancerRow,
    pub(crate) row: ListenerRuleRow,
    pub(crate) conditions: Vec<RuleCondition>,
    pub(crate) actions: Vec<Action>,
}

impl Found {
    fn read(load_balancer: &LoadBalancerRow, row: ListenerRuleRow) -> Result<Self> {
        Ok(Self {
            load_balancer: load_balancer.clone(),
            conditions: read(&row.conditions)?,
            actions: read(&row.actions)?,
            row,
        })
    }

    pub(crate) fn arn(&self) -> String {
        let ids =
            [self.load_balancer.load_balancer_id.as_str(), self.row.listener_id.as_str(), self.row.rule_id.as_str()];
        Named::new(&self.load_balancer.registry, Kind::Rule, &self.load_balancer.name, &ids).arn().to_string()
    }

    pub(crate) fn is_default(&self) -> bool {
        self.row.priority == DEFAULT_PRIORITY
    }
}

/// Makes a rule.
pub(crate) async fn create(
    call: &Call,
    grant: &Grant,
    listener: Named,
    priority: u64,
    conditions: Vec<RuleCondition>,
    actions: Vec<Action>,
    tags: Vec<Tag>,
) -> Result<Found> {
    grant.require_on("elasticloadbalancing:CreateRule", listener.arn().as_str())?;
    let registry = call.ctx.registry.clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            let (load_balancer, listener) = lookup::listener(conn, &registry, &listener).await?;
            // The default rule is none of those that are counted.
            if listener_rules::count(conn, &listener.listener_id).await? > Quota::Rules.most() {
                return Err(Error::TooMany(Quota::Rules));
            }
            let row = ListenerRuleRow {
                rule_id: new_id(),
                listener_id: listener.listener_id,
                priority,
                conditions: stored(&conditions)?,
                actions: stored(&actions)?,
            };
            insert(conn, &load_balancer, &row, &actions).await?;
            tags::insert(conn, &row.rule_id, &tags).await?;
            Ok(Found { load_balancer, row, conditions, actions })
        })
    })
    .await
}

/// Adds a rule, with what it uses.
pub(crate) async fn insert(
    conn: &mut Conn,
    load_balancer: &LoadBalancerRow,
    row: &ListenerRuleRow,
    actions: &[Action],
) -> Result<()> {
    if !listener_rules::insert(conn, row).await? {
        return Err(Error::PriorityInUse(row.priority));
    }
    insert_uses(conn, load_balancer, &row.rule_id, actions).await
}

/// Changes a rule, and what it uses.
pub(crate) async fn update(
    conn: &mut Conn,
    load_balancer: &LoadBalancerRow,
    row: &ListenerRuleRow,
    conditions: &str,
    actions: &[Action],
) -> Result<()> {
    listener_rules::update(conn, &row.rule_id, conditions, &stored(&actions)?).await?;
    target_group_uses::delete(conn, &row.rule_id).await?;
    insert_uses(conn, load_balancer, &row.rule_id, actions).await
}

/// Notes which target groups a rule forwards to. They must be there, and be no other load balancer's.
async fn insert_uses(
    conn: &mut Conn,
    load_balancer: &LoadBalancerRow,
    rule_id: &str,
    actions: &[Action],
) -> Result<()> {
    for arn in actions.iter().flat_map(Action::target_groups) {
        let group = Named::read(Kind::TargetGroup, arn)?;
        let group = lookup::target_group(conn, &load_balancer.registry, &group).await?;
        let id = group.target_group_id.as_str();
        let used = target_group_uses::list_load_balancers(conn, &[id]).await?;
        if used.iter().any(|(_, other)| *other != load_balancer.load_balancer_id) {
            return Err(Error::TargetGroupAssociationLimit(arn.to_owned()));
        }
        target_group_uses::insert(conn, id, rule_id, &load_balancer.load_balancer_id).await?;
    }
    Ok(())
}

/// Which rules are to be shown.
pub(crate) enum Which {
    Of(Named),
    Arns(Vec<Named>),
}

/// A page of rules, by their priorities.
pub(crate) async fn list(
    call: &Call,
    grant: &Grant,
    which: Which,
    paging: Paging<u64>,
) -> Result<(Vec<Found>, Option<String>)> {
    grant.require("elasticloadbalancing:DescribeRules")?;
    let registry = &call.ctx.registry;
    let mut conn = call.ctx.app.db().reader().await?;
    let conn = &mut conn;
    match which {
        Which::Of(listener) => {
            let (load_balancer, listener) = lookup::listener(conn, registry, &listener).await?;
            let after = paging.after.unwrap_or_default();
            let rows = listener_rules::list_page(conn, &listener.listener_id, after, paging.wanted()).await?;
            let (rows, marker) = paging.page(call, rows, |row| row.priority)?;
            let found = rows.into_iter().map(|row| Found::read(&load_balancer, row)).collect::<Result<_>>()?;
            Ok((found, marker))
        }
        Which::Arns(arns) => {
            let mut all = Vec::with_capacity(arns.len());
            for arn in arns {
                let (load_balancer, _, row) = lookup::rule(conn, registry, &arn).await?;
                all.push(Found::read(&load_balancer, row)?);
            }
            Ok((all, None))
        }
    }
}

/// Changes the conditions or the actions of a rule.
pub(crate) async fn modify(
    call: &Call,
    grant: &Grant,
    rule: Named,
    conditions: Option<Vec<RuleCondition>>,
    actions: Option<Vec<Action>>,
) -> Result<Found> {
    grant.require_on("elasticloadbalancing:ModifyRule", rule.arn().as_str())?;
    let registry = call.ctx.registry.clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            let (load_balancer, _, mut row) = lookup::rule(conn, &registry, &rule).await?;
            if row.priority == DEFAULT_PRIORITY {
                // Its actions are the default actions of the listener.
                return Err(not_of_default(&rule, "modified"));
            }
            let conditions = conditions.map_or_else(|| read(&row.conditions), Ok)?;
            let actions = actions.map_or_else(|| read(&row.actions), Ok)?;
            (row.conditions, row.actions) = (stored(&conditions)?, stored(&actions)?);
            update(conn, &load_balancer, &row, &row.conditions, &actions).await?;
            Ok(Found { load_balancer, row, conditions, actions })
        })
    })
    .await
}

fn not_of_default(rule: &Named, what: &str) -> Error {
    Error::OperationNotPermitted(format!("Default rule '{}' cannot be {what}", rule.arn()))
}

/// Removes a rule.
pub(crate) async fn delete(call: &Call, grant: &Grant, rule: Named) -> Result<()> {
    grant.require_on("elasticloadbalancing:DeleteRule", rule.arn().as_str())?;
    let registry = call.ctx.registry.clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            let (_, _, row) = lookup::rule(conn, &registry, &rule).await?;
            if row.priority == DEFAULT_PRIORITY {
                return Err(not_of_default(&rule, "deleted"));
            }
            target_group_uses::delete(conn, &row.rule_id).await?;
            load_balancing_tags::delete_all(conn, &row.rule_id).await?;
            listener_rules::delete(conn, &row.rule_id).await?;
            Ok(())
        })
    })
    .await
}

/// Gives rules other priorities, all at once: two can swap theirs.
pub(crate) async fn set_priorities(call: &Call, grant: &Grant, wanted: Vec<(Named, u64)>) -> Result<Vec<Found>> {
    let (mut rules, mut priorities) = (BTreeSet::new(), BTreeSet::new());
    for (rule, priority) in &wanted {
        grant.require_on("elasticloadbalancing:SetRulePriorities", rule.arn().as_str())?;
        if !rules.insert(rule.id().to_owned()) {
            return Err(Error::Validation(format!("Rule '{}' was provided multiple times", rule.arn())));
        }
        if !priorities.insert((rule.ids.get(1).cloned(), *priority)) {
            return Err(Error::Validation(format!("Priority '{priority}' was provided multiple times")));
        }
    }
    let registry = call.ctx.registry.clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            let mut all = Vec::with_capacity(wanted.len());
            for (index, (rule, priority)) in wanted.into_iter().enumerate() {
                let (load_balancer, _, row) = lookup::rule(conn, &registry, &rule).await?;
                if row.priority == DEFAULT_PRIORITY {
                    return Err(not_of_default(&rule, "given another priority"));
                }
                listener_rules::update_priority(conn, &row, PARKED + index as u64).await?;
                all.push((load_balancer, row, priority));
            }
            let mut found = Vec::with_capacity(all.len());
            for (load_balancer, mut row, priority) in all {
                if !listener_rules::update_priority(conn, &row, priority).await? {
                    return Err(Error::PriorityInUse(priority));
                }
                row.priority = priority;
                found.push(Found::read(&load_balancer, row)?);
            }
            Ok(found)
        })
    })
    .await
}
