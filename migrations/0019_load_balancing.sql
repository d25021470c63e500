-- Elastic Load Balancing: what is configured, and what those that balance have seen of it.
create table load_balancers (
    load_balancer_id  sorted_text not null,   -- 16 digits of its ARN
    account_id        sorted_text not null,
    region            sorted_text not null,
    name              sorted_text not null,
    settings          text not null,          -- JSON: scheme, subnets, security groups
    attributes        text not null,          -- JSON: those that were set
    created_at        bigint not null,
    constraint pk_load_balancers primary key (load_balancer_id),
    constraint uq_load_balancers_name unique (account_id, region, name)
);

create table target_groups (
    target_group_id   sorted_text not null,   -- 16 digits of its ARN
    account_id        sorted_text not null,
    region            sorted_text not null,
    name              sorted_text not null,
    settings          text not null,          -- JSON: protocol, port, kind of targets, health check
    attributes        text not null,          -- JSON: those that were set
    created_at        bigint not null,
    constraint pk_target_groups primary key (target_group_id),
    constraint uq_target_groups_name unique (account_id, region, name)
);

create table listeners (
    listener_id       sorted_text not null,   -- 16 digits of its ARN
    load_balancer_id  sorted_text not null,
    port              bigint not null,
    settings          text not null,          -- JSON: protocol, certificates
    updated_at        bigint not null,        -- of its settings and port
    constraint pk_listeners primary key (listener_id),
    constraint fk_listeners_load_balancer foreign key (load_balancer_id) references load_balancers (load_balancer_id),
    constraint uq_listeners_port unique (load_balancer_id, port)
);

create table listener_rules (
    rule_id           sorted_text not null,   -- 16 digits of its ARN
    listener_id       sorted_text not null,
    priority          bigint not null,        -- that of the default rule is above all others
    conditions        text not null,          -- JSON
    actions           text not null,          -- JSON
    constraint pk_listener_rules primary key (rule_id),
    constraint fk_listener_rules_listener foreign key (listener_id) references listeners (listener_id),
    constraint uq_listener_rules_priority unique (listener_id, priority)
);

-- Which rules forward to which target groups, so that either side is found without reading actions.
create table target_group_uses (
    target_group_id   sorted_text not null,
    rule_id           sorted_text not null,
    load_balancer_id  sorted_text not null,
    constraint pk_target_group_uses primary key (target_group_id, rule_id),
    constraint fk_target_group_uses_target_group foreign key (target_group_id) references target_groups (target_group_id),
    constraint fk_target_group_uses_rule foreign key (rule_id) references listener_rules (rule_id),
    constraint fk_target_group_uses_load_balancer foreign key (load_balancer_id)
        references load_balancers (load_balancer_id)
);
create index ix_target_group_uses_rule on target_group_uses (rule_id);
create index ix_target_group_uses_load_balancer on target_group_uses (load_balancer_id);

create table targets (
    target_group_id    sorted_text not null,
    target_id          sorted_text not null,  -- an address, or the id of an instance
    port               bigint not null,
    address            text not null,         -- where it is
    availability_zone  text,
    registered_at      bigint not null,
    draining_until     bigint,                -- null while it is registered
    constraint pk_targets primary key (target_group_id, target_id, port),
    constraint fk_targets_target_group foreign key (target_group_id) references target_groups (target_group_id)
);
create index ix_targets_draining on targets (draining_until) where draining_until is not null;

-- Processes that balance.
create table balancers (
    balancer_id  sorted_text not null,        -- one for each start
    seen_at      bigint not null,
    constraint pk_balancers primary key (balancer_id)
);
create index ix_balancers_seen on balancers (seen_at);

-- What each of them found out about a target. Such a row refers to others by value alone: it is written without the lock
-- that changes take, and must never be in the way of one.
create table target_health (
    target_group_id  sorted_text not null,
    target_id        sorted_text not null,
    port             bigint not null,
    balancer_id      sorted_text not null,
    state            text not null,           -- initial, healthy, unhealthy; drained once nothing is under way any more
    reason           text,
    description      text,
    updated_at       bigint not null,
    constraint pk_target_health primary key (target_group_id, target_id, port, balancer_id)
);
create index ix_target_health_balancer on target_health (balancer_id);

-- Whether each of them listens where it should. Refers by value too.
create table listener_states (
    listener_id  sorted_text not null,
    balancer_id  sorted_text not null,
    failure      text,                        -- why it does not
    updated_at   bigint not null,
    constraint pk_listener_states primary key (listener_id, balancer_id)
);
create index ix_listener_states_balancer on listener_states (balancer_id);

create table load_balancing_tags (
    resource_id  sorted_text not null,        -- of a load balancer, target group, listener or rule
    tag_key      sorted_text not null,
    tag_value    text not null,
    constraint pk_load_balancing_tags primary key (resource_id, tag_key)
);
