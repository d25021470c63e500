//! An engine in memory, for tests and for trying out a control plane; nothing runs.
//!
//! A container runs until it is told to end, but for two commands: `sleep N` ends after so many seconds with 0, and `exit
//! N` ends at once with N. Ports of the host are given out as a real engine does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::{Stream, stream};
use serde_json::Value;
use tokio::sync::{broadcast, mpsc};
use types::Timestamp;

use super::{
    Binding, Engine, Failure, Health, Image, LogPiece, Login, Removal, Result, Status, Usage, View, VolumeSpec,
};

/// An engine in memory. Clones are the same engine, so that a test can look at it and act on it.
#[derive(Clone)]
pub struct Simulated {
    inner: Arc<Mutex<Inner>>,
    events: broadcast::Sender<String>,
}

#[derive(Default)]
struct Inner {
    next: u64,
    containers: BTreeMap<String, View>,
    /// What each container was made of, by name.
    bodies: BTreeMap<String, Value>,
    /// Every start of each container, by name.
    starts: BTreeMap<String, u32>,
    missing_images: BTreeSet<String>,
    /// What names mean in registries, where it is not an id that is spelled like the name.
    published: BTreeMap<String, String>,
    /// The images that are here, by id, and what each is called.
    images: BTreeMap<String, BTreeSet<String>>,
    /// Images that cannot be removed, by id.
    stuck_images: BTreeSet<String>,
    /// How long a pull takes, and how long a removal.
    slow: (Duration, Duration),
    /// Whether containers cannot be removed.
    keeps: bool,
    /// Whether it makes containers, and starts them, and does not say so.
    loses_creations: bool,
    loses_starts: bool,
    /// Containers of which it says nothing, by name.
    mute: BTreeSet<String>,
    /// Who pulled what: the image, and the name and password.
    logins: Vec<(String, Option<(String, String)>)>,
    volumes: BTreeSet<String>,
    /// What each container wrote, by its id: when, and a line.
    written: BTreeMap<String, Vec<(Timestamp, String)>>,
    /// The last port of the host that was given out, less the first.
    port: u16,
}

impl Default for Simulated {
    fn default() -> Self {
        Self { inner: Arc::default(), events: broadcast::channel(1024).0 }
    }
}

impl Simulated {
    /// Images that cannot be pulled.
    pub fn lacks(&self, image: &str) {
        self.lock().missing_images.insert(image.to_owned());
    }

    /// Has a name mean another image in its registry from now on.
    pub fn publish(&self, name: &str, id: &str) {
        self.lock().published.insert(name.to_owned(), id.to_owned());
    }

    /// Gives an image that is here another name, as somebody would by hand; one that is not here is made.
    pub fn tag(&self, id: &str, name: &str) {
        self.lock().tag(id, name);
    }

    /// Cannot remove an image from now on.
    pub fn stick(&self, id: &str) {
        self.lock().stuck_images.insert(id.to_owned());
    }

    /// Takes its time from now on to pull an image, and to remove one.
    pub fn take_time(&self, pull: Duration, removal: Duration) {
        self.lock().slow = (pull, removal);
    }

    /// The ids of all images that are here.
    pub fn image_ids(&self) -> Vec<String> {
        self.lock().images.keys().cloned().collect()
    }

    /// Removes no containers from now on; `false`: it does again.
    pub fn keep(&self, keep: bool) {
        self.lock().keeps = keep;
    }

    /// Makes containers from now on and says that it took too long; `false`: no more.
    pub fn lose_answers_of_creations(&self, lose: bool) {
        self.lock().loses_creations = lose;
    }

    /// Starts containers from now on and says that it took too long; `false`: no more.
    pub fn lose_answers_of_starts(&self, lose: bool) {
        self.lock().loses_starts = lose;
    }

    /// Says nothing of a container from now on; `false`: it does again.
    pub fn mute(&self, name: &str, mute: bool) {
        let mut inner = self.lock();
        match mute {
            true => inner.mute.insert(name.to_owned()),
            false => inner.mute.remove(name),
        };
    }

