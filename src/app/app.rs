//! Everything that a rule may use: settings, database, blob store, and the copies in memory that make requests fast.
//! Nothing that matters lives only here: every copy can be made again from the database.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use aws::SigningKeys;
use blobs::Blobs;
use store::Db;
use tokio::sync::{Mutex, Notify};
use tokio_util::task::TaskTracker;
use types::Timestamp;
use uuid::Uuid;

use crate::audit::Audit;
use crate::authn::session;
use crate::authn::throttle::Throttle;
use crate::authn::token::Verified;
use crate::cache::Cache;
use crate::events::Webhooks;
use crate::images::{ImageCache, Outgoing};
use crate::key_uses::{self, KeyUses};
use crate::limits::Headroom;
use crate::pulls::{self, Pulls};
use crate::replication::WORKERS_ELSEWHERE;
use crate::resource_tags::ResourceTags;
use crate::scanning::FETCHERS;
use crate::scanning::gate::Gates;
use crate::turns::Turns;
use crate::web_identity::key_sets::KeySets;
use crate::{Config, Result, Sealer, Snapshot};

/// The application; shared by all requests.
pub struct App {
    pub(crate) config: Config,
    pub(crate) db: Db,
    pub(crate) blobs: Blobs,
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) throttle: Throttle,
    pub(crate) verified_tokens: Verified,
    pub(crate) known_sessions: session::Known,
    pub(crate) key_sets: KeySets,
    pub(crate) outbound: Arc<outbound::Client>,
    pub(crate) cache: Cache,
    /// At other installations.
    pub(crate) replication_turns: Turns,
    /// At registries from which layers are fetched for scans.
    pub(crate) fetch_turns: Turns,
    pub(crate) signing_keys: SigningKeys,
    pub(crate) audit: Audit,
    pub(crate) images: ImageCache,
    pub(crate) outgoing: Outgoing,
    pub(crate) key_uses: KeyUses,
    pub(crate) pulls: Pulls,
    pub(crate) headroom: Headroom,
    /// Uploads that go on though their client hung up, until what it sent is recorded.
    pub(crate) uploads: TaskTracker,
    /// Wakes whoever works on lifecycle previews.
    pub(crate) previews: Notify,
    /// Wakes the sessions of agents, which look for what their hosts have to do.
    agents: Notify,
    /// Wakes the balancer of this process.
    balancing: Notify,
    /// Held by whoever brings the copies below up to date. Reading them takes no lock.
    refreshing: Mutex<()>,
    snapshot: ArcSwap<Snapshot>,
    resource_tags: ArcSwap<ResourceTags>,
    webhooks: ArcSwap<Webhooks>,
    gates: ArcSwap<Gates>,
}

impl App {
    /// Puts the application together. The first snapshot of the authorization data is read here.
    pub async fn new(config: Config, db: Db, blobs: Blobs, sealer: Sealer) -> Result<Arc<Self>> {
        let outbound = Arc::new(outbound::Client::new(config.outbound.clone()));
        let sealer = Arc::new(sealer);
        let snapshot = Snapshot::load(&db, &sealer, None).await?;
        let mut conn = db.reader().await?;
        let resource_tags = ResourceTags::default().renewed(&mut conn).await?.unwrap_or_default();
        let webhooks = Webhooks::default().renewed(&mut conn).await?.unwrap_or_default();
        let gates = Gates::default().renewed(&mut conn).await?.unwrap_or_default();
        drop(conn);
        Ok(Arc::new(Self {
            audit: Audit::new(db.clone(), config.audit_retention),
            outgoing: Outgoing::new(config.memory_budget),
            config,
            db,
            blobs,
            sealer,
            throttle: Throttle::new(),
            verified_tokens: Verified::new(),
            known_sessions: session::Known::new(),
            key_sets: KeySets::new(),
            cache: Cache::new(Arc::clone(&outbound)),
            replication_turns: Turns::new(WORKERS_ELSEWHERE),
            fetch_turns: Turns::new(FETCHERS),
            outbound,
            signing_keys: SigningKeys::new(),
            images: ImageCache::new(),
            key_uses: KeyUses::new(),
            pulls: Pulls::default(),
            headroom: Headroom::new(),
            uploads: TaskTracker::new(),
            previews: Notify::new(),
            agents: Notify::new(),
            balancing: Notify::new(),
            refreshing: Mutex::new(()),
            snapshot: ArcSwap::from_pointee(snapshot),
            resource_tags: ArcSwap::from_pointee(resource_tags),
            webhooks: ArcSwap::from_pointee(webhooks),
            gates: ArcSwap::from_pointee(gates),
        }))
    }

