-- Who is told of what happens to images, and what they are to be told: written in the transaction that changed the images.

create table webhooks (
    webhook_id        sorted_text not null,
    account_id        sorted_text not null,
    region            sorted_text not null,
    url               text not null,
    sealed_secret     blob not null,         -- what deliveries are signed with
    actions           text not null,         -- JSON list: PUSH, DELETE, PULL
    repository_prefix text not null,         -- of the names of repositories; empty: all
    created_at        bigint not null,
    constraint pk_webhooks primary key (webhook_id),
    constraint fk_webhooks_account foreign key (account_id) references accounts (account_id)
);

create table webhook_deliveries (
    delivery_id  sorted_text not null,       -- begins with its time
    webhook_id   sorted_text not null,       -- may be gone
    event        text not null,              -- JSON, as it is sent
    state        text not null,              -- PENDING, DELIVERED or FAILED
    attempts     bigint not null,
    due_at       bigint not null,            -- of a pending one: the next attempt, or until when somebody is at it
    status_code  bigint,                     -- of the last answer
    last_error   text,                       -- why there was none
    ended_at     bigint,
    constraint pk_webhook_deliveries primary key (delivery_id),
    constraint ck_webhook_deliveries_state check (state in ('PENDING', 'DELIVERED', 'FAILED'))
);
create index ix_webhook_deliveries_due on webhook_deliveries (due_at) where state = 'PENDING';
create index ix_webhook_deliveries_webhook on webhook_deliveries (webhook_id, delivery_id);
create index ix_webhook_deliveries_ended on webhook_deliveries (ended_at) where ended_at is not null;