    /// Who pulled what so far: the image, and the name and password.
    pub fn logins(&self) -> Vec<(String, Option<(String, String)>)> {
        self.lock().logins.clone()
    }

    /// Ends a container, by name or id.
    pub fn exit(&self, name: &str, code: i64) {
        let id = {
            let mut inner = self.lock();
            let Some(view) = find(&mut inner, name) else { return };
            view.status = Status::Exited;
            view.exit_code = Some(code);
            view.finished_at = Some(now());
            view.id.clone()
        };
        let _ = self.events.send(id);
    }

    /// Has a container, by name or id, write lines.
    pub fn write(&self, name: &str, lines: impl IntoIterator<Item = (Timestamp, String)>) {
        let mut inner = self.lock();
        let Some(id) = find(&mut inner, name).map(|view| view.id.clone()) else { return };
        inner.written.entry(id).or_default().extend(lines);
    }

    /// Says what the check of a container says.
    pub fn set_health(&self, name: &str, health: Health) {
        let id = {
            let mut inner = self.lock();
            let Some(view) = find(&mut inner, name) else { return };
            view.health = health;
            view.id.clone()
        };
        let _ = self.events.send(id);
    }

    /// All containers.
    pub fn containers(&self) -> Vec<View> {
        self.lock().containers.values().cloned().collect()
    }

    /// What a container was made of.
    pub fn body(&self, name: &str) -> Option<Value> {
        self.lock().bodies.get(name).cloned()
    }

    /// How often containers of a name were started.
    pub fn starts(&self, name: &str) -> u32 {
        self.lock().starts.get(name).copied().unwrap_or_default()
    }

    /// Ends a container as its command says.
    fn script(&self, id: &str, body: &Value) {
        let word = |at: usize| body.get("Cmd").and_then(|command| command.get(at)).and_then(Value::as_str);
        let Some(number) = word(1).and_then(|number| number.parse::<u32>().ok()) else { return };
        let (after, code) = match word(0) {
            Some("sleep") => (number, 0),
            Some("exit") => (0, i64::from(number)),
            _ => return,
        };
        let (engine, id) = (self.clone(), id.to_owned());
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(after.into())).await;
            if find(&mut engine.lock(), &id).is_some_and(|view| view.status == Status::Running) {
                engine.exit(&id, code);
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first port that is given out, and how many there are.
const PORTS: (u16, u16) = (49_153, 16_000);

impl Inner {
    /// The id of an image that is here, by name or id.
    fn image_id(&self, name: &str) -> Option<String> {
        let found = self.images.iter().find(|(id, names)| *id == name || names.contains(name));
        found.map(|(id, _)| id.clone())
    }

    /// A name means one image: that which had it before goes on without it.
    fn tag(&mut self, id: &str, name: &str) {
        for names in self.images.values_mut() {
            names.remove(name);
        }
        self.images.entry(id.to_owned()).or_default().insert(name.to_owned());
    }

    fn image(&self, id: &str) -> Option<Image> {
        let names = self.images.get(id)?;
        Some(Image { id: id.to_owned(), digest: None, names: names.iter().cloned().collect() })
    }

    fn remove_image(&mut self, name: &str) -> Result<Removal> {
        let Some(id) = self.image_id(name) else { return Ok(Removal::Absent) };
        if self.stuck_images.contains(&id) {
            return Err(Failure("Error response from daemon: device or resource busy".to_owned()));
        }
        let used = self.containers.values().any(|view| view.image_id == id);
        let names = self.images.entry(id.clone()).or_default();
        match (names.len(), names.contains(name)) {
            (2.., true) => {
                names.remove(name);
            }
            (2.., false) => return Ok(Removal::InUse),
            _ if used => return Ok(Removal::InUse),
            _ => {
                self.images.remove(&id);
            }
        }
        Ok(Removal::Done)
    }

    fn is_mute(&self, container: &str) -> bool {
        let is_it = |view: &&View| view.name == container || view.id == container;
        self.containers.values().find(is_it).is_some_and(|view| self.mute.contains(&view.name))
    }

    /// Where the ports of a container are.
    fn bind(&mut self, body: &Value) -> Vec<Binding> {
        let wanted = body.get("HostConfig").and_then(|host| host.get("PortBindings")).and_then(Value::as_object);
        let mut bindings = Vec::new();
        for (port, places) in wanted.into_iter().flatten() {
            let (port, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
            for place in places.as_array().into_iter().flatten() {
                let said = place.get("HostPort").and_then(Value::as_str).and_then(|port| port.parse().ok());
                let host_port = said.unwrap_or_else(|| {
                    self.port = (self.port + 1) % PORTS.1;
                    PORTS.0 + self.port
                });
                bindings.push(Binding {
                    address: "0.0.0.0".to_owned(),
                    host_port,
                    container_port: port.parse().unwrap_or_default(),
                    protocol: protocol.to_owned(),
                });
            }
        }
        bindings
    }
}

fn now() -> Timestamp {
    Timestamp::from(SystemTime::now())
}

fn late<T>(done: &str) -> Result<T> {
    Err(Failure(format!("DockerTimeoutError: Could not transition to {done}; timed out")))
}

fn find<'a>(inner: &'a mut Inner, name: &str) -> Option<&'a mut View> {
    inner.containers.values_mut().find(|view| view.name == name || view.id == name)
}

impl Engine for Simulated {
    async fn version(&self) -> Result<String> {
        Ok("simulated".to_owned())
    }

