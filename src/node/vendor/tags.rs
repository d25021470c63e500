//! The tags of tasks and of the host, which containers ask for and the control plane knows. It is asked about each of them now
//! and then, however often containers ask.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::engine::Engine;
use crate::host::Host;
use crate::{Error, Result};

/// How old what the control plane said may be.
const FRESH: Duration = Duration::from_secs(2);

/// What it said: tags by their keys, or its refusal.
type Said = std::result::Result<Map<String, Value>, (String, String)>;

/// What the control plane said of the tags of a thing, and when. Whoever asks while somebody does waits for that.
type Slot = Arc<tokio::sync::Mutex<Option<(Instant, Said)>>>;

/// The last answers, by ARNs.
#[derive(Default)]
pub(crate) struct Tags(Mutex<HashMap<String, Slot>>);

impl Tags {
    fn of(&self, arn: &str) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that nobody holds and that are old are of no use.
        let is_old =
            |slot: &Slot| slot.try_lock().is_ok_and(|slot| slot.as_ref().is_none_or(|(at, _)| at.elapsed() > FRESH));
        slots.retain(|_, slot| Arc::strong_count(slot) > 1 || !is_old(slot));
        slots.entry(arn.to_owned()).or_default().clone()
    }
}

#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    key: String,
    #[serde(default)]
    value: String,
}

/// Puts the tags of a task and of its host into an answer. What the control plane refuses to say is told, as Amazon's agent
/// does.
pub(super) async fn put<E: Engine>(host: &Host<E>, task_arn: &str, answer: &mut Value) {
    let instance = host.journal.instance().ok().flatten().map(|instance| instance.arn);
    let mut errors = Vec::new();
    for (member, arn) in [("TaskTags", Some(task_arn.to_owned())), ("ContainerInstanceTags", instance)] {
        let Some(arn) = arn else { continue };
        match find(host, &arn).await {
            Ok(tags) if tags.is_empty() => {}
            Ok(tags) => answer[member] = Value::Object(tags),
            Err((code, message)) => errors.push(json!({
                "ErrorField": member, "ErrorCode": code, "ErrorMessage": message, "ResourceARN": arn,
            })),
        }
    }
    if !errors.is_empty() {
        answer["Errors"] = Value::Array(errors);
    }
}

async fn find<E: Engine>(host: &Host<E>, arn: &str) -> Said {
    let slot = host.tags.of(arn);
    let mut slot = slot.lock().await;
    if let Some((_, said)) = slot.as_ref().filter(|(at, _)| at.elapsed() <= FRESH) {
        return said.clone();
    }
    let listed: Result<Listed> = host.control.ecs("ListTagsForResource", &json!({"resourceArn": arn})).await;
    let said = match listed {
        Ok(Listed { tags }) => Ok(tags.into_iter().map(|tag| (tag.key, json!(tag.value))).collect()),
        Err(Error::Refused { kind, message }) => Err((kind, message)),
        Err(error) => {
            tracing::warn!(resource.arn = arn, %error, "the tags of a resource cannot be asked for");
            Err(("ServerException".to_owned(), "The control plane cannot be reached.".to_owned()))
        }
    };
    *slot = Some((Instant::now(), said.clone()));
    said
}
