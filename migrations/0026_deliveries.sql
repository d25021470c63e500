-- Deliveries are looked for webhook by webhook, so that one that does not answer keeps nothing from the others.
create index ix_webhook_deliveries_pending on webhook_deliveries (webhook_id, due_at) where state = 'PENDING';
drop index ix_webhook_deliveries_due;