    async fn log_drivers(&self) -> Result<Vec<String>> {
        Ok(["fluentd", "json-file", "local", "syslog"].map(str::to_owned).to_vec())
    }

    async fn pull(&self, image: &str, login: Option<&Login>) -> Result<()> {
        let slow = {
            let mut inner = self.lock();
            let login = login.map(|login| (login.username.clone(), login.password.expose().to_owned()));
            inner.logins.push((image.to_owned(), login));
            if inner.missing_images.contains(image) {
                return Err(Failure(format!("Error response from daemon: manifest for {image} not found")));
            }
            inner.slow.0
        };
        tokio::time::sleep(slow).await;
        let mut inner = self.lock();
        let id = inner.published.get(image).cloned().unwrap_or_else(|| image.to_owned());
        inner.tag(&id, image);
        Ok(())
    }

    async fn image(&self, image: &str) -> Result<Option<Image>> {
        let inner = self.lock();
        Ok(inner.image_id(image).and_then(|id| inner.image(&id)))
    }

    async fn images(&self) -> Result<Vec<Image>> {
        let inner = self.lock();
        Ok(inner.images.keys().filter_map(|id| inner.image(id)).collect())
    }

    async fn used_images(&self) -> Result<Vec<String>> {
        Ok(self.lock().containers.values().map(|view| view.image_id.clone()).collect())
    }

    async fn remove_image(&self, name: &str) -> Result<Removal> {
        let slow = self.lock().slow.1;
        tokio::time::sleep(slow).await;
        self.lock().remove_image(name)
    }

    async fn import(&self, name: &str, _: Bytes) -> Result<()> {
        self.lock().tag(name, name);
        Ok(())
    }

    async fn create(&self, name: &str, body: Value) -> Result<String> {
        let mut inner = self.lock();
        if let Some(view) = find(&mut inner, name) {
            return Ok(view.id.clone());
        }
        let image_id = match body.get("Image").and_then(Value::as_str) {
            Some(image) => inner
                .image_id(image)
                .ok_or_else(|| Failure(format!("Error response from daemon: No such image: {image}")))?,
            // Only who asks an engine without an agent leaves it away.
            None => String::new(),
        };
        inner.next += 1;
        let id = format!("{:064x}", inner.next);
        let labels = body.get("Labels").cloned().and_then(|labels| serde_json::from_value(labels).ok());
        let view = View {
            id: id.clone(),
            name: name.to_owned(),
            labels: labels.unwrap_or_default(),
            created_at: Some(now()),
            image_id,
            ..View::default()
        };
        inner.containers.insert(id.clone(), view);
        inner.bodies.insert(name.to_owned(), body);
        if inner.loses_creations { late("created") } else { Ok(id) }
    }

