//! Which images a policy takes, and by which rule: values in, decisions out. No clock and no I/O.
//!
//! ECR's order of things: every rule looks at all the images of its storage class that fit its tags, whatever other
//! rules do with them, and finds those that are too many or too old. Then the rules are applied by priority. An image
//! that fits the tags of a rule is out of reach of all later rules, even if the rule leaves it alone.
//!
//! Three kinds of images fit rules without being taken: members of an index that stays where it is, untagged images about
//! another image (signatures, SBOMs) while that other image is there, and images that somebody runs, with the indexes that
//! list them. The second kind goes with what it is about.

use std::collections::HashMap;

use types::{Digest, StorageClass, Tag, Timestamp};

use super::policy::{Count, LifecyclePolicy, Rule, RuleAction, TagSelection};

/// What evaluation asks about an image.
#[derive(Debug, Clone)]
pub struct Image {
    /// Its name.
    pub digest: Digest,
    /// All its tags.
    pub tags: Vec<Tag>,
    /// When it was pushed first.
    pub pushed_at: Timestamp,
    /// When it was pulled last, as far as that was recorded.
    pub pulled_at: Option<Timestamp>,
    /// When it was archived last.
    pub archived_at: Option<Timestamp>,
    /// When it was restored from the archive last.
    pub activated_at: Option<Timestamp>,
    /// Where it is.
    pub storage_class: StorageClass,
    /// The manifests that it lists, if it is an index.
    pub children: Vec<Digest>,
    /// What it is about.
    pub subject: Option<Digest>,
    /// Whether somebody runs it, and may have to pull it again.
    pub used: bool,
}

/// An image that a rule takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Its place in the list of images.
    pub image: usize,
    /// The priority of the rule.
    pub rule: u32,
    /// What becomes of it.
    pub action: RuleAction,
}

/// An untagged image that goes because what it is about goes. ECR does that within 24 hours, and does not count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Follower {
    /// Its place in the list of images.
    pub image: usize,
    /// What becomes of it: the same as of its subject.
    pub action: RuleAction,
}

/// What a policy does to a repository.
#[derive(Debug, Default)]
pub struct Evaluation {
    /// By rule, and of each rule the oldest first.
    pub taken: Vec<Taken>,
    /// In no particular order.
    pub followers: Vec<Follower>,
}

/// Evaluates a policy over all images of a repository. The order of the images does not matter.
pub fn evaluate(policy: &LifecyclePolicy, images: &[Image], now: Timestamp) -> Evaluation {
    let repository = Repository::new(images);
    let newest_first = Order::of(images);
    // Images that some rule has looked at already.
    let mut shielded = vec![false; images.len()];
    let mut outcome = vec![None; images.len()];
    let mut evaluation = Evaluation::default();
    for rule in policy.rules() {
        let matching: Vec<usize> =
            newest_first.of_class(rule.storage_class).iter().copied().filter(|&at| rule.selects(&images[at])).collect();
        let surplus = rule.surplus(&matching, images, now);
        for &at in surplus.iter().rev() {
            if !shielded[at] && !repository.is_held(at, rule.action) {
                outcome[at] = Some(rule.action);
                evaluation.taken.push(Taken { image: at, rule: rule.priority, action: rule.action });
            }
        }
        for at in matching {
            shielded[at] = true;
        }
    }
    evaluation.followers = repository.followers(outcome, &evaluation.taken);
    evaluation
}

/// The images of each storage class, newest first; of the same time by digest, so that the order of the list is not
/// seen.
struct Order {
    standard: Vec<usize>,
    archive: Vec<usize>,
}

impl Order {
    fn of(images: &[Image]) -> Self {
        let (mut standard, mut archive): (Vec<usize>, Vec<usize>) =
            (0..images.len()).partition(|&at| images[at].storage_class == StorageClass::Standard);
        for list in [&mut standard, &mut archive] {
            list.sort_unstable_by(|&a, &b| {
                let (a, b) = (&images[a], &images[b]);
                b.age_begins().cmp(&a.age_begins()).then_with(|| a.digest.cmp(&b.digest))
            });
        }
        Self { standard, archive }
    }

    fn of_class(&self, class: StorageClass) -> &[usize] {
        match class {
            StorageClass::Standard => &self.standard,
            StorageClass::Archive => &self.archive,
        }
    }
}

impl Image {
    /// From when its age counts where it is now.
    fn age_begins(&self) -> Timestamp {
        let active_since = self.activated_at.unwrap_or(self.pushed_at);
        match self.storage_class {
            StorageClass::Standard => active_since,
            StorageClass::Archive => self.archived_at.unwrap_or(active_since),
        }
    }

    /// When somebody last wanted it: its last pull or restoration, whichever was later; else its push.
    fn last_wanted(&self) -> Timestamp {
        self.pulled_at.max(self.activated_at).unwrap_or(self.pushed_at)
    }
}

