//! Random operations with garbage collection that waits for nothing, beside a model of what a client may expect: no byte
//! that can be reached is ever missing, and no byte that cannot be reached stays.

use std::collections::{BTreeMap, BTreeSet};

use tests::harness::{Backend, Client, Repository, Wharf, digest, random};

use super::{collect, stored_and_waiting};

const REPOSITORIES: [&str; 3] = ["a", "b", "c"];
const CONTENTS: usize = 10;
const STEPS: usize = 150;

/// A generator whose seed a failure names.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn one_of<'t, T>(&mut self, of: &'t [T]) -> Option<&'t T> {
        if of.is_empty() { None } else { of.get(self.below(of.len())) }
    }
}

/// A manifest: what it refers to, and its bytes.
#[derive(Clone)]
struct Manifest {
    media_type: &'static str,
    bytes: Vec<u8>,
    blobs: BTreeSet<String>,
    children: BTreeSet<String>,
}

/// What a repository must hold.
#[derive(Default)]
struct Held {
    manifests: BTreeMap<String, Manifest>,
    tags: BTreeMap<String, String>,
    /// Blobs that were pushed or mounted since the last collection, and may go with the next.
    loose: BTreeSet<String>,
}

impl Held {
    fn referred(&self) -> BTreeSet<String> {
        self.manifests.values().flat_map(|manifest| manifest.blobs.iter().cloned()).collect()
    }

    fn blobs(&self) -> BTreeSet<String> {
        self.referred().union(&self.loose).cloned().collect()
    }

    fn listed(&self, digest: &str) -> bool {
        self.manifests.values().any(|manifest| manifest.children.contains(digest))
    }
}

struct World {
    client: Client,
    dice: Dice,
    contents: BTreeMap<String, Vec<u8>>,
    held: BTreeMap<&'static str, Held>,
    collections: usize,
    /// Collections after which more objects waited for their removal than before.
    late: usize,
    waiting: usize,
}

impl World {
    fn repository(&mut self) -> (&'static str, Repository) {
        let name = REPOSITORIES[self.dice.below(REPOSITORIES.len())];
        (name, self.client.repository(name))
    }

    async fn step(&mut self, wharf: &Wharf) {
        match self.dice.below(20) {
            0..=4 => self.push_blob().await,
            5..=6 => self.mount().await,
            7..=11 => self.push_image().await,
            12..=13 => self.push_index().await,
            14..=15 => self.delete_manifest().await,
            16 => self.delete_tag().await,
            17 => self.delete_blob().await,
            18 => self.check().await,
            _ => self.collect(wharf).await,
        }
    }

    async fn push_blob(&mut self) {
        let (name, repository) = self.repository();
        let contents: Vec<Vec<u8>> = self.contents.values().cloned().collect();
        let bytes = self.dice.one_of(&contents).expect("there are contents").clone();
        let digest = repository.push_blob(&bytes).await;
        self.held.entry(name).or_default().loose.insert(digest);
    }

    async fn mount(&mut self) {
        let (from, _) = self.repository();
        let (to, repository) = self.repository();
        let there: Vec<String> = self.held.entry(from).or_default().blobs().into_iter().collect();
        if let Some(digest) = self.dice.one_of(&there).cloned() {
            repository.mount(&digest, from).await.expect(201);
            self.held.entry(to).or_default().loose.insert(digest);
        }
    }