    /// Tells the sessions of agents in this process to look at once. Those of other processes look by themselves.
    pub fn wake_agents(&self) {
        self.agents.notify_waiters();
    }

    /// Waits until somebody calls [`App::wake_agents`].
    pub fn agents_woken(&self) -> tokio::sync::futures::Notified<'_> {
        self.agents.notified()
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// What seals secrets, and what only this registry may read back.
    pub fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// The blob store.
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// What wakes the balancer of this process: load balancers or their targets were changed here.
    pub fn balancing(&self) -> &Notify {
        &self.balancing
    }

    /// Users, keys and policies as they were a moment ago.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Tags of repositories as they were a moment ago.
    pub(crate) fn resource_tags(&self) -> Arc<ResourceTags> {
        self.resource_tags.load_full()
    }

    /// Who is told of events, as it was a moment ago.
    pub(crate) fn webhooks(&self) -> Arc<Webhooks> {
        self.webhooks.load_full()
    }

    /// Pull gates as they were a moment ago.
    pub(crate) fn gates(&self) -> Arc<Gates> {
        self.gates.load_full()
    }

    /// Brings the snapshot up to date if something changed. Called about once a second, and after changes made here:
    /// what one process changes, another obeys within that time.
    pub async fn refresh(&self) -> Result<()> {
        // One at a time: what was read before a change never replaces what was read after it, and of many who wait the
        // first one reads for all.
        let _turn = self.refreshing.lock().await;
        let mut conn = self.db.reader().await?;
        // Who may do what comes first: nothing else that cannot be read keeps a permission that was taken away alive.
        let version = store::stamps::find(&mut conn, store::stamps::AUTHORIZATION).await?.unwrap_or_default();
        drop(conn);
        if version != self.snapshot.load().version() {
            let fresh = Snapshot::load(&self.db, &self.sealer, Some(self.snapshot.load_full())).await?;
            self.snapshot.store(Arc::new(fresh));
        }
        let mut conn = self.db.reader().await?;
        if let Some(fresh) = self.resource_tags().renewed(&mut conn).await? {
            self.resource_tags.store(Arc::new(fresh));
        }
        if let Some(fresh) = self.webhooks().renewed(&mut conn).await? {
            self.webhooks.store(Arc::new(fresh));
        }
        if let Some(fresh) = self.gates().renewed(&mut conn).await? {
            self.gates.store(Arc::new(fresh));
        }
        Ok(())
    }

    /// Waits until the uploads whose connections were cut have recorded what they received, so that they can be resumed
    /// elsewhere at once; and until pulls and the audit log are stored. Called when no request can come any more.
    pub async fn settle(self: &Arc<Self>, patience: Duration) {
        self.uploads.close();
        let _ = tokio::time::timeout(patience, self.uploads.wait()).await;
        if let Err(error) = key_uses::flush(self).await {
            tracing::warn!(%error, "the last uses of access keys could not be recorded");
        }
        if let Ok(Err(error)) = tokio::time::timeout(patience, pulls::flush(self)).await {
            tracing::warn!(%error, "the last pulls could not be recorded");
        }
        let _ = tokio::time::timeout(patience, self.audit.flush()).await;
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        Timestamp::from(SystemTime::now())
    }

    /// A new id in the usual form of a UUID.
    pub fn new_uuid(&self) -> String {
        Uuid::new_v4().to_string()
    }

    /// A new id that sorts by the time it was made.
    pub fn new_id(&self) -> String {
        Uuid::now_v7().simple().to_string()
    }
}
