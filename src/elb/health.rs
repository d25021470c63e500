//! What balancers found out: about targets, and whether they listen where they should. Each balancer writes rows of its own;
//! what is shown of a target is what all balancers that are there agree on, and otherwise the worst of it. So whoever waits
//! until a target is healthy knows that every balancer sends requests to it.

use std::collections::HashSet;
use std::time::Duration;

use app::App;
use store::target_health::TargetHealthRow;
use store::{Commit, Conn, Pending, balancers, listener_states, target_health, targets};
use types::Timestamp;

use crate::change::change;
use crate::error::{Error, Result};

/// How often a balancer says that it is there.
pub const BEAT: Duration = Duration::from_secs(3);

/// A balancer that was not seen for this long is not there.
const PRESENT: Duration = Duration::from_secs(10);

/// What it left behind is removed after this time.
const FORGOTTEN: Duration = Duration::from_secs(60);

/// How many things are cleared away at a time.
const BATCH: usize = 100;

/// The state of a target, as one balancer sees it or as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It gets requests.
    Healthy,
    /// It was not checked yet.
    Initial,
    /// Its checks fail.
    Unhealthy,
    /// No rule forwards to its group, or it is not registered.
    Unused,
    /// It gets no new requests.
    Draining,
    /// Of one that drains: nothing is under way any more. Never shown.
    Drained,
}

impl State {
    /// As it is spelled.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Initial => "initial",
            Self::Unhealthy => "unhealthy",
            Self::Unused => "unused",
            Self::Draining => "draining",
            Self::Drained => "drained",
        }
    }

    fn read(text: &str) -> Self {
        match text {
            "healthy" => Self::Healthy,
            "unhealthy" => Self::Unhealthy,
            "drained" => Self::Drained,
            _ => Self::Initial,
        }
    }
}

/// The health of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Its state.
    pub state: State,
    /// A code, unless it is healthy.
    pub reason: Option<&'static str>,
    /// In words.
    pub description: Option<String>,
}

/// Reasons and what they mean. A reason that was stored is found here again.
const REASONS: &[(&str, &str)] = &[
    ("Elb.RegistrationInProgress", "Target registration is in progress"),
    ("Elb.InitialHealthChecking", "Initial health checks in progress"),
    ("Elb.InternalError", "Health checks failed due to an internal error"),
    ("Target.ResponseCodeMismatch", "Health checks failed with another status than expected"),
    ("Target.Timeout", "Request timed out"),
    ("Target.FailedHealthChecks", "Health checks failed"),
    ("Target.NotRegistered", "Target is not registered to the target group"),
    ("Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"),
    ("Target.DeregistrationInProgress", "Target deregistration is in progress"),
];

impl Health {
    /// With the description that goes with the reason.
    pub fn because(state: State, reason: &'static str) -> Self {
        let description = REASONS.iter().find(|(known, _)| *known == reason).map(|(_, text)| (*text).to_owned());
        Self { state, reason: Some(reason), description }
    }

    /// It gets requests.
    pub fn healthy() -> Self {
        Self { state: State::Healthy, reason: None, description: None }
    }

    fn of(row: &TargetHealthRow) -> Self {
        let reason = row.reason.as_deref().and_then(|reason| REASONS.iter().find(|(known, _)| *known == reason));
        Self {
            state: State::read(&row.state),
            reason: reason.map(|(known, _)| *known),
            description: row.description.clone(),
        }
    }
}

/// What is shown of a registered target, from what the balancers that are `present` found out.
pub(crate) fn combined(used: bool, draining: bool, present: &[String], found: &[&TargetHealthRow]) -> Health {
    if draining {
        return Health::because(State::Draining, "Target.DeregistrationInProgress");
    }
    if !used {
        return Health::because(State::Unused, "Target.NotInUse");
    }
    let of = |balancer: &String| found.iter().find(|row| row.balancer_id == *balancer).map(|row| Health::of(row));
    let worst = present
        .iter()
        .map(|balancer| match of(balancer) {
            // What it saw last was before the target was registered again.
            None | Some(Health { state: State::Drained, .. }) => {
                Health::because(State::Initial, "Elb.RegistrationInProgress")
            }
            Some(health) => health,
        })
        .max_by_key(|health| health.state);
    worst.unwrap_or_else(|| Health::because(State::Initial, "Elb.RegistrationInProgress"))
}

/// The balancers that are there.
pub(crate) async fn present(conn: &mut Conn, now: Timestamp) -> Result<Vec<String>> {
    Ok(balancers::list(conn, now.before(PRESENT)).await?)
}

/// Something that a balancer found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// About a target.
    Target {
        /// Whose.
        target_group_id: String,
        /// Which.
        target_id: String,
        /// On which port.
        port: u16,
        /// How it is.
        health: Health,
    },
    /// About a listener.
    Listener {
        /// Which.
        listener_id: String,
        /// Why it does not listen, if it does not.
        failure: Option<String>,
    },
}

