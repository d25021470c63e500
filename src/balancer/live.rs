//! The table as this process lives it: the targets with their connections and health, and the counts. A new table takes over
//! what is the same in it.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use elb::health::{Health, Observation, State};
use elb::routing::{self, Rule, Table};
use tokio::sync::{Notify, Semaphore};

use crate::choice::Turns;
use crate::figures::{Counts, Figures};
use crate::health::Checker;
use crate::target::Target;

/// What requests look at.
#[derive(Default)]
pub(crate) struct Routes {
    /// Listeners by their ids.
    pub(crate) listeners: HashMap<String, Arc<Listener>>,
    /// Target groups by their ids.
    pub(crate) groups: BTreeMap<String, Arc<Group>>,
}

/// A listener.
pub(crate) struct Listener {
    pub(crate) load_balancer: Arc<routing::LoadBalancer>,
    pub(crate) rules: Arc<[Rule]>,
    /// Those of the load balancer.
    pub(crate) counts: Arc<Counts>,
    /// Whose turn it is when target groups have weights.
    pub(crate) turns: Turns,
}

/// A target group.
pub(crate) struct Group {
    pub(crate) spec: routing::TargetGroup,
    /// Targets that get new requests.
    pub(crate) open: Vec<Arc<Target>>,
    /// Targets that get none.
    pub(crate) draining: Vec<Arc<Target>>,
    pub(crate) counts: Arc<Counts>,
    pub(crate) turns: Turns,
}

/// Everything that this process knows.
pub(crate) struct Live {
    /// Requests that may be under way to targets at one time. A client of HTTP/2 has many on one connection.
    pub(crate) places: Arc<Semaphore>,
    routes: ArcSwap<Routes>,
    observations: Mutex<HashMap<Key, Observation>>,
    checkers: Mutex<HashMap<(String, String, u16), Checker>>,
    /// There is something to report.
    pub(crate) observed: Notify,
}

/// What an observation is about: a later one stands for those before.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Target(String, String, u16),
    Listener(String),
}

fn key(observation: &Observation) -> Key {
    match observation {
        Observation::Target { target_group_id, target_id, port, .. } => {
            Key::Target(target_group_id.clone(), target_id.clone(), *port)
        }
        Observation::Listener { listener_id, .. } => Key::Listener(listener_id.clone()),
    }
}

