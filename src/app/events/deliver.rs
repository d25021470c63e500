//! Sends events: signed as the Standard Webhooks specification says, again and again until somebody has taken them.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use std::time::Duration;

use futures_util::future::join_all;
use outbound::ChosenBy;
use store::webhook_deliveries::{Attempt, DeliveryRow};
use store::webhooks::WebhookRow;
use store::{Pending, jobs, webhook_deliveries, webhooks};
use types::Timestamp;

use super::signature::sign;
use super::webhooks::owner;
use crate::{App, Error, Result};

/// Events that are sent to a webhook at once.
const BATCH: usize = 16;
/// How long a process has for a batch before another sends it too.
const LEASE: Duration = Duration::from_secs(60);
/// How long after each failure an event is sent again; after the last it is given up. About three days in all.
const PATIENCE: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(3600),
    Duration::from_secs(3 * 3600),
    Duration::from_secs(8 * 3600),
    Duration::from_secs(24 * 3600),
    Duration::from_secs(36 * 3600),
];
/// How long what became of an event is remembered.
const HISTORY: Duration = Duration::from_secs(7 * 24 * 3600);
const HISTORY_BATCH: usize = 500;

/// The kind of job that sends what is due to one webhook, which is its subject: so one that does not answer keeps nothing from
/// the others, and is left alone for longer and longer.
pub const JOB: &str = "deliver events";

/// Has the jobs of webhooks look to which something is due.
pub async fn awaken(app: &App) -> Result<()> {
    let now = app.now();
    let mut conn = app.db().reader().await?;
    let due = webhook_deliveries::list_due(&mut conn, now).await?;
    drop(conn);
    if due.is_empty() {
        return Ok(());
    }
    let jobs: Vec<(String, String)> = due.into_iter().map(|webhook_id| (app.new_id(), webhook_id)).collect();
    app.db()
        .write_in_background(move |conn| {
            Box::pin(async move {
                for (job_id, webhook_id) in &jobs {
                    // One that is there waits for its time.
                    jobs::insert(conn, job_id, JOB, webhook_id, now).await?;
                }
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await
}

/// Sends what is due to a webhook, until nothing is. Fails when nobody answers.
pub async fn deliver(app: &App, webhook_id: &str) -> Result<()> {
    loop {
        let (due, webhook) = claim(app, webhook_id).await?;
        let outcomes = due.iter().map(|delivery| async {
            let sent = match &webhook {
                Some(webhook) => send(app, webhook, delivery).await,
                None => Sent::Never("the webhook was removed".to_owned()),
            };
            let silent = matches!(sent, Sent::Nothing(_));
            note(app, delivery, sent).await.map(|()| silent)
        });
        let mut silent = false;
        for outcome in join_all(outcomes).await {
            silent |= outcome?;
        }
        if silent {
            return Err(Error::Unavailable("webhook"));
        }
        if due.len() < BATCH {
            return Ok(());
        }
    }
}

/// Takes events that are due to a webhook, and the webhook, if it is still there.
async fn claim(app: &App, webhook_id: &str) -> Result<(Vec<DeliveryRow>, Option<WebhookRow>)> {
    let (id, now) = (webhook_id.to_owned(), app.now());
    let until = now.after(LEASE);
    app.db()
        .write_in_background(move |conn| {
            Box::pin(async move {
                let due = webhook_deliveries::claim(conn, &id, now, until, BATCH).await?;
                Ok((due, webhooks::find(conn, &id).await?))
            }) as Pending<'_, (Vec<DeliveryRow>, Option<WebhookRow>), Error>
        })
        .await
}

/// How an attempt went.
enum Sent {
    /// There was an answer with this status.
    Answer(u16),
    /// There was none.
    Nothing(String),
    /// There will be none.
    Never(String),
}

async fn send(app: &App, webhook: &WebhookRow, delivery: &DeliveryRow) -> Sent {
    let Some(secret) = app.sealer().open_text(&owner(&webhook.webhook_id), &webhook.sealed_secret) else {
        return Sent::Never("the secret was sealed with another master key".to_owned());
    };
    let timestamp = app.now().seconds();
    let Some(signature) = sign(secret.expose(), &delivery.delivery_id, timestamp, &delivery.event) else {
        return Sent::Never("the secret cannot be read".to_owned());
    };
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("webhook-id", delivery.delivery_id.clone()),
        ("webhook-timestamp", timestamp.to_string()),
        ("webhook-signature", signature),
    ];
    match app.outbound.post(&webhook.url, &headers, delivery.event.clone(), ChosenBy::Operator).await {
        Ok(status) => Sent::Answer(status),
        Err(error) => Sent::Nothing(error.to_string()),
    }
}

async fn note(app: &App, delivery: &DeliveryRow, sent: Sent) -> Result<()> {
    let now = app.now();
    let again = usize::try_from(delivery.attempts).ok().and_then(|attempts| PATIENCE.get(attempts).copied());
    let (state, status_code, error, due_at) = match sent {
        Sent::Answer(status @ 200..=299) => ("DELIVERED", Some(status), None, now),
        // Who says that the address is gone means it.
        Sent::Answer(410) => ("FAILED", Some(410), None, now),
        Sent::Never(error) => ("FAILED", None, Some(error), now),
        Sent::Answer(status) => (pending(again), Some(status), None, later(now, again)),
        Sent::Nothing(error) => (pending(again), None, Some(error), later(now, again)),
    };
    let id = delivery.delivery_id.clone();
    app.db()
        .write_in_background(move |conn| {
            Box::pin(async move {
                let ended_at = (state != "PENDING").then_some(now);
                let attempt = Attempt { state, due_at, status_code, error: error.as_deref(), ended_at };
                Ok(webhook_deliveries::update(conn, &id, &attempt).await?)
            }) as Pending<'_, (), Error>
        })
        .await
}

fn pending(again: Option<Duration>) -> &'static str {
    if again.is_some() { "PENDING" } else { "FAILED" }
}

fn later(now: Timestamp, again: Option<Duration>) -> Timestamp {
    again.map_or(now, |pause| now.after(pause))
}

/// Forgets what became of events long ago. Whether there may be more.
pub async fn forget(app: &App) -> Result<bool> {
    let before = app.now().before(HISTORY);
    let forgotten = app
        .db()
        .write_in_background(move |conn| {
            Box::pin(async move { Ok(webhook_deliveries::delete_ended(conn, before, HISTORY_BATCH).await?) })
                as Pending<'_, u64, Error>
        })
        .await?;
    Ok(forgotten == HISTORY_BATCH as u64)
}