    async fn start(&self, id: &str) -> Result<()> {
        {
            let mut inner = self.lock();
            let view = find(&mut inner, id).ok_or_else(|| Failure("no such container".to_owned()))?;
            if view.status == Status::Running {
                return Ok(());
            }
            view.status = Status::Running;
            view.exit_code = None;
            view.started_at = Some(now());
            let name = view.name.clone();
            let body = inner.bodies.get(&name).cloned().unwrap_or_default();
            let bindings = inner.bind(&body);
            if let Some(view) = find(&mut inner, id) {
                view.bindings = bindings;
            }
            *inner.starts.entry(name).or_default() += 1;
            self.script(id, &body);
        }
        let _ = self.events.send(id.to_owned());
        let lost = self.lock().loses_starts;
        if lost { late("started") } else { Ok(()) }
    }

    async fn stop(&self, id: &str, _: i64) -> Result<()> {
        let running = find(&mut self.lock(), id).is_some_and(|view| view.status == Status::Running);
        if running {
            self.exit(id, 137);
        }
        Ok(())
    }

    async fn remove(&self, id: &str) -> Result<()> {
        let mut inner = self.lock();
        if inner.keeps {
            return Err(Failure("Error response from daemon: device or resource busy".to_owned()));
        }
        inner.containers.retain(|_, view| view.id != id && view.name != id);
        Ok(())
    }

    async fn inspect(&self, id: &str) -> Result<Option<View>> {
        let mut inner = self.lock();
        if inner.is_mute(id) {
            return late("inspected");
        }
        Ok(find(&mut inner, id).cloned())
    }

    async fn list(&self, label: &str) -> Result<Vec<String>> {
        let (key, value) = label.split_once('=').unwrap_or((label, ""));
        let has = |view: &&View| view.labels.get(key).is_some_and(|found| value.is_empty() || found == value);
        Ok(self.lock().containers.values().filter(has).map(|view| view.id.clone()).collect())
    }

    async fn watch(&self, _: &str, ids: mpsc::Sender<String>) -> Result<()> {
        let mut events = self.events.subscribe();
        loop {
            match events.recv().await {
                Ok(id) => {
                    if ids.send(id).await.is_err() {
                        return Ok(());
                    }
                }
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return Ok(()),
            }
        }
    }

    /// What was written so far, however it is to be followed: whoever follows asks again.
    fn logs(&self, id: &str, since: i64, _: bool) -> impl Stream<Item = Result<LogPiece>> + Send + Unpin + use<> {
        let inner = self.lock();
        if !inner.containers.values().any(|view| view.id == id || view.name == id) {
            return stream::iter(vec![Err(Failure(format!("Error response from daemon: No such container: {id}")))]);
        }
        let written = inner.written.get(id).into_iter().flatten().filter(|(at, _)| at.seconds() >= since);
        let piece = |(at, line): &(Timestamp, String)| {
            Ok(LogPiece { stream: 1, bytes: Bytes::from(format!("{} {line}\n", at.rfc3339())) })
        };
        stream::iter(written.map(piece).collect::<Vec<_>>())
    }

    async fn usage(&self, id: &str) -> Result<Usage> {
        let mute = self.lock().is_mute(id);
        if mute {
            std::future::pending::<()>().await;
        }
        Ok(Usage::default())
    }

    async fn create_volume(&self, volume: &VolumeSpec) -> Result<()> {
        self.lock().volumes.insert(volume.name.clone());
        Ok(())
    }

    async fn remove_volume(&self, name: &str) -> Result<()> {
        self.lock().volumes.remove(name);
        Ok(())
    }

    async fn create_network(&self, _: &str) -> Result<()> {
        Ok(())
    }
}