impl Live {
    /// With nothing to do yet.
    pub(crate) fn new(most_requests: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(most_requests)),
            routes: ArcSwap::default(),
            observations: Mutex::default(),
            checkers: Mutex::default(),
            observed: Notify::new(),
        }
    }

    /// What requests look at, as it is now.
    pub(crate) fn routes(&self) -> Arc<Routes> {
        self.routes.load_full()
    }

    /// Lives by a new table.
    pub(crate) fn apply(self: &Arc<Self>, table: &Table) {
        let before = self.routes();
        let mut routes = Routes::default();
        for (id, spec) in &table.target_groups {
            let known = before.groups.get(id);
            let mut group = Group {
                spec: routing::TargetGroup { targets: Vec::new(), ..spec.clone() },
                open: Vec::new(),
                draining: Vec::new(),
                counts: known.map(|known| Arc::clone(&known.counts)).unwrap_or_default(),
                turns: Turns::default(),
            };
            let known: Vec<&Arc<Target>> =
                known.map(|known| known.open.iter().chain(&known.draining).collect()).unwrap_or_default();
            for spec in &spec.targets {
                let target = match known.iter().find(|target| target.is(spec)) {
                    Some(target) => Arc::clone(target),
                    None => match known.iter().find(|target| target.is_at(spec)) {
                        Some(before) => before.registered_again(spec),
                        None => Target::new(spec),
                    },
                };
                if spec.draining { group.draining.push(target) } else { group.open.push(target) }
            }
            routes.groups.insert(id.clone(), Arc::new(group));
        }
        let mut counts: HashMap<&str, Arc<Counts>> = HashMap::new();
        for listener in before.listeners.values() {
            counts.insert(&listener.load_balancer.name, Arc::clone(&listener.counts));
        }
        for listener in &table.listeners {
            let counts = counts.entry(&listener.load_balancer.name).or_default();
            let live = Listener {
                load_balancer: Arc::clone(&listener.load_balancer),
                rules: Arc::clone(&listener.rules),
                counts: Arc::clone(counts),
                turns: Turns::default(),
            };
            routes.listeners.insert(listener.id.clone(), Arc::new(live));
        }
        let routes = Arc::new(routes);
        self.routes.store(Arc::clone(&routes));
        self.end_what_is_gone(&before, &routes);
        self.check(&routes);
    }

    /// Targets that are not in the table any more have had their time.
    fn end_what_is_gone(&self, before: &Routes, now: &Routes) {
        for (id, group) in &before.groups {
            let group_now = now.groups.get(id);
            for target in group.open.iter().chain(&group.draining) {
                let now = || group_now.into_iter().flat_map(|now| now.open.iter().chain(&now.draining));
                if now().any(|other| Arc::ptr_eq(other, target)) {
                    continue;
                }
                target.pool.close();
                if !now().any(|other| other.id == target.id && other.address == target.address) {
                    target.gone.cancel();
                }
            }
        }
    }

    /// Checks the targets that are to be checked, and no others.
    fn check(self: &Arc<Self>, routes: &Routes) {
        let mut checkers = self.checkers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut needed = HashMap::new();
        for (id, group) in &routes.groups {
            for target in group.open.iter().filter(|_| group.spec.used) {
                let key = (id.clone(), target.id.clone(), target.address.port());
                let checker = match checkers.remove(&key) {
                    Some(checker) if checker.checks(target, &group.spec.health_check) => checker,
                    // It is as it was until it is found to be otherwise in the new way.
                    Some(checker) if checker.is_of(target) => {
                        Checker::start(self, id, target, &group.spec.health_check, target.state())
                    }
                    _ => Checker::start(self, id, target, &group.spec.health_check, State::Initial),
                };
                needed.insert(key, checker);
            }
        }
        // Those that are left over end when they are dropped.
        *checkers = needed;
    }

    /// Puts down something to report.
    pub(crate) fn observe(&self, observation: Observation) {
        let mut observations = self.observations.lock().unwrap_or_else(PoisonError::into_inner);
        observations.insert(key(&observation), observation);
        drop(observations);
        self.observed.notify_one();
    }

    /// Takes what there is to report.
    pub(crate) fn take_observations(&self) -> Vec<Observation> {
        let mut observations = self.observations.lock().unwrap_or_else(PoisonError::into_inner);
        observations.drain().map(|(_, observation)| observation).collect()
    }

    /// Puts back what could not be reported, unless there is something newer.
    pub(crate) fn put_back(&self, observations: Vec<Observation>) {
        let mut there = self.observations.lock().unwrap_or_else(PoisonError::into_inner);
        for observation in observations {
            there.entry(key(&observation)).or_insert(observation);
        }
    }

    /// Puts down all that is known of targets once more.
    pub(crate) fn observe_all(&self) {
        for (id, group) in &self.routes().groups {
            for target in group.open.iter().filter(|_| group.spec.used) {
                self.observe(about(id, target, target.health()));
            }
            for target in &group.draining {
                target.drained.store(false, Relaxed);
            }
        }
    }

    /// Puts down which draining targets have nothing under way any more. Gives the groups that have targets that drain.
    pub(crate) fn observe_drained(&self) -> Vec<String> {
        let mut draining = Vec::new();
        for (id, group) in &self.routes().groups {
            if !group.draining.is_empty() {
                draining.push(id.clone());
            }
            for target in &group.draining {
                if target.is_quiet() && !target.drained.swap(true, Relaxed) {
                    target.pool.close();
                    let health = Health { state: State::Drained, reason: None, description: None };
                    self.observe(about(id, target, health));
                }
            }
            for target in &group.open {
                target.pool.tidy();
            }
        }
        draining
    }

    /// Whether there is anything to do.
    pub(crate) fn is_idle(&self) -> bool {
        let routes = self.routes();
        routes.listeners.is_empty()
            && routes
                .groups
                .values()
                .all(|group| group.draining.is_empty() && (group.open.is_empty() || !group.spec.used))
    }

    /// What was counted.
    pub(crate) fn figures(&self) -> Figures {
        let routes = self.routes();
        let mut balancers: BTreeMap<&str, &Listener> = BTreeMap::new();
        let mut of_group: HashMap<&str, &str> = HashMap::new();
        for listener in routes.listeners.values() {
            let name = listener.load_balancer.name.as_str();
            balancers.insert(name, listener);
            for rule in listener.rules.iter() {
                if let routing::Action::Forward { groups, .. } = &rule.action {
                    of_group.extend(groups.iter().map(|(group, _)| (group.as_str(), name)));
                }
            }
        }
        let groups = routes.groups.iter().map(|(id, group)| {
            let count = |state| group.open.iter().filter(|target| target.state() == state).count() as u64;
            crate::TargetGroupFigures {
                healthy: count(State::Healthy),
                unhealthy: count(State::Unhealthy),
                ..group.counts.of_target_group(
                    &group.spec.registry,
                    &group.spec.name,
                    of_group.get(id.as_str()).copied(),
                )
            }
        });
        Figures {
            load_balancers: balancers
                .into_iter()
                .map(|(name, one)| one.counts.of_load_balancer(&one.load_balancer.registry, name))
                .collect(),
            target_groups: groups.collect(),
        }
    }
}

/// An observation about a target.
pub(crate) fn about(group: &str, target: &Target, health: Health) -> Observation {
    Observation::Target {
        target_group_id: group.to_owned(),
        target_id: target.id.clone(),
        port: target.address.port(),
        health,
    }
}