    async fn push_image(&mut self) {
        let (name, repository) = self.repository();
        let there: Vec<String> = self.held.entry(name).or_default().blobs().into_iter().collect();
        let (Some(config), Some(layer)) = (self.dice.one_of(&there).cloned(), self.dice.one_of(&there).cloned()) else {
            return;
        };
        let descriptor = |media_type: &str, digest: &str| serde_json::json!({ "mediaType": media_type, "digest": digest, "size": self.contents[digest].len() });
        let document = serde_json::json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
            "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", &layer)],
        });
        let manifest = Manifest {
            media_type: "application/vnd.oci.image.manifest.v1+json",
            bytes: serde_json::to_vec(&document).expect("a value can be written"),
            blobs: [config, layer].into(),
            children: BTreeSet::new(),
        };
        self.push(name, repository, manifest).await;
    }

    async fn push_index(&mut self) {
        let (name, repository) = self.repository();
        let held = self.held.entry(name).or_default();
        let there: Vec<(String, &'static str, usize)> = held
            .manifests
            .iter()
            .map(|(digest, manifest)| (digest.clone(), manifest.media_type, manifest.bytes.len()))
            .collect();
        let Some((child, media_type, size)) = self.dice.one_of(&there).cloned() else {
            return;
        };
        let document = serde_json::json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [{ "mediaType": media_type, "digest": child, "size": size }],
        });
        let manifest = Manifest {
            media_type: "application/vnd.oci.image.index.v1+json",
            bytes: serde_json::to_vec(&document).expect("a value can be written"),
            blobs: BTreeSet::new(),
            children: [child].into(),
        };
        self.push(name, repository, manifest).await;
    }

    async fn push(&mut self, name: &'static str, repository: Repository, manifest: Manifest) {
        let tag = format!("t{}", self.dice.below(4));
        repository.put_manifest(&tag, manifest.media_type, &manifest.bytes).await.expect(201);
        let held = self.held.entry(name).or_default();
        let digest = digest(&manifest.bytes);
        held.tags.insert(tag, digest.clone());
        held.manifests.insert(digest, manifest);
    }

    async fn delete_manifest(&mut self) {
        let (name, repository) = self.repository();
        let held = self.held.entry(name).or_default();
        let there: Vec<String> = held.manifests.keys().cloned().collect();
        let Some(digest) = self.dice.one_of(&there) else {
            return;
        };
        let answer = repository.delete_manifest(digest).await;
        if held.listed(digest) {
            assert!(answer.status() >= 400, "an index lists it: {answer}");
            return;
        }
        answer.expect(202);
        let gone = held.manifests.remove(digest).expect("it was there");
        held.tags.retain(|_, target| target != digest);
        // What only it referred to is there until the next collection.
        let referred = held.referred();
        held.loose.extend(gone.blobs.into_iter().filter(|blob| !referred.contains(blob)));
    }

    async fn delete_tag(&mut self) {
        let (name, repository) = self.repository();
        let held = self.held.entry(name).or_default();
        let tags: Vec<String> = held.tags.keys().cloned().collect();
        if let Some(tag) = self.dice.one_of(&tags) {
            repository.delete_manifest(tag).await.expect(202);
            held.tags.remove(tag);
        }
    }

    async fn delete_blob(&mut self) {
        let (name, repository) = self.repository();
        let held = self.held.entry(name).or_default();
        let there: Vec<String> = held.blobs().into_iter().collect();
        let Some(blob) = self.dice.one_of(&there) else {
            return;
        };
        let answer = repository.delete_blob(blob).await;
        if held.referred().contains(blob) {
            assert!(answer.status() >= 400, "a manifest refers to it: {answer}");
        } else {
            answer.expect(202);
            held.loose.remove(blob);
        }
    }

    async fn collect(&mut self, wharf: &Wharf) {
        collect(wharf);
        for held in self.held.values_mut() {
            held.loose.clear();
        }
        self.check().await;
        let reachable: BTreeSet<String> = self.held.values().flat_map(Held::referred).collect();
        // A blob that was deleted the moment before the server's own collection came by leaves its object half an hour later.
        let (blobs, objects, waiting) = stored_and_waiting(wharf);
        assert_eq!((blobs, objects - waiting), (reachable.len(), reachable.len()), "no unreachable byte stays");
        self.collections += 1;
        self.late += usize::from(waiting > self.waiting);
        self.waiting = waiting;
    }

    /// Everything that may be expected is there, and nothing else.
    async fn check(&mut self) {
        for (name, held) in &self.held {
            let repository = self.client.repository(name);
            for (digest, manifest) in &held.manifests {
                repository.manifest(digest).await.expect(200).expect_body(&manifest.bytes);
            }
            for (tag, digest) in &held.tags {
                repository.manifest(tag).await.expect(200).expect_body(&held.manifests[digest].bytes);
            }
            let there = held.blobs();
            for (digest, bytes) in &self.contents {
                let answer = repository.blob(digest).await;
                if there.contains(digest) {
                    answer.expect(200).expect_body(bytes);
                } else {
                    answer.expect(404);
                }
            }
        }
    }
}

async fn walk(backend: Backend, seed: u64) {
    eprintln!("on {backend:?} with seed {seed}");
    let wharf = Wharf::with(backend).set("WHARF_UNDO_WINDOW", "0s").start().await;
    let contents = (0..CONTENTS).map(|number| random(100 + number)).map(|bytes| (digest(&bytes), bytes)).collect();
    let mut world = World {
        client: wharf.client(),
        dice: Dice(seed),
        contents,
        held: BTreeMap::new(),
        collections: 0,
        late: 0,
        waiting: 0,
    };
    for _ in 0..STEPS {
        world.step(&wharf).await;
    }
    world.collect(&wharf).await;
    let World { collections, late, .. } = world;
    assert!(late * 3 <= collections, "{late} of {collections} collections left something to the server");
}

#[tokio::test]
async fn no_reachable_byte_is_missing_and_no_unreachable_one_stays() {
    let seed = u64::from_le_bytes(random(8).try_into().expect("eight bytes")) | 1;
    walk(Backend::SqliteDisk, seed).await;
    walk(Backend::PostgresS3, seed.rotate_left(17) | 1).await;
}