impl Rule {
    fn selects(&self, image: &Image) -> bool {
        // Every entry must be met, each by some tag.
        match &self.tags {
            TagSelection::Any => true,
            TagSelection::Untagged => image.tags.is_empty(),
            TagSelection::Prefixes(prefixes) => {
                prefixes.iter().all(|prefix| image.tags.iter().any(|tag| tag.as_str().starts_with(prefix.as_str())))
            }
            TagSelection::Patterns(patterns) => {
                patterns.iter().all(|pattern| image.tags.iter().any(|tag| pattern.matches(tag.as_str())))
            }
        }
    }

    /// Those that are too many or too old, among the images that the rule selects.
    fn surplus(&self, matching: &[usize], images: &[Image], now: Timestamp) -> Vec<usize> {
        let older = |days: u64, since: fn(&Image) -> Timestamp| {
            let limit = days_before(now, days);
            matching.iter().copied().filter(|&at| since(&images[at]) < limit).collect()
        };
        match self.count {
            Count::MoreThan(kept) => {
                let kept = usize::try_from(kept).unwrap_or(usize::MAX);
                matching.get(kept..).unwrap_or_default().to_vec()
            }
            Count::DaysSincePushed(days) | Count::DaysSinceTransitioned(days) => older(days, Image::age_begins),
            Count::DaysSincePulled(days) => older(days, Image::last_wanted),
        }
    }
}

fn days_before(now: Timestamp, days: u64) -> Timestamp {
    const DAY: i64 = 24 * 3600 * 1_000_000;
    let days = i64::try_from(days).unwrap_or(i64::MAX);
    Timestamp::from_micros(now.micros().saturating_sub(days.saturating_mul(DAY)))
}

/// How the images of a repository refer to one another.
struct Repository<'i> {
    images: &'i [Image],
    places: HashMap<&'i Digest, usize>,
    /// In how many indexes each image is.
    listed: Vec<u32>,
    /// In how many indexes that are not archived each image is.
    listed_in_standard: Vec<u32>,
    /// Which images somebody runs, or images that they list.
    used: Vec<bool>,
}

/// Indexes in indexes are followed so far.
const DEPTH: usize = 8;

impl<'i> Repository<'i> {
    fn new(images: &'i [Image]) -> Self {
        let places: HashMap<&Digest, usize> =
            images.iter().enumerate().map(|(at, image)| (&image.digest, at)).collect();
        let mut listed = vec![0; images.len()];
        let mut listed_in_standard = vec![0; images.len()];
        for index in images {
            for &child in index.children.iter().filter_map(|child| places.get(child)) {
                listed[child] += 1;
                listed_in_standard[child] += u32::from(index.storage_class == StorageClass::Standard);
            }
        }
        let mut used: Vec<bool> = images.iter().map(|image| image.used).collect();
        for _ in 0..DEPTH {
            let mut more = false;
            for (at, index) in images.iter().enumerate().filter(|(_, image)| !image.children.is_empty()) {
                if !used[at] && index.children.iter().any(|child| places.get(child).is_some_and(|&at| used[at])) {
                    used[at] = true;
                    more = true;
                }
            }
            if !more {
                break;
            }
        }
        Self { images, places, listed, listed_in_standard, used }
    }

    /// Whether an image stays because of what refers to it, or because of what it refers to.
    fn is_held(&self, at: usize, action: RuleAction) -> bool {
        let listed = match action {
            RuleAction::Expire => self.listed[at],
            RuleAction::Transition => self.listed_in_standard[at],
        };
        self.used[at] || listed > 0 || (self.images[at].tags.is_empty() && self.subject(at).is_some())
    }

    fn subject(&self, at: usize) -> Option<usize> {
        self.places.get(self.images[at].subject.as_ref()?).copied()
    }

    /// The images that go with those that are taken: what is about them, and what is about that.
    fn followers(&self, mut outcome: Vec<Option<RuleAction>>, taken: &[Taken]) -> Vec<Follower> {
        let mut about: HashMap<usize, Vec<usize>> = HashMap::new();
        for at in 0..self.images.len() {
            if self.images[at].tags.is_empty()
                && self.listed[at] == 0
                && !self.used[at]
                && let Some(subject) = self.subject(at)
            {
                about.entry(subject).or_default().push(at);
            }
        }
        let mut followers = Vec::new();
        let mut leaving: Vec<(usize, RuleAction)> = taken.iter().map(|taken| (taken.image, taken.action)).collect();
        while let Some((subject, action)) = leaving.pop() {
            for &at in about.get(&subject).into_iter().flatten() {
                if outcome[at].is_none() && self.images[at].moves(action) {
                    outcome[at] = Some(action);
                    followers.push(Follower { image: at, action });
                    leaving.push((at, action));
                }
            }
        }
        followers
    }
}

impl Image {
    /// Whether an action would change anything about the image.
    fn moves(&self, action: RuleAction) -> bool {
        action == RuleAction::Expire || self.storage_class == StorageClass::Standard
    }
}
