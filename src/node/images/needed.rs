//! Which images tasks need.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::reference::{bare, whole};
use crate::engine::Image;
use crate::task::Task;

/// What tasks need that have not ended: names of images, and ids.
#[derive(Debug, Default)]
pub(super) struct Needed {
    names: BTreeSet<String>,
    ids: BTreeSet<String>,
}

impl Needed {
    /// What these tasks need.
    pub(super) fn by(tasks: &[Arc<Task>]) -> Self {
        let mut needed = Self::default();
        for task in tasks.iter().filter(|task| !task.has_ended()) {
            for container in &task.wanted.containers {
                needed.names.insert(whole(&container.image));
                // Of a task that was found by its containers only that is known.
                needed.ids.insert(bare(&container.image).to_owned());
            }
            // The name may mean another image by now.
            let ids = task.containers.iter().filter_map(|container| container.image_id.as_deref());
            needed.ids.extend(ids.map(|id| bare(id).to_owned()));
        }
        needed
    }

    /// Whether an image is among it, by the names that it has now.
    pub(super) fn has(&self, image: &Image) -> bool {
        self.ids.contains(bare(&image.id)) || image.names.iter().any(|name| self.names.contains(&whole(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Phase;

    #[test]
    fn what_a_task_wants_is_needed_until_it_has_ended() {
        let container = acs::Container { name: "app".to_owned(), image: "busybox".to_owned(), ..Default::default() };
        let mut task = Task::new(acs::Task { containers: vec![container], ..Default::default() });
        let image = |id: &str, name: &str| Image { id: id.to_owned(), names: vec![name.to_owned()], digest: None };
        let named = image("sha256:01", "docker.io/library/busybox:latest");
        assert!(Needed::by(&[Arc::new(task.clone())]).has(&named));
        assert!(!Needed::by(&[Arc::new(task.clone())]).has(&image("sha256:02", "busybox:1")));
        task.containers[0].image_id = Some("sha256:02".to_owned());
        assert!(Needed::by(&[Arc::new(task.clone())]).has(&image("02", "busybox:1")));
        task.containers[0].phase = Phase::Stopped;
        assert!(!Needed::by(&[Arc::new(task)]).has(&named));
    }
}