/// Notes that a balancer is there, and what it found out since it last said so.
pub async fn report(app: &App, balancer_id: &str, observations: Vec<Observation>) -> Result<()> {
    let (balancer_id, now) = (balancer_id.to_owned(), app.now());
    app.db()
        // It is found out anew if it is lost.
        .write_with(Commit::Unflushed, move |conn| {
            Box::pin(async move {
                balancers::upsert(conn, &balancer_id, now).await?;
                for observation in observations {
                    match observation {
                        Observation::Target { target_group_id, target_id, port, health } => {
                            let row = TargetHealthRow {
                                target_group_id,
                                target_id,
                                port: u64::from(port),
                                balancer_id: balancer_id.clone(),
                                state: health.state.as_str().to_owned(),
                                reason: health.reason.map(str::to_owned),
                                description: health.description,
                                updated_at: now,
                            };
                            target_health::upsert(conn, &row).await?;
                        }
                        Observation::Listener { listener_id, failure } => {
                            let row = listener_states::ListenerStateRow {
                                listener_id,
                                balancer_id: balancer_id.clone(),
                                failure,
                                updated_at: now,
                            };
                            listener_states::upsert(conn, &row).await?;
                        }
                    }
                }
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await
}

/// Removes a balancer that ends, with all that it found out.
pub async fn leave(app: &App, balancer_id: &str) -> Result<()> {
    let balancer_id = balancer_id.to_owned();
    app.db()
        .write(move |conn| {
            Box::pin(async move {
                balancers::delete(conn, &balancer_id).await?;
                target_health::delete_of_balancer(conn, &balancer_id).await?;
                listener_states::delete_of_balancer(conn, &balancer_id).await?;
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await
}

/// Removes what is over: balancers that were not seen for long, and targets that have drained. A target has when its time is
/// up, or before when nothing is under way to it at any balancer. `draining` are the groups that have such targets.
pub async fn clear(app: &App, draining: &HashSet<String>) -> Result<()> {
    let now = app.now();
    let (gone, over) = {
        let mut conn = app.db().reader().await?;
        let gone = balancers::list_gone(&mut conn, now.before(FORGOTTEN), BATCH).await?;
        let mut over = targets::list_drained(&mut conn, now, BATCH).await?;
        let present = present(&mut conn, now).await?;
        for group in draining {
            let found = target_health::list(&mut conn, group).await?;
            let done = |target: &targets::TargetRow| {
                let of = |balancer: &String| {
                    found.iter().any(|row| {
                        row.balancer_id == *balancer
                            && row.state == State::Drained.as_str()
                            && (&row.target_id, row.port) == (&target.target_id, target.port)
                    })
                };
                target.draining_until.is_some_and(|until| until > now) && present.iter().all(of)
            };
            over.extend(targets::list(&mut conn, group).await?.into_iter().filter(done));
        }
        (gone, over)
    };
    for balancer in gone {
        leave(app, &balancer).await?;
    }
    if over.is_empty() {
        return Ok(());
    }
    change(app, move |conn| {
        Box::pin(async move {
            for target in over {
                // Unless it was registered again meanwhile.
                if targets::delete_draining(conn, &target.target_group_id, &target.target_id, target.port).await? {
                    target_health::delete(conn, &target.target_group_id, &target.target_id, target.port).await?;
                }
            }
            Ok(())
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(balancer: &str, health: &Health) -> TargetHealthRow {
        TargetHealthRow {
            target_group_id: "g".to_owned(),
            target_id: "10.0.0.1".to_owned(),
            port: 80,
            balancer_id: balancer.to_owned(),
            state: health.state.as_str().to_owned(),
            reason: health.reason.map(str::to_owned),
            description: health.description.clone(),
            updated_at: Timestamp::from_micros(0),
        }
    }

    #[test]
    fn a_target_is_healthy_when_all_that_are_there_say_so() {
        let present = ["a".to_owned(), "b".to_owned()];
        let healthy = Health::healthy();
        let failed = Health::because(State::Unhealthy, "Target.Timeout");
        let (a, b, bad, dead) = (row("a", &healthy), row("b", &healthy), row("b", &failed), row("c", &failed));
        assert_eq!(combined(true, false, &present, &[&a, &b, &dead]), healthy);
        assert_eq!(combined(true, false, &present, &[&a, &bad]), failed);
        let registering = Health::because(State::Initial, "Elb.RegistrationInProgress");
        assert_eq!(combined(true, false, &present, &[&a]), registering);
        assert_eq!(combined(true, false, &[], &[&a]), registering);
        assert_eq!(combined(false, false, &present, &[&a, &b]).state, State::Unused);
        assert_eq!(combined(true, true, &present, &[&a, &b]).state, State::Draining);
    }
}
