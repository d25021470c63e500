//! How much of what an agent is told goes into one message.

use acs::frame::MAX_TO_AGENT;

/// How many bytes the tasks of a message have together at the most; the rest of what an agent takes is for what is around them.
const LARGEST: usize = MAX_TO_AGENT / 2;

/// How long a task is in a message; none if agents do not take it, since it or one of its lists is too long. They would drop it,
/// and whatever else is in the message.
pub(super) fn taken(task: &acs::Task) -> Option<usize> {
    let text = serde_json::to_string(task).ok().filter(|text| text.len() <= LARGEST)?;
    serde_json::from_str::<acs::Task>(&text).ok().map(|_| text.len())
}

/// What goes into which message, by how long each is.
pub(super) fn messages<T>(words: Vec<(usize, T)>) -> Vec<Vec<T>> {
    let mut messages: Vec<Vec<T>> = Vec::new();
    let mut left = 0;
    for (size, word) in words {
        match messages.last_mut().filter(|_| size <= left) {
            Some(message) => {
                left -= size;
                message.push(word);
            }
            None => {
                left = LARGEST.saturating_sub(size);
                messages.push(vec![word]);
            }
        }
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_message_is_longer_than_agents_take() {
        let half = LARGEST / 2;
        let sizes = [half, half, 1, LARGEST, 1, 1, LARGEST + 1, 2];
        let words: Vec<(usize, usize)> = sizes.into_iter().map(|size| (size, size)).collect();
        let found = messages(words);
        assert_eq!(
            found,
            [vec![half, half], vec![1], vec![LARGEST], vec![1, 1], vec![LARGEST + 1], vec![2]],
            "what is too long by itself is seen before"
        );
        assert!(messages::<()>(Vec::new()).is_empty());
    }
}
